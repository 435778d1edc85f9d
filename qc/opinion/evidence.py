"""What is stored of a conversation that a condition of `complaints.yml` can ask for, read for those it may concern."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

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


def read_signs(parts: Parts, conditions: Sequence[Condition]) -> Mapping[str, Signs]:
    """By conversation, what any of `conditions` names; conversations without any of it are left out."""
    found: dict[str, Signs] = {}
    rules = {r for c in conditions for r in c.rules}
    if rules:
        _rules(parts, rules, found)
    if topics := {t for c in conditions for t in c.topics}:
        _topics(parts, topics, found)
    if kinds := {k for c in conditions for k in c.intents}:
        _intents(parts, kinds, found)
    levels = [c.emotion_level or 1 for c in conditions if c.emotion_level is not None or c.components]
    if levels:
        _emotions(parts, min(levels), found)
    return found


def _rules(parts: Parts, rules: set[str], found: dict[str, Signs]) -> None:
    """Hits of rules that are in force. A rule on trial is reported and counts against nobody, so not here either."""
    titles: dict[tuple[str, str], str] = {}
    named = pa.array(sorted(rules), pa.string())
    for part in parts("findings", ("conversation_id", "rule_id", "rule_title", "status", "verdict", "first_turn")):
        live = pc.and_(pc.equal(part["verdict"], "hit"), pc.not_equal(part["status"], "shadow"))
        for row in part.filter(pc.and_(live, pc.is_in(part["rule_id"], value_set=named))).to_pylist():
            titles[row["conversation_id"], row["rule_id"]] = row["rule_title"]
    for part in parts("hits", ("conversation_id", "rule_id", "turn", "text", "category", "value")):
        for row in part.filter(pc.is_in(part["rule_id"], value_set=named)).to_pylist():
            title = titles.get((row["conversation_id"], row["rule_id"]))
            if title is not None:
                sign = Sign(
                    name=row["rule_id"],
                    title=title,
                    turn=row["turn"],
                    said=(row["text"],) if row["text"] else (),
                    category=row["category"],
                )
                found.setdefault(row["conversation_id"], Signs()).rules.append(sign)
    for conversation, rule in titles:  # a rule that hits by absence has no hit to show
        signs = found.setdefault(conversation, Signs())
        if all(sign.name != rule for sign in signs.rules):
            signs.rules.append(Sign(name=rule, title=titles[conversation, rule], turn=None, said=()))


def _topics(parts: Parts, topics: set[str], found: dict[str, Signs]) -> None:
    named = pa.array(sorted(topics), pa.string())
    for part in parts("topics", ("conversation_id", "topic_id", "topic", "words", "first_turn")):
        for row in part.filter(pc.is_in(part["topic_id"], value_set=named)).to_pylist():
            sign = Sign(
                name=row["topic_id"],
                title=row["topic"] or row["topic_id"],
                turn=row["first_turn"],
                said=tuple(row["words"] or ()),
            )
            found.setdefault(row["conversation_id"], Signs()).topics.append(sign)


def _intents(parts: Parts, kinds: set[str], found: dict[str, Signs]) -> None:
    named = pa.array(sorted(kinds), pa.string())
    for part in parts("intents", ("conversation_id", "intent", "kind", "level", "turn", "phrases")):
        for row in part.filter(pc.is_in(part["kind"], value_set=named)).to_pylist():
            sign = Sign(
                name=row["kind"],
                title=row["intent"],
                turn=row["turn"],
                said=tuple(row["phrases"] or ()),
                rank=row["level"] or 0,
            )
            found.setdefault(row["conversation_id"], Signs()).intents.append(sign)


def _emotions(parts: Parts, level: int, found: dict[str, Signs]) -> None:
    columns = ("conversation_id", "turn", "role", "label", "level", "component", "phrases")
    for part in parts("emotions", columns):
        felt = pc.and_(pc.equal(part["role"], "customer"), pc.equal(part["label"], "negative"))
        for row in part.filter(pc.and_(felt, pc.greater_equal(part["level"], level))).to_pylist():
            sign = Sign(
                name=row["component"] or "",
                title=row["component"] or "",
                turn=row["turn"],
                said=tuple(row["phrases"] or ()),
                rank=row["level"],
            )
            found.setdefault(row["conversation_id"], Signs()).emotions.append(sign)
