"""Words that burst: Dunning's log-likelihood ratio of a day against the days before, beyond what quiet days reach.

The `terms` table counts conversations per word for a whole run, so a run counts for the day most of its conversations
are of. The largest ratio of thousands of words is large on every day, and grows with the size of the day and with how
clustered words are: what a day must exceed is taken from the days before, each compared with the others (a Gumbel
distribution fitted to their maxima by median and quartiles), and never less than Bonferroni's bound for so many words.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa

from qc.domain.language import say
from qc.opinion.daily import Daily
from qc.statistics.tails import Floats, chi_square_tail

_LN2 = math.log(2)
_QUARTILES = math.log(math.log(4)) - math.log(math.log(4 / 3))
"""Distance of the quartiles of the standard Gumbel distribution, 1.5725."""
_LEAST_BEFORE = 2
"""A word that a single conversation uses is no burst, and no word of a maximum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Conversations per day and word, [day, word], and conversations per day. Days as in the ledger."""

    terms: tuple[str, ...]
    counts: Floats
    sizes: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """A word with its ratio; `q`: how likely the largest ratio of a quiet day is as large."""

    term: str
    observed: int
    of: int
    expected: float
    ratio: float
    p: float
    q: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bursts:
    """`found`: words above what was expected, the largest ratio first. `limit`: the ratio a day exceeds with the chance
    0.05. `days`: days compared with."""

    found: tuple[Burst, ...]
    limit: float
    days: int
    terms: int


def words_by_day(daily: Daily) -> Words:
    """The `terms` of all runs, by the day of most of the run's conversations; of a run whose conversations partly count
    as another run judged them later, only their share."""
    ledger = daily.ledger
    size = len(ledger.days)
    sizes = np.zeros(size)
    tables = []
    for i, run in enumerate(ledger.runs):
        of = ledger.day[ledger.run == i]
        if not len(of):
            continue
        day = int(np.bincount(of).argmax())
        terms = run.table("terms", ["term", "conversations"])
        if terms.num_rows:
            sizes[day] += len(of)
            share = len(of) / ledger.stored[i]
            part = np.rint(np.asarray(terms["conversations"].to_numpy(), np.float64) * share)
            tables.append(pa.table({"term": terms["term"], "part": part, "day": np.full(len(part), day)}))
    if not tables:
        return Words(terms=(), counts=np.zeros((size, 0)), sizes=sizes)
    table = pa.concat_tables(tables)
    text = table["term"].combine_chunks().dictionary_encode()
    order = np.argsort(np.asarray(text.dictionary.to_numpy(zero_copy_only=False), object).astype(str), kind="stable")
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    counts = np.zeros((size, len(order)))
    word = place[np.asarray(text.indices.to_numpy(), np.int64)]
    np.add.at(counts, (table["day"].to_numpy(), word), table["part"].to_numpy())
    names = text.dictionary.to_pylist()
    return Words(terms=tuple(names[i] for i in order), counts=counts, sizes=sizes)


def bursts(daily: Daily, words: Words, day: date, *, window_days: int, min_days: int) -> Bursts | str:
    """The words of `day` against the days before it; or why there is no answer."""
    at, past = daily.index(day), daily.before(day, window_days)
    past = past[words.sizes[past] > 0]
    if at is None or words.sizes[at] == 0:
        return say("当天没有词频")
    if len(past) < min_days:
        return say("有词频的历史只有 {days} 天，不足 {least} 天", days=len(past), least=min_days)
    return of_counts(words.terms, words.counts[past], words.sizes[past], words.counts[at], float(words.sizes[at]))


def of_counts(
    terms: tuple[str, ...], past: Floats, sizes: Floats, today: Floats, size: float, among: int = 0
) -> Bursts:
    """Words of a day (`today`, of `size` conversations) against days before ([day, word], `sizes`). `among`: how many
    words there are where only some are given."""
    whole, total = past.sum(0), float(sizes.sum())
    count = max(len(terms), among, 1)
    ratio = log_likelihood_ratio(today, size, whole, total)
    ratio = np.where(today >= _LEAST_BEFORE, ratio, 0.0)
    # a day among the others is compared with one day less: the same test within one part in the number of days
    maxima = np.array(
        [
            log_likelihood_ratio(k, n, whole - k, total - n)[k >= _LEAST_BEFORE].max(initial=0.0)
            for k, n in zip(past, sizes, strict=True)
        ]
    )
    where, scale = _gumbel(maxima)
    p = chi_square_tail(ratio) / 2
    bonferroni = np.minimum(p * count, 1.0)
    beyond = -np.expm1(-np.exp(np.clip(-(ratio - where) / scale, -700, 700)))
    q = np.where(ratio > 0, np.maximum(bonferroni, beyond), 1.0)
    order = np.lexsort((np.arange(len(terms)), -ratio))
    found = [
        Burst(
            term=terms[i],
            observed=int(today[i]),
            of=int(size),
            expected=float(whole[i] / total * size) if total else 0.0,
            ratio=float(ratio[i]),
            p=float(p[i]),
            q=float(q[i]),
        )
        for i in order[:200]
        if ratio[i] > 0
    ]
    limit = max(where - scale * math.log(-math.log(0.95)), _bonferroni_limit(0.05 / count))
    return Bursts(found=_longest(found), limit=limit, days=len(past), terms=count)


def _longest(found: Sequence[Burst]) -> tuple[Burst, ...]:
    """Without words that nobody said but within a longer one of them (整栋 in 整栋楼没电)."""
    return tuple(
        b for b in found if not any(b.term != o.term and b.term in o.term and o.observed >= b.observed for o in found)
    )


def log_likelihood_ratio(k: Floats, n: float, whole: Floats, total: float) -> Floats:
    """Dunning (1993): 2 ln λ of k of n against `whole` of `total`; 0 where k is not above the share before."""
    rate = (k + whole) / max(n + total, 1.0)
    out = 2 * (_xlogy(k, n * rate) + _xlogy(whole, total * rate) + _xlogy(n - k, n * (1 - rate)))
    out += 2 * _xlogy(total - whole, total * (1 - rate))
    return np.where(k * total > whole * n, np.maximum(out, 0.0), 0.0)


def _xlogy(k: Floats, expected: Floats) -> Floats:
    """k ln(k / expected), 0 at k = 0."""
    sure = (k > 0) & (expected > 0)
    return np.where(sure, k * np.log(np.where(sure, k, 1) / np.where(sure, expected, 1)), 0.0)


def _gumbel(maxima: Floats) -> tuple[float, float]:
    """Place and scale by median and quartiles, which last month's surge does not move."""
    low, middle, high = np.quantile(maxima, [0.25, 0.5, 0.75])
    scale = max(float(high - low) / _QUARTILES, 1.0)
    return float(middle) + scale * math.log(_LN2), scale


def _bonferroni_limit(p: float) -> float:
    """The χ²₁ value whose one-sided tail is p, by bisection."""
    low, high = 0.0, 2000.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if float(chi_square_tail(middle)) / 2 > p else (low, middle)
    return high
