"""客户费力度: what it cost the customer, 0 (nothing) to 100, from five parts everybody can check.

    effort = 100 · Σ wᵢ · min(xᵢ / fullᵢ, 1) / Σ wᵢ      over the parts i that are known of the conversation

Studies of customer effort (Dixon, Freeman and Toman, Harvard Business Review 7/2010) name as what costs customers most:
having to contact again, to explain again, being passed on; waiting and length come after. The weights keep that order;
they are a convention, not a measurement, and the parts are shown beside every figure. `full` is where a part counts
wholly: nobody suffers twice as much from a sixth call as from a third.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from qc.opinion.contacts import repeats_before, times_ms, told
from qc.opinion.trial import hits_in_force
from qc.storage.read import StoredRun

HIGH = 50.0
"""From here on a contact counts as laborious."""
SAYS_AGAIN = "customer.repeat_contact"
"""The customer says that this is not the first time."""
RESTATING = ("customer.restate", "bot.customer_repeats", "bot.repeat_question")
"""Rules by which the customer had to say the same thing again."""

Floats = npt.NDArray[np.float64]
_NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of the effort: its weight and the value (in `unit`) at which it counts wholly. `column`: what a manifest
    must hold for it to be known, empty where qc knows by itself."""

    key: str
    title: str
    weight: float
    full: float
    unit: str
    column: str = ""


PARTS = (
    Part(key="repeats", title="重复联系", weight=30, full=3, unit="次", column="客户编号"),
    Part(key="restating", title="重复说明", weight=25, full=2, unit="次"),
    Part(key="transfers", title="转接", weight=20, full=2, unit="次", column="转接次数"),
    Part(key="waiting", title="等待", weight=15, full=180, unit="秒", column="排队时长、保持时长"),
    Part(key="length", title="时长", weight=10, full=600, unit="秒", column="通话时长"),
)
"""Waiting is the queue and all holds. The length of a text conversation is told by the customer's turns, half a minute
each: how long a chat stays open says little."""
_TURN_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeats:
    """Contacts (`ids` and when they began, `at`) and how many with the same matter came `before` each; NaN: not
    known."""

    ids: pa.ChunkedArray
    at: npt.NDArray[np.int64]
    before: Floats


def repeats(contacts: pa.Table, days: int) -> Repeats:
    """Of `contacts`, those within `days` days; worked out once for the effort in many runs."""
    before = np.where(told(contacts), repeats_before(contacts, days), np.nan).astype(float)
    return Repeats(ids=contacts["conversation_id"], at=times_ms(contacts), before=before)


def effort(run: StoredRun, contacts: pa.Table | Repeats, days: int) -> pa.Table:
    """Per conversation of `run` (those customers came with or were called in): `conversation_id`, `effort` 0–100, null
    where no part is known, and one column per part in its unit, null where it is not known.

    `contacts` are those of this run and the ones before it, or `repeats` of them; a repeat is one with the same matter
    within `days` days.
    """
    columns = [
        "conversation_id",
        "channel",
        "started_at",
        "queue_wait_s",
        "hold_s",
        "transfers",
        "duration_ms",
        "customer_turns",
    ]
    table = run.table("conversations", columns)
    table = table.filter(pc.not_equal(table["channel"], "ticket"))
    ids = table["conversation_id"]
    known = contacts if isinstance(contacts, Repeats) else repeats(contacts, days)
    hits, judged = hits_in_force(run, (SAYS_AGAIN, *RESTATING))
    again = pc.equal(hits["rule_id"], SAYS_AGAIN)
    restating = np.full(len(ids), np.nan)
    if judged - {SAYS_AGAIN}:
        restating = _counted(hits.filter(pc.invert(again)), ids)
    parts = {
        "repeats": _repeats(table, known, hits.filter(again)),
        "restating": restating,
        "transfers": _floats(table["transfers"]),
        "waiting": _waiting(table),
        "length": _length(table),
    }
    total, weight = np.zeros(table.num_rows), np.zeros(table.num_rows)
    for part in PARTS:
        known = ~np.isnan(parts[part.key])
        total[known] += part.weight * np.minimum(parts[part.key][known] / part.full, 1.0)
        weight[known] += part.weight
    value = np.divide(100.0 * total, weight, out=np.full(table.num_rows, np.nan), where=weight > 0)
    made = {name: pa.array(column, from_pandas=True) for name, column in {"effort": value, **parts}.items()}
    return pa.table({"conversation_id": ids, **made})


def share_of(part: Part, value: float | None) -> float | None:
    """How much of its full weight a part counts, 0–1."""
    return None if value is None else min(value / part.full, 1.0)


def _repeats(conversations: pa.Table, known: Repeats, said: pa.Table) -> Floats:
    """Earlier contacts; at least one where the customer says so; not known where neither tells."""
    ids, at = conversations["conversation_id"], times_ms(conversations)
    near = (known.at >= at.min(initial=_NEVER)) & (known.at <= at.max(initial=0))  # of the months only the run's own
    keys = _with_start(known.ids.filter(pa.array(near)), known.at[near]).combine_chunks()
    out = _beside(_with_start(ids, at), keys, known.before[near])
    says = _counted(said, ids) > 0
    out[says] = np.fmax(out[says], 1.0)
    return out


def _with_start(ids: pa.ChunkedArray, at: npt.NDArray[np.int64]) -> pa.ChunkedArray:
    """What tells conversations of several runs apart: some centres number them anew every day."""
    return pc.binary_join_element_wise(ids, pc.cast(pa.chunked_array([pa.array(at)]), pa.string()), "\0")


def _counted(hits: pa.Table, ids: pa.ChunkedArray) -> Floats:
    """Per conversation, the places at which a rule hit."""
    summed = hits.group_by("conversation_id", use_threads=False).aggregate([("hit_count", "sum")])
    counts = np.asarray(pc.fill_null(summed["hit_count_sum"], 0).to_numpy(), float)
    return np.nan_to_num(_beside(ids, summed["conversation_id"].combine_chunks(), counts))


def _waiting(table: pa.Table) -> Floats:
    queue, hold = _floats(table["queue_wait_s"]), _floats(table["hold_s"])
    nothing = np.isnan(queue) & np.isnan(hold)
    return np.where(nothing, np.nan, np.nan_to_num(queue) + np.nan_to_num(hold))


def _length(table: pa.Table) -> Floats:
    spoken = np.asarray(
        pc.match_substring_regex(table["channel"], "^(voice_|bot_voice)").to_numpy(zero_copy_only=False), bool
    )
    return np.where(spoken, _floats(table["duration_ms"]) / 1000, _floats(table["customer_turns"]) * _TURN_S)


def _beside(ids: pa.ChunkedArray, keys: pa.Array, values: Floats) -> Floats:
    """The value of each of `ids`, NaN where there is none."""
    at = pc.fill_null(pc.index_in(ids, value_set=keys), -1).to_numpy()
    return np.asarray(np.append(values, np.nan)[at], float)


def _floats(column: pa.ChunkedArray) -> Floats:
    return np.asarray(pc.cast(column, pa.float64()).to_numpy(zero_copy_only=False), float)


def missing_columns(table: pa.Table) -> Mapping[str, str]:
    """Parts no conversation has a value of: title → what the manifest would have to hold."""
    return {
        part.title: part.column or "相应的规则"
        for part in PARTS
        if table.num_rows and table[part.key].null_count == table.num_rows
    }
