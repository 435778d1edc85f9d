"""负面清单 of the run and 典型案例 from it: what must be answered for, and what others should learn from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from qc.domain.language import say
from qc.reporting.batch import Batch
from qc.reporting.edition import Edition
from qc.reporting.evidence import quotes
from qc.reporting.labels import SEVERITIES
from qc.reporting.nameless import nameless
from qc.reporting.negatives import NegativeList, negative_list
from qc.reporting.records import Record, TurnRow
from qc.reporting.selection import Line, lines

_THEMES, _EACH = 8, 2
"""Themes of each kind, and cases of a theme."""
_LOOKED_AT = 40
"""Candidates of a theme from which cases of different agents are taken."""
_LONGEST = 160
_SIDES = ("agent", "bot", "customer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """Something said in a case, without the agent's name and number: `before` + `hit` + `after`; `hit` is what decided,
    empty where the turn only stands beside it."""

    role: str
    before: str
    hit: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A conversation to learn from. `label`: how the page calls it, `agent`: 坐席A for whoever served; only the key of
    the page knows who that is (`line`). `talk`: the turns around what decided."""

    label: str
    agent: str
    line: Line
    talk: tuple[Utterance, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """Cases of one kind. `count`: conversations of the batch it was seen in; `advice`: what to do instead, empty for
    what was done well. `severity`: of a fault, else empty."""

    title: str
    severity: str
    advice: str
    count: int
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CasesPage:
    """`good`: worth imitating; `bad`: typical faults. `key`: all cases, in order of their labels."""

    negatives: NegativeList
    good: tuple[Theme, ...]
    bad: tuple[Theme, ...]

    @property
    def key(self) -> tuple[Case, ...]:
        return tuple(case for theme in (*self.good, *self.bad) for case in theme.cases)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Chosen:
    """A theme before its conversations are read. `rule_id` empty: customers who were soothed."""

    rule_id: str
    title: str
    severity: str
    advice: str
    count: int
    lines: tuple[Line, ...]


def case_ids(batch: Batch) -> tuple[str, ...]:
    """The conversations the cases are taken from."""
    return tuple(line.conversation_id for chosen in (*_good(batch), *_bad(batch)) for line in chosen.lines)


def cases_page(edition: Edition) -> CasesPage:
    """Compute the page."""
    batch = edition.batch
    names: dict[str, str] = {}
    good = _themes(_good(batch), edition.records, names, say("正"))
    bad = _themes(_bad(batch), edition.records, names, say("反"))
    return CasesPage(negatives=negative_list(batch), good=good, bad=bad)


def _good(batch: Batch) -> Iterator[_Chosen]:
    """Merits in conversations without a fault that passed, and customers who were upset and then soothed; each
    conversation once."""
    table = batch.conversations
    clean = pc.and_(pc.equal(table["violations"], 0), pc.fill_null(table["passed"], False))
    falling = [("score", "descending"), ("merits", "descending"), ("conversation_id", "ascending")]
    soothed = table.filter(pc.and_(pc.fill_null(table["soothed"], False), pc.equal(table["grave"], 0)))
    shown: set[str] = set()
    chosen = _different(soothed.sort_by([("customer_emotion_level", "descending"), *falling]), shown)
    if chosen:
        yield _Chosen(
            rule_id="", title=say("客户有气，安抚成功"), severity="", advice="", count=soothed.num_rows, lines=chosen
        )
    yield from _by_rule(batch, "merit", ("critical", "high", "medium", "low"), table.filter(clean), falling, shown)


def _bad(batch: Batch) -> Iterator[_Chosen]:
    """Grave violations, those of most conversations first; the lowest scores are the clearest cases. Every fault
    has a case, if need be of a conversation that has shown another."""
    rising = [("score", "ascending"), ("customer_emotion_level", "descending"), ("conversation_id", "ascending")]
    shown: set[str] = set()
    grave = list(_by_rule(batch, "violation", ("critical", "high"), batch.conversations, rising, shown))
    yield from grave or _by_rule(batch, "violation", ("medium",), batch.conversations, rising, shown)


def _by_rule(
    batch: Batch,
    kind: str,
    severities: Sequence[str],
    among: pa.Table,
    order: list[tuple[str, str]],
    shown: set[str],
) -> Iterator[_Chosen]:
    found = batch.findings
    mine = pc.and_(pc.equal(found["kind"], kind), pc.equal(found["verdict"], "hit"))
    mine = pc.and_(mine, pc.not_equal(found["status"], "shadow"))
    mine = pc.and_(mine, pc.is_in(found["severity"], value_set=pa.array(severities, pa.string())))
    mine = found.filter(pc.and_(mine, pc.is_valid(found["first_turn"])))  # without evidence there is nothing to show
    grouped = mine.group_by("rule_id", use_threads=False).aggregate(
        [("rule_title", "max"), ("severity", "max"), ("advice", "max"), ("rule_id", "count")]
    )
    grouped = grouped.append_column("rank", pc.index_in(grouped["severity_max"], value_set=pa.array(SEVERITIES)))
    yielded = 0
    ordered = [("rank", "ascending")] if kind == "violation" else []
    for row in grouped.sort_by([*ordered, ("rule_id_count", "descending"), ("rule_id", "ascending")]).to_pylist():
        ids = mine.filter(pc.equal(mine["rule_id"], row["rule_id"]))["conversation_id"]
        table = among.filter(pc.is_in(among["conversation_id"], value_set=ids.combine_chunks()))
        chosen = _different(table.sort_by(order), shown, again=kind == "violation")
        if chosen:
            yielded += 1
            yield _Chosen(
                rule_id=row["rule_id"],
                title=row["rule_title_max"] or row["rule_id"],
                severity=row["severity_max"] if kind == "violation" else "",
                advice=row["advice_max"] or "" if kind == "violation" else "",
                count=row["rule_id_count"],
                lines=chosen,
            )
        if yielded == _THEMES:
            return


def _different(table: pa.Table, shown: set[str], *, again: bool = False) -> tuple[Line, ...]:
    """The first rows, each of another agent, of conversations that were not `shown` yet; they are added to it. With
    `again` one that was comes once more where there is no other."""
    fresh = table.filter(pc.invert(pc.is_in(table["conversation_id"], value_set=pa.array(sorted(shown), pa.string()))))
    table = table.slice(0, 1) if again and not fresh.num_rows else fresh
    chosen: dict[str, Line] = {}
    for line in lines(table.slice(0, _LOOKED_AT)):
        chosen.setdefault(line.agent_id or line.agent or line.conversation_id, line)
        if len(chosen) == _EACH:
            break
    shown.update(line.conversation_id for line in chosen.values())
    return tuple(chosen.values())


def _themes(
    chosen: Iterator[_Chosen], records: Mapping[str, Record], names: dict[str, str], sign: str
) -> tuple[Theme, ...]:
    """`names` of agents go on from theme to theme, numbers of cases too."""
    out, number = [], 0
    for one in chosen:
        cases = []
        for line in one.lines:
            record = records.get(line.conversation_id)
            talk = _talk(record, one.rule_id) if record else ()
            if not talk:
                continue
            number += 1
            who = line.agent_id or line.agent
            agent = names.setdefault(who, say("坐席{letter}", letter=_letters(len(names)))) if who else say("没有坐席")
            cases.append(Case(label=f"{sign}{number}", agent=agent, line=line, talk=talk))
        if cases:
            out.append(
                Theme(title=one.title, severity=one.severity, advice=one.advice, count=one.count, cases=tuple(cases))
            )
    return tuple(out)


def _letters(number: int) -> str:
    """A … Z, AA, AB …"""
    head, tail = divmod(number, 26)
    return (_letters(head - 1) if head else "") + chr(ord("A") + tail)


def _talk(record: Record, rule_id: str) -> tuple[Utterance, ...]:
    """The turn that decided, with the customer's or the agent's turn before and after it."""
    if rule_id:
        found = quotes(record, rule_id, limit=1)
        first = next((f.first_turn for f in record.findings if f.rule_id == rule_id), None)
        turn = found[0].turn if found else first
        hits = {found[0].turn: found[0].hit.removesuffix("…")} if found else {}
        middle = [turn] if turn is not None else []
    else:
        middle = [t for t in (record.meta.customer_emotion_worst_turn, record.meta.calmed_turn) if t is not None]
        hits = {}
    spoken = [t for t in record.turns if t.role in _SIDES]
    at = {t.turn: i for i, t in enumerate(spoken)}
    wanted = sorted({i + d for t in middle if t in at for i in (at[t],) for d in (-1, 0, 1)})
    return tuple(_utterance(record, spoken[i], hits.get(spoken[i].turn, "")) for i in wanted if 0 <= i < len(spoken))


def _utterance(record: Record, turn: TurnRow, hit: str) -> Utterance:
    text, shown = nameless(record.meta, turn.text), nameless(record.meta, hit)
    start = text.find(shown) if shown else -1
    if start < 0:
        cut = text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
        return Utterance(role=turn.role, before=cut, hit="", after="")
    end = start + len(shown)
    first, last = max(0, start - _LONGEST // 2), min(len(text), end + _LONGEST // 2)
    return Utterance(
        role=turn.role,
        before=("…" if first else "") + text[first:start],
        hit=shown,
        after=text[end:last] + ("…" if last < len(text) else ""),
    )
