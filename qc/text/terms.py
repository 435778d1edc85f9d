"""Words customers use, counted per project: the ground of hot words."""

from __future__ import annotations

from dataclasses import dataclass

from qc.text.shard import Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class TermTable:
    """One row per project and term, ordered by both. Counts are over customer turns: conversations the term occurs in,
    occurrences, and those of the conversations in which the customer was negative."""

    project: tuple[str, ...]
    term: tuple[str, ...]
    conversations: Ints
    occurrences: Ints
    negative_conversations: Ints
