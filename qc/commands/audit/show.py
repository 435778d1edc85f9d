"""`qc audit show`."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qc.commands.options import FOLDER

if TYPE_CHECKING:
    from qc.storage.audit import Entry

_OUTCOME = {"done": "完成", "partial": "部分完成", "failed": "失败", "interrupted": "被中断", "refused": "拒绝"}
_COUNTED = {
    "input": "输入",
    "ok": "完成",
    "failed": "失败",
    "quarantined": "隔离",
    "conversations": "会话",
    "files": "文件",
    "rows": "行",
    "spans": "消音",
    "alerts": "预警",
    "added": "收下",
    "repeated": "早已收过",
    "left_out": "没有收",
    "audio": "录音路径",
    "text": "文字",
    "results": "结果",
    "reports": "报表",
    "transcripts": "转写缓存",
    "runs": "整个批次",
}
_DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.command("show", short_help="谁在什么时候对哪些批次做了什么")
@click.argument("runs", type=FOLDER, metavar="[批次所在目录]", default=Path("runs"))
@click.option("--run", "run_id", metavar="编号", help="只看提到这个批次的（编号的开头即可）")
@click.option("--user", metavar="用户", help="只看这个用户的")
@click.option("--action", metavar="命令", help="只看这个命令的，如 query、export、purge")
@click.option("--since", type=_DAY, metavar="日期", help="从哪一天起")
@click.option("--last", type=click.IntRange(1), default=50, show_default=True, metavar="N", help="最多显示最近几行")
@click.option("--json", "as_json", is_flag=True, help="原样打印日志的行（含摘要）")
def command(
    runs: Path,
    run_id: str | None,
    user: str | None,
    action: str | None,
    since: datetime | None,
    last: int,
    as_json: bool,
) -> None:
    """列出审计日志，最近的在最后；查看不等于核对，有没有被改过用 qc audit verify。

    \b
    例：qc audit show runs --action "vault reveal" --since 2026-11-01
    """
    import json
    from dataclasses import asdict

    from qc.domain.printable import printable
    from qc.storage.audit import entries

    begin = since.date().isoformat() if since is not None else ""
    wanted = deque(
        (
            entry
            for entry in entries(runs)
            if entry.at >= begin
            and (run_id is None or any(r.startswith(run_id) for r in entry.runs))
            and (user is None or entry.user == user)
            and (action is None or entry.action == action or entry.action.startswith(f"{action} "))
        ),
        maxlen=last,
    )
    for entry in wanted:
        text = json.dumps(asdict(entry), ensure_ascii=False) if as_json else "\n".join(_told(entry))
        click.echo("\n".join(printable(line) for line in text.splitlines()))
    if not wanted:
        click.echo("没有符合的记录。", err=True)


def _told(entry: Entry) -> Iterator[str]:
    outcome = _OUTCOME.get(entry.outcome, entry.outcome)
    yield f"{entry.line}  {entry.at}  {entry.user}@{entry.host}  qc {entry.action}  {outcome}"
    if entry.runs:
        yield f"    批次：{'、'.join(entry.runs)}"
    if entry.counts:
        told = (f"{_COUNTED.get(name, name)} {count:,}" for name, count in entry.counts.items())
        yield f"    数量：{'，'.join(told)}"
    for name, digest in entry.files.items():
        yield f"    文件：{name}  sha256 {digest[:16]}…"
    for line in entry.note.splitlines():
        yield f"    附注：{line}"
