"""Sentences over the truths of pieces, on all conversations at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from qc.domain.sentence import And, AtLeast, Name, Not, Or, Sentence
from qc.matching.evidence import Truths


def truth_of(sentence: Sentence, truths: Mapping[str, Truths]) -> Truths:
    """Kleene: `and` is the least, `or` the greatest, `n of` the n-th greatest, `not x` is 2 − x."""
    match sentence:
        case Name(name):
            return truths[name]
        case Not(inside):
            return (2 - truth_of(inside, truths)).astype(np.int8)
        case And(parts):
            return _nth_greatest(parts, len(parts), truths)
        case Or(parts):
            return _nth_greatest(parts, 1, truths)
        case AtLeast(count, parts):
            return _nth_greatest(parts, count, truths)


def _nth_greatest(parts: Sequence[Sentence], n: int, truths: Mapping[str, Truths]) -> Truths:
    table = np.stack([truth_of(part, truths) for part in parts])
    return np.asarray(np.sort(table, axis=0)[len(parts) - n], np.int8)
