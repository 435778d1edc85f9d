"""Tail probabilities of counts, vectorised over series: beta-binomial, negative binomial, χ² of one degree.

The tails are summed from the count on, by the ratio of neighbouring terms, so that small probabilities keep their
digits. Everything is checked against scipy in the tests; the core has numpy only.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

_BLOCK = 128
_ENOUGH = 1e-16
"""A term this small beside the sum ends it."""
_LANCZOS = (
    0.99999999999980993,
    676.5203681218851,
    -1259.1392167224028,
    771.32342877765313,
    -176.61502916214059,
    12.507343278686905,
    -0.13857109526572012,
    9.9843695780195716e-6,
    1.5056327351493116e-7,
)
_LARGE = 20.0


def log_gamma(x: ArrayLike) -> Floats:
    """ln Γ(x), x > 0. Stirling's series from 20 on, Lanczos' approximation (g = 7, n = 9) below; to 1e-13."""
    x = np.asarray(x, np.float64)
    low, high = np.minimum(x, _LARGE), np.maximum(x, _LARGE)
    series = np.full_like(low, _LANCZOS[0])
    for i, c in enumerate(_LANCZOS[1:]):
        series += c / (low + i)
    t = low + 6.5
    lanczos = 0.5 * math.log(2 * math.pi) + (low - 0.5) * np.log(t) - t + np.log(series)
    r = 1 / high
    stirling = (high - 0.5) * np.log(high) - high + 0.5 * math.log(2 * math.pi)
    stirling += r / 12 - r**3 / 360 + r**5 / 1260 - r**7 / 1680
    return np.asarray(np.where(x < _LARGE, lanczos, stirling), np.float64)


def beta_binomial_tail(k: ArrayLike, n: ArrayLike, a: ArrayLike, b: ArrayLike) -> Floats:
    """P(X ≥ k) of n draws whose chance is itself drawn from Beta(a, b).

    With a = K + 1 and b = N − K this is the exact conditional test (Fisher's, one-sided) of k of n against K of N:
    no approximation, however small the counts.
    """
    (k, n, a, b), shape = _together(k, n, a, b)

    def log_term(j: Floats) -> Floats:
        choose = log_gamma(n + 1) - log_gamma(j + 1) - log_gamma(n - j + 1)
        return choose + log_gamma(a + j) + log_gamma(b + n - j) - log_gamma(a + b + n) - _log_beta_base(a, b)

    def ratio(j: Floats, at: NDArray[np.intp]) -> Floats:
        """Term j + 1 over term j; 0 at j = n, where the sum ends by itself."""
        m, c, d = n[at][:, None], a[at][:, None], b[at][:, None]
        return np.maximum(m - j, 0) * (c + j) / ((j + 1) * np.maximum(d + m - j - 1, 1e-300))

    return _upper_tail(k, n * a / (a + b), log_term, ratio, n).reshape(shape)


def negative_binomial_tail(k: ArrayLike, mean: ArrayLike, size: ArrayLike) -> Floats:
    """P(X ≥ k) of a count with this mean and the variance mean + mean² / size."""
    (k, mean, size), shape = _together(k, mean, size)

    def log_term(j: Floats) -> Floats:
        total = size + mean
        start = log_gamma(size + j) - log_gamma(size) - log_gamma(j + 1)
        return start + size * np.log(size / total) + j * np.log(mean / total)

    def ratio(j: Floats, at: NDArray[np.intp]) -> Floats:
        m, s = mean[at][:, None], size[at][:, None]
        return (s + j) / (j + 1) * m / (s + m)

    return _upper_tail(k, mean, log_term, ratio, np.full_like(k, np.inf)).reshape(shape)


def chi_square_tail(x: ArrayLike) -> Floats:
    """P(χ²₁ ≥ x)."""
    values = np.asarray(x, np.float64)
    return np.array([math.erfc(math.sqrt(max(v, 0.0) / 2)) for v in values.ravel()]).reshape(values.shape)


def _together(*values: ArrayLike) -> tuple[list[Floats], tuple[int, ...]]:
    """The values broadcast to one shape, flat, and that shape."""
    arrays = np.broadcast_arrays(*(np.asarray(v, np.float64) for v in values))
    return [a.ravel() for a in arrays], arrays[0].shape


def _log_beta_base(a: Floats, b: Floats) -> Floats:
    return log_gamma(a) + log_gamma(b) - log_gamma(a + b)


def _upper_tail(
    k: Floats,
    mean: Floats,
    log_term: Callable[[Floats], Floats],
    ratio: Callable[[Floats, NDArray[np.intp]], Floats],
    last: Floats,
) -> Floats:
    """Σ of the terms from k on. Above the mean they are summed upwards from k; below it, where terms first grow, 1 −
    the sum of those under k, which is summed downwards from k − 1."""
    k = np.floor(k)
    up = k > mean
    start = np.clip(np.where(up, k, k - 1), 0, None)
    first = np.where(start <= last, log_term(np.minimum(start, last)), -np.inf)
    sums = np.where(up, _walk(start, up, ratio), 0.0) if up.any() else np.zeros_like(k)
    down = ~up & (k > 0)
    if down.any():
        sums = np.where(down, _walk_down(start, down, ratio), sums)
    with np.errstate(under="ignore"):
        part = np.exp(first) * sums
    tail = np.where(up, part, np.where(k > 0, 1 - part, 1.0))
    return np.clip(tail, 0.0, 1.0)


def _walk(start: Floats, which: NDArray[np.bool_], ratio: Callable[[Floats, NDArray[np.intp]], Floats]) -> Floats:
    """Σ of the terms from `start` on, in units of the first."""
    sums, term = np.ones_like(start), np.ones_like(start)
    at, offset = np.flatnonzero(which), 0
    while len(at):
        j = start[at][:, None] + offset + np.arange(_BLOCK)
        terms = term[at][:, None] * np.cumprod(ratio(j, at), axis=1)
        sums[at] += terms.sum(axis=1)
        term[at] = terms[:, -1]
        at, offset = at[terms[:, -1] > _ENOUGH * sums[at]], offset + _BLOCK
    return sums


def _walk_down(start: Floats, which: NDArray[np.bool_], ratio: Callable[[Floats, NDArray[np.intp]], Floats]) -> Floats:
    """Σ of the terms from `start` down to 0, in units of the first."""
    sums, term = np.ones_like(start), np.ones_like(start)
    at, offset = np.flatnonzero(which), 0
    while len(at):
        j = start[at][:, None] - offset - np.arange(1, _BLOCK + 1)  # term j from term j + 1
        back = np.where(j >= 0, 1 / np.maximum(ratio(np.maximum(j, 0), at), 1e-300), 0.0)
        terms = term[at][:, None] * np.cumprod(back, axis=1)
        sums[at] += terms.sum(axis=1)
        term[at] = terms[:, -1]
        at, offset = at[terms[:, -1] > _ENOUGH * sums[at]], offset + _BLOCK
    return sums
