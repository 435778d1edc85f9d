"""一次解决率: how many matters were settled by the first contact, told by whether the customer came again with it.

An episode begins with a contact that none of the same customer with the same matter precedes within N days. It is
solved at once when none follows within N days either. Episodes whose N days were not over when the data ended are not
counted: to count them as solved would flatter the last days, to count the repeats among them alone would blacken them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from qc.opinion.contacts import DAY_MS, Bools, Ints, repeats_before, same_matter, times_ms, told

DAYS = 7
"""Within a week a second contact with the same matter counts as a repeat; what most centres use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """`solved` of the `counted` episodes of a project with a matter (topic id) were solved at once."""

    project: str
    matter: str
    solved: int
    counted: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """Figures over all runs looked at. `contacts` are those customers came with; of these nobody can tell whether they
    are repeats: `unknown_customer` (no number, or one masked), else `unknown_matter`, else `undated`. `open`: episodes
    whose days were not over. `missing_days`: days inside the time looked at without any contact, whose repeats nobody
    has seen. Episodes that begin in the first days may go on from before; nobody can see it, and they count."""

    days: int
    solved: int = 0
    counted: int = 0
    open: int = 0
    contacts: int = 0
    unknown_customer: int = 0
    unknown_matter: int = 0
    undated: int = 0
    first: date | None = None
    last: date | None = None
    missing_days: int = 0
    matters: tuple[Solved, ...] = ()
    """The largest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Episodes:
    """Which rows of `contacts` begin an episode: `counted` those whose days were over, of these `solved` at once;
    `open` the others."""

    counted: Bools
    solved: Bools
    open: Bools


def episodes(contacts: pa.Table, days: int = DAYS) -> Episodes:
    """The episodes of `contacts` (`qc.opinion.contacts`), with a window of `days` days. The end of the data is that of
    each project: its last contact of any customer."""
    at = times_ms(contacts)
    begins = told(contacts) & (repeats_before(contacts, days) == 0)
    over = at + days * DAY_MS <= _ends(contacts, at, _valid(contacts["started_at"]))
    counted = begins & over
    return Episodes(counted=counted, solved=counted & ~_again(contacts, at, days), open=begins & ~over)


def resolution(contacts: pa.Table, days: int = DAYS) -> Resolution:
    """一次解决率 of `contacts`, with what could not be counted."""
    customer = _valid(contacts["customer"])
    matter = _valid(contacts["matter"])
    dated = _valid(contacts["started_at"])
    found, at = episodes(contacts, days), times_ms(contacts)
    seen = np.unique(at[dated] // DAY_MS)
    return Resolution(
        days=days,
        solved=int(found.solved.sum()),
        counted=int(found.counted.sum()),
        open=int(found.open.sum()),
        contacts=contacts.num_rows,
        unknown_customer=int((~customer).sum()),
        unknown_matter=int((customer & ~matter).sum()),
        undated=int((customer & matter & ~dated).sum()),
        first=_day(seen[0]) if len(seen) else None,
        last=_day(seen[-1]) if len(seen) else None,
        missing_days=int(seen[-1] - seen[0] + 1 - len(seen)) if len(seen) else 0,
        matters=_by_matter(contacts, found.solved, found.counted),
    )


def _again(contacts: pa.Table, at: Ints, days: int) -> Bools:
    """Contacts that the same customer's next with the same matter follows within `days`."""
    out = np.zeros(contacts.num_rows, bool)
    if contacts.num_rows > 1:
        group, known = same_matter(contacts), told(contacts)
        out[:-1] = (group[1:] == group[:-1]) & known[1:] & known[:-1] & (at[1:] - at[:-1] <= days * DAY_MS)
    return out


def _ends(contacts: pa.Table, at: Ints, dated: Bools) -> Ints:
    """Per row, the last start of its project."""
    projects = pc.dictionary_encode(contacts["project"].combine_chunks())
    codes = pc.fill_null(projects.indices, -1).to_numpy() if contacts.num_rows else np.zeros(0, np.int64)
    ends = np.zeros(len(projects.dictionary) + 1, np.int64)
    np.maximum.at(ends, codes[dated], at[dated])
    return np.asarray(ends[codes], np.int64)


def _by_matter(contacts: pa.Table, solved: Bools, counted: Bools) -> tuple[Solved, ...]:
    table = contacts.select(["project", "matter"]).append_column("solved", pa.array(solved.astype(np.int64)))
    table = table.filter(pa.array(counted))
    grouped = table.group_by(["project", "matter"], use_threads=False).aggregate(
        [("solved", "sum"), ("solved", "count")]
    )
    found = [
        Solved(project=r["project"], matter=r["matter"], solved=r["solved_sum"], counted=r["solved_count"])
        for r in grouped.to_pylist()
    ]
    return tuple(sorted(found, key=lambda s: (-s.counted, s.project, s.matter)))


def _valid(column: pa.ChunkedArray) -> Bools:
    return np.asarray(pc.is_valid(column).to_numpy(zero_copy_only=False), bool)


def _day(number: int) -> date:
    return date.fromordinal(date(1970, 1, 1).toordinal() + int(number))
