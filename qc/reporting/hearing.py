"""How well the recordings of a run were heard: by what their speakers are known, how much speech is uncertain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from qc.reporting.labels import ROLE_SOURCE
from qc.storage.read import StoredRun


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleCount:
    """`source`: a code of RoleSource, or unknown in runs of earlier versions."""

    source: str
    recordings: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Hearing:
    """`unsure` and `invented` are shares of the time spoken that was heard below `floor`, and that is suspected to be
    an invention of the recogniser; None where no speech has times."""

    recordings: int
    roles: tuple[RoleCount, ...]
    floor: float
    unsure: float | None
    invented: float | None


def hearing(run: StoredRun, floor: float) -> Hearing | None:
    """None for a run without recordings. Read part by part: a big run stays small."""
    counts: dict[str, int] = {}
    for part in run.parts("conversations", ["source_format", "role_source"]):
        own = part.filter(pc.equal(part["source_format"], "audio"))
        for source in own["role_source"].to_pylist():
            counts[source or "unknown"] = counts.get(source or "unknown", 0) + 1
    if not counts:
        return None
    spoken = np.zeros(3)  # all, below the floor, suspected inventions; ms
    for part in run.parts("turns", ["start_ms", "end_ms", "confidence", "phrases"]):
        spoken += _spoken(part, floor)
    order = {source: i for i, source in enumerate(ROLE_SOURCE)}
    return Hearing(
        recordings=sum(counts.values()),
        roles=tuple(
            RoleCount(source=source, recordings=counts[source])
            for source in sorted(counts, key=lambda s: (order.get(s, len(order)), s))
        ),
        floor=floor,
        unsure=float(spoken[1] / spoken[0]) if spoken[0] else None,
        invented=float(spoken[2] / spoken[0]) if spoken[0] else None,
    )


def _spoken(turns: pa.Table, floor: float) -> np.ndarray:
    """Milliseconds spoken, below the floor and invented; by phrases, by turns where these have none."""
    without = pc.equal(pc.fill_null(pc.list_value_length(turns["phrases"]), 0), 0)
    spans = turns["phrases"].combine_chunks().flatten()
    plain = turns.filter(without)
    columns = [(spans.field("start_ms"), spans.field("end_ms"), spans.field("confidence"))]
    columns.append((plain["start_ms"], plain["end_ms"], plain["confidence"]))
    total = np.zeros(3)
    for start, end, confidence in columns:
        known = pc.is_valid(confidence)
        lasts = pc.fill_null(pc.subtract(end, start), 0).to_numpy(zero_copy_only=False)
        sure = pc.fill_null(confidence, 1.0).to_numpy(zero_copy_only=False)
        lasts = np.where(known.to_numpy(zero_copy_only=False), np.maximum(lasts, 0), 0)
        total += [lasts.sum(), lasts[sure < np.float32(floor)].sum(), lasts[sure == 0].sum()]
    return total
