"""`qc opinion backtest`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qc.commands.options import FOLDER, workspace_of
from qc.errors import EXIT_CHECK, EXIT_OK, UsageError

if TYPE_CHECKING:
    from qc.domain.alert import Dimension
    from qc.opinion.backtest import Backtest

_INJECTABLE = ("topic", "intent", "complaint", "region", "channel", "project")


@click.command("backtest", short_help="预警规则在过去的日子里会报多少，能看见多大的突增")
@click.argument("runs", type=FOLDER, metavar="批次总目录")
@click.option(
    "--inject",
    multiple=True,
    metavar="维度=占比",
    help="模拟突增：逐日给每个话题（意向、地区……）加上当天客户数的这个占比，看会不会报，如 topic=0.01；可写几次",
)
@click.option("--max-per-week", type=click.FloatRange(min=0), metavar="个", help="每周预警多于它时退出码为 1")
@click.option("--verbose", "-v", is_flag=True, help="列出每个预警")
@click.option("--workspace", "-w", type=FOLDER, metavar="目录", help="工作区（默认：当前目录往上找 qc.yaml）")
@click.pass_context
def command(
    ctx: click.Context,
    runs: Path,
    inject: tuple[str, ...],
    max_per_week: float | None,
    verbose: bool,
    workspace: Path | None,
) -> None:
    """一天一天重放：每天只与它之前的日子比，数出每条规则每周会报几个；可模拟突增，看规则看不看得见。

    \b
    例：qc opinion backtest runs -v
        qc opinion backtest runs --inject topic=0.01 --inject topic=0.02
        qc opinion backtest runs --max-per-week 3
    """
    from qc.commands.exporting import remind, say_left_out
    from qc.opinion.backtest import backtest
    from qc.pipeline.report import readable
    from qc.pipeline.specs import alerts, folders
    from qc.storage.read import list_runs

    specs = alerts(folders(workspace_of(workspace)))
    say_left_out(runs)
    stored = readable(list_runs(runs), remind)
    if not stored:
        raise UsageError(f"{runs} 里没有完成的批次", "请给出 qc run 写批次的总目录，如 runs。")
    found = backtest(stored, specs, inject=[_injection(text) for text in inject])
    titles = {m.level.value: m.title for m in specs.levels}
    for line in _lines(found, titles if verbose else {}):
        click.echo(line)
    ctx.exit(EXIT_CHECK if max_per_week is not None and found.per_week > max_per_week else EXIT_OK)


def _injection(text: str) -> tuple[Dimension, float]:
    from qc.domain.alert import Dimension

    name, _, share = text.partition("=")
    try:
        size = float(share)
    except ValueError:
        size = 0.0
    if name not in _INJECTABLE or not 0 < size <= 1:
        hint = f"写成 维度=占比，如 topic=0.01；维度有 {'、'.join(_INJECTABLE)}。"
        raise UsageError(f"--inject 看不懂：{text}", hint)
    return Dimension(name), size


def _lines(found: Backtest, titles: Mapping[str, str]) -> Iterator[str]:
    """With the `titles` of levels every alert is listed."""
    from qc.commands.console import table
    from qc.opinion.wording import dimension, told

    if not found.days:
        yield f"没有可以判的日子：{found.skipped} 天的历史都不够长。"
        return
    yield f"{found.first} 至 {found.last}：判了 {found.days} 天，历史不足的 {found.skipped} 天没有判。"
    if titles:
        yield from (f"  {titles[a.level.value]}　{told(a)}" for a in found.alerts)
    rows = [("规则", "预警", "有预警的天", "每周")]
    rows += [(f"{r.title}（{r.rule}）", str(r.alerts), str(r.days), f"{r.per_week:.2f}") for r in found.rates]
    yield table([*rows, ("合计", str(len(found.alerts)), "", f"{found.per_week:.2f}")])
    for i in found.injected:
        yield (
            f"突增 {i.share:.2%}（{dimension(i.dimension)}）：{i.trials} 次模拟，"
            f"看见 {i.seen / max(i.trials, 1):.0%}，是当天第一个预警的 {i.first / max(i.trials, 1):.0%}。"
        )
