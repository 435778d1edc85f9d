"""How a score came about: the sums of its sections, as `qc.scoring.score` makes them, from the stored items."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum

from qc.reporting.records import ItemRow, ScoreRow

_ROUNDING = 0.006
"""Scores are stored with two decimals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One section: `worth` of its applicable items, `lost` of it (0 or more), at most `worth`. `beyond`: what its
    items lost in all, where that is more than it is worth. `failed`: a 一票否决 took the section's whole points."""

    worth: float
    lost: float
    beyond: float
    failed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Arithmetic:
    """(worth − lost) ÷ worth × base = earned; with `credited` of the awards it is the score, or would be without a
    一票否决 of the whole card. `parts`: one per section, in order."""

    parts: tuple[Part, ...]
    worth: float
    lost: float
    earned: float
    awarded: float
    credited: float


def arithmetic(score: ScoreRow, sections: Sequence[Sequence[ItemRow]]) -> Arithmetic | None:
    """None where the run does not hold what it takes (of an earlier version), or was scored by other arithmetic.

    A card-fatal item makes everything zero; what is explained then is the score before it.
    """
    parts = []
    for items in sections:
        points = items[0].section_points
        if points is None:
            return None
        parts.append(_part(items, points, fails=not score.auto_fail))
    worth, lost = fsum(p.worth for p in parts), fsum(p.lost for p in parts)
    earned = score.base * (worth - lost) / worth if worth else score.base
    awarded = fsum(i.points for items in sections for i in items if i.effect == "award")
    credited = (score.raw_score if score.auto_fail else score.score) - earned
    if abs(credited) <= _ROUNDING:
        credited = 0.0
    if not 0 <= credited <= awarded + _ROUNDING:
        return None
    return Arithmetic(
        parts=tuple(parts), worth=worth, lost=lost, earned=earned, awarded=awarded, credited=round(credited, 2)
    )


def _part(items: Sequence[ItemRow], points: float, *, fails: bool) -> Part:
    mine = [i for i in items if i.effect != "award"]
    if fails and any(i.fatal and i.auto_fail == "section" for i in mine):
        return Part(worth=points, lost=points, beyond=0.0, failed=True)
    able = [i for i in mine if i.status != "not_applicable"]
    worth = min(points, fsum(i.max_points for i in able))
    lost = -fsum(i.points for i in able)
    return Part(worth=worth, lost=min(lost, worth), beyond=lost if lost > worth else 0.0, failed=False)
