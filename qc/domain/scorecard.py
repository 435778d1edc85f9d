"""Scorecard: how verdicts become points."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from qc.domain.rule import ErrorClass, Scope


class AutoFail(StrEnum):
    """一票否决: a hit makes the whole card, or the item's section, zero."""

    NONE = "none"
    CARD = "card"
    SECTION = "section"


class Effect(StrEnum):
    DEDUCT = "deduct"
    AWARD = "award"


class Per(StrEnum):
    ONCE = "once"
    HIT = "hit"


@dataclass(frozen=True, slots=True, kw_only=True)
class MetaCondition:
    """The call's metadata field, or other manifest column, `field` has one of `values`, compared as text."""

    field: str
    values: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class CardScope(Scope):
    """Which conversations a card concerns: all conditions of `meta` must hold too; a field without a value has none."""

    meta: tuple[MetaCondition, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """评分项. Hits of any of `rules` deduct (or award) `points`, once or per hit, at most `cap` in all.

    The item is not applicable when all of its rules are, or when it has `conditions` and none of these rules is a hit;
    it then leaves the denominator.
    """

    id: str
    title: str
    rules: tuple[str, ...]
    points: float
    conditions: tuple[str, ...] = ()
    effect: Effect = Effect.DEDUCT
    per: Per = Per.ONCE
    cap: float | None = None
    auto_fail: AutoFail = AutoFail.NONE
    error_class: ErrorClass = ErrorClass.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of the card worth `points`; its items' deductions never exceed it."""

    id: str
    title: str
    points: float
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """`name` is earned from `min` points of the card's base up."""

    name: str
    min: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorecard:
    """评分表. Grades are in falling order of `min`. `bonus_cap` bounds all awards together."""

    id: str
    title: str
    version: str
    base: float
    pass_mark: float
    grades: tuple[Grade, ...]
    sections: tuple[Section, ...]
    scope: CardScope
    bonus_cap: float = 0.0
    fallback: bool = False
    """Only for conversations that no other card concerns."""
    over_base: bool = False
    """Awards may lift the score above `base`, up to `base + bonus_cap`."""
    digest: str = ""
    path: str = ""
