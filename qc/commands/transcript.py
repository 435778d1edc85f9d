"""A stored conversation as coloured text: scores, findings, and the dialogue with its evidence marked."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click
import pyarrow as pa
import pyarrow.compute as pc

from qc.errors import UsageError
from qc.reporting.dialogue import FLOOR
from qc.reporting.formatting import percent, signed
from qc.reporting.labels import (
    CHANNEL,
    EMOTION_COMPONENT,
    KIND,
    MOOD_COURSE,
    ROLE,
    ROLE_SOURCE,
    SENTIMENT,
    TURNING,
    TURNING_MARK,
)
from qc.reporting.mood import Feeling, course, feelings
from qc.reporting.records import Record, TurnRow, read_records, turn_row
from qc.reporting.traces import Trace, of_stretch, traces
from qc.schema.tables import TABLES
from qc.storage.read import StoredRun

Row = Mapping[str, Any]
_BLOCKS = "▁▂▃▄▅▆▇█"
_MOST_BLOCKS = 100
_UNTOLD = ("passed", "not_awarded", "not_applicable")
_COLOURS = {"agent": "cyan", "customer": "yellow", "bot": "magenta"}
_MARKS = {"violation": ("✗", "red"), "merit": ("✓", "green"), "signal": ("!", "yellow")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """All rows of one conversation."""

    conversation: Row
    turns: Sequence[Row]
    findings: Sequence[Row]
    hits: Sequence[Row]
    scores: Sequence[Row]
    items: Sequence[Row]
    topics: Sequence[Row]
    record: Record
    judged: bool
    floor: float
    """The confidence below which words are not certain."""


def identify(run: StoredRun, identifier: str) -> str:
    """The id of the conversation with this id, or of the only one whose id begins so. Raises UsageError."""
    known = run.table("conversations", ["conversation_id"])["conversation_id"].to_pylist()
    matches = [identifier] if identifier in known else [k for k in known if k.startswith(identifier)]
    if len(matches) != 1:
        if not matches:
            _tell_failure(run, identifier)
            raise UsageError(
                f"批次 {run.lineage.run_id} 里没有会话 {identifier}",
                "编号见 conversations 表或报表；失败的输入见 failures 表。",
            )
        shown = "、".join(map(visible, matches[:8])) + ("……" if len(matches) > 8 else "")
        raise UsageError(f"有 {len(matches)} 个会话以 {identifier} 开头：{shown}", "请把编号写完整。")
    return str(matches[0])


def _tell_failure(run: StoredRun, identifier: str) -> None:
    """Raises UsageError where the run knows this conversation or file, but has no result for it."""
    for row in run.table("failures", ["input", "conversation_id", "kind", "message"]).to_pylist():
        if identifier in (row["conversation_id"], row["input"]):
            raise UsageError(
                f"{identifier} 在批次 {run.lineage.run_id} 里没有结果（{row['kind']}）：{visible(row['message'])}",
                "怎么办见 docs/inputs.zh-CN.md 的“常见的失败原因”；处理后再跑一次 qc run。",
            )


def select(run: StoredRun, identifier: str) -> Stored:
    """The rows of the conversation with this id, or of the only one whose id begins so. Raises UsageError."""
    full = identify(run, identifier)

    def rows(table: str) -> list[Row]:  # all columns by name, for a run of an earlier version lacks some
        parts = (_of(part, full) for part in run.parts(table, TABLES[table].names))
        return [row for part in parts for row in part.to_pylist()]

    return Stored(
        conversation=rows("conversations")[0],
        turns=rows("turns"),
        findings=rows("findings"),
        hits=rows("hits"),
        scores=rows("scores"),
        items=rows("item_scores"),
        topics=rows("topics"),
        record=read_records(run, [full])[full],
        judged=bool(run.lineage.rules_digest),
        floor=FLOOR if run.lineage.confidence_floor is None else run.lineage.confidence_floor,
    )


def _of(part: pa.Table, identifier: str) -> pa.Table:
    return part.filter(pc.equal(part["conversation_id"], identifier))


def render(stored: Stored, *, terminal: bool) -> str:
    """The conversation as text; on a terminal in ANSI colours, elsewhere evidence stands in 【】."""
    verdicts = _findings(stored) if stored.judged else "还没有判定：这个批次只有转写，先运行 qc inspect。"
    blocks = [_head(stored), _scores(stored), verdicts, _moods(stored.record), _dialogue(stored, terminal)]
    return "\n\n".join(block for block in blocks if block)


def _head(stored: Stored) -> str:
    c = stored.conversation
    facts = [
        ("项目", c["project"]),
        ("渠道", CHANNEL[c["channel"]]),
        ("坐席", " ".join(filter(None, (c["agent_id"], c["agent_name"])))),
        ("班组", c["team"]),
        ("开始", c["started_at"] and f"{c['started_at']:%Y-%m-%d %H:%M:%S}"),
        ("时长", c["duration_ms"] and clock(c["duration_ms"])),
        ("满意度", c["satisfaction"]),
        ("话题", "、".join(f"{t['topic']} {t['share']:.0%}" for t in stored.topics)),
        ("角色", None if c["role_source"] == "channels" else ROLE_SOURCE.get(c["role_source"])),
        ("来源", c["source_path"]),
    ]
    lines = [click.style(f"会话 {visible(c['conversation_id'])}", bold=True)]
    return "\n".join([*lines, "  " + "\u3000".join(f"{k} {visible(str(v))}" for k, v in facts if v)])


def _scores(stored: Stored) -> str:
    lines = []
    for score in stored.scores:
        verdict = "一票否决" if score["auto_fail"] else ("合格" if score["passed"] else "不合格")
        colour = "green" if score["passed"] else "red"
        title = f"{score['scorecard_title']} {score['score']:g}/{score['base']:g} {score['grade']}"
        lines.append(f"{title} {click.style(verdict, fg=colour, bold=True)}")
        for item in stored.items:
            if item["scorecard_id"] != score["scorecard_id"] or item["status"] in _UNTOLD:
                continue
            points = "无法判定，不扣分" if item["status"] == "undecided" else f"{item['points']:+g} 分"
            fatal = ""
            if item["fatal"]:
                fatal = "（一票否决，总分归零）" if score["auto_fail"] else "（一票否决，本部分归零）"
            lines.append(f"  {item['section_title']} / {item['item_title']}：{points}{fatal}")
        mine = [i for i in stored.items if i["scorecard_id"] == score["scorecard_id"]]
        lost = any(i["status"] == "deducted" for i in mine)
        if lost and not score["auto_fail"] and any(i["status"] == "not_applicable" for i in mine):
            lines.append("  有不适用的项：它们不计入满分，得分按其余各项折算。")
    return "\n".join(lines)


def _findings(stored: Stored) -> str:
    lines = []
    for finding in stored.findings:
        if finding["verdict"] == "undecided":
            mark, text = click.style("? 无法判定", dim=True), finding["reason"] or ""
        elif finding["verdict"] == "miss":
            excused = "、".join(finding["excused"] or ())
            mark, text = click.style("− 因例外不算", dim=True), f"例外 {excused} 成立"
        else:
            sign, colour = _MARKS[finding["kind"]]
            mark, text = click.style(f"{sign} {KIND[finding['kind']]}", fg=colour), finding["message"]
        lines.append(f"{mark} {finding['rule_title']}（{finding['rule_id']}）：{visible(text)}")
        if finding["advice"] and finding["verdict"] == "hit" and finding["kind"] == "violation":
            lines.append(f"    建议：{finding['advice']}")
    return "\n".join(lines) or "没有规则命中。"


def _moods(record: Record) -> str:
    """The mood of both sides, a block per turn, and what moved the customer's."""
    felt = course(record)
    if felt is None:
        return ""
    lines = []
    for role in ("customer", "agent"):
        moods = [e.smoothed for e in record.emotions if e.role == role and e.smoothed is not None]
        if moods:
            lines.append(
                f"{ROLE[role]}情绪 {''.join(map(_block, moods[:_MOST_BLOCKS]))}{'…' * (len(moods) > _MOST_BLOCKS)}"
            )
    said = [f"开场 {signed(felt.start)}", f"结束 {signed(felt.end)}"]
    if felt.direction:
        said.append(f"变化 {signed(felt.trend)}（{MOOD_COURSE[felt.direction]}）")
    said += [f"{TURNING_MARK[kind]} {TURNING[kind]} 第 {turn} 轮" for turn, kind in felt.marks]
    if felt.soothed is not None:
        said.append("安抚成功" if felt.soothed else "没有安抚下来")
    return "\n".join([*lines, "  " + "\u3000".join(said)])


def _block(mood: float) -> str:
    """A block whose height is the mood: the lowest −1, the highest 1."""
    return _BLOCKS[min(int((mood + 1) / 2 * len(_BLOCKS)), len(_BLOCKS) - 1)]


def _felt(feeling: Feeling) -> str:
    name = f"{SENTIMENT[feeling.label]} {feeling.level} 级"
    if feeling.component:
        name += f" {EMOTION_COMPONENT.get(feeling.component, feeling.component)}"
    if feeling.reasons:
        name += f"：{'、'.join(map(visible, feeling.reasons))}"
    if feeling.features:
        name += f"；模型依据：{'、'.join(map(visible, feeling.features))}"
    return name if feeling.probability is None else f"{name}，概率 {percent(feeling.probability, 0)}"


def _dialogue(stored: Stored, terminal: bool) -> str:
    spans: dict[int, list[tuple[int, int]]] = {}
    excused = {f["rule_id"] for f in stored.findings if f["verdict"] == "miss"}
    for hit in stored.hits:
        if hit["rule_id"] in excused:
            continue
        if hit["turn"] is not None and hit["char_start"] is not None and hit["char_end"] is not None:
            spans.setdefault(hit["turn"], []).append((hit["char_start"], hit["char_end"]))
    lines = []
    felt, moved = feelings(stored.record.emotions), course(stored.record)
    for turn in stored.turns:
        who = click.style(ROLE[turn["role"]], fg=_COLOURS.get(turn["role"]))
        when = "" if turn["start_ms"] is None else f"{clock(turn['start_ms'])} "
        heard = traces(_turn_row(turn), stored.floor) if terminal else []
        text = marked(turn["text"], spans.get(turn["turn"], ()), terminal, heard)
        lines.append(f"{turn['turn']:>4} {when}{who}：{text}")
        notes = [f"{TURNING_MARK[k]} {TURNING[k]}" for t, k in (moved.marks if moved else ()) if t == turn["turn"]]
        if turn["turn"] in felt:
            notes.append(_felt(felt[turn["turn"]]))
        if notes:
            lines.append(click.style("       " + "　".join(notes), dim=True))
    return "\n".join(lines)


def _turn_row(turn: Row) -> TurnRow:
    return turn_row({name: turn[name] for name in TurnRow.__slots__})


def marked(text: str, spans: Iterable[tuple[int, int]], terminal: bool, heard: Sequence[Trace] = ()) -> str:
    """`text` with the characters of any span in reverse video, or in 【】; overlapping spans merge. What was `heard`
    unsurely is underlined, fillers are dim, what clean-up replaced stands behind in brackets."""
    covered = [False] * len(text)
    for start, end in spans:
        for i in range(max(start, 0), min(end, len(text))):
            covered[i] = True
    edges = {edge for trace in heard for edge in (trace.start, trace.end)}
    out = []
    start = 0
    for i in range(1, len(text) + 1):
        if i == len(text) or covered[i] != covered[start] or i in edges:
            part = visible(text[start:i])
            over = of_stretch(heard, start, i)
            kinds = {trace.kind for trace in over}
            if terminal:
                evidence = True if covered[start] else None
                unsure = True if kinds & {"faint", "invented"} else None
                dim = True if kinds & {"filler", "invented"} else None
                part = click.style(part, reverse=evidence, underline=unsure, dim=dim)
            elif covered[start]:
                part = f"【{part}】"
            replaced = [t.original for t in over if t.end == i and t.original is not None]
            out += [part, *(click.style(f"[{visible(original)}]", dim=True) for original in replaced)]
            start = i
    return "".join(out)


def visible(text: str) -> str:
    """Control and formatting characters made harmless: a transcript must not drive the terminal."""
    return "".join("�" if unicodedata.category(c) in ("Cc", "Cf", "Cs") else c for c in text)


def clock(ms: int) -> str:
    return f"{ms // 60_000:02d}:{ms // 1000 % 60:02d}.{ms % 1000 // 100}"
