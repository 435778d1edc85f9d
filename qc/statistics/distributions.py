"""Student's t and the studentised range: what numpy lacks. Checked against scipy in the tests."""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qc.statistics.tails import log_gamma

Floats = NDArray[np.float64]

_TINY = 1e-300
_STEPS = 600
_NODES = 96
_REACH = 8.0
"""Normal and chi densities are integrated so many standard deviations either side."""


def student_tail(t: ArrayLike, df: float) -> Floats:
    """P(|T| ≥ |t|) of Student's t with `df` degrees of freedom: I_x(df/2, 1/2) at x = df / (df + t²)."""
    squares = np.square(np.asarray(t, np.float64))
    x, a, b = df / (df + squares), df / 2, 0.5
    tail = np.empty_like(x)
    direct = x < (a + 1) / (a + b + 2)
    tail[direct] = _beta_part(x[direct], a, b)
    tail[~direct] = 1 - _beta_part((squares / (df + squares))[~direct], b, a)
    return tail


@lru_cache(maxsize=4096)
def student_quantile(level: float, df: float) -> float:
    """The t that |T| exceeds with probability 1 − `level`: 1.96 for 0.95 and many degrees of freedom. Newton's steps
    from the first terms of Cornish and Fisher's expansion; the tail falls ever more slowly, so they settle."""
    z = NormalDist().inv_cdf((1 + level) / 2)
    t = z + (z**3 + z) / (4 * df) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * df * df)
    log_density = float(log_gamma((df + 1) / 2) - log_gamma(df / 2)) - math.log(df * math.pi) / 2
    for _ in range(_STEPS):
        density = math.exp(log_density - (df + 1) / 2 * math.log1p(t * t / df))
        step = (float(student_tail(t, df)) - (1 - level)) / (2 * density)
        t += step
        if abs(step) < 1e-7 * t:  # the next would be its square
            break
    return t


@lru_cache(maxsize=64)
def range_quantile(level: float, groups: int, df: float) -> float:
    """The value that the range of `groups` standard normal means, over an independent estimate of their deviation
    with `df` degrees of freedom, stays below with probability `level` (Tukey's studentised range)."""
    low, high = 0.0, 400.0
    for _ in range(48):
        middle = (low + high) / 2
        low, high = (middle, high) if _range_cdf(middle, groups, df) < level else (low, middle)
    return high


def _range_cdf(q: float, groups: int, df: float) -> float:
    """∫ f(s) P(R ≤ q s) ds over the estimated deviation s = √(χ²/df)."""
    half = _REACH / math.sqrt(2 * df)
    s, weights = _legendre(max(1e-9, 1 - half), 1 + half)
    log_density = math.log(2) + df / 2 * math.log(df / 2) - float(log_gamma(df / 2))
    density = np.exp(log_density + (df - 1) * np.log(s) - df * s * s / 2)
    return float(np.sum(weights * density * _normal_range_cdf(q * s, groups)))


def _normal_range_cdf(w: Floats, groups: int) -> Floats:
    """k ∫ φ(z) [Φ(z) − Φ(z − w)]^(k−1) dz."""
    z, weights = _legendre(-_REACH, _REACH)
    inside = np.clip(_phi(z)[None, :] - _phi(z[None, :] - w[:, None]), 0.0, 1.0)
    density = np.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    return np.asarray(groups * np.sum(weights * density * inside ** (groups - 1), axis=1), np.float64)


def _legendre(low: float, high: float) -> tuple[Floats, Floats]:
    x, w = _nodes()
    return (high - low) / 2 * x + (high + low) / 2, (high - low) / 2 * w


@lru_cache(maxsize=1)
def _nodes() -> tuple[Floats, Floats]:
    x, w = np.polynomial.legendre.leggauss(_NODES)
    return x, w


@lru_cache(maxsize=1)
def _phi_table() -> tuple[Floats, Floats]:
    grid = np.arange(-_REACH, _REACH, 1 / 1024)
    return grid, np.array([0.5 * math.erfc(-v / math.sqrt(2)) for v in grid])


def _phi(z: Floats) -> Floats:
    """Φ between the points of a table, to 1e-7."""
    return np.interp(z, *_phi_table())


def _beta_part(x: Floats, a: float, b: float) -> Floats:
    """I_x(a, b) by its continued fraction (Lentz), for x below its mean."""
    x = np.clip(np.asarray(x, np.float64), 0.0, 1.0)
    log_beta = float(log_gamma(a) + log_gamma(b) - log_gamma(a + b))
    with np.errstate(divide="ignore"):
        front = np.exp(a * np.log(x) + b * np.log1p(-x) - log_beta) / a
    c = np.ones_like(x)
    d = 1 / _away(1 - (a + b) * x / (a + 1))
    product = d.copy()
    for m in range(1, _STEPS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d, c = 1 / _away(1 + even * d), _away(1 + even / c)
        product *= d * c
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        d, c = 1 / _away(1 + odd * d), _away(1 + odd / c)
        step = d * c
        product *= step
        if np.all(np.abs(step - 1) < 1e-14):
            break
    return front * product


def _away(value: Floats) -> Floats:
    return np.where(np.abs(value) < _TINY, _TINY, value)
