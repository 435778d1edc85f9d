"""What each turn speaks of, and the contact reason (来电原因) of each conversation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qc.domain.conversation import Role
from qc.text.columns import ranges
from qc.text.shard import ROLE_CODES, Ints, Shard

_REASON_TURNS = np.array([1.0, 0.6, 0.35])
"""What the customer's first turn with a topic, the turn after and the next one count for the contact reason: 我有个保单
is set right by 想退保 a moment later, but not by what comes up in the talk."""
_MAX_WORDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Meanings:
    """What words speak for: row i says that word `word[i]` (ascending) counts `weight[i]` for topic `topic[i]` (indices
    into `words` and the taxonomy's topics). `reason[t]`: topic t may be a contact reason."""

    words: Sequence[str]
    word: Ints
    topic: Ints
    weight: npt.NDArray[np.float64]
    reason: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnScores:
    """Topics of turns, one row each, by turn and falling score. `turn` is an index into the shard's turns, `topic` into
    the taxonomy's topics; `score` sums the weights of the keywords of the turn, each counted once; `words` are the
    best of them."""

    turn: Ints
    topic: Ints
    score: npt.NDArray[np.float64]
    words: tuple[tuple[str, ...], ...]


def turn_scores(turn: Ints, word: Ints, meanings: Meanings, min_score: float) -> TurnScores:
    """Topics with a score of at least `min_score` in a turn; `turn` and `word` say which keyword stands where, in order
    of the text."""
    n_words, n_topics = len(meanings.words), len(meanings.reason)
    said, at = np.unique(turn * n_words + word, return_index=True)
    left = np.searchsorted(meanings.word, said % n_words, side="left")
    right = np.searchsorted(meanings.word, said % n_words, side="right")
    row, pair = ranges(left, right), np.repeat(np.arange(len(said)), right - left)
    group, weight = (said[pair] // n_words) * n_topics + meanings.topic[row], meanings.weight[row]
    order = np.lexsort((at[pair], -weight, group))
    group, weight, spoken = group[order], weight[order], (said[pair] % n_words)[order]
    groups, first = np.unique(group, return_index=True)
    if not len(groups):
        return TurnScores(turn=groups, topic=groups, score=weight, words=())
    score, last = np.add.reduceat(weight, first), np.append(first[1:], len(group))
    kept = np.flatnonzero(score >= min_score)
    kept = kept[np.lexsort((groups[kept] % n_topics, -score[kept], groups[kept] // n_topics))]
    return TurnScores(
        turn=groups[kept] // n_topics,
        topic=groups[kept] % n_topics,
        score=score[kept],
        words=tuple(
            tuple(meanings.words[w] for w in spoken[a : min(b, a + _MAX_WORDS)].tolist())
            for a, b in zip(first[kept].tolist(), last[kept].tolist(), strict=True)
        ),
    )


def contact_reasons(
    shard: Shard, scores: TurnScores, meanings: Meanings, shares: Mapping[tuple[int, int], float]
) -> dict[int, tuple[int, int]]:
    """Conversation → (topic, turn of the shard) of what its customer first says clearly; conversations in which no turn
    of the customer has a topic that may be a reason are left out. `shares` by (conversation, topic) decide between
    topics that are equally strong."""
    customer = shard.role == ROLE_CODES[Role.CUSTOMER]
    mine = np.flatnonzero(customer[scores.turn] & meanings.reason[scores.topic])
    turn, topic, score = scores.turn[mine], scores.topic[mine], scores.score[mine]
    owner = shard.conversation[turn]
    nth = np.cumsum(customer)[turn]  # the customer's turns, counted through
    conversations, first = np.unique(owner, return_index=True)
    since = nth - nth[first][np.searchsorted(conversations, owner)]
    early = since < len(_REASON_TURNS)
    turn, topic, owner = turn[early], topic[early], owner[early]
    weighed = score[early] * _REASON_TURNS[since[early]]
    n_topics = len(meanings.reason)
    pairs, at, inverse = np.unique(owner * n_topics + topic, return_index=True, return_inverse=True)
    total = np.round(np.bincount(inverse, weights=weighed, minlength=len(pairs)), 6)
    share = np.array([shares.get((p // n_topics, p % n_topics), 0.0) for p in pairs.tolist()])
    best = np.lexsort((at, -share, -total, pairs // n_topics))
    _, winner = np.unique((pairs // n_topics)[best], return_index=True)
    chosen = best[winner]
    return {int(pairs[i]) // n_topics: (int(pairs[i]) % n_topics, int(turn[at[i]])) for i in chosen.tolist()}
