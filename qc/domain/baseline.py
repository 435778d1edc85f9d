"""Accepted hits of the baseline: findings on a clean corpus that people looked at and let stand."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """One finding that may stay. `quote` is the digest of what its evidence quotes, so that the entry still fits when
    the words move to another turn, and no longer when the rule finds other words. `line` is where it stands."""

    rule: str
    conversation: str
    quote: str
    reason: str
    by: str
    date: str
    line: int = 0
