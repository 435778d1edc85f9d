"""How much agents had to do, and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from qc.reporting.batch import lookup
from qc.reporting.people import People

SHIFT_GAP_H = 4
"""So many hours without a conversation end a shift: sources do not name shifts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """One agent's. `days` and `shifts` are those with a conversation; 0 where no start is known. `hours[h]`:
    conversations begun in hour h. `handled_ms` and `mean_ms` over the `timed` conversations that have a duration.
    `voice`: the agent's share 0..1 of what both sides speak, None where nothing was timed."""

    conversations: int
    days: int
    shifts: int
    hours: tuple[int, ...]
    timed: int
    handled_ms: int
    voice: float | None

    @property
    def per_day(self) -> float | None:
        return sum(self.hours) / self.days if self.days else None

    @property
    def per_shift(self) -> float | None:
        return sum(self.hours) / self.shifts if self.shifts else None

    @property
    def mean_ms(self) -> int | None:
        return round(self.handled_ms / self.timed) if self.timed else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Workloads:
    """`everyone`: of all agents together; its days are agent-days, its shifts all shifts."""

    of: Mapping[int, Workload]
    everyone: Workload


def workloads(people: People) -> Workloads:
    """Worked out for all agents at once, from `People.staff`, which is sorted by agent and time."""
    size, who, staff = len(people.persons), people.who, people.staff
    speech = people.batch.run.table("conversations", ["conversation_id", "agent_speech_ms", "customer_speech_ms"])
    speech = lookup(staff["conversation_id"], speech)
    both = pc.and_(pc.is_valid(speech["agent_speech_ms"]), pc.is_valid(speech["customer_speech_ms"]))
    own, other = (_numbers(pc.if_else(both, speech[f"{side}_speech_ms"], 0)) for side in ("agent", "customer"))
    minutes = _numbers(pc.cast(staff["started_at"], pa.int64()), -1) // 60_000
    known = minutes >= 0
    days = np.unique(np.stack([who[known], minutes[known] // 1440]), axis=1)
    hours = np.zeros((size, 24), np.int64)
    np.add.at(hours, (who[known], minutes[known] // 60 % 24), 1)
    duration = _numbers(staff["duration_ms"], -1)
    timed = duration >= 0
    talks, day_count = np.bincount(who, minlength=size), np.bincount(days[0], minlength=size)
    shifts = _shifts(who[known], minutes[known], size)
    timed_n, handled = np.bincount(who[timed], minlength=size), np.bincount(who[timed], duration[timed], size)
    spoken, answered = np.bincount(who, own, size), np.bincount(who, other, size)

    def made(at: int | slice) -> Workload:
        said, heard = float(np.sum(spoken[at])), float(np.sum(answered[at]))
        return Workload(
            conversations=int(np.sum(talks[at])),
            days=int(np.sum(day_count[at])),
            shifts=int(np.sum(shifts[at])),
            hours=tuple(int(h) for h in (hours[at] if isinstance(at, int) else hours[at].sum(axis=0))),
            timed=int(np.sum(timed_n[at])),
            handled_ms=int(np.sum(handled[at])),
            voice=said / (said + heard) if said + heard else None,
        )

    return Workloads(of={i: made(i) for i in range(size)}, everyone=made(slice(None)))


def _shifts(who: NDArray[np.int64], minutes: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    if not len(who):
        return np.zeros(size, np.int64)
    begins = np.r_[True, (who[1:] != who[:-1]) | (np.diff(minutes) > SHIFT_GAP_H * 60)]
    return np.bincount(who[begins], minlength=size)


def _numbers(column: pa.ChunkedArray, absent: int = 0) -> NDArray[np.int64]:
    return np.asarray(pc.fill_null(column, absent).to_numpy(), np.int64)
