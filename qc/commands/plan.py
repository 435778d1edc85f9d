"""`qc plan`: how much machine a night needs."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qc.commands.options import FOLDER, workspace_of

if TYPE_CHECKING:
    from qc.pipeline.capacity import Amount, Capacity


@click.command("plan", short_help="一晚要多少核、GPU、内存和磁盘，由本机实测的速度算出")
@click.option("--recordings", type=int, default=0, metavar="N", help="一晚多少个录音")
@click.option(
    "--conversations", type=int, default=0, metavar="N", help="一晚多少个文字会话（在线会话、工单、已有转写）"
)
@click.option("--hours", type=float, required=True, metavar="H", help="要在几小时内做完，如 22:00 到 6:00 是 8")
@click.option("--minutes", type=float, default=4.0, show_default=True, metavar="M", help="录音平均几分钟")
@click.option("--characters", type=int, default=270, show_default=True, metavar="N", help="文字会话平均几个字")
@click.option(
    "--gpu-rate",
    type=click.FloatRange(min=0, min_open=True),
    metavar="R",
    help="一块 GPU 一小时转写几小时录音（实测的；写了就用 GPU 转写）",
)
@click.option("--workspace", "-w", type=FOLDER, metavar="目录", help="工作区（默认：当前目录往上找 qc.yaml）")
@click.option("--json", "as_json", is_flag=True, help="写成 JSON")
def command(
    recordings: int,
    conversations: int,
    hours: float,
    minutes: float,
    characters: int,
    gpu_rate: float | None,
    workspace: Path | None,
    as_json: bool,
) -> None:
    """一晚要多少核、GPU、内存和磁盘，一步一步写出怎么算的。

    转写速度取 qc doctor 在本机测的；判定速度现在测（按工作区的规则，十几秒到半分钟）。GPU 只按给出的实测速度算。

    \b
    例：qc plan --recordings 50000 --hours 8
        qc plan --recordings 500000 --conversations 200000 --hours 8 --minutes 5
    """
    from qc.asr.engines import measured
    from qc.asr.engines.registry import AUTO, FASTER, IMPORTED, OPENAI
    from qc.pipeline.capacity import CHARS_PER_MINUTE, Demand, Rates, capacity
    from qc.pipeline.executors.choose import worker_count
    from qc.pipeline.specs import configuration, folders
    from qc.pipeline.textrate import measure_text

    demand = Demand(
        recordings=recordings, conversations=conversations, minutes=minutes, characters=characters, hours=hours
    )
    demand.check()
    where = folders(workspace_of(workspace))
    config = configuration(where)
    imported = config.asr.engine == IMPORTED
    engines = (OPENAI, FASTER) if config.asr.engine == AUTO else (config.asr.engine,)
    heard = measured.fastest(config.asr, engines) if recordings else None
    rates = Rates(heard=heard, imported=imported, gpu=gpu_rate, call=None, chat=None)
    capacity(demand, rates, 1)  # what is wrong is said before anything is measured
    click.echo("测判定速度（十几秒到半分钟）……", err=True)
    said = round(minutes * CHARS_PER_MINUTE)
    call = measure_text(where, said, spoken=True) if recordings else None
    chat = measure_text(where, characters, spoken=False) if conversations else None
    rates = Rates(heard=heard, imported=imported, gpu=gpu_rate, call=call, chat=chat)
    found = capacity(demand, rates, worker_count(0))
    click.echo(json.dumps(asdict(found), ensure_ascii=False, indent=1) if as_json else "\n".join(_lines(found)))


def _lines(found: Capacity) -> list[str]:
    demand = found.demand
    what = [f"{demand.recordings:,} 个录音（平均 {demand.minutes:g} 分钟）"] if demand.recordings else []
    what += [f"{demand.conversations:,} 个文字会话"] if demand.conversations else []
    lines = [f"{'、'.join(what)}，{demand.hours:g} 小时内做完："]
    for amount in found.amounts:
        lines += [f"  {amount.name}：{_value(amount)}", f"      = {amount.sum}"]
    return [*lines, *(f"注：{note}" for note in found.notes)]


def _value(amount: Amount) -> str:
    unit, times = ("分钟", 60) if amount.unit == "小时" and amount.high < 1 else (amount.unit, 1)
    likely, low, high = (_figure(times * v) for v in (amount.likely, amount.low, amount.high))
    spread = "" if low == high else f"（{low}–{high}）"
    return f"{likely} {unit}{spread}"


def _figure(value: float) -> str:
    if float(value).is_integer() or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.2g}" if abs(value) < 10 else f"{value:.1f}"
