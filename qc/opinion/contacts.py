"""Customers' contacts over many runs: each once, whoever judged it how often, and how they follow on each other."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from qc.opinion.dedupe import conversations_of, counted_runs, last_of_each
from qc.opinion.matters import MATTER_COLUMNS, with_matter
from qc.schema.tables import TABLES
from qc.storage.read import StoredRun

INCOMING = ("voice_inbound", "chat", "bot_text", "bot_voice", "message")
"""Channels in which the customer comes to the centre; a call back and a ticket are no new contact."""
_BOTS = ("bot_text", "bot_voice")
_HANDOVER_MS = 30 * 60_000
"""A talk with a bot that a person takes over within half an hour is one contact with it, not two."""
DAY_MS = 86_400_000

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


def contacts(runs: Iterable[StoredRun]) -> pa.Table:
    """What customers came with, over all runs, ordered by project, customer, matter and time.

    Columns: conversation_id, project, channel, started_at, `customer`, `who`, `matter` (see `matters`). A night that
    was run twice counts as it was judged last, and so does a conversation that stands in two runs; in which order the
    runs are given is of no matter.
    """
    columns = [*MATTER_COLUMNS, "source_sha256"]
    tables = [conversations_of(run, columns) for run in counted_runs(runs)]
    schema = TABLES["conversations"]
    table = pa.concat_tables(tables or [pa.schema([schema.field(c) for c in columns]).empty_table()])
    kept = pc.and_(pa.array(last_of_each(table)), pc.is_in(table["channel"], value_set=pa.array(INCOMING)))
    table = with_matter(table.filter(kept).drop_columns(["source_sha256"]))
    table = table.drop_columns(["primary_topic", "contact_reason", "customer_id"])
    project, customer, matter, name = (_codes(table[c]) for c in ("project", "customer", "matter", "conversation_id"))
    at = np.where(_valid(table["started_at"]), times_ms(table), np.iinfo(np.int64).max)
    by_time = np.lexsort((name, at, customer, project))
    by_time = by_time[~_handed_over(table.select(["channel", "started_at", "customer", "project"]).take(by_time))]
    by_matter = by_time[np.lexsort([column[by_time] for column in (name, at, matter, customer, project)])]
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


def _handed_over(table: pa.Table) -> Bools:
    """Rows, ordered by customer and time, in which a bot's talk goes on with a person."""
    out = np.zeros(table.num_rows, bool)
    if table.num_rows < 2:
        return out
    bot = np.asarray(pc.is_in(table["channel"], value_set=pa.array(_BOTS)).to_numpy(zero_copy_only=False), bool)
    known = np.asarray(
        pc.and_(pc.is_valid(table["customer"]), pc.is_valid(table["started_at"])).to_numpy(zero_copy_only=False), bool
    )
    at, group = times_ms(table), _groups(table, ("project", "customer"))
    follows = (group[1:] == group[:-1]) & known[1:] & known[:-1] & (at[1:] - at[:-1] <= _HANDOVER_MS)
    out[:-1] = bot[:-1] & ~bot[1:] & follows
    return out


def _codes(column: pa.ChunkedArray) -> Ints:
    """Where each text stands among all in order; nothing stands last. Sorting numbers is many times faster."""
    encoded = pc.dictionary_encode(column.combine_chunks())
    rank = np.empty(len(encoded.dictionary) + 1, np.int64)
    rank[pc.sort_indices(encoded.dictionary).to_numpy()] = np.arange(len(encoded.dictionary))
    rank[-1] = len(encoded.dictionary)
    return rank[np.asarray(pc.fill_null(encoded.indices, len(encoded.dictionary)).to_numpy(), np.int64)]


def _valid(column: pa.ChunkedArray) -> Bools:
    return np.asarray(pc.is_valid(column).to_numpy(zero_copy_only=False), bool)


def _groups(table: pa.Table, keys: tuple[str, ...]) -> Ints:
    """A number per run of rows that agree in `keys`; the table is sorted by them."""
    if not table.num_rows:
        return np.zeros(0, np.int64)
    change = np.zeros(table.num_rows - 1, bool)
    for key in keys:
        codes = pc.fill_null(pc.dictionary_encode(table[key].combine_chunks()).indices, -1).to_numpy()
        change |= codes[1:] != codes[:-1]
    return np.concatenate(([0], np.cumsum(change)))
