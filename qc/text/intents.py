"""What customers are about to do: phrases of the intention lists, and a trained head beside them.

The longest part of every phrase is looked for by one scan of the shard; only around what it finds, inside the clause,
is the rest of the phrase read, what stands right before it (不|想退保, 特别|想买), and whether the clause asks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from qc.domain.conversation import Role
from qc.domain.emotion import InQuestion, Modifiers, WhenNegated
from qc.domain.intent import GAP, GAP_CHARS, Intent, IntentKind, IntentList, IntentPhrases
from qc.text.automaton import Automaton, whole_words
from qc.text.columns import first_few
from qc.text.normalise import normalise
from qc.text.shard import ROLE_CODES, Shard

if TYPE_CHECKING:
    from qc.text.head import HeadScorer

STRONGEST = 3
LIKELY, SURE = 0.5, 0.8
"""Probability of a trained head from which a turn shows an intention, and shows it clearly."""
_AROUND = 40
"""Characters of the clause read on either side: recognised speech may lack marks for a whole page."""
_MARK = re.compile("[，。！？；：、…,!?;: \n]")
_UP_TO_MARK = re.compile(f".*{_MARK.pattern}", re.DOTALL)
_ASKING = frozenset("？?")
_MAX_CHAIN = 4
_CARRIERS = (
    "要",
    "想",
    "想要",
    "说",
    "说要",
    "说过",
    "去",
    "会",
    "来",
    "再",
    "打算",
    "准备",
    "考虑",
    "需要",
    "是要",
    "是想",
    "真要",
)
"""Verbs that pass a negation on: 没|说要|退保."""
_MAX_PHRASES = 5
_NO_INTENT = frozenset({"", "其他", "其它", "无", "无意向", "闲聊", "other", "none", "unknown"})
"""Labels of a trained head that say that there is nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownIntent:
    """One intention in one conversation. `level` 1 (提到) .. 3 (强烈), `turn` (from 1) where it is strongest, `phrases`
    as they were said, strongest first; `probability` of the trained head, None where it says nothing; `source`:
    phrases, model or both."""

    intent_id: str
    title: str
    kind: IntentKind
    level: int
    turn: int
    phrases: tuple[str, ...]
    probability: float | None
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Intents:
    """`shown[i]`: intentions of conversation i by falling level, then in the order they were said."""

    shown: tuple[tuple[ShownIntent, ...], ...]


class _Phrase(NamedTuple):
    intent: int
    group: IntentPhrases
    before: tuple[str, ...]
    """Parts before the anchor, nearest first."""
    after: tuple[str, ...]


class _Sign(NamedTuple):
    """One piece of evidence: of which intention, how strong, in which turn, by what words or with what probability."""

    level: int
    turn: int
    at: int
    said: str
    probability: float | None


class IntentFinder:
    """The lists, compiled: compile once per process, search many shards. `modifiers` are those of the emotion lexicon:
    what negates, strengthens and asks is the same."""

    def __init__(self, lists: Sequence[IntentList], modifiers: Modifiers, head: HeadScorer | None = None) -> None:
        self._intents: list[Intent] = [intent for one in lists for intent in one.intents]
        self._projects = [frozenset(one.projects) for one in lists for _ in one.intents]
        self._excludes = [tuple(map(normalise, intent.excludes)) for intent in self._intents]
        self._head = head
        self._touching = _touching(modifiers)
        self._longest = max(map(len, self._touching), default=0)
        self._last_signs = frozenset(word[-1:] for word in self._touching)
        asks = map(re.escape, map(normalise, (*modifiers.question, *modifiers.condition)))
        self._asks = re.compile("|".join(asks) or "(?!)")
        anchored: dict[str, list[_Phrase]] = {}
        for number, intent in enumerate(self._intents):
            for group in intent.groups:
                for text in group.phrases:
                    parts = [normalise(part) for part in text.split(GAP)]
                    nth = max(range(len(parts)), key=lambda i: (len(parts[i]), i))
                    phrase = _Phrase(number, group, tuple(reversed(parts[:nth])), tuple(parts[nth + 1 :]))
                    anchored.setdefault(parts[nth], []).append(phrase)
        self._anchored = list(anchored.values())
        self._automaton = Automaton(tuple(anchored))

    def find(self, shard: Shard) -> Intents:
        """The intentions shown in each conversation, in turns of the customer that somebody really spoke."""
        mine = (shard.role == ROLE_CODES[Role.CUSTOMER]) & ~shard.invented
        signs: dict[int, dict[str, list[_Sign]]] = {}
        names: dict[str, tuple[str, IntentKind]] = {i.id: (i.title, i.kind) for i in self._intents}
        for intent_id, sign in self._said(shard, mine):
            signs.setdefault(int(shard.conversation[sign.turn]), {}).setdefault(intent_id, []).append(sign)
        for intent_id, sign in self._modelled(shard, mine):
            names.setdefault(intent_id, (intent_id, IntentKind.OTHER))
            signs.setdefault(int(shard.conversation[sign.turn]), {}).setdefault(intent_id, []).append(sign)
        return Intents(
            shown=tuple(_shown(signs.get(i, {}), names, int(shard.first_turn[i])) for i in range(len(shard)))
        )

    def _said(self, shard: Shard, mine: npt.NDArray[np.bool_]) -> Iterator[tuple[str, _Sign]]:
        """Evidence by phrases."""
        found = whole_words(self._automaton.scan(shard.buffer), shard.buffer)
        turns = np.searchsorted(shard.byte_start, found.start, side="right") - 1
        found = found.where(mine[turns] & first_few(turns, found.pattern))
        turns, first, last = shard.locate(found.start, found.end)
        base = shard.char_start[turns]
        text = shard.text
        for pattern, turn, start, end in zip(
            found.pattern.tolist(), turns.tolist(), (first + base).tolist(), (last + base).tolist(), strict=True
        ):
            left, right, asked = self._clause(text, start, end)
            project = shard.columns.project[int(shard.conversation[turn])]
            for phrase in self._anchored[pattern]:
                if self._projects[phrase.intent] and project not in self._projects[phrase.intent]:
                    continue
                span = _whole(phrase, left, right)
                if span is None:
                    continue
                level = self._level(phrase, left, right, span, text[start:end], asked)
                if level:
                    at, to = start - span[0], end + span[1]
                    offset = int(shard.char_start[turn])
                    said = shard.turn_columns.text[turn][at - offset : to - offset]
                    yield self._intents[phrase.intent].id, _Sign(level, turn, at, said, None)

    def _clause(self, text: str, start: int, end: int) -> tuple[str, str, bool]:
        """What stands in the clause before and after a place, and whether it asks."""
        left, right = text[max(start - _AROUND, 0) : start], text[end : end + _AROUND]
        if begins := _UP_TO_MARK.match(left):
            left = left[begins.end() :]
        ends = _MARK.search(right)
        if ends:
            right = right[: ends.start()]
        clause = left + text[start:end] + right
        return left, right, (ends is not None and ends[0] in _ASKING) or self._asks.search(clause) is not None

    def _level(self, phrase: _Phrase, left: str, right: str, span: tuple[int, int], anchor: str, asked: bool) -> int:
        """Level of a phrase where it stands; 0: it does not count. `span`: how far it reaches beyond its anchor."""
        group = phrase.group
        if asked and group.in_question is InQuestion.DROP:
            return 0
        reach = len(left) - span[0]
        clause, first, last = left + anchor + right, reach, len(left) + len(anchor) + span[1]
        if _inside(clause, first, last, self._excludes[phrase.intent]):
            return 0
        negated, stronger = self._before(left[:reach])
        if phrase.before and span[0]:
            inner, _ = self._before(left[reach + len(phrase.before[-1]) :])
            negated ^= inner
        if negated and group.when_negated is WhenNegated.DROP:
            return 0
        level = group.level + (1 if stronger else 0)
        if asked and group.in_question is InQuestion.DAMP:
            level -= 1
        return min(max(level, 1), STRONGEST)

    def _before(self, left: str) -> tuple[bool, bool]:
        """Whether what touches a phrase from the left negates it, and whether it makes it stronger."""
        negations, stronger = 0, False
        for _ in range(_MAX_CHAIN):
            if left[-1:] not in self._last_signs:
                break
            size = next((n for n in range(min(self._longest, len(left)), 0, -1) if left[-n:] in self._touching), 0)
            if not size:
                break
            negates, change = self._touching[left[-size:]]
            if not negates and change is None:
                break
            negations += negates
            stronger |= (change or 0) > 0
            left = left[:-size]
        return negations % 2 == 1, stronger

    def _modelled(self, shard: Shard, mine: npt.NDArray[np.bool_]) -> Iterator[tuple[str, _Sign]]:
        """Evidence by the trained head: the label of each turn, where it is likely."""
        if self._head is None:
            return
        turns = np.flatnonzero(mine & (np.diff(shard.char_start) > 1))
        if not len(turns):
            return
        probabilities = self._head.probabilities(shard, turns)
        label = self._head.decide(probabilities)
        probability = probabilities[np.arange(len(turns)), label]
        claimed: dict[str, Mapping[str, str]] = {}
        for i in np.flatnonzero(probability >= LIKELY).tolist():
            turn, name, sure = int(turns[i]), self._head.head.labels[int(label[i])], float(probability[i])
            project = shard.columns.project[int(shard.conversation[turn])]
            if project not in claimed:
                claimed[project] = self._claimed(project)
            intent_id = claimed[project].get(name, name)
            if intent_id not in _NO_INTENT:
                at = int(shard.char_start[turn])
                yield intent_id, _Sign(2 if sure >= SURE else 1, turn, at, "", round(sure, 4))

    def _claimed(self, project: str) -> Mapping[str, str]:
        """Label → the intention of this project's lists that claims it; the others are intentions of their own."""
        return {
            label: intent.id
            for intent, projects in zip(self._intents, self._projects, strict=True)
            if not projects or project in projects
            for label in (intent.id, intent.title, *intent.labels)
        }


def _touching(modifiers: Modifiers) -> Mapping[str, tuple[bool, int | None]]:
    """Word → (negates, change of level; None: ends the search). Longer words shield what is in them (要不, 能不能)."""
    kinds: dict[str, tuple[bool, int | None]] = {}
    for words, kind in (
        (modifiers.negation, (True, 0)),
        (modifiers.stronger, (False, 1)),
        (modifiers.plain, (False, 0)),
        (modifiers.weaker, (False, 0)),
        (modifiers.question, (False, None)),
        (modifiers.condition, (False, None)),
        (modifiers.neutral, (False, None)),
    ):
        for word in words:
            kinds.setdefault(normalise(word), kind)
    for word in _CARRIERS:
        kinds.setdefault(word, (False, 0))
    return kinds


def _whole(phrase: _Phrase, left: str, right: str) -> tuple[int, int] | None:
    """How many characters the phrase reaches before and after its anchor; None where its other parts are not there."""
    at = len(left)
    for part in phrase.before:
        at = left.rfind(part, max(at - GAP_CHARS - len(part), 0), at)
        if at < 0:
            return None
    to = 0
    for part in phrase.after:
        found = right.find(part, to, to + GAP_CHARS + len(part))
        if found < 0:
            return None
        to = found + len(part)
    return len(left) - at, to


def _inside(clause: str, first: int, last: int, longer: tuple[str, ...]) -> bool:
    """Whether the span lies in one of the longer words or overlaps it."""
    for word in longer:
        at = clause.find(word)
        while at >= 0:
            if at < last and first < at + len(word):
                return True
            at = clause.find(word, at + 1)
    return False


def _evidence(signs: Sequence[_Sign]) -> tuple[str, ...]:
    """What was said, the strongest first, without what lies inside another piece of it."""
    kept: list[_Sign] = []
    for sign in signs:
        inside = any(k.at <= sign.at and sign.at + len(sign.said) <= k.at + len(k.said) for k in kept)
        if sign.said and not inside and sign.said not in [k.said for k in kept]:
            kept.append(sign)
            if len(kept) == _MAX_PHRASES:
                break
    return tuple(sign.said for sign in kept)


def _shown(
    signs: Mapping[str, list[_Sign]], names: Mapping[str, tuple[str, IntentKind]], first_turn: int
) -> tuple[ShownIntent, ...]:
    out: list[tuple[int, int, ShownIntent]] = []
    for intent_id, listed in signs.items():
        listed.sort(key=lambda s: (-s.level, s.at, -len(s.said), s.probability is not None))
        best, said = listed[0], _evidence(listed)
        probability = max((s.probability for s in listed if s.probability is not None), default=None)
        title, kind = names[intent_id]
        shown = ShownIntent(
            intent_id=intent_id,
            title=title,
            kind=kind,
            level=best.level,
            turn=best.turn - first_turn + 1,
            phrases=said,
            probability=probability,
            source="phrases" if probability is None else "both" if said else "model",
        )
        out.append((-best.level, best.at, shown))
    return tuple(shown for _, _, shown in sorted(out, key=lambda row: (row[0], row[1], row[2].intent_id)))
