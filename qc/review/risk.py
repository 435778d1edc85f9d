"""Which conversations deserve a second look before others, and how much more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from qc.storage.read import StoredRun

NEAR = 5.0
"""Percent of a card's base around its pass mark within which a score is close to it."""
_UNCLEAR = 0.8
_WORST_TENTH = 10
_UPSET = 3

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """One reason to look: `title` as people say it; `weight` adds to the risk of a conversation that shows it."""

    title: str
    weight: float
    shown: Callable[[_Tables], Flags]


class _Tables:
    """What the signs look at, read once; `ids` are the conversations, in the order of all flags."""

    def __init__(self, run: StoredRun, ids: pa.Array) -> None:
        self._ids = ids
        self._run = run
        columns = ["conversation_id", "kind", "severity", "status", "verdict"]
        self.findings = run.table("findings", columns)
        self.scores = run.table("scores", ["conversation_id", "scorecard_id", "base", "score", "passed", "auto_fail"])
        mood = run.table("conversations", ["conversation_id", "asr_confidence", "customer_emotion_level"])
        self.mood = mood.take(pc.index_in(ids, value_set=mood["conversation_id"].combine_chunks()))

    def complained(self) -> Flags:
        return self.has(self._run.table("complaints", ["conversation_id"]))

    def counts(self, rows: pa.Table) -> npt.NDArray[np.int64]:
        """How many of `rows` each conversation has."""
        at = pc.index_in(rows["conversation_id"], value_set=self._ids).drop_null()
        return np.bincount(np.asarray(at.to_numpy(), np.int64), minlength=len(self._ids))

    def has(self, rows: pa.Table) -> Flags:
        """Which conversations have any of `rows`."""
        return np.asarray(self.counts(rows) > 0, np.bool_)

    def found(self, *conditions: pa.ChunkedArray) -> Flags:
        rows = self.findings
        for condition in conditions[1:]:
            conditions = (pc.and_(conditions[0], condition),)
        return self.has(rows.filter(conditions[0]))


def _fatal(t: _Tables) -> Flags:
    critical = t.found(
        pc.equal(t.findings["verdict"], "hit"),
        pc.equal(t.findings["kind"], "violation"),
        pc.equal(t.findings["severity"], "critical"),
        pc.not_equal(t.findings["status"], "shadow"),
    )
    return critical | t.has(t.scores.filter(pc.fill_null(t.scores["auto_fail"], False)))


def _signal(t: _Tables) -> Flags:
    return t.found(
        pc.equal(t.findings["verdict"], "hit"),
        pc.equal(t.findings["kind"], "signal"),
        pc.not_equal(t.findings["severity"], "low"),
        pc.not_equal(t.findings["status"], "shadow"),
    )


def _trial(t: _Tables) -> Flags:
    return t.found(pc.equal(t.findings["verdict"], "hit"), pc.equal(t.findings["status"], "shadow"))


def _undecided(t: _Tables) -> Flags:
    """Chats leave the same rules undecided in every conversation: more than usual is what tells."""
    counts = t.counts(t.findings.filter(pc.equal(t.findings["verdict"], "undecided")))
    return np.asarray(counts > np.median(counts), np.bool_) if len(counts) else counts.astype(np.bool_)


def _close(t: _Tables) -> Flags:
    """The pass mark is not stored; it lies between the best score that failed and the worst that passed."""
    rows = t.scores.filter(
        pc.and_(pc.greater(t.scores["base"], 0), pc.invert(pc.fill_null(t.scores["auto_fail"], True)))
    )
    near = []
    percent = np.asarray(pc.multiply(pc.divide(rows["score"], rows["base"]), 100.0).to_numpy(), np.float64)
    passed = np.asarray(pc.fill_null(rows["passed"], False).to_numpy(), np.bool_)
    cards = np.asarray(pc.fill_null(rows["scorecard_id"], "").to_numpy(zero_copy_only=False), object)
    for card in sorted(set(cards.tolist())):
        mine = np.flatnonzero(cards == card)
        above, below = percent[mine][passed[mine]], percent[mine][~passed[mine]]
        if len(above) and len(below):  # with one kind only nobody can tell where the mark is
            near.append(mine[np.abs(percent[mine] - (above.min() + below.max()) / 2) <= NEAR])
    return t.has(rows.take(pa.array(np.concatenate(near) if near else [], pa.int64())))


def _unclear(t: _Tables) -> Flags:
    values = np.asarray(pc.fill_null(t.mood["asr_confidence"], np.nan).to_numpy(), np.float64)
    if np.isnan(values).all():
        return np.zeros(len(values), np.bool_)
    limit = min(_UNCLEAR, float(np.nanpercentile(values, _WORST_TENTH)))
    return np.asarray(np.nan_to_num(values, nan=np.inf) <= limit, np.bool_)


def _upset(t: _Tables) -> Flags:
    level = pc.fill_null(t.mood["customer_emotion_level"], 0)
    return np.asarray(pc.greater_equal(level, _UPSET).to_numpy(), np.bool_)


SIGNS: Sequence[Sign] = (
    Sign(title="有致命差错或一票否决", weight=4, shown=_fatal),
    Sign(title=f"得分离合格线不到 {NEAR:g} 分", weight=3, shown=_close),
    Sign(title="是投诉", weight=3, shown=_Tables.complained),
    Sign(title="无法判定的规则比一般会话多", weight=2, shown=_undecided),
    Sign(title="有风险信号", weight=2, shown=_signal),
    Sign(title="转写置信度在本批最低的十分之一", weight=2, shown=_unclear),
    Sign(title="客户情绪激烈（3 级以上）", weight=1, shown=_upset),
    Sign(title="试运行的规则命中", weight=1, shown=_trial),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Risks:
    """`weights[i]` is the sum of the signs that conversation i shows, 0 where none; `shown`: sign → how many."""

    weights: npt.NDArray[np.float64]
    shown: Sequence[tuple[Sign, int]]


def risks(run: StoredRun, ids: pa.Array) -> Risks:
    """The risk of each of the conversations `ids` of the run."""
    tables = _Tables(run, ids)
    weights = np.zeros(len(ids), np.float64)
    shown = []
    for sign in SIGNS:
        flags = sign.shown(tables)
        weights += sign.weight * flags
        shown.append((sign, int(flags.sum())))
    return Risks(weights=weights, shown=tuple(shown))
