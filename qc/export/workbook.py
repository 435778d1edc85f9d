"""The workbook of one run or of several: the same figures as the pages of the report, and the lists behind them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from qc.domain.language import say
from qc.export import casebook, figures, lists
from qc.export.view import View
from qc.reporting.edition import Edition
from qc.schema.runs import RUN_FIELDS, meaning
from qc.sheets.pages import Column, Page
from qc.sheets.write import write_workbook
from qc.storage.files import atomic

Row = Sequence[object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A sheet: its name and what it holds (Chinese, said when written), its columns, its rows of one run."""

    name: str
    holds: str
    columns: Callable[[], tuple[Column, ...]]
    rows: Callable[[View], Iterator[Row]]


def _part(
    name: str, holds: str, columns: Callable[[], tuple[Column, ...]], rows: Callable[[View], Iterator[Row]]
) -> Part:
    return Part(name=name, holds=holds, columns=columns, rows=rows)


PARTS = (
    _part("会话", "每个会话一行", lists.conversation_columns, lists.conversation_rows),
    _part(
        "评分项",
        "扣分、加分、无法判定的评分项；达标和不适用的不列，全部见 qc export csv 的 item_scores",
        lists.item_columns,
        lists.item_rows,
    ),
    _part("判定与证据", "命中与无法判定的规则，每处证据一行", lists.finding_columns, lists.finding_rows),
    _part("坐席", "每位坐席一行，平均分从低到高", figures.agent_columns, figures.agent_rows),
    _part("班组", "每个班组一行", figures.team_columns, figures.team_rows),
    _part("扣分排列", "扣分的评分项，最重的在前", figures.deduction_columns, figures.deduction_rows),
    _part("舆情话题", "客户谈到的话题，最多的在前", figures.topic_columns, figures.topic_rows),
    _part("投诉与升级", "有投诉或升级风险的会话，最早到期的在前", lists.complaint_columns, lists.complaint_rows),
    _part("绩效指标", "绩效指标，算不出的写明还缺什么", figures.indicator_columns, figures.indicator_rows),
    _part("负面清单", "要有人负责的会话，最重的在前", casebook.negative_columns, casebook.negative_rows),
    _part("典型案例", "值得学的与要避免的，不写坐席是谁", casebook.case_columns, casebook.case_rows),
    _part("复核", "人对判定的意见", lists.review_columns, lists.review_rows),
    _part("失败", "没有得到结果的输入", lists.failure_columns, lists.failure_rows),
)
_OVERVIEW = _part("概览", "批次与主要的数", figures.overview_columns, figures.overview_rows)
_RUN = ("批次编号", "批次名称")


def export_workbook(editions: Sequence[Edition], out: Path, *, created: datetime) -> None:
    """Write the workbook of `editions`, one per run, to `out` in the language being spoken. With more than one run
    every row begins with the run it belongs to. The same runs give the same bytes. Raises OSError."""
    views = [View(edition) for edition in editions]
    pages = [_page(part, views) for part in (_OVERVIEW, *PARTS)]
    with atomic(out) as temporary:
        write_workbook(temporary, pages, created=created, title=say("智能质检报表"))


def _page(part: Part, views: Sequence[View]) -> Page:
    columns = part.columns()
    several = len(views) > 1
    run = tuple(
        Column(title=say(title), note=say(meaning(field))) for title, field in zip(_RUN, RUN_FIELDS, strict=True)
    )
    return Page(
        name=say(part.name),
        columns=(*run, *columns) if several else columns,
        rows=_rows(part, views, several),
        frozen=len(run) + 1 if several else 1,
    )


def _rows(part: Part, views: Sequence[View], several: bool) -> Iterator[Row]:
    for view in views:
        lineage = view.batch.run.lineage
        for row in part.rows(view):
            yield (lineage.run_id, lineage.name, *row) if several else row
    if part is _OVERVIEW:
        blank = (None, None) if several else ()
        for other in PARTS:
            yield *blank, say("工作表：{name}", name=say(other.name)), None, say(other.holds)
