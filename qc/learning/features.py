"""What a head sees of sentences, as a sparse matrix: the same n-grams and inputs that scoring sums up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from qc.domain.conversation import CallMeta, Channel, Conversation, Role, Source, Turn
from qc.text.emotion import EmotionScorer
from qc.text.emotion_head import INPUTS
from qc.text.grams import MarkedTurns
from qc.text.shard import Shard

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Floats = npt.NDArray[np.float32]

INPUT_SCALE = 8.0
"""Inputs count this much beside n-grams: weights of large columns are held back less by the regularisation, so that
with few sentences the lexicon leads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentences:
    """Sentences as columns: n-gram slots (each weighs 1 / sqrt(n-grams of the sentence)), then `inputs` times
    INPUT_SCALE. `slots`: how many columns are n-grams. `names`: the names of the labels, in their order, as rows of the
    same columns."""

    matrix: csr_matrix
    slots: int
    inputs: tuple[str, ...]
    names: csr_matrix | None = None

    def rows(self, chosen: npt.NDArray[Any]) -> Sentences:
        """Some of the sentences."""
        return replace(self, matrix=self.matrix[chosen])


def shard_of(texts: Sequence[str]) -> Shard:
    """The sentences as a customer's turns."""
    turns = tuple(Turn(role=Role.CUSTOMER, text=text) for text in texts)
    source = Source(path="", format="labels", sha256="")
    return Shard([Conversation(id="", project="", channel=Channel.CHAT, turns=turns, meta=CallMeta(), source=source)])


def named_sentences(texts: Sequence[str], names: Sequence[str], *, longest: int, bits: int) -> Sentences:
    """Sentences and the names of their labels as a head without a lexicon sees them."""
    seen = sentences(shard_of((*texts, *names)), longest=longest, bits=bits, lexicon=None)
    return replace(seen, matrix=seen.matrix[: len(texts)], names=seen.matrix[len(texts) :])


def sentences(shard: Shard, *, longest: int, bits: int, lexicon: EmotionScorer | None) -> Sentences:
    """All turns of a shard as a head sees them; `lexicon` adds its findings as inputs."""
    from scipy.sparse import csr_matrix, hstack

    turns = np.arange(len(shard.turns))
    marked = MarkedTurns.of(shard, turns)
    owner = np.repeat(turns, np.diff(marked.first))
    each = 1 / np.sqrt(np.maximum(marked.counts(longest), 1))
    rows, columns = [], []
    for slot in marked.slots(longest, bits):
        known = slot < 1 << bits
        rows.append(owner[: len(slot)][known])
        columns.append(slot[known])
    row, column = np.concatenate(rows), np.concatenate(columns)
    matrix = csr_matrix((each[row].astype(np.float32), (row, column)), shape=(len(turns), 1 << bits))
    names: tuple[str, ...] = ()
    if lexicon is not None:
        names = INPUTS
        matrix = hstack([matrix, csr_matrix(INPUT_SCALE * lexicon.inputs(shard))]).tocsr()
    return Sentences(matrix=matrix.astype(np.float32), slots=1 << bits, inputs=names)
