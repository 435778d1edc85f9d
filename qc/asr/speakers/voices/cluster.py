"""Embeddings of stretches of speech → how many voices there are, and whose each stretch is.

Real talks of two on one channel come out without confusion; quick answers, voices alike and a few seconds of speech are
where it errs (bench/speech/speakers.py), so that two voices are only told apart when they are clearly further apart
than the halves of one voice would be, and a stretch that is about as near to two voices belongs to none.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Labels = npt.NDArray[np.int64]

MAX_VOICES = 3
"""Two who talk, and an announcement."""
ALIKE, ALIKE_SHORT = 0.895, 0.3
"""Two voices of n stretches together are one when the mean cosine across them is ALIKE − ALIKE_SHORT / n of the mean
cosine within them or more. Measured: real talks of two 0.68 to 0.82, halves of one voice 0.90 to 0.99."""
FEWEST = 5
"""A voice with fewer stretches than this is nobody's in particular: some syllables always sound apart."""
APART = 0.03
"""Three voices must be so much further apart: nobody sounds always the same."""
SAME = 0.8
"""Neighbouring stretches of a piece of this cosine are pooled before clustering."""
CHANGE = 0.02
"""What a change of voice inside a piece costs, in cosine."""
MARGIN = 0.02
"""A pool of stretches is somebody's when it is nearer to that voice by this cosine."""
_SEEDS = 16
_ROUNDS = 20


def tell_apart(embeddings: Floats, seconds: Floats, pieces: Sequence[int]) -> Labels:
    """The voice of each stretch, from 0; −1 where it cannot be told; all 0 where only one voice is heard.

    `embeddings`: unit vectors [n, size] in order of time; `seconds` [n]: their length; `pieces` [n]: which piece of
    speech each lies in, not descending.
    """
    piece = np.asarray(pieces)
    pool = _pooled(embeddings, piece)
    centres = _sums(embeddings * seconds[:, None], pool, int(pool.max(initial=-1)) + 1)
    weights = np.bincount(pool, seconds).astype(np.float32)
    for voices in range(MAX_VOICES, 1, -1):
        found = _clustered(_unit(centres), weights, voices)
        if found is not None:
            labels = _smoothed(embeddings, seconds, found[pool], piece, voices)
            if _distinct(embeddings, labels, voices):
                return _sure(embeddings, seconds, labels, pool, voices)
    return np.zeros(len(embeddings), np.int64)


def _pooled(embeddings: Floats, piece: npt.NDArray[np.int64]) -> Labels:
    """Which pool each stretch belongs to: inside a piece the most similar neighbours are joined while they are SAME."""
    out = np.zeros(len(piece), np.int64)
    pools = 0
    for first, last in _runs(piece):
        groups = [(i, i + 1) for i in range(first, last)]
        sums = [embeddings[i] for i in range(first, last)]
        while len(groups) > 1:
            units = _unit(np.stack(sums))
            cosines = (units[:-1] * units[1:]).sum(1)
            at = int(cosines.argmax())
            if cosines[at] < SAME:
                break
            groups[at] = (groups[at][0], groups.pop(at + 1)[1])
            sums[at] = sums[at] + sums.pop(at + 1)
        for a, b in groups:
            out[a:b] = pools
            pools += 1
    return out


def _runs(values: npt.NDArray[np.int64]) -> list[tuple[int, int]]:
    """First and last (exclusive) of each run of equal values."""
    edges = np.flatnonzero(np.diff(values)) + 1
    bounds = [0, *edges.tolist(), len(values)]
    return [(a, b) for a, b in pairwise(bounds) if a < b]


def _clustered(points: Floats, weights: Floats, voices: int) -> Labels | None:
    """Weighted spherical k-means, the best of several starts, each of one long pool and those furthest from it. None
    when there are fewer points than voices."""
    if len(points) < voices:
        return None
    best: tuple[float, Labels] | None = None
    for seed in np.argsort(-weights, kind="stable")[:_SEEDS].tolist():
        centres = _furthest(points, weights, seed, voices)
        labels = np.zeros(len(points), np.int64)
        for _ in range(_ROUNDS):
            labels = (points @ centres.T).argmax(1)
            moved = _unit(_sums(points * weights[:, None], labels, voices))
            if np.allclose(moved, centres, atol=1e-6):
                break
            centres = moved
        fit = float((weights * (points * centres[labels]).sum(1)).sum())
        if best is None or fit > best[0] + 1e-6:
            best = (fit, labels)
    return best[1] if best else None


def _furthest(points: Floats, weights: Floats, seed: int, voices: int) -> Floats:
    """Starting centres: the seed, then what is furthest from all so far, long pools first among what is far."""
    chosen = [seed]
    while len(chosen) < voices:
        near = (points @ points[chosen].T).max(1)
        chosen.append(int((np.minimum(weights, 2.0) * (1 - near)).argmax()))
    return points[chosen]


def _smoothed(embeddings: Floats, seconds: Floats, labels: Labels, piece: npt.NDArray[np.int64], voices: int) -> Labels:
    """The sequence of voices of the greatest sum of cosines to their centres less the cost of changes (Viterbi)."""
    scores = embeddings @ _centres(embeddings, seconds, labels, voices).T
    cost = np.where(np.diff(piece, prepend=piece[:1]) == 0, CHANGE, 0.0)
    best = scores[0].astype(np.float64)
    back = np.zeros((len(scores), voices), np.int64)
    for i in range(1, len(scores)):
        moved = best.max() - cost[i]
        stays = best >= moved
        back[i] = np.where(stays, np.arange(voices), int(best.argmax()))
        best = np.where(stays, best, moved) + scores[i]
    out = np.zeros(len(scores), np.int64)
    out[-1] = int(best.argmax())
    for i in range(len(scores) - 1, 0, -1):
        out[i - 1] = back[i, out[i]]
    return out


def _distinct(embeddings: Floats, labels: Labels, voices: int) -> bool:
    """Whether every two voices are further apart than the halves of one would be. Stretches that overlap, which are
    neighbours, are left out of the means."""
    count = np.bincount(labels, minlength=voices).astype(np.float64)
    if count.min() < FEWEST:
        return False
    sums = _sums(embeddings, labels, voices).astype(np.float64)
    total = sums @ sums.T  # of the cosines between all stretches of two voices
    pairs = np.outer(count, count)
    np.fill_diagonal(total, np.diag(total) - np.bincount(labels, (embeddings**2).sum(1), minlength=voices))
    np.fill_diagonal(pairs, np.diag(pairs) - count)
    beside = (embeddings[1:] * embeddings[:-1]).sum(1)
    for first, second in ((labels[1:], labels[:-1]), (labels[:-1], labels[1:])):
        np.subtract.at(total, (first, second), beside)
        np.subtract.at(pairs, (first, second), 1.0)
    limit = ALIKE if voices == 2 else ALIKE - APART
    for a in range(voices):
        for b in range(a):
            within = (total[a, a] + total[b, b]) / (pairs[a, a] + pairs[b, b])
            if total[a, b] / pairs[a, b] >= (limit - ALIKE_SHORT / (count[a] + count[b])) * within:
                return False
    return True


def _sure(embeddings: Floats, seconds: Floats, labels: Labels, pool: Labels, voices: int) -> Labels:
    """The labels, −1 where a run of one voice inside a pool lies about as near to another voice."""
    centres = _centres(embeddings, seconds, labels, voices)
    out = labels.copy()
    for first, last in _runs(pool * voices + labels):
        scores = _unit((embeddings[first:last] * seconds[first:last, None]).sum(0, keepdims=True))[0] @ centres.T
        others = np.delete(scores, labels[first])
        if scores[labels[first]] - others.max() < MARGIN:
            out[first:last] = -1
    return out


def _centres(embeddings: Floats, seconds: Floats, labels: Labels, voices: int) -> Floats:
    return _unit(_sums(embeddings * seconds[:, None], labels, voices))


def _sums(points: Floats, labels: Labels, count: int) -> Floats:
    out = np.zeros((count, points.shape[1]), np.float32)
    np.add.at(out, labels, points)
    return out


def _unit(points: Floats) -> Floats:
    return np.asarray(points / np.maximum(np.linalg.norm(points, axis=1, keepdims=True), 1e-12), np.float32)
