"""`qc verify`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qc.commands.options import FOLDER, spec_options, workspace_of
from qc.errors import EXIT_CHECK, EXIT_OK

if TYPE_CHECKING:
    from qc.pipeline.verification.check import Check, Verified

_STATE = {"passed": "通过", "failed": "不符", "unchecked": "未核对"}
_TRUST = {
    "trusted": "可信：该核对的都核对了，没有不符",
    "untrusted": "不可信：有不符之处。保留批次目录，从备份恢复，或由原始录音重新运行",
    "partly": "未能全部核对：没有发现不符，但有的没有依据可核对；当时的规则在哪个 git 版本，可用 --at 写明",
}

_PURGED = "没有发现不符；按保留期清除掉的，无从核对"
_UNFINISHED = "还不能用：没有做完、或正在改动的批次无从核对，先再运行当初的命令把它做完"


@click.command("verify", short_help="核对一个批次还可不可信：文件、计数、抽样重判")
@click.argument("run", type=FOLDER, metavar="批次目录")
@click.option(
    "--sample", type=click.IntRange(0), default=200, show_default=True, metavar="N", help="重新判定多少个会话"
)
@click.option("--source", type=FOLDER, metavar="目录", help="原始输入目录：连录音的 SHA-256 一起核对")
@click.option("--at", metavar="版本", help="当时的规则在哪个 git 版本（默认：现在的，变了就在 git 里找）")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON")
@click.option("--quiet", "-q", is_flag=True, help="不显示进度")
@spec_options
@click.pass_context
def command(
    ctx: click.Context,
    run: Path,
    sample: int,
    source: Path | None,
    at: str | None,
    as_json: bool,
    quiet: bool,
    workspace: Path | None,
    rules: Path | None,
    scorecards: Path | None,
) -> None:
    """核对一个已存的批次：每个文件的摘要、行数与计数、表与表之间的引用、评分项与总分；再抽一些会话，由存下的话轮
    重新判定、重新算分；复核与终审也重新算一遍。只读，不改批次。

    每次抽到的会话相同。有不符，退出码为 1；可信，或有的没有依据可核对（较早版本写的、规则改了又不在 git 里），为 0。

    \b
    例：qc verify runs/20261120-213000-1a2b3c
        qc verify runs/20261120-213000-1a2b3c --source recordings/2026-11-20
    """
    from qc.commands.console import Console
    from qc.pipeline.specs import folders
    from qc.pipeline.verification.check import Trust
    from qc.pipeline.verification.verify import verify

    home = workspace_of(workspace)
    where = folders(home, rules=rules, scorecards=scorecards)
    console = Console(quiet or as_json)
    done = verify(run, where, home, sample=sample, revision=at, source=source, progress=console)
    click.echo(_json(done) if as_json else _told(done))
    ctx.exit(EXIT_CHECK if done.trust is Trust.UNTRUSTED else EXIT_OK)


def _told(done: Verified) -> str:
    from qc.commands.console import table

    lines = [f"批次 {done.run_id}"]
    lines += table([[_STATE[check.state], check.title, _sentence(check)] for check in done.checks]).splitlines()
    return "\n".join([*lines, f"结论：{_conclusion(done)}"])


def _conclusion(done: Verified) -> str:
    if [check.id for check in done.checks if check.state == "failed"] == ["status"]:
        return _UNFINISHED
    if done.trust == "partly" and any(check.id == "purged" and check.state == "unchecked" for check in done.checks):
        return _PURGED
    return _TRUST[done.trust]


def _sentence(check: Check) -> str:
    more = f"；另有 {check.more} 处" if check.more else ""
    return check.told + (f"：{'；'.join(check.problems)}{more}" if check.problems else "")


def _json(done: Verified) -> str:
    return json.dumps({"trust": done.trust, **asdict(done)}, ensure_ascii=False, indent=2)
