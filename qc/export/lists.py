"""Long sheets: conversations, items, findings with their evidence, complaints, reviews, failures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from qc.domain.language import say
from qc.export.columns import WHO, conversation, stored, who
from qc.export.flat import rows
from qc.export.view import View
from qc.opinion.complaint_reasons import told_all
from qc.reporting.batch import lookup, plain
from qc.reporting.formatting import label, reason
from qc.reporting.labels import SEVERITIES, UNIT
from qc.reporting.sentences import sentence
from qc.sheets.pages import Column, Kind

Row = Sequence[object]
_AROUND, _LONGEST = 18, 72
"""Characters of the turn around a hit, and of a hit: as much as the pages quote."""


def conversation_columns() -> tuple[Column, ...]:
    return (
        conversation(),
        *who(),
        stored("conversations", "region", say("地区")),
        stored("conversations", "duration_ms", say("时长"), Kind.DURATION),
        Column(title=say("得分"), kind=Kind.NUMBER, note=say("占满分的百分比；几张评分表取平均。复核过的是终审得分。")),
        stored("scores", "grade", say("等级")),
        stored("scores", "passed", say("合格"), Kind.FLAG),
        stored("scores", "auto_fail", say("一票否决"), Kind.FLAG),
        Column(title=say("机器得分"), kind=Kind.NUMBER, note=say("复核之前。")),
        Column(title=say("已复核"), kind=Kind.FLAG),
        Column(title=say("违规"), kind=Kind.WHOLE, note=say("命中的违规规则数，试行的不算。")),
        Column(title=say("风险"), kind=Kind.WHOLE, note=say("命中的风险信号数，轻微的不算。")),
        Column(title=say("亮点"), kind=Kind.WHOLE),
        Column(title=say("无法判定"), kind=Kind.WHOLE, note=say("无法判定的规则数。")),
        Column(title=say("客户情绪"), note=say("负面：客户负面情绪曾达 2 级以上。")),
        stored("conversations", "customer_emotion_level", say("负面等级"), Kind.WHOLE),
        stored("conversations", "satisfaction", say("满意度"), Kind.WHOLE),
    )


_CONVERSATION = (
    *("conversation_id", *WHO, "region", "duration_ms", "score", "grade", "passed", "auto_fail", "machine_score"),
    *("reviewed", "violations", "risks", "merits", "undecided", "sentiment", "customer_emotion_level", "satisfaction"),
)


def conversation_rows(view: View) -> Iterator[Row]:
    return _said(view.batch.conversations.select(list(_CONVERSATION)), channel="channel", sentiment="mood")


def item_columns() -> tuple[Column, ...]:
    return (
        conversation("item_scores"),
        *who(),
        stored("scores", "scorecard_title", say("评分表")),
        stored("item_scores", "section_title", say("部分")),
        stored("item_scores", "item_title", say("评分项"), width=24),
        stored("item_scores", "status", say("结果")),
        stored("item_scores", "points", say("分数变化"), Kind.NUMBER),
        stored("item_scores", "max_points", say("该项满分"), Kind.NUMBER),
        stored("item_scores", "fatal", say("一票否决"), Kind.FLAG),
        Column(title=say("总分归零"), kind=Kind.FLAG),
        stored("item_scores", "rule_ids", say("引用的规则"), width=30),
    )


def item_rows(view: View) -> Iterator[Row]:
    """Items that moved a score or could not be decided; passed and not applicable ones are in the stored table."""
    items = view.batch.items
    told = pc.is_in(items["status"], value_set=pa.array(["deducted", "awarded", "undecided"]))
    items = plain(items.filter(pc.or_(told, pc.fill_null(items["fatal"], False))))
    cards = view.batch.scores.group_by("scorecard_id", use_threads=False).aggregate([("scorecard_title", "min")])
    titles = lookup(items["scorecard_id"], cards, "scorecard_id")["scorecard_title_min"]
    items = items.append_column("card", pc.coalesce(titles, items["scorecard_id"]))
    items = items.sort_by(
        [("conversation_id", "ascending"), ("scorecard_id", "ascending"), ("item_title", "ascending")]
    )
    table = view.beside(items, *WHO)
    names = ("card", "section_title", "item_title", "status", "points", "max_points", "fatal", "zeroed", "rule_ids")
    return _said(table.select(["conversation_id", *WHO, *names]), channel="channel", status="item")


def finding_columns() -> tuple[Column, ...]:
    return (
        conversation("findings"),
        *who(),
        stored("findings", "kind", say("类型")),
        stored("findings", "severity", say("严重程度")),
        stored("findings", "rule_title", say("规则"), width=24),
        stored("findings", "rule_id", say("规则编号"), width=24),
        Column(title=say("判定"), note=say("复核过的是终审判定。")),
        Column(title=say("机器判定")),
        Column(title=say("试行"), kind=Kind.FLAG, note=say("试行的规则只报告，不扣分。")),
        stored("findings", "message", say("说明"), width=40),
        stored("hits", "hit", say("第几处"), Kind.WHOLE),
        stored("hits", "turn", say("话轮"), Kind.WHOLE),
        stored("hits", "role", say("谁说的")),
        stored("hits", "start_ms", say("时刻"), Kind.DURATION),
        Column(title=say("原话"), width=60, note=say("命中的字在【】里；测量没有原话。")),
        stored("hits", "value", say("测量值"), Kind.NUMBER),
        stored("hits", "unit", say("单位")),
        stored("findings", "advice", say("应当怎么做"), width=40),
    )


_HIT = ["conversation_id", "rule_id", "hit", "turn", "role", "start_ms", "char_start", "char_end", "value", "unit"]


def finding_rows(view: View) -> Iterator[Row]:
    """A row per piece of evidence; a finding without any has one of its own."""
    findings = view.batch.findings
    findings = findings.append_column("finding", pa.array(range(findings.num_rows), pa.int64()))
    hits = view.batch.run.table("hits", _HIT)
    at = pc.index_in(_rule_key(hits), value_set=_rule_key(findings).combine_chunks())
    hits = hits.append_column("finding", pc.cast(at, pa.int64())).filter(pc.is_valid(at))
    hits = hits.append_column("text", _texts(view, hits)).drop_columns(["conversation_id", "rule_id"])
    joined = findings.join(hits, "finding", join_type="left outer", use_threads=False)
    joined = joined.sort_by([("finding", "ascending"), ("hit", "ascending")])
    joined = joined.append_column("trial", pc.equal(joined["status"], "shadow"))
    names = ("kind", "severity", "rule_title", "rule_id", "verdict", "machine_verdict", "trial", "message", "hit")
    more = ("turn", "role", "start_ms", "value", "unit", "advice", "reason", "text", "char_start", "char_end")
    table = view.beside(joined, *WHO).select(["conversation_id", *WHO, *names, *more])
    said = {"channel": "channel", "kind": "kind", "severity": "severity", "role": "role"}
    for *row, value, unit, advice, why, text, start, end in _said(
        table, **said, verdict="verdict", machine_verdict="verdict"
    ):
        if why:
            row[14] = reason(str(why))
        yield (*row, _quoted(text, start, end), value, say(UNIT.get(str(unit), str(unit))) if unit else None, advice)


def _texts(view: View, hits: pa.Table) -> pa.ChunkedArray:
    """What was said in the turn of each hit; read part by part, only the turns with evidence are kept."""
    wanted = _turn_key(hits)
    keys = pc.unique(wanted)
    kept = []
    for part in view.batch.run.parts("turns", ["conversation_id", "turn", "text"]):
        key = _turn_key(part)
        table = pa.table({"key": key, "text": part["text"]})
        kept.append(table.filter(pc.is_in(key, value_set=keys)))
    turns = (
        pa.concat_tables(kept)
        if kept
        else pa.table({"key": pa.array([], pa.string()), "text": pa.array([], pa.string())})
    )
    return lookup(wanted, turns, "key")["text"]


def _quoted(text: object, start: object, end: object) -> str | None:
    if not isinstance(text, str) or not isinstance(start, int) or not isinstance(end, int):
        return None
    if not 0 <= start < end <= len(text):
        return None
    low, high = max(0, start - _AROUND), min(len(text), end + _AROUND)
    hit = text[start:end] if end - start <= _LONGEST else text[start : start + _LONGEST] + "…"
    return f"{'…' if low else ''}{text[low:start]}【{hit}】{text[end:high]}{'…' if high < len(text) else ''}"


def complaint_columns() -> tuple[Column, ...]:
    return (
        conversation("complaints"),
        *who(),
        stored("complaints", "type", say("投诉类型"), width=18),
        stored("complaints", "severity", say("严重程度")),
        stored("complaints", "escalations", say("可能升级到")),
        stored("complaints", "scope", say("影响面")),
        stored("complaints", "scope_size", say("同类会话"), Kind.WHOLE),
        stored("complaints", "deadline_minutes", say("时限（分钟）"), Kind.WHOLE),
        stored("complaints", "due_at", say("处理截止"), Kind.MOMENT),
        stored("complaints", "turn", say("话轮"), Kind.WHOLE),
        stored("complaints", "reasons", say("依据"), width=60),
    )


def complaint_rows(view: View) -> Iterator[Row]:
    """All of them, what must be answered first stands first."""
    table = view.batch.run.table("complaints")
    rank = pc.fill_null(pc.index_in(table["severity"], value_set=pa.array(SEVERITIES)), len(SEVERITIES))
    table = table.append_column("rank", rank).append_column("undated", pc.cast(pc.is_null(table["due_at"]), pa.int8()))
    table = table.sort_by([(name, "ascending") for name in ("undated", "due_at", "rank", "conversation_id")])
    names = ("type", "severity", "escalations", "scope", "scope_size", "deadline_minutes", "due_at", "turn", "reasons")
    table = view.beside(table, *WHO).select(["conversation_id", *WHO, *names])
    why = pa.array([list(told_all(reasons)) for reasons in table["reasons"].to_pylist()], table["reasons"].type)
    table = table.set_column(table.column_names.index("reasons"), "reasons", why)
    return _said(table, channel="channel", severity="severity", escalations="escalation", scope="scope")


def review_columns() -> tuple[Column, ...]:
    return (
        conversation("reviews"),
        *who(),
        stored("reviews", "rule_id", say("规则编号"), width=24),
        stored("reviews", "machine_verdict", say("机器判定")),
        stored("reviews", "human_verdict", say("人工判定")),
        stored("reviews", "comment", say("说明"), width=40),
        stored("reviews", "reviewer", say("复核人")),
        stored("reviews", "reviewed_at", say("复核时间"), Kind.MOMENT),
        stored("reviews", "origin", say("来自")),
        stored("reviews", "session", say("校准场次")),
    )


def review_rows(view: View) -> Iterator[Row]:
    names = ("rule_id", "machine_verdict", "human_verdict", "comment", "reviewer", "reviewed_at", "origin", "session")
    table = view.batch.run.table("reviews", ["conversation_id", *names])
    table = table.sort_by([(n, "ascending") for n in ("reviewed_at", "conversation_id", "rule_id")])
    return _said(
        view.beside(table, *WHO).select(["conversation_id", *WHO, *names]),
        channel="channel",
        machine_verdict="verdict",
        human_verdict="verdict",
    )


def failure_columns() -> tuple[Column, ...]:
    return (
        stored("failures", "input", say("输入"), width=40),
        stored("failures", "conversation_id", say("会话编号"), width=20),
        stored("failures", "stage", say("环节")),
        stored("failures", "kind", say("原因代码")),
        stored("failures", "message", say("原因"), width=60),
        stored("failures", "retryable", say("可重试"), Kind.FLAG),
        stored("failures", "quarantined", say("已隔离"), Kind.FLAG),
    )


def failure_rows(view: View) -> Iterator[Row]:
    names = ["input", "conversation_id", "stage", "kind", "message", "retryable", "quarantined"]
    table = view.batch.run.table("failures", names)
    order = [("quarantined", "descending"), ("stage", "ascending"), ("kind", "ascending"), ("input", "ascending")]
    for row in _said(table.sort_by(order), stage="stage"):
        yield [*row[:4], sentence(str(row[4])), *row[5:]]


def _said(table: pa.Table, **kinds: str) -> Iterator[Row]:
    """The rows, codes of the columns in `kinds` by their names; lists joined."""
    at = [(table.column_names.index(name), kind) for name, kind in kinds.items()]
    names: dict[tuple[str, str], str] = {}

    def told(code: object, kind: str) -> object:
        if isinstance(code, str):
            if (code, kind) not in names:
                names[code, kind] = label(code, kind)
            return names[code, kind]
        return code

    for row in rows(table):
        values = list(row)
        for place, kind in at:
            value = values[place]
            values[place] = [told(v, kind) for v in value] if isinstance(value, list) else told(value, kind)
        yield [_joined(value) for value in values]


def _joined(value: object) -> object:
    return (
        say("；").join(str(v) for v in value) if isinstance(value, Iterable) and not isinstance(value, str) else value
    )


def _rule_key(table: pa.Table) -> pa.ChunkedArray:
    return pc.binary_join_element_wise(table["conversation_id"], table["rule_id"], "\x1f")


def _turn_key(table: pa.Table) -> pa.ChunkedArray:
    return pc.binary_join_element_wise(table["conversation_id"], pc.cast(table["turn"], pa.string()), "\x1f")
