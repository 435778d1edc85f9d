"""What is stored of a conversation that a condition of `complaints.yml` can ask for, read for those it may concern."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from qc.domain.complaint import Condition

Parts = Callable[[str, Sequence[str]], Iterator[pa.Table]]
"""Table name and columns → the table, part by part (`StoredRun.parts`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """One piece of evidence: a hit, a topic, an intent or an angry turn. `name`: rule, topic, kind of intent or
    component; `said`: the words it rests on; `rank`: level of an intent (1–3) or an emotion (1–5)."""

    name: str
    title: str
    turn: int | None
    said: tuple[str, ...]
    category: str | None = None
    rank: int = 0


@dataclass(frozen=True, slots=True)
class Signs:
    """Everything found in one conversation, in stored order."""

    rules: list[Sign] = field(default_factory=list)
    topics: list[Sign] = field(default_factory=list)
    intents: list[Sign] = field(default_factory=list)
    emotions: list[Sign] = field(default_factory=list)

    def names(self) -> set[str]:
        """What a condition may name of it."""
        return {sign.name for signs in (self.rules, self.topics, self.intents, self.emotions) for sign in signs}


Found = Iterator[tuple[str, Sign]]
"""Conversation and what was found in it."""


def read_signs(parts: Parts, conditions: Sequence[Condition]) -> Iterator[Mapping[str, Signs]]:
    """By conversation, what any of `conditions` names; conversations without any of it are left out. One mapping for
    each part of the run, for every table has the same parts: a night is never in memory whole."""
    levels = [c.emotion_level or 1 for c in conditions if c.emotion_level is not None or c.components]
    readers = {
        "rules": _rules(parts, {r for c in conditions for r in c.rules}),
        "topics": _topics(parts, {t for c in conditions for t in c.topics}),
        "intents": _intents(parts, {k for c in conditions for k in c.intents}),
        "emotions": _emotions(parts, min(levels)) if levels else iter(()),
    }
    for part in zip_longest(*readers.values(), fillvalue=()):
        found: dict[str, Signs] = {}
        for kind, signs in zip(readers, part, strict=True):
            for conversation, sign in signs:
                getattr(found.setdefault(conversation, Signs()), kind).append(sign)
        yield found


def _rules(parts: Parts, rules: set[str]) -> Iterator[Found]:
    """Hits of rules that are in force. A rule on trial is reported and counts against nobody, so not here either."""
    findings = parts("findings", ("conversation_id", "rule_id", "rule_title", "status", "verdict")) if rules else ()
    hits = parts("hits", ("conversation_id", "rule_id", "turn", "text", "category")) if rules else ()
    for found, hit in zip(findings, hits, strict=True):
        yield _hits(found, hit, _names(rules))


def _hits(findings: pa.Table, hits: pa.Table, rules: pa.Array) -> Found:
    live = pc.and_(pc.equal(findings["verdict"], "hit"), pc.not_equal(findings["status"], "shadow"))
    mine = findings.filter(pc.and_(live, pc.is_in(findings["rule_id"], value_set=rules)))
    titles = {(conversation, rule): title for conversation, rule, title, *_ in _rows(mine)}
    shown = set()
    for conversation, rule, turn, text, category in _rows(hits.filter(pc.is_in(hits["rule_id"], value_set=rules))):
        title = titles.get((conversation, rule))
        if title is not None:
            shown.add((conversation, rule))
            said = (text,) if text else ()
            yield conversation, Sign(name=rule, title=title, turn=turn, said=said, category=category)
    for (conversation, rule), title in titles.items():  # a rule that hits by absence has no hit to show
        if (conversation, rule) not in shown:
            yield conversation, Sign(name=rule, title=title, turn=None, said=())


def _topics(parts: Parts, topics: set[str]) -> Iterator[Found]:
    columns = ("conversation_id", "topic_id", "topic", "words", "first_turn")
    for part in parts("topics", columns) if topics else ():
        yield (
            (conversation, Sign(name=topic, title=title or topic, turn=turn, said=tuple(words or ())))
            for conversation, topic, title, words, turn in _rows(
                part.filter(pc.is_in(part["topic_id"], value_set=_names(topics)))
            )
        )


def _intents(parts: Parts, kinds: set[str]) -> Iterator[Found]:
    columns = ("conversation_id", "intent", "kind", "level", "turn", "phrases")
    for part in parts("intents", columns) if kinds else ():
        yield (
            (conversation, Sign(name=kind, title=intent, turn=turn, said=tuple(phrases or ()), rank=level or 0))
            for conversation, intent, kind, level, turn, phrases in _rows(
                part.filter(pc.is_in(part["kind"], value_set=_names(kinds)))
            )
        )


def _emotions(parts: Parts, level: int) -> Iterator[Found]:
    columns = ("conversation_id", "turn", "role", "label", "level", "component", "phrases")
    for part in parts("emotions", columns):
        felt = pc.and_(pc.equal(part["role"], "customer"), pc.equal(part["label"], "negative"))
        yield (
            (conversation, Sign(name=name or "", title=name or "", turn=turn, said=tuple(phrases or ()), rank=rank))
            for conversation, turn, _, _, rank, name, phrases in _rows(
                part.filter(pc.and_(felt, pc.greater_equal(part["level"], level)))
            )
        )


def _names(names: set[str]) -> pa.Array:
    return pa.array(sorted(names), pa.string())


def _rows(table: pa.Table) -> Iterator[tuple[Any, ...]]:
    return zip(*(column.to_pylist() for column in table.columns), strict=True)
