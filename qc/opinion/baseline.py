"""What the days before lead to expect of a day: a mean with its season, and how far days stray from it.

For a share (k of n) the count of the day is beta-binomial, for the number of all it is negative binomial. Both come
from one idea: without season and without more scatter than chance, the chance behind the day is drawn from
Beta(K + 1, N − K), K of N being the days before; the tail is then Fisher's exact test. Season and scatter widen it:

    v = v₀ + α (1 + 1/J) + u        relative variance of the day's chance

with v₀ of Beta(K + 1, N − K), α the scatter of days beyond chance (as a share of the squared mean, by moments, drawn
towards what all series of the dimension have: Efron & Morris 1973), J days, u what is not known of the weekday's
factor. Days that stray far upwards count less (Farrington et al. 1996; the limit of 2.58 is of Noufaily et al. 2013),
so that last week's surge does not hide this week's.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qc.statistics.tails import Floats, beta_binomial_tail, negative_binomial_tail

_STRAY = 2.58
_WEEKDAYS = 7
_SEASON_DAYS = 14
_SAME_WEEKDAYS = 2
_LEAST_SCATTER = 0.002
"""Spread of α between series that is allowed for where the data show none."""
_PRIOR_SCATTER, _PRIOR_DAYS = 0.0025, 4
"""Days of the number of all differ by 5 % before we know better, which weighs as much as four days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """What to expect of a day, one number per series. `of` is inf for the number of all. `relative_variance` is that
    of the chance behind the day; `alpha` the scatter of days. `days`: the days it rests on, `same` those of the
    weekday."""

    mean: Floats
    of: Floats
    relative_variance: Floats
    alpha: Floats
    days: int
    same: int
    seasonal: bool

    def tail(self, k: Floats) -> Floats:
        """P(X ≥ k) for each series; 1 where nothing is counted at all."""
        out = np.ones_like(self.mean)
        bounded = np.isfinite(self.of)
        share = bounded & (self.of > 0)
        if share.any():
            p = self.mean[share] / self.of[share]
            a, b = _beta(p, self.relative_variance[share])
            out[share] = beta_binomial_tail(k[share], self.of[share], a, b)
        if not bounded.all():
            rest = ~bounded
            size = 1 / self.relative_variance[rest]
            out[rest] = negative_binomial_tail(k[rest], self.mean[rest], size)
        return out

    def usual_high(self, series: int, chance: float = 0.05) -> int:
        """The smallest count that at least 1 − `chance` of ordinary days do not exceed."""
        one = Prediction(
            mean=self.mean[[series]],
            of=self.of[[series]],
            relative_variance=self.relative_variance[[series]],
            alpha=self.alpha[[series]],
            days=self.days,
            same=self.same,
            seasonal=self.seasonal,
        )
        low, high = -1, max(8, int(2 * one.mean[0]) + 8)
        while one.tail(np.array([high + 1.0]))[0] > chance:
            high *= 2
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if one.tail(np.array([middle + 1.0]))[0] <= chance else (middle, high)
        return int(min(high, one.of[0]))


def predict(
    counts: Floats, exposure: Floats, weekdays: NDArray[np.int64], today: Floats, weekday: int, *, bounded: bool
) -> Prediction:
    """Predict a day from the days before it.

    `counts`, `exposure` [day, series]: k and n of the days before; `today` [series]: the day's n. `weekdays` and
    `weekday` count from Monday, 0. With `bounded` the counts are shares of the exposure, otherwise the exposure is a
    plain factor and usually 1. Needs at least two days.
    """
    weight = _first_weights(counts, exposure, weekdays)
    for _ in range(2):
        fit = _fit(counts, exposure, weekdays, weight, bounded)
        weight = _weights(counts, fit.mean, fit.alpha)
    fit = _fit(counts, exposure, weekdays, weight, bounded)
    same = int((weekdays == weekday).sum())
    seasonal = fit.seasonal and same >= _SAME_WEEKDAYS
    factor, unsure = (fit.factor[weekday], fit.unsure[weekday]) if seasonal else (1.0, 0.0)
    adjusted = exposure * (fit.factor[weekdays] if fit.seasonal else 1.0)
    k, n = (weight * counts).sum(0), (weight * adjusted).sum(0)
    rate = (k + 1) / (n + (1 if bounded else 0))
    own = (np.maximum(n - k, 0.0) / (n + 2) if bounded else 1.0) / (k + 1)
    days = len(counts)
    v = np.maximum(own + fit.alpha * (1 + 1 / days) + unsure, 1e-12)
    mean = rate * factor * today
    if bounded:
        mean = np.minimum(mean, today * 0.999)
    of = today if bounded else np.full_like(today, np.inf)
    return Prediction(
        mean=mean, of=of, relative_variance=v, alpha=fit.alpha, days=days, same=same, seasonal=bool(seasonal)
    )


@dataclass(frozen=True, slots=True)
class _Fit:
    """`mean` [day, series] with season; `factor`, `unsure` [weekday, series] and the variance of the factor."""

    mean: Floats
    alpha: Floats
    factor: Floats
    unsure: Floats
    seasonal: bool


def _fit(counts: Floats, exposure: Floats, weekdays: NDArray[np.int64], weight: Floats, bounded: bool) -> _Fit:
    days, series = counts.shape
    total = (weight * exposure).sum(0)
    rate = (weight * counts).sum(0) / np.maximum(total, 1e-12)
    flat = exposure * rate
    rest = 1 - rate if bounded else np.ones(series)  # a share scatters less than a count
    seasonal = days >= _SEASON_DAYS
    if not seasonal:
        alpha = _scatter(counts, flat, exposure, weight, rest, 1, bounded)
        return _Fit(flat, alpha, np.ones((_WEEKDAYS, series)), np.zeros((_WEEKDAYS, series)), False)
    which = np.zeros((_WEEKDAYS, days))
    which[weekdays, np.arange(days)] = 1
    seen, expected = which @ (weight * counts), which @ (weight * flat)
    known = expected > 0
    ratio = np.where(known, seen / np.where(known, expected, 1), 1.0)
    alpha = _scatter(counts, flat * ratio[weekdays], exposure, weight, rest, int((which.sum(1) > 0).sum()), bounded)
    per_weekday = np.maximum(which.sum(1), 1)[:, None]
    noise = np.where(known, rest / np.where(known, expected, 1) + alpha / per_weekday, np.inf)
    sure = np.where(known, 1 / np.maximum(noise, 1e-12) ** 2, 0.0)
    strength = np.where(known, (ratio - 1) ** 2 - np.where(known, noise, 0) * (1 - 1 / _WEEKDAYS), 0.0)
    spread = max(float((strength * sure).sum() / max(sure.sum(), 1e-12)), 0.0)  # variance of true factors
    shrunk = np.where(known, spread / np.maximum(spread + np.where(known, noise, 1.0), 1e-12), 0.0)
    factor = 1 + (ratio - 1) * shrunk
    return _Fit(flat * factor[weekdays], alpha, factor, spread * (1 - shrunk), True)


def _scatter(
    counts: Floats, mean: Floats, exposure: Floats, weight: Floats, rest: Floats, fitted: int, bounded: bool
) -> Floats:
    """α of each series: (var − chance) / mean², by moments, each drawn towards the common one as far as it is unsure.
    `fitted`: means estimated per series."""
    days, series = counts.shape
    free = max(days - fitted, 1)
    square = weight * (mean**2 * (1 - 1 / np.maximum(exposure, 1.0)) if bounded else mean**2)
    excess = (weight * ((counts - mean) ** 2 * days / free - mean * rest)).sum(0)
    known = square.sum(0)
    common = max(float(excess.sum() / max(known.sum(), 1e-12)), 0.0)
    own = excess / np.maximum(known, 1e-12)
    noise = (2 * (mean * (1 + common * mean)) ** 2 + mean).sum(0) / np.maximum(known, 1e-12) ** 2
    between = max(common, _LEAST_SCATTER) ** 2
    alpha = np.maximum((own * between + common * noise) / (between + noise), 0.0)
    if not bounded:  # a single series: nothing to learn from its neighbours
        alpha = (alpha * free + _PRIOR_SCATTER * _PRIOR_DAYS) / (free + _PRIOR_DAYS)
    freedom = free * series  # one α of few days is itself unsure: as Student's t is wider than the normal
    return np.asarray(alpha * (freedom / (freedom - 2) if freedom > 4 else 2.0), np.float64)


def _first_weights(counts: Floats, exposure: Floats, weekdays: NDArray[np.int64]) -> Floats:
    """Before anything is fitted: by medians (of the weekday, where there are weeks), which a surge does not move."""
    rate = counts / np.maximum(exposure, 1e-12)
    middle = np.repeat(np.median(rate, axis=0)[None], len(counts), 0)
    if len(counts) >= _SEASON_DAYS:
        for day in np.unique(weekdays):
            middle[weekdays == day] = np.median(rate[weekdays == day], axis=0)
    residual = _residual(counts, middle * exposure + 0.5, np.zeros(counts.shape[1]))
    scale = np.maximum(np.median(np.abs(residual), axis=0) * 1.4826, 1.0)  # median deviation → standard deviation
    return _less_where_far(residual / scale)


def _weights(counts: Floats, mean: Floats, alpha: Floats) -> Floats:
    """1, and less for days that stray upwards."""
    return _less_where_far(_residual(counts, mean, alpha))


def _residual(counts: Floats, mean: Floats, alpha: Floats) -> Floats:
    """Anscombe's: about standard normal."""
    safe = np.maximum(mean, 1e-9)
    scale = safe ** (1 / 6) * np.sqrt(1 + alpha * safe)
    return np.asarray(1.5 * (counts ** (2 / 3) - safe ** (2 / 3)) / scale, np.float64)


def _less_where_far(residual: Floats) -> Floats:
    return np.asarray(np.where(residual > _STRAY, (_STRAY / np.maximum(residual, _STRAY)) ** 2, 1.0), np.float64)


def _beta(p: Floats, relative_variance: Floats) -> tuple[Floats, Floats]:
    """Beta(a, b) with this mean and var / mean²; never wider than Beta with a = p."""
    p = np.clip(p, 1e-12, 1 - 1e-9)
    strength = np.maximum((1 - p) / (p * relative_variance) - 1, 1.0)
    return p * strength, (1 - p) * strength
