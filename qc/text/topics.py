"""What each conversation is about: shares of the topics of its project's taxonomy.

Keywords are found by one scan per taxonomy, the longest at each place; one that only arises where two words meet
(电表 in 充电|表现) does not count. A keyword said several times counts up to REPEATS times, what the customer says
twice as much as what the others say. A topic counts from the taxonomy's `min_score` up. A turn's topics are those its
own keywords give; the contact reason (来电原因) is what the customer first says clearly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qc.domain.conversation import Role
from qc.domain.topic import UNKNOWN_TOPIC, Taxonomy, Topic
from qc.text.automaton import Matches, whole_words
from qc.text.columns import first_few, ranges
from qc.text.longest import LongestWords, leftmost
from qc.text.normalise import normalise
from qc.text.shard import ROLE_CODES, Ints, Shard
from qc.text.turn_topics import Meanings, TurnScores, contact_reasons, turn_scores
from qc.text.words import segmenter

UNKNOWN_TITLE = "未识别"
REPEATS = 3
_OTHERS_COUNT = 0.5
_UNKNOWN_WEIGHT = 0.5
"""Share of `min_score` that always stays unexplained, so that weak evidence gives a modest share."""
_MAX_TOPICS = 5
_MAX_WORDS = 5
_CHECKED_CHARS = 3
"""Keywords up to this length are checked against word boundaries; longer ones do not arise by chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicShare:
    """One topic's share of one conversation. `rank` 1 is the main topic; `words` speak for it, best first;
    `first_turn` counts from 1, None for `unknown`, which takes what no topic explains."""

    topic_id: str
    title: str
    parent: str
    share: float
    rank: int
    words: tuple[str, ...]
    first_turn: int | None


@dataclass(frozen=True, slots=True)
class TurnTopic:
    """A topic one turn speaks of. `turn` is an index into the shard's turns, `score` the sum of the weights of its
    keywords, each counted once; `words` are the best of them."""

    turn: int
    topic_id: str
    score: float
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reason:
    """来电原因 of a conversation, and the turn (from 1) in which it was said; the main topic where the customer never
    says one clearly, `unknown` and None where there is none either."""

    topic_id: str
    turn: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Topics:
    """`shares[i]`: topics of conversation i in rank order; they sum to 1. Never empty: `unknown` takes the rest.
    `turns` by turn, the strongest first (not read back of a stored run that is judged again), and `reasons[i]`."""

    shares: tuple[tuple[TopicShare, ...], ...]
    turns: tuple[TurnTopic, ...] = ()
    reasons: tuple[Reason, ...] = ()

    def primary(self, conversation: int) -> str:
        """Id of the main topic, `unknown` when none was recognised."""
        return self.shares[conversation][0].topic_id


_ALL_UNKNOWN = (
    TopicShare(topic_id=UNKNOWN_TOPIC, title=UNKNOWN_TITLE, parent="", share=1.0, rank=1, words=(), first_turn=None),
)


class TopicAssigner:
    """The taxonomies, compiled: compile once per process, assign many shards."""

    def __init__(self, taxonomies: Sequence[Taxonomy]) -> None:
        words = domain_words(taxonomies)
        self._compiled = [_Compiled(t, words) for t in taxonomies]

    def assign(self, shard: Shard) -> Topics:
        """Topics of every conversation; a project without a taxonomy is all unknown."""
        shares: list[tuple[TopicShare, ...]] = [_ALL_UNKNOWN] * len(shard)
        turns: list[TurnTopic] = []
        stated: dict[int, Reason] = {}
        for compiled in self._compiled:
            concerned = np.array([p in compiled.projects for p in shard.columns.project], bool)
            if concerned.any():
                found = compiled.assign(shard, concerned)
                for conversation, of_it in found.shares.items():
                    shares[conversation] = of_it
                turns += found.turns
                stated |= found.reasons
        reasons = (stated.get(i, Reason(s[0].topic_id, s[0].first_turn)) for i, s in enumerate(shares))
        return Topics(shares=tuple(shares), turns=tuple(sorted(turns, key=lambda t: t.turn)), reasons=tuple(reasons))


def assign_topics(shard: Shard, taxonomies: Sequence[Taxonomy]) -> Topics:
    """Topics of one shard; use TopicAssigner for many."""
    return TopicAssigner(taxonomies).assign(shard)


def domain_words(taxonomies: Sequence[Taxonomy]) -> tuple[str, ...]:
    """Keywords of all taxonomies: the user dictionary of the segmenter."""
    return tuple(sorted({k.text for t in taxonomies for topic in t.topics for k in topic.keywords}))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Assigned:
    shares: dict[int, tuple[TopicShare, ...]]
    turns: list[TurnTopic]
    reasons: dict[int, Reason]


class _Compiled:
    def __init__(self, taxonomy: Taxonomy, words: tuple[str, ...]) -> None:
        self.projects = frozenset(taxonomy.projects)
        self._topics: tuple[Topic, ...] = taxonomy.topics
        self._min_score = taxonomy.min_score
        self._segmenter_words = words
        meaning: dict[str, list[tuple[int, float]]] = {}
        for index, topic in enumerate(taxonomy.topics):
            for keyword in topic.keywords:
                meaning.setdefault(normalise(keyword.text), []).append((index, keyword.weight))
        excludes = {normalise(w) for topic in taxonomy.topics for w in topic.excludes} - set(meaning)
        self._words = (*meaning, *sorted(excludes))
        self._longest = LongestWords(self._words)
        self._checked = np.array([len(w) <= _CHECKED_CHARS for w in self._words], bool)
        # A keyword may speak for several topics: row i of the three columns says which, and how much.
        rows = [(word, topic, weight) for word, listed in enumerate(meaning.values()) for topic, weight in listed]
        self._meanings = Meanings(
            words=self._words,
            word=np.array([r[0] for r in rows], np.int64),
            topic=np.array([r[1] for r in rows], np.int64),
            weight=np.array([r[2] for r in rows], np.float64),
            reason=np.array([t.reason for t in taxonomy.topics], bool),
        )
        self._is_keyword = np.arange(len(self._words)) < len(meaning)

    def assign(self, shard: Shard, concerned: npt.NDArray[np.bool_]) -> _Assigned:
        """Topics of the conversations selected by the mask, where any was recognised, and of their turns."""
        found = whole_words(self._longest.at_each(shard.points), shard.points)
        turn = shard.turn_of(found.start)
        found = found.where(
            concerned[shard.conversation[turn]] & ~shard.invented[turn] & first_few(turn, found.pattern)
        )
        # A keyword that cuts a word must not keep another from being found: 想退 in 想|退货.
        found = leftmost(found.where(self._on_boundaries(shard, found)))
        found = found.where(self._is_keyword[found.pattern])
        word, turn = found.pattern, shard.turn_of(found.start)
        shares = self._shares(shard, word, turn)
        scores = turn_scores(turn, word, self._meanings, self._min_score)
        rows = zip(scores.turn.tolist(), scores.topic.tolist(), scores.score.tolist(), scores.words, strict=True)
        return _Assigned(
            shares=shares,
            turns=[TurnTopic(t, self._topics[topic].id, round(score, 4), words) for t, topic, score, words in rows],
            reasons=self._reasons(shard, scores, shares),
        )

    def _reasons(
        self, shard: Shard, scores: TurnScores, shares: Mapping[int, tuple[TopicShare, ...]]
    ) -> dict[int, Reason]:
        number = {topic.id: i for i, topic in enumerate(self._topics)}
        known = {
            (conversation, number[share.topic_id]): share.share
            for conversation, listed in shares.items()
            for share in listed[:-1]
        }
        found = contact_reasons(shard, scores, self._meanings, known)
        return {
            conversation: Reason(self._topics[topic].id, turn - int(shard.first_turn[conversation]) + 1)
            for conversation, (topic, turn) in found.items()
        }

    def _on_boundaries(self, shard: Shard, found: Matches) -> npt.NDArray[np.bool_]:
        """Leave out short keywords that cut a word."""
        kept = np.ones(len(found.pattern), bool)
        short = np.flatnonzero(self._checked[found.pattern] & self._is_keyword[found.pattern])
        if not len(short):
            return kept
        words = segmenter(self._segmenter_words)
        bonds = words.bonds(shard.text)
        first, last = found.start[short], found.end[short]
        padded = np.concatenate(([False], bonds, [False]))  # padded[i]: characters i - 1 and i may be bound
        for i in np.flatnonzero(padded[first] | padded[last]).tolist():
            kept[short[i]] = words.whole(shard.text, int(first[i]), int(last[i]), bonds)
        return kept

    def _shares(self, shard: Shard, word: Ints, turn: Ints) -> dict[int, tuple[TopicShare, ...]]:
        n_words, n_topics = len(self._words), len(self._topics)
        owner = shard.conversation[turn]
        said = np.where(shard.role[turn] == ROLE_CODES[Role.CUSTOMER], 1.0, _OTHERS_COUNT)
        # 1. per conversation and word: how often, how loudly, where first
        key, first_at, inverse = np.unique(owner * n_words + word, return_index=True, return_inverse=True)
        times = np.minimum(np.bincount(inverse, weights=said, minlength=len(key)), REPEATS)
        # 2. per conversation, topic and word
        order = np.argsort(key % n_words, kind="stable")
        left = np.searchsorted((key % n_words)[order], self._meanings.word, side="left")
        right = np.searchsorted((key % n_words)[order], self._meanings.word, side="right")
        row = np.repeat(np.arange(len(left)), right - left)
        at = order[ranges(left, right)]
        amount = times[at] * self._meanings.weight[row]
        group = (key[at] // n_words) * n_topics + self._meanings.topic[row]
        # 3. per conversation and topic
        sequence = np.lexsort((first_at[at], -amount, group))
        group, amount, at = group[sequence], amount[sequence], at[sequence]
        pairs, begins = np.unique(group, return_index=True)
        if not len(pairs):
            return {}
        score = np.add.reduceat(amount, begins)
        first_turn = np.minimum.reduceat(turn[first_at[at]], begins)
        ends = np.append(begins[1:], len(group))
        recognised: dict[int, list[tuple[float, int, int]]] = {}
        for i in np.flatnonzero(score >= self._min_score).tolist():
            recognised.setdefault(int(pairs[i]) // n_topics, []).append((-float(score[i]), int(pairs[i]) % n_topics, i))
        out = {}
        for conversation, listed in recognised.items():
            listed.sort()
            total = -sum(s for s, _, _ in listed) + _UNKNOWN_WEIGHT * self._min_score
            shares = []
            for rank, (negative, topic, i) in enumerate(listed[:_MAX_TOPICS], 1):
                words = (key[at[begins[i] : min(ends[i], begins[i] + _MAX_WORDS)]] % n_words).tolist()
                shares.append(
                    TopicShare(
                        topic_id=self._topics[topic].id,
                        title=self._topics[topic].title,
                        parent=self._topics[topic].parent,
                        share=round(-negative / total, 4),
                        rank=rank,
                        words=tuple(self._words[w] for w in words),
                        first_turn=int(first_turn[i] - shard.first_turn[conversation]) + 1,
                    )
                )
            out[conversation] = (*shares, _unknown(1 - sum(s.share for s in shares), len(shares) + 1))
        return out


def _unknown(share: float, rank: int) -> TopicShare:
    return TopicShare(
        topic_id=UNKNOWN_TOPIC,
        title=UNKNOWN_TITLE,
        parent="",
        share=round(share, 4),
        rank=rank,
        words=(),
        first_turn=None,
    )
