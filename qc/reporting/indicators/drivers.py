"""What goes with satisfaction: rank correlations of score items and measures with what customers gave."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from qc.reporting.batch import Batch, plain
from qc.reporting.estimates import Rate
from qc.reporting.indicators.facts import Bools, Facts, Floats
from qc.reporting.indicators.outcome import SATISFIED
from qc.reporting.indicators.ranks import Correlation, spearman
from qc.statistics.significance import benjamini_hochberg

ENOUGH = 30
"""Conversations with an answer below which nothing is said of a factor."""
_EACH = 5
"""And of these at least so many on either side of an item."""
LEVEL = 0.05
_UNRELATED = 10
"""Factors listed of those nothing can be said of."""

_MEASURES: tuple[tuple[str, Callable[[Facts], Floats]], ...] = (
    ("质检得分", lambda f: f.score),
    ("客户结束情绪", lambda f: f.emotion_end),
    ("客户费力度", lambda f: f.effort),
    ("排队时长", lambda f: f.queue_wait_s),
    ("振铃次数", lambda f: f.ring_count),
    ("通话时长", lambda f: np.where(_calls(f), f.duration_s, np.nan)),
    ("保持时长", lambda f: f.hold_s),
    ("静音占比", lambda f: f.silence),
    ("坐席语速", lambda f: f.pace),
    ("话后处理时长", lambda f: f.after_call_s),
    ("转接次数", lambda f: f.transfers),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """One factor. `item`: a score item, whose `title` is the scorecard's; 1 where points were lost, or an award was
    given (`award`). `q`: the false-discovery rate at which it would be called. Of an item, `with_` and `without` are
    how many were satisfied where it is 1 and where it is 0. `x`… are in percent of the way from −1 to 1."""

    title: str
    item: bool
    award: bool = False
    found: Correlation
    q: float
    with_: Rate | None = None
    without: Rate | None = None

    @property
    def related(self) -> bool:
        return self.q <= LEVEL

    def place(self, rho: float) -> float:
        """Where `rho` stands on a line from 0 (−1) to 100 (1)."""
        return round((rho + 1) * 50, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drivers:
    """`factors`: of the `tested` all that are related, and the strongest of the others; `thin`: how many of which too
    little is known. `answers`: conversations with a satisfaction."""

    answers: int
    factors: tuple[Factor, ...]
    tested: int
    thin: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    title: str
    item: bool
    award: bool
    x: Floats
    y: Floats


def drivers(batch: Batch, facts: Facts) -> Drivers:
    """Correlate; the false-discovery rate is that of all factors tested (Benjamini and Hochberg 1995)."""
    answered = ~np.isnan(facts.satisfaction)
    columns = [*_measures(facts, answered), *_items(batch, facts, answered)]
    tested = [(c, found) for c in columns if _enough(c) and (found := spearman(c.x, c.y)) is not None]
    q = benjamini_hochberg(np.array([found.p for _, found in tested]))
    factors = [_factor(c, found, float(rate)) for (c, found), rate in zip(tested, q, strict=True)]
    factors.sort(key=lambda f: (f.q > LEVEL, -abs(f.found.rho), f.title))
    return Drivers(
        answers=int(answered.sum()),
        factors=tuple(factors[: sum(f.related for f in factors) + _UNRELATED]),
        tested=len(factors),
        thin=len(columns) - len(tested),
    )


def _calls(f: Facts) -> Bools:
    return f.channel.among("voice_inbound", "voice_outbound")


def _measures(facts: Facts, answered: Bools) -> Iterator[_Column]:
    for title, column in _MEASURES:
        values = column(facts)
        known = answered & ~np.isnan(values)
        if known.any():
            yield _Column(title=title, item=False, award=False, x=values[known], y=facts.satisfaction[known])


def _items(batch: Batch, facts: Facts, answered: Bools) -> Iterator[_Column]:
    """A column per title of an item, over all cards that have one so called."""
    counted = pa.array(["deducted", "passed", "awarded", "not_awarded"])
    table = batch.items.select(["conversation_id", "item_title", "status"])
    table = table.filter(pc.is_in(table["status"], value_set=counted))
    ids = batch.run.table("conversations", ["conversation_id"])[0].combine_chunks()
    at = pc.index_in(table["conversation_id"], value_set=ids)
    row = pc.fill_null(at, -1).to_numpy()
    kept = (row >= 0) & answered[row]
    table, row = plain(table.filter(pa.array(kept))), row[kept]
    titles = pc.dictionary_encode(pc.fill_null(table["item_title"], "").combine_chunks())
    code = titles.indices.to_numpy()
    lost = _mask(pc.is_in(table["status"], value_set=pa.array(["deducted", "awarded"])))
    award = _mask(pc.is_in(table["status"], value_set=pa.array(["awarded", "not_awarded"])))
    for number, title in enumerate(titles.dictionary.to_pylist()):
        mine = code == number
        talks, place = np.unique(row[mine], return_inverse=True)
        x = np.zeros(len(talks))
        np.maximum.at(x, place, lost[mine].astype(float))  # two cards may have it
        yield _Column(title=title, item=True, award=bool(award[mine].all()), x=x, y=facts.satisfaction[talks])


def _enough(column: _Column) -> bool:
    ones = int(column.x.sum()) if column.item else _EACH
    return len(column.x) >= ENOUGH and ones >= _EACH and (not column.item or len(column.x) - ones >= _EACH)


def _factor(column: _Column, found: Correlation, q: float) -> Factor:
    return Factor(
        title=column.title,
        item=column.item,
        award=column.award,
        found=found,
        q=q,
        with_=_satisfied(column.y[column.x > 0]) if column.item else None,
        without=_satisfied(column.y[column.x == 0]) if column.item else None,
    )


def _satisfied(given: Floats) -> Rate:
    return Rate(count=int((given >= SATISFIED).sum()), n=len(given))


def _mask(column: pa.ChunkedArray) -> Bools:
    return np.asarray(column.to_numpy(zero_copy_only=False), bool)
