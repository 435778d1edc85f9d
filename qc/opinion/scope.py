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


def reaches(matters: pa.Table, limits: Sequence[ScopeLimit]) -> list[Reach]:
    """The widest meaning of each row of `matters`: the first of `limits` it is within.

    `matters` has `project`, `matter`, `who` and one column per limit, named as its kind, null where not known.
    Customers are counted, not conversations: one who calls ten times is one. It is an event where the share of
    customers with the matter is at least `lift` times what it is at all other places (hours, products) together.
    """
    out = [Reach()] * matters.num_rows
    for limit in reversed(limits):  # the one that stands first has the last word
        for i, reach in enumerate(_within(matters, limit)):
            if reach is not None:
                out[i] = reach
    return out


def _within(matters: pa.Table, limit: ScopeLimit) -> list[Reach | None]:
    base = matters.select(["project", "matter", "who"]).append_column("value", matters[limit.kind])
    known = base.filter(pc.and_(pc.is_valid(base["matter"]), pc.is_valid(base["value"])))
    placed = base.filter(pc.is_valid(base["value"]))
    both = _people(known, "project", "matter", "value")
    of_matter = _people(known, "project", "matter")
    at_value = _people(placed, "project", "value")
    whole = _people(placed, "project")
    total, spread = _people(base, "project"), _people(base, "project", "matter")
    out: list[Reach | None] = []
    for row in base.select(["project", "matter", "value"]).to_pylist():
        project, matter, value = row["project"], row["matter"], row["value"]
        reach = None
        if matter is not None and value is not None:
            size, here = both[project, matter, value], at_value[project, value]
            elsewhere = whole[(project,)] - here
            rare = size * elsewhere >= limit.lift * (of_matter[project, matter] - size) * here
            if size >= limit.least and elsewhere > 0 and rare:
                reach = Reach(kind=limit.kind, size=size, value=value)
        elif matter is not None and limit.share is not None:
            size = spread[project, matter]
            if size >= limit.least and size >= limit.share * total[(project,)]:
                reach = Reach(kind=limit.kind, size=size)
        out.append(reach)
    return out


def _people(table: pa.Table, *keys: str) -> dict[tuple[str, ...], int]:
    """Distinct customers by `keys`."""
    grouped = table.group_by(list(keys), use_threads=False).aggregate([("who", "count_distinct")])
    columns = [grouped[k].to_pylist() for k in keys]
    return dict(zip(zip(*columns, strict=True), grouped["who_count_distinct"].to_pylist(), strict=True))
