"""Lists of customers with an intention: whom marketing, retention and collection should call, and on what evidence."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from qc.opinion.matters import telling_customer
from qc.reporting.batch import Batch, lookup
from qc.reporting.complaints import complaint_ids
from qc.reporting.labels import INTENT_KIND
from qc.reporting.selection import Line, lines

_LISTED = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One conversation with an intention. `customer` as stored (masked); `complains`: it is on the complaint list too,
    so settle that first. `probability`: of a trained model, None without one."""

    line: Line
    customer: str
    intent: str
    level: int
    turn: int | None
    phrases: tuple[str, ...]
    probability: float | None
    complains: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WishList:
    """All conversations of one kind of intention, the strongest first. `found`: intentions, of which a conversation may
    have several; `customers`: distinct numbers that tell customers apart; `levels`: conversations by their strongest
    level 1, 2, 3."""

    kind: str
    rows: tuple[Wish, ...]
    found: int
    conversations: int
    customers: int
    levels: tuple[int, int, int]


def wish_lists(batch: Batch) -> tuple[WishList, ...]:
    """A list per kind that occurs, in the order of INTENT_KIND; none in runs made before there were intentions."""
    columns = ["conversation_id", "intent", "kind", "level", "turn", "phrases", "probability"]
    table = batch.run.table("intents", columns)
    if not table.num_rows:
        return ()
    numbers = batch.run.table("conversations", ["conversation_id", "customer_id"])
    table = table.append_column("customer", lookup(table["conversation_id"], numbers)["customer_id"])
    complaining = frozenset(complaint_ids(batch))
    found = [_list(batch, kind, table.filter(pc.equal(table["kind"], kind)), complaining) for kind in INTENT_KIND]
    return tuple(one for one in found if one.conversations)


def _list(batch: Batch, kind: str, table: pa.Table, complaining: frozenset[str]) -> WishList:
    falling = [("level", "descending"), ("probability", "descending")]
    table = table.sort_by([*falling, ("conversation_id", "ascending"), ("intent", "ascending")])
    shown = table.slice(0, _LISTED)
    beside = lines(lookup(shown["conversation_id"], batch.conversations))
    strongest = table.group_by("conversation_id", use_threads=False).aggregate([("level", "max")])["level_max"]
    levels = {v["values"]: v["counts"] for v in pc.value_counts(strongest).to_pylist()}
    return WishList(
        kind=kind,
        rows=tuple(
            Wish(
                line=line,
                customer=row["customer"] or "",
                intent=row["intent"],
                level=row["level"],
                turn=row["turn"],
                phrases=tuple(row["phrases"] or ()),
                probability=row["probability"],
                complains=row["conversation_id"] in complaining,
            )
            for line, row in zip(beside, shown.to_pylist(), strict=True)
        ),
        found=table.num_rows,
        conversations=len(strongest),
        customers=pc.count_distinct(telling_customer(table["customer"])).as_py(),
        levels=(levels.get(1, 0), levels.get(2, 0), levels.get(3, 0)),
    )
