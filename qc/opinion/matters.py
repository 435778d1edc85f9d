"""Conversations and the matter each is about: who came, with what, where and when. One row per conversation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from qc.domain.language import say
from qc.domain.topic import UNKNOWN_TOPIC

_HIDDEN = "*"
"""A masked customer number: two customers may look the same behind it."""
_PSEUDONYM = r"-[a-p]{8}$"
"""Behind a masked number, what tells one customer from another all the same."""

MATTER_COLUMNS = (
    *("conversation_id", "project", "channel", "customer_id", "started_at", "primary_topic", "contact_reason"),
)


def with_matter(conversations: pa.Table) -> pa.Table:
    """Rows of `conversations` (with MATTER_COLUMNS), and beside them

    - `customer`: the customer number where it tells customers apart, else null (not given, or partly masked),
    - `who`: the customer, or the conversation itself where the customer is not known: counts people, as far as known,
    - `matter`: the reason of the contact, where it was not said the main topic; null where neither is known.
    """
    customer = telling_customer(conversations["customer_id"])
    alone = pc.binary_join_element_wise("\0", conversations["conversation_id"], "")
    matter = pc.coalesce(_known(conversations["contact_reason"]), _known(conversations["primary_topic"]))
    return (
        conversations.append_column("customer", customer)
        .append_column("who", pc.coalesce(customer, alone))
        .append_column("matter", matter)
    )


def telling_customer(number: pa.ChunkedArray) -> pa.ChunkedArray:
    """Customer numbers where they tell customers apart, else null: not given, or partly masked without a pseudonym."""
    stripped = pc.utf8_trim_whitespace(number)
    shown = pc.invert(pc.match_substring(stripped, _HIDDEN))
    telling = pc.and_(pc.not_equal(stripped, ""), pc.or_(shown, pc.match_substring_regex(stripped, _PSEUDONYM)))
    return pc.if_else(telling, stripped, None)


def first_given(conversations: pa.Table, by: Sequence[str]) -> pa.ChunkedArray:
    """The first of the columns `by` each conversation has a value in: `region`, or a key of `extra`; null: none."""
    value = pa.chunked_array([pa.nulls(conversations.num_rows, pa.string())])
    for name in by:
        column = conversations["region"] if name == "region" else _extra(conversations["extra"], name)
        stripped = pc.utf8_trim_whitespace(column)
        value = pc.coalesce(value, pc.if_else(pc.not_equal(stripped, ""), stripped, None))
    return value


def told_apart(titles: Mapping[str, str], projects: Mapping[str, Collection[str]]) -> Mapping[str, str]:
    """Titles by value (topics, intentions); where several values are called the same, as 服务投诉 is in several lists,
    with the projects each is of."""
    alike = Counter(titles.values())
    return {
        value: say("{title}（{projects}）", title=title, projects=say("、").join(sorted(own)))
        if alike[title] > 1 and (own := projects.get(value))
        else title
        for value, title in titles.items()
    }


def _extra(column: pa.ChunkedArray, key: str) -> pa.ChunkedArray:
    return pc.map_lookup(column, query_key=pa.scalar(key), occurrence="first")


def _known(topics: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.if_else(pc.not_equal(topics, UNKNOWN_TOPIC), topics, None)
