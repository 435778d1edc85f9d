"""The sheets people act on and learn from: 负面清单 and 典型案例."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from qc.domain.language import say
from qc.export.columns import conversation, who
from qc.export.view import View
from qc.reporting.cases import Case, Theme
from qc.reporting.formatting import label
from qc.reporting.negatives import negative_list
from qc.reporting.selection import Line
from qc.reporting.spoken import Spoken
from qc.sheets.pages import Column, Kind

Row = Sequence[object]
_STATUS = {"open": "未复核", "reviewed": "已复核，维持", "overturned": "已复核，有改判", "appealed": "申诉待处理"}


def negative_columns() -> tuple[Column, ...]:
    return (
        Column(title=say("级别")),
        conversation(),
        *who(),
        Column(title=say("一票否决"), kind=Kind.FLAG),
        Column(title=say("违规规则"), width=40, note=say("最重的在前。")),
        Column(title=say("投诉类型"), width=18),
        Column(title=say("为什么"), width=50),
        Column(title=say("客户情绪")),
        Column(title=say("客户说"), width=50),
        Column(title=say("坐席说"), width=50),
        Column(title=say("处理截止"), kind=Kind.MOMENT),
        Column(title=say("应当怎么做"), width=50),
        Column(title=say("复核")),
    )


def negative_rows(view: View) -> Iterator[Row]:
    """All of them, the gravest first."""
    for n in negative_list(view.batch, limit=None).rows:
        titles, advice = [f.title for f in n.faults], dict.fromkeys(f.advice for f in n.faults if f.advice)
        yield (
            label(n.severity, "severity"),
            n.line.conversation_id,
            *_who(n.line),
            n.line.auto_fail,
            say("；").join(titles),
            n.complaint,
            say("；").join(n.reasons),
            label(n.line.sentiment, "mood"),
            _text(n.said),
            _text(n.done),
            n.due_at,
            say("；").join(advice),
            say(_STATUS[n.status]),
        )


def case_columns() -> tuple[Column, ...]:
    return (
        Column(title=say("案例")),
        Column(title=say("值得学"), kind=Kind.FLAG),
        Column(title=say("主题"), width=26),
        Column(title=say("级别")),
        Column(title=say("本批次会话"), kind=Kind.WHOLE, note=say("有这种情形的会话数。")),
        Column(title=say("称作"), note=say("案例里不写姓名工号；是谁见网页报表的对照表。")),
        Column(title=say("对话"), width=90, wrap=True, note=say("关键的字在【】里。")),
        Column(title=say("应当怎么做"), width=50, wrap=True),
        Column(title=say("会话编号"), width=20),
    )


def case_rows(view: View) -> Iterator[Row]:
    page = view.cases
    for good, themes in ((True, page.good), (False, page.bad)):
        for theme in themes:
            for case in theme.cases:
                yield _case(good, theme, case)


def _case(good: bool, theme: Theme, case: Case) -> Row:
    severity = label(theme.severity, "severity") if theme.severity else None
    talk = "\n".join(
        say(
            "{label}：{value}",
            label=label(u.role, "role"),
            value=f"{u.before}{f'【{u.hit}】' if u.hit else ''}{u.after}",
        )
        for u in case.talk
    )
    return (
        *(case.label, good, theme.title, severity, theme.count, case.agent, talk, theme.advice),
        case.line.conversation_id,
    )


def _who(line: Line) -> Row:
    channel = label(line.channel, "channel")
    return line.project, channel, line.agent_id, line.agent_name, line.team, line.started_at


def _text(said: Spoken | None) -> str | None:
    return None if said is None else said.before + said.hit + said.after
