"""What a finished run says on the terminal: counts, scorecards, what weighs most, what failed."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click
import pyarrow.compute as pc

from qc.commands.console import Console, table
from qc.commands.transcript import visible
from qc.domain.alert import AlertSpecs
from qc.errors import EXIT_OK, EXIT_PARTIAL
from qc.pipeline.report import REPORT, write_report
from qc.pipeline.run import Outcome
from qc.pipeline.specs import Folders
from qc.reporting.labels import KIND, SEVERITIES, SEVERITY
from qc.storage.lineage import LINEAGE_FILE
from qc.storage.read import StoredRun, open_run

_MOST = 10
_RULE = ("rule_id", "rule_title", "kind", "severity")


def conclude(outcome: Outcome, where: Folders, console: Console, warn: AlertSpecs | None) -> int:
    """Write the report, which warns of what `warn` says (None: no report), print the summary and where things are; the
    exit code (0, or 3)."""
    page = None
    if warn is not None:
        console.note("生成报表")
        try:
            page = write_report(
                outcome.run,
                out=None,
                templates=where.reports,
                config=outcome.config,
                alerts=warn,
                told=lambda told: console.note(f"提醒：{told}"),
            )
        except KeyboardInterrupt:
            console.note(f"报表没有写完，批次 {outcome.run} 的结果表已经完整：再运行同一条命令，只补报表。")
            raise
    elif _is_stale(outcome.run / REPORT / "index.html", outcome.run / LINEAGE_FILE):
        console.note(f"提醒：批次里的报表还是重试之前的；重出：qc report {outcome.run}")
    click.echo(summary(outcome.run))
    click.echo(f"\n批次：{outcome.run}" + (f"\n报表：{page}" if page is not None else ""))
    click.get_current_context().call_on_close(outcome.close)
    return EXIT_OK if outcome.within_allowance else EXIT_PARTIAL


def _is_stale(page: Path, made_from: Path) -> bool:
    return page.exists() and page.stat().st_mtime < made_from.stat().st_mtime


def summary(run: Path) -> str:
    """The run in a few tables (Chinese)."""
    stored = open_run(run)
    counts = stored.lineage.counts
    head = f"输入 {counts.input}，完成 {counts.ok}，失败 {counts.failed}，隔离 {counts.quarantined}"
    if counts.audio_ms:
        head += f"；录音 {counts.audio_ms / 60_000:.1f} 分钟"
        head += f"（新转写 {stored.lineage.transcribed} 个，取自缓存 {stored.lineage.cached} 个）"
    parts = [head, _cards(stored), _findings(stored), _failures(stored)]
    return "\n\n".join(p for p in parts if p)


def _cards(stored: StoredRun) -> str:
    scores = stored.table("scores", ["scorecard_title", "score", "passed", "auto_fail", "undecided_items"])
    rows = [["评分表", "会话", "平均分", "最低", "合格率", "一票否决", "无法判定项"]]
    for title in sorted(set(scores["scorecard_title"].to_pylist())):
        mine = scores.filter(pc.equal(scores["scorecard_title"], title))
        n = mine.num_rows
        rows.append(
            [
                title,
                str(n),
                f"{pc.mean(mine['score']).as_py():.1f}",
                f"{pc.min(mine['score']).as_py():.1f}",
                f"{pc.sum(mine['passed']).as_py() / n:.0%}",
                str(pc.sum(mine["auto_fail"]).as_py()),
                str(pc.sum(mine["undecided_items"]).as_py()),
            ]
        )
    return table(rows, right=frozenset(range(1, 7))) if len(rows) > 1 else ""


def _findings(stored: StoredRun) -> str:
    hit: Counter[tuple[str, str, str, str]] = Counter()
    undecided: Counter[str] = Counter()
    for part in stored.parts("findings", (*_RULE, "verdict")):  # a night has a million of them
        counted = part.group_by([*_RULE, "verdict"], use_threads=False).aggregate([([], "count_all")])
        for rule, title, kind, severity, verdict, n in zip(
            *(column.to_pylist() for column in counted.columns), strict=True
        ):
            if verdict == "hit":
                hit[rule, title, kind, severity] += n
            elif verdict == "undecided":
                undecided[rule] += n
    rows = [["规则", "编号", "类别", "严重程度", "命中会话", "无法判定"]]
    rank = list(SEVERITIES)
    ordered = sorted(hit.items(), key=lambda x: (x[0][2] != "violation", -x[1], rank.index(x[0][3]), x[0][0]))
    for (rule, title, kind, severity), n in ordered[:_MOST]:
        rows.append([title, rule, KIND[kind], SEVERITY[severity], str(n), str(undecided.get(rule, 0))])
    if len(rows) == 1:
        return "没有规则命中。" if stored.lineage.rules_digest else ""
    more = f"\n……另有 {len(ordered) - _MOST} 条规则命中，见报表。" if len(ordered) > _MOST else ""
    return table(rows, right=frozenset({4, 5})) + more


def _failures(stored: StoredRun) -> str:
    failures = stored.table("failures", ["input", "kind", "message"])
    rows = [
        ["失败的输入", "原因", "说明"],
        *([visible(f["input"]), f["kind"], visible(f["message"])] for f in failures.slice(0, _MOST).to_pylist()),
    ]
    more = f"\n……另有 {failures.num_rows - _MOST} 个，见 failures 表。" if failures.num_rows > _MOST else ""
    return table(rows) + more if failures.num_rows else ""
