"""A trained head applied to the turns of a shard; needs numpy only."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from qc.domain.head import TrainedHead
from qc.text.grams import MarkedTurns
from qc.text.shard import Ints, Shard

Floats = npt.NDArray[np.float32]

_MAX_FEATURES = 3
_AT_ONCE = 1 << 18
"""Characters scored in one go: what is made on the way stays in the processor's cache."""
_LANE = 21
_HALF = 1 << _LANE - 1
_LANES = 3
"""Weights of three labels are added up in one 64-bit integer, a signed lane of 21 bits each: the longest turn that is
read (qc.text.grams.MOST_CHARS) has at most 4 · 2048 n-grams of at most 127, which is less than 2**20."""


class HeadScorer:
    """A compiled head: compile once per process, score many shards."""

    def __init__(self, head: TrainedHead) -> None:
        self.head = head
        n = len(head.labels)
        slots = np.frombuffer(head.slots, "<u4")
        rows = np.frombuffer(head.weights, np.int8).reshape(len(slots), n)
        self._rows = np.concatenate((np.zeros((1, n), np.int8), rows))  # row 0: an n-gram without weights
        self._row_of = np.zeros((1 << head.bits) + 1, np.int32)
        self._row_of[slots] = np.arange(1, len(slots) + 1)
        self._packed = _packed(self._rows)
        self._scales = np.array(head.scales, np.float32)
        self._bias = np.array(head.bias, np.float32)
        self._offsets = np.array(head.offsets, np.float32)
        self._input_weights = np.array(head.input_weights, np.float32).reshape(len(head.inputs), n)

    def logits(self, shard: Shard, turns: Ints, inputs: Floats | None = None) -> Floats:
        """One row per turn asked for, one column per label (`head.labels`). `inputs`: [turns, head.inputs]."""
        out = np.empty((len(self.head.labels), len(turns)), np.float32)  # by label: numpy is slow along short rows
        part = np.cumsum(shard.char_start[turns + 1] - shard.char_start[turns]) // _AT_ONCE
        for at in np.split(np.arange(len(turns)), np.flatnonzero(np.diff(part)) + 1):
            marked = MarkedTurns.of(shard, turns[at])
            each = 1 / np.sqrt(np.maximum(marked.counts(self.head.longest), 1))
            for label, total in enumerate(self._sums(marked)):
                out[label, at] = self._bias[label] + self._scales[label] * each * total
        if inputs is not None:
            out += self._input_weights.T @ inputs.T
        return out.T

    def probabilities(self, shard: Shard, turns: Ints, inputs: Floats | None = None) -> Floats:
        """Calibrated probabilities of `head.labels`, one row per turn asked for. An empty turn gets what the labels
        are worth without a word."""
        return softmax(self.logits(shard, turns, inputs))

    def decide(self, probabilities: Floats) -> npt.NDArray[np.intp]:
        """The label (index into `head.labels`) of each row of probabilities."""
        return np.asarray(np.argmax(np.log(np.maximum(probabilities, 1e-12)) + self._offsets, axis=1))

    def features(self, shard: Shard, turn: int, label: str) -> tuple[str, ...]:
        """The pieces of the turn that speak most for `label` against the mean of the others, strongest first; at most
        three, none overlapping another."""
        return self.explain(shard, np.array([turn]), np.array([self.head.labels.index(label)]))[0]

    def explain(self, shard: Shard, turns: Ints, labels: npt.NDArray[np.integer]) -> list[tuple[str, ...]]:
        """`features` of many turns at once; `labels[i]` is the index of the label of `turns[i]`."""
        marked = MarkedTurns.of(shard, turns)
        owner = np.repeat(np.arange(len(turns)), np.diff(marked.first))
        others = max(len(self.head.labels) - 1, 1)
        found = []
        for size, slot in enumerate(marked.slots(self.head.longest, self.head.bits), 1):
            row = self._row_of.take(slot)
            at = np.flatnonzero(row)
            rows = self._rows[row[at]] * self._scales
            own = rows[np.arange(len(at)), labels[owner[at]]]
            gain = own - (rows.sum(axis=1) - own) / others
            at, gain = at[gain > 0], gain[gain > 0]
            first = np.maximum(marked.place[at], shard.char_start[turns][owner[at]])
            last = np.minimum(marked.place[at] + size, shard.char_start[turns + 1][owner[at]] - 1)
            found.append((owner[at], gain, first, last))
        owners, gains, firsts, lasts = (np.concatenate(part) for part in zip(*found, strict=True))
        order = np.lexsort((lasts, firsts, -gains, owners))
        cuts = np.searchsorted(owners[order], np.arange(len(turns) + 1))
        return [_apart(shard.text, firsts, lasts, order[a:b]) for a, b in pairwise(cuts.tolist())]

    def _sums(self, marked: MarkedTurns) -> Iterator[npt.NDArray[np.int64]]:
        """For each label, the sum of the n-grams' weights of every turn."""
        rows = [self._row_of.take(slot) for slot in marked.slots(self.head.longest, self.head.bits)]
        so_far = np.zeros(len(marked.points) + 1, np.int64)
        for group, words in enumerate(self._packed):
            so_far[:] = 0
            for row in rows:
                so_far[1 : len(row) + 1] += words.take(row)
            np.cumsum(so_far, out=so_far)
            total = np.diff(so_far.take(marked.first))
            for _ in range(min(_LANES, len(self.head.labels) - group * _LANES)):
                lane = ((total + _HALF) & (2 * _HALF - 1)) - _HALF
                yield lane
                total = (total - lane) >> _LANE


def _apart(text: str, first: Ints, last: Ints, best: Ints) -> tuple[str, ...]:
    """The first pieces of `best` that do not overlap, as they stand in the text."""
    taken: list[tuple[int, int]] = []
    for i in best.tolist():
        begin, end = int(first[i]), int(last[i])
        if text[begin:end].strip() and all(end <= a or begin >= b for a, b in taken):
            taken.append((begin, end))
            if len(taken) == _MAX_FEATURES:
                break
    return tuple(dict.fromkeys(text[a:b].strip() for a, b in taken))


def softmax(logits: Floats) -> Floats:
    """Probabilities of logits, along the rows."""
    by_label = logits.T
    odds = np.exp(by_label - by_label.max(axis=0))
    return np.asarray((odds / odds.sum(axis=0)).T, np.float32)


def _packed(rows: npt.NDArray[np.int8]) -> list[npt.NDArray[np.int64]]:
    """For each three labels their weights as one integer per row."""
    lanes = (1 << _LANE * np.arange(_LANES)).astype(np.int64)
    return [
        np.asarray((part := rows[:, at : at + _LANES].astype(np.int64)) @ lanes[: part.shape[1]])
        for at in range(0, rows.shape[1], _LANES)
    ]
