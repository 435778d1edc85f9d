"""`qc vault reveal`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from qc.commands.options import FOLDER
from qc.commands.vault.opening import KEY

_LEAST = 2
_TITLES = {
    "agent_id": "工号",
    "agent_name": "坐席",
    "team": "班组",
    "customer_id": "客户编号",
    "started_at": "开始",
    "duration_ms": "时长",
    "ring_count": "振铃次数",
    "queue_wait_s": "排队秒数",
    "hold_s": "保持秒数",
    "after_call_s": "话后处理秒数",
    "transfers": "转接次数",
    "satisfaction": "满意度",
    "region": "地区",
}
"""What is known of the call, as people say it; a column of the manifest has its own name."""


@click.command("reveal", short_help="用私钥看一个会话脱敏前的原文")
@click.argument("run", type=FOLDER, metavar="批次目录")
@click.argument("conversation", metavar="会话编号")
@click.option("--key", "file", type=KEY, required=True, metavar="私钥文件", help="qc vault key 生成的私钥")
@click.option("--reason", required=True, metavar="理由", help="为什么要看；记入审计日志")
@click.option("--json", "as_json", is_flag=True, help="打印成 JSON")
def command(run: Path, conversation: str, file: Path, reason: str, as_json: bool) -> None:
    """打印一个会话脱敏前的原文。谁、什么时候、为什么看，先记入审计日志，记不进去就不给看；钥匙不对也记一行。

    \b
    例：qc vault reveal runs/20261120-213000-1a2b3c A002 --key 保管.key --reason "投诉 T2025 复查"
    """
    import json

    from qc.commands.auditing import audited, record_first
    from qc.commands.transcript import identify
    from qc.commands.vault.opening import private_key
    from qc.domain.printable import printable
    from qc.errors import UsageError
    from qc.storage.read import open_run

    if len(reason.strip()) < _LEAST:
        raise UsageError("没有写理由，或太短（至少两个字）", '例：--reason "投诉 T2025 复查"')
    stored = open_run(run)
    out = run.absolute().parent
    with audited(out, "vault reveal", only_failures=True) as act:
        act.runs.append(stored.lineage.run_id)
        act.note = f"{conversation}：{reason}"
        full = identify(stored, conversation)
        key = private_key(file)
        from qc.privacy.vault import reveal

        told = reveal(run, full, key)
        note = f"{full}：{reason}"
        record_first(out, "vault reveal", "原文没有给看", runs=act.runs, counts={"conversations": 1}, note=note)
    text = json.dumps(told, ensure_ascii=False, indent=2) if as_json else "\n".join(_lines(told))
    click.echo("\n".join(printable(line) for line in text.splitlines()))


def _lines(told: Mapping[str, object]) -> Iterator[str]:
    from qc.reporting.formatting import clock
    from qc.reporting.labels import ROLE

    yield f"会话 {told['id']}（{told['project']}）  {told['source']}"
    meta, turns = told["meta"], told["turns"]
    if isinstance(meta, Mapping):
        given = {**meta, **(meta["extra"] or {})}
        shown = {k: clock(v) if k == "duration_ms" and v is not None else v for k, v in given.items() if k != "extra"}
        yield "，".join(f"{_TITLES.get(k, k)} {v}" for k, v in shown.items() if v not in (None, ""))
    for number, turn in enumerate(turns if isinstance(turns, list) else [], start=1):
        when = f"{clock(turn['start_ms'])} " if turn["start_ms"] is not None else ""
        yield f"{number:>4} {when}{ROLE.get(turn['role'], turn['role'])}：{turn['text']}"
