"""Emotion per turn and per conversation, columns over a shard.

Two signals are fused. The contact-centre lexicon decides: each phrase has a strength by its level, the strongest one
of a turn counts in full and the others add half of what they would bring. Behind it stands the tone: words of praise
and fault-finding of the general language and, where these say little, snownlp's sentiment. The tone moves the sum by
at most TONE_WEIGHT: enough to tip a turn that holds only hints, never enough to label a turn on its own or to change
the level of a clear one. In a neutral turn it may move the polarity further, to either side of zero, never to a label.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qc.domain.conversation import Role
from qc.domain.emotion import COMPONENTS, EmotionLexicon, Evaluation, PhraseGroup, WhenNegated
from qc.domain.head import TrainedHead
from qc.text.emotion_head import EmotionHead, lexicon_inputs, probabilities_of
from qc.text.phrases import Bools, PhraseHits, PhraseScanner
from qc.text.shard import ROLE_CODES, Ints, Shard
from qc.text.snow import snow_sentiment

Floats = npt.NDArray[np.float32]
Codes = npt.NDArray[np.int8]

NO_COMPONENT = -1
NEGATIVE, NEUTRAL, POSITIVE = -1, 0, 1

STRENGTH = np.array([0.12, 0.28, 0.45, 0.62, 0.78, 0.92])
"""Polarity (absolute) a single phrase of level 0..5 gives."""
LEVEL_FROM = np.array([0.20, 0.365, 0.535, 0.70, 0.85])
"""Polarity (absolute) from which a turn has level 1..5; below the first it is neutral."""
TONE_WEIGHT = 0.06
"""What the tone adds to or takes from the polarity of a labelled turn, at most."""
NEUTRAL_TONE_WEIGHT = 0.15
"""The same in a neutral turn."""
NEUTRAL_AT_MOST = 0.19
"""Polarity (absolute) of a neutral turn, at most."""
_FAULTS_COUNT = 1.1
"""A word of fault-finding weighs a little more than one of praise."""
_SNOWNLP_COUNTS = 0.3
"""One unit of snownlp's mean log-odds counts as much of a word."""
_FULL_TONE = 3.0
"""So many words more of one side than of the other give (nearly) the whole tone."""
_OTHERS_COUNT = 0.5
_OPPOSITE_COUNTS = 0.3
"""Thanks do not undo a complaint: the weaker sign takes this share of its strength off the stronger one."""
_MAX_PHRASES = 8
EDGE_TURNS = 3
"""Opening and ending mood are means over at most so many turns of the role (a third of them in a short call)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleEmotion:
    """One role's emotion in each conversation; NaN and 0 where the role has no turn with words.

    `start` and `end` are mean polarities of the first and last turns, `worst` the lowest polarity of one turn,
    `worst_turn` its number (from 1), `level` the strongest negative level (0–5).
    """

    start: Floats
    end: Floats
    worst: Floats
    worst_turn: Ints
    level: Codes


@dataclass(frozen=True, slots=True, kw_only=True)
class Emotions:
    """Per turn of the shard: `polarity` −1..1, `label` −1/0/1, `level` 0–5 (strength, of either sign), `component` an
    index into COMPONENTS or NO_COMPONENT, `snownlp` 0..1 (0.5: says nothing, or an agent's turn: of courtesies it would
    say much and mean little). Unknown speakers are judged as customers; turns of bots and systems, and those the
    recogniser made up, are neutral.

    `phrases` holds what a turn's label rests on, by turn index, only for labelled turns that have any; `features` the
    pieces that told a trained head, for those that have none of their sign. `negative_probability` and
    `positive_probability` 0..1: that people would call the turn so, by the head, else by the polarity.
    """

    polarity: Floats
    label: Codes
    level: Codes
    component: Codes
    snownlp: Floats
    phrases: Mapping[int, tuple[str, ...]]
    features: Mapping[int, tuple[str, ...]]
    negative_probability: Floats
    positive_probability: Floats
    customer: RoleEmotion
    agent: RoleEmotion


def emotions_of(
    shard: Shard,
    *,
    polarity: Floats,
    label: Codes,
    level: Codes,
    component: Codes,
    snownlp: Floats,
    phrases: Mapping[int, tuple[str, ...]],
    features: Mapping[int, tuple[str, ...]] | None = None,
    probabilities: tuple[Floats, Floats] | None = None,
) -> Emotions:
    """The emotions of a shard whose turns are known (just scored, or read back from a stored run). `probabilities` of
    negative and positive None: those of the polarities."""
    negative, positive = probabilities_of(polarity) if probabilities is None else probabilities
    return Emotions(
        polarity=polarity,
        label=label,
        level=level,
        component=component,
        snownlp=snownlp,
        phrases=phrases,
        features=features or {},
        negative_probability=negative,
        positive_probability=positive,
        customer=_of_role(shard, Role.CUSTOMER, polarity, level, label),
        agent=_of_role(shard, Role.AGENT, polarity, level, label),
    )


class EmotionScorer:
    """The compiled lexicon and, where there is one, the trained head: compile once per process, score many shards."""

    def __init__(self, lexicon: EmotionLexicon, head: TrainedHead | None = None) -> None:
        self._head = None if head is None else EmotionHead(head)
        self._scanners = {role: PhraseScanner(groups, lexicon.modifiers) for role, groups in lexicon.groups.items()}
        self._evaluation = PhraseScanner(_evaluation_groups(lexicon.evaluation), lexicon.modifiers, through_spaces=True)

    def score(self, shard: Shard) -> Emotions:
        """Emotions of every turn and conversation of `shard`."""
        felt = np.isin(shard.role, [ROLE_CODES[r] for r in (Role.CUSTOMER, Role.AGENT, Role.UNKNOWN)])
        felt &= ~shard.invented
        hits = self._hits(shard)
        polarity, tone, snownlp = self._lexical(shard, hits, felt)
        probabilities = probabilities_of(polarity)
        features: dict[int, tuple[str, ...]] = {}
        if self._head is not None:
            features = self._judged(shard, self._head, hits, felt, polarity, tone, probabilities)
        level = np.searchsorted(LEVEL_FROM, np.abs(polarity), side="right").astype(np.int8)
        label = np.where(level > 0, np.sign(polarity), 0).astype(np.int8)
        component = _component(hits, label)
        for turn, stated in shard.stated_emotion.items():
            label[turn], level[turn] = stated.sign, stated.level
            polarity[turn] = stated.sign * STRENGTH[stated.level]
            component[turn] = NO_COMPONENT if stated.component is None else COMPONENTS.index(stated.component)
        return emotions_of(
            shard,
            polarity=polarity,
            label=label,
            level=level,
            component=component,
            snownlp=snownlp,
            phrases=_phrases(shard, hits, label),
            features={turn: pieces for turn, pieces in features.items() if turn not in shard.stated_emotion},
            probabilities=probabilities,
        )

    def inputs(self, shard: Shard) -> Floats:
        """What a trained head is given of every turn beside its text: see qc.text.emotion_head.INPUTS."""
        hits = self._hits(shard)
        polarity, tone, _ = self._lexical(shard, hits, ~shard.invented)
        return lexicon_inputs(hits, polarity, tone)

    def _lexical(
        self, shard: Shard, hits: list[PhraseHits], felt: Bools
    ) -> tuple[Floats, npt.NDArray[np.float64], Floats]:
        """Per turn: the lexicon's polarity, the tone, snownlp's probability."""
        negative, positive = _strength(shard, hits, sign=False), _strength(shard, hits, sign=True)
        lexical = np.where(
            negative >= positive, _OPPOSITE_COUNTS * positive - negative, positive - _OPPOSITE_COUNTS * negative
        )
        customers = felt & (shard.role != ROLE_CODES[Role.AGENT])  # an agent's praise is manners
        probability, log_odds = snow_sentiment().score(shard, customers)
        tone = np.tanh((self._praise(shard, customers) + _SNOWNLP_COUNTS * log_odds) / _FULL_TONE)
        clear = np.clip(lexical + TONE_WEIGHT * tone, -1, 1)
        neutral = np.clip(lexical + NEUTRAL_TONE_WEIGHT * tone, -NEUTRAL_AT_MOST, NEUTRAL_AT_MOST)
        fused = np.where(felt, np.where(np.abs(clear) < LEVEL_FROM[0], neutral, clear), 0.0)
        return np.round(fused, 4).astype(np.float32), tone, np.where(felt, probability, 0.5).astype(np.float32)

    def _judged(
        self,
        shard: Shard,
        head: EmotionHead,
        hits: list[PhraseHits],
        felt: Bools,
        polarity: Floats,
        tone: npt.NDArray[np.float64],
        probabilities: tuple[Floats, Floats],
    ) -> dict[int, tuple[str, ...]]:
        """Let the head judge what customers (and unknown speakers) say: changes `polarity` and `probabilities` of these
        turns. Gives the pieces behind each label that no phrase explains; one without any is taken back."""
        asked = felt & (shard.role != ROLE_CODES[Role.AGENT]) & (np.diff(shard.char_start) > 1)
        turns = np.flatnonzero(asked)
        found = head.judge(shard, turns, lexicon_inputs(hits, polarity, tone)[turns], polarity[turns], NEUTRAL_AT_MOST)
        before = polarity[turns]
        polarity[turns] = found.polarity
        probabilities[0][turns], probabilities[1][turns] = found.negative, found.positive
        label = np.zeros(len(polarity), np.int8)
        label[turns] = found.label
        bare = np.flatnonzero((label[turns] != NEUTRAL) & (_component(hits, label)[turns] == NO_COMPONENT))
        features: dict[int, tuple[str, ...]] = {}
        for i, pieces in zip(bare.tolist(), head.features(shard, turns[bare], found.label[bare]), strict=True):
            if pieces:
                features[int(turns[i])] = pieces
            else:
                polarity[turns[i]] = np.clip(before[i], -NEUTRAL_AT_MOST, NEUTRAL_AT_MOST)
        return features

    def _praise(self, shard: Shard, felt: Bools) -> npt.NDArray[np.float64]:
        """Per turn, words of praise less words of fault-finding, each by its degree."""
        found = self._evaluation.scan(shard, felt)
        weight = np.where(found.positive, 1.0, -_FAULTS_COUNT) * (found.level + 1) / 2
        return np.asarray(np.bincount(found.turn, weights=weight, minlength=len(shard.role)), np.float64)

    def _hits(self, shard: Shard) -> list[PhraseHits]:
        speakers = {Role.CUSTOMER: (Role.CUSTOMER, Role.UNKNOWN), Role.AGENT: (Role.AGENT,)}
        return [
            scanner.scan(shard, np.isin(shard.role, [ROLE_CODES[r] for r in speakers[role]]) & ~shard.invented)
            for role, scanner in self._scanners.items()
        ]


def score_emotions(shard: Shard, lexicon: EmotionLexicon) -> Emotions:
    """Emotions of one shard; use EmotionScorer to score many."""
    return EmotionScorer(lexicon).score(shard)


def _evaluation_groups(words: Evaluation) -> tuple[PhraseGroup, ...]:
    """Words of one character are part of too many others to count in full: level 0 is half the weight of level 1."""
    return tuple(
        PhraseGroup(component=component, level=level, phrases=chosen, when_negated=WhenNegated.FLIP)
        for component, listed in (("satisfaction", words.positive), ("disappointment", words.negative))
        for level, chosen in ((0, tuple(w for w in listed if len(w) == 1)), (1, tuple(w for w in listed if len(w) > 1)))
    )


def _strength(shard: Shard, hits: list[PhraseHits], *, sign: bool) -> npt.NDArray[np.float64]:
    """Per turn, how strongly its phrases of one sign speak, 0..1."""
    n = len(shard.turns)
    strongest, silent = np.zeros(n), np.zeros(n)
    for found in hits:
        mine = found.positive == sign
        turn, strength = found.turn[mine], STRENGTH[found.level[mine]]
        np.maximum.at(strongest, turn, strength)
        silent += np.bincount(turn, weights=np.log1p(-strength), minlength=n)
    return strongest + _OTHERS_COUNT * (1 - np.exp(silent) - strongest)


def _component(hits: list[PhraseHits], label: Codes) -> Codes:
    """Component of the strongest phrase that bears the turn's label; of equals, the first."""
    component = np.full(len(label), NO_COMPONENT, np.int8)
    for found in hits:
        bears = np.where(found.positive, POSITIVE, NEGATIVE) == label[found.turn]
        turn, level = found.turn[bears], found.level[bears]
        order = np.lexsort((np.arange(len(turn)), -level, turn))
        first = order[np.unique(turn[order], return_index=True)[1]]
        component[turn[first]] = found.component[bears][first]
    return component


def _phrases(shard: Shard, hits: list[PhraseHits], label: Codes) -> dict[int, tuple[str, ...]]:
    out: dict[int, dict[str, None]] = {}
    text = shard.text
    for found in hits:
        kept = label[found.turn] != NEUTRAL
        rows = zip(found.turn[kept].tolist(), found.start[kept].tolist(), found.end[kept].tolist(), strict=True)
        for turn, first, last in rows:
            listed = out.setdefault(turn, {})
            if len(listed) < _MAX_PHRASES:
                listed[text[first:last]] = None
    return {turn: tuple(listed) for turn, listed in sorted(out.items())}


def _of_role(shard: Shard, role: Role, polarity: Floats, level: Codes, label: Codes) -> RoleEmotion:
    n = len(shard)
    says_something: Bools = (np.diff(shard.char_start) > 1) & ~shard.invented
    mine = np.flatnonzero((shard.role == ROLE_CODES[role]) & says_something)
    owner, felt = shard.conversation[mine], polarity[mine]
    counts = np.bincount(owner, minlength=n)
    first = np.concatenate(([0], np.cumsum(counts)))[:-1]
    nth = np.arange(len(mine)) - first[owner]
    edge = np.clip(counts // EDGE_TURNS, 1, EDGE_TURNS)

    def mean(kept: Bools) -> Floats:
        total = np.bincount(owner[kept], weights=felt[kept], minlength=n)
        size = np.bincount(owner[kept], minlength=n)
        return np.where(size > 0, total / np.maximum(size, 1), np.nan).astype(np.float32)

    worst = np.full(n, np.nan, np.float32)
    worst_turn = np.zeros(n, np.int64)
    order = np.lexsort((nth, felt, owner))
    at = order[np.unique(owner[order], return_index=True)[1]]
    worst[owner[at]] = felt[at]
    worst_turn[owner[at]] = mine[at] - shard.first_turn[owner[at]] + 1
    strongest = np.zeros(n, np.int8)
    np.maximum.at(strongest, owner, np.where(label[mine] == NEGATIVE, level[mine], 0).astype(np.int8))
    return RoleEmotion(
        start=mean(nth < edge[owner]),
        end=mean(nth >= (counts - edge)[owner]),
        worst=worst,
        worst_turn=worst_turn,
        level=strongest,
    )
