"""Customers' contacts over many runs: each once, whoever judged it how often, and how they follow on each other."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from qc.opinion.dedupe import KEY, codes, conversations_of, counted_runs, last_of_each
from qc.opinion.matters import MATTER_COLUMNS, with_matter
from qc.schema.tables import TABLES
from qc.storage.read import StoredRun

INCOMING = ("voice_inbound", "chat", "bot_text", "bot_voice", "message")
"""Channels in which the customer comes to the centre; a call back and a ticket are no new contact."""
_READ = (*MATTER_COLUMNS, "source_sha256")
_TOLD = ("conversation_id", "project", "channel", "started_at", "customer", "matter")
_NOTHING = pa.schema([TABLES["conversations"].field(name) for name in _READ]).empty_table()
_BOTS = ("bot_text", "bot_voice")
_HANDOVER_MS = 30 * 60_000
"""A talk with a bot that a person takes over within half an hour is one contact with it, not two."""
DAY_MS = 86_400_000

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


def contacts(runs: Iterable[StoredRun]) -> pa.Table:
    """What customers came with, over all runs, each customer's of a project and matter together, in order of time.

    Columns: conversation_id, project, channel, started_at, `customer`, `matter` (see `matters`). A night that was run
    twice counts as it was judged last, and so does a conversation that stands in two runs; in which order the runs are
    given is of no matter.
    """
    keys, parts, places = [], [], []
    read = (conversations_of(run, _READ).combine_chunks() for run in counted_runs(runs))
    for whole in chain(read, [_NOTHING]):  # one after the other: months of them would not fit with all their columns
        keys.append(whole.select(KEY))
        places.append(_mask(pc.is_in(whole["channel"], value_set=pa.array(INCOMING))))
        parts.append(with_matter(whole.filter(pa.array(places[-1])).select(MATTER_COLUMNS)).select(_TOLD))
    kept = last_of_each(keys)
    del keys
    table = pa.concat_tables(parts).filter(pa.array(kept[np.concatenate(places)]))
    del parts
    project, customer, matter = (codes(table[name]) for name in ("project", "customer", "matter"))
    dated = _valid(table["started_at"])
    at: Ints = np.where(dated, times_ms(table), np.iinfo(np.int64).max)
    bot = _mask(pc.is_in(table["channel"], value_set=pa.array(_BOTS)))
    known = dated & _valid(table["customer"])
    by_time = _in_time(table["conversation_id"], known, at, customer, project)
    passed_on = _handed_over(bot[by_time], known[by_time], at[by_time], customer[by_time], project[by_time])
    by_time = by_time[~passed_on]
    by_matter = by_time[np.lexsort([column[by_time] for column in (matter, customer, project)])]
    return table.take(pa.array(by_matter))


def told(table: pa.Table) -> Bools:
    """Which contacts are known by customer, matter and time: only of these can anybody say that they are repeats."""
    known = pc.and_(pc.is_valid(table["customer"]), pc.is_valid(table["matter"]))
    return np.asarray(pc.and_(known, pc.is_valid(table["started_at"])).to_numpy(zero_copy_only=False), bool)


def times_ms(table: pa.Table) -> Ints:
    """The start of each row in milliseconds, 0 where not known."""
    return np.asarray(pc.fill_null(pc.cast(table["started_at"], pa.int64()), 0).to_numpy(), np.int64)


def same_matter(table: pa.Table) -> Ints:
    """A number per row of `contacts`, the same for contacts of one customer of one project with one matter."""
    return _groups(table, ("project", "customer", "matter"))


def repeats_before(table: pa.Table, days: int) -> Ints:
    """Per row of `contacts`, how many contacts of the same customer with the same matter began within the `days` days
    before it; 0 too where nobody can tell (`told`)."""
    known = np.flatnonzero(told(table))
    out = np.zeros(table.num_rows, np.int64)
    if not len(known):
        return out
    at, group = times_ms(table)[known], same_matter(table)[known]
    span = int(at.max() - at.min()) + days * DAY_MS + 1  # groups stand further apart than any two times
    place = group * span + (at - at.min())
    out[known] = np.arange(len(known)) - np.searchsorted(place, place - days * DAY_MS, side="left")
    return out


def _handed_over(bot: Bools, known: Bools, at: Ints, customer: Ints, project: Ints) -> Bools:
    """Contacts, ordered by project, customer and time, in which a bot's talk goes on with a person. `known`: by
    customer and time."""
    out = np.zeros(len(at), bool)
    same = (project[1:] == project[:-1]) & (customer[1:] == customer[:-1]) & known[1:] & known[:-1]
    out[:-1] = bot[:-1] & ~bot[1:] & same & (at[1:] - at[:-1] <= _HANDOVER_MS)
    return out


def _in_time(ids: pa.ChunkedArray, known: Bools, at: Ints, customer: Ints, project: Ints) -> Ints:
    """The order by project, customer and time; what one customer began at the same moment by its number. Few did, and
    numbers are slow to compare."""
    order = np.lexsort((at, customer, project))
    same = known[order[1:]] & known[order[:-1]]
    for column in (at, customer, project):
        same &= column[order[1:]] == column[order[:-1]]
    if not same.any():
        return order
    tied = np.union1d(order[1:][same], order[:-1][same])
    name = np.zeros(len(order), np.int64)
    name[tied[pc.sort_indices(ids.take(pa.array(tied))).to_numpy()]] = np.arange(len(tied))
    return np.lexsort((name, at, customer, project))


def _valid(column: pa.ChunkedArray) -> Bools:
    return _mask(pc.is_valid(column))


def _mask(flags: pa.ChunkedArray) -> Bools:
    return np.asarray(flags.to_numpy(zero_copy_only=False), bool)


def _groups(table: pa.Table, keys: tuple[str, ...]) -> Ints:
    """A number per run of rows that agree in `keys`; the table is sorted by them."""
    if not table.num_rows:
        return np.zeros(0, np.int64)
    change = np.zeros(table.num_rows - 1, bool)
    for key in keys:
        codes = pc.fill_null(pc.dictionary_encode(table[key].combine_chunks()).indices, -1).to_numpy()
        change |= codes[1:] != codes[:-1]
    return np.concatenate(([0], np.cumsum(change)))
