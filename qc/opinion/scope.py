"""How many customers of a batch a matter concerns: in one place, in one hour, with one product."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from qc.domain.complaint import SINGLE, ScopeLimit


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Whom else a conversation concerns. `size` counts the customers of the event, this one included; `value`: which
    place, hour or product, empty for a matter counted over the whole project."""

    kind: str = SINGLE
    size: int = 1
    value: str = ""


def reaches(matters: pa.Table, limits: Sequence[ScopeLimit]) -> dict[int, Reach]:
    """The widest meaning of each row of `matters` that is within one of `limits`: the first it is within.

    `matters` has `project`, `matter`, `who` and one column per limit, named as its kind, null where not known.
    Customers are counted, not conversations: one who calls ten times is one. It is an event where the share of
    customers with the matter is at least `lift` times what it is at all other places (hours, products) together; a
    matter whose place is not known is counted over the whole project, where the limit gives a `share` for that.
    """
    out: dict[int, Reach] = {}
    for limit in reversed(limits):  # the one that stands first has the last word
        events = _events(matters, limit)
        if events:
            keys = zip(*(matters[c].to_pylist() for c in ("project", "matter", limit.kind)), strict=True)
            out |= {i: events[key] for i, key in enumerate(keys) if key in events}
    return out


def _events(matters: pa.Table, limit: ScopeLimit) -> dict[tuple[str | None, ...], Reach]:
    """Project, matter and value (None: counted over the whole project) → what is within the limit."""
    base = matters.select(["project", "matter", "who"]).append_column("value", matters[limit.kind])
    placed = base.filter(pc.is_valid(base["value"]))
    known = placed.filter(pc.is_valid(placed["matter"]))
    of_matter = _people(known, "project", "matter")
    at_value = _people(placed, "project", "value")
    whole = _people(placed, "project")
    out: dict[tuple[str | None, ...], Reach] = {}
    for (project, matter, value), size in _people(known, "project", "matter", "value").items():
        here = at_value[project, value]
        elsewhere = whole[(project,)] - here
        rare = size * elsewhere >= limit.lift * (of_matter[project, matter] - size) * here
        if size >= limit.least and elsewhere > 0 and rare:
            out[project, matter, value] = Reach(kind=limit.kind, size=size, value=value)
    if limit.share is not None:
        total = _people(base, "project")
        for (project, matter), size in _people(base.filter(pc.is_valid(base["matter"])), "project", "matter").items():
            if size >= limit.least and size >= limit.share * total[(project,)]:
                out[project, matter, None] = Reach(kind=limit.kind, size=size)
    return out


def _people(table: pa.Table, *keys: str) -> dict[tuple[str, ...], int]:
    """Distinct customers by `keys`."""
    grouped = table.group_by(list(keys), use_threads=False).aggregate([("who", "count_distinct")])
    columns = [grouped[k].to_pylist() for k in keys]
    return dict(zip(zip(*columns, strict=True), grouped["who_count_distinct"].to_pylist(), strict=True))
