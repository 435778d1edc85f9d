"""Which conversations of a batch are not alone: their customer came more than once, or their matter concerns others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

import pyarrow as pa
import pyarrow.compute as pc

from qc.domain.complaint import ScopeLimit
from qc.opinion.evidence import Parts
from qc.opinion.matters import MATTER_COLUMNS, first_given, with_matter
from qc.opinion.scope import Reach, reaches
from qc.schema.tables import TABLES


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """`contacts`: how often the customer came in this batch with the same matter; 1 where nobody can tell."""

    contacts: int
    reach: Reach


ALONE = Company(contacts=1, reach=Reach())


def companies(parts: Parts, scopes: Sequence[ScopeLimit]) -> list[Mapping[int, Company]]:
    """For each part of `conversations`, the rows that are not alone."""
    columns = [*MATTER_COLUMNS, "region"]
    if any(name != "region" for scope in scopes for name in scope.by):
        columns.append("extra")
    schema = TABLES["conversations"]
    empty = pa.schema([schema.field(c) for c in columns]).empty_table()
    tables = list(parts("conversations", columns))
    matters = _placed(with_matter(pa.concat_tables([empty, *tables])), scopes)
    contacts, reach = _contacts(matters), reaches(matters, scopes)
    found = {
        i: Company(contacts=contacts.get(i, ALONE.contacts), reach=reach.get(i, ALONE.reach))
        for i in {*contacts, *reach}
    }
    bounds = pairwise([0, *accumulate(table.num_rows for table in tables)])
    return [{i - begin: found[i] for i in range(begin, end) if i in found} for begin, end in bounds]


def _placed(matters: pa.Table, scopes: Sequence[ScopeLimit]) -> pa.Table:
    """With a column per scope, named as its kind: the place, hour or product."""
    for scope in scopes:
        if scope.kind == "hour":
            value = pc.strftime(pc.floor_temporal(matters["started_at"], unit="hour"), format="%m-%d %H 时")
        else:
            value = first_given(matters, scope.by)
        matters = matters.append_column(scope.kind, value)
    return matters


def _contacts(matters: pa.Table) -> dict[int, int]:
    """Row → contacts, of customers who came more than once with the same matter."""
    keys = ["project", "customer", "matter"]
    told = matters.filter(pc.and_(pc.is_valid(matters["customer"]), pc.is_valid(matters["matter"])))
    grouped = told.group_by(keys, use_threads=False).aggregate([("customer", "count")])
    often = grouped.filter(pc.greater(grouped["customer_count"], 1))
    counts = {(p, c, m): n for p, c, m, n in zip(*(column.to_pylist() for column in often.columns), strict=True)}
    if not counts:
        return {}
    rows = zip(*(matters[k].to_pylist() for k in keys), strict=True)
    return {i: counts[key] for i, key in enumerate(rows) if key in counts}
