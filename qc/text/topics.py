"""What each conversation is about: shares of the topics of its project's taxonomy."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicShare:
    """One topic's share of one conversation. `rank` 1 is the main topic; `words` speak for it, best first;
    `first_turn` counts from 1, None for `unknown`, which takes what no topic explains."""

    topic_id: str
    title: str
    parent: str
    share: float
    rank: int
    words: tuple[str, ...]
    first_turn: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Topics:
    """`shares[i]`: topics of conversation i in rank order; they sum to 1. Never empty: `unknown` takes the rest."""

    shares: tuple[tuple[TopicShare, ...], ...]

    def primary(self, conversation: int) -> str:
        """Id of the main topic, `unknown` when none was recognised."""
        return self.shares[conversation][0].topic_id
