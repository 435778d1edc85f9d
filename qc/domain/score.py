"""Scores: what verdicts become."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ItemStatus(StrEnum):
    PASSED = "passed"
    DEDUCTED = "deducted"
    AWARDED = "awarded"
    NOT_AWARDED = "not_awarded"
    NOT_APPLICABLE = "not_applicable"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemScore:
    """One scorecard item on one conversation. `points` is signed (−5 deducted, +2 awarded, 0);
    `max_points` is what the item is worth, `section_points` its section; `hits` how many hits its rules had; `fatal`:
    it triggered 一票否决, whose reach is `auto_fail` (none, section, card). `effect`: deduct or award."""

    section_id: str
    section_title: str
    section_points: float
    item_id: str
    item_title: str
    rule_ids: tuple[str, ...]
    effect: str
    status: ItemStatus
    points: float
    max_points: float
    hits: int
    error_class: str
    auto_fail: str
    fatal: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """评分: one scorecard on one conversation. `score` is on the card's 0..base scale after caps and auto-fail;
    `raw_score` the same before auto-fail. The three `*_error` flags are COPC critical-error accuracy inputs."""

    conversation_id: str
    scorecard_id: str
    scorecard_title: str
    scorecard_version: str
    scorecard_digest: str
    base: float
    raw_score: float
    score: float
    grade: str
    passed: bool
    auto_fail: bool
    auto_fail_items: tuple[str, ...]
    undecided_items: int
    customer_error: bool
    business_error: bool
    compliance_error: bool
    items: tuple[ItemScore, ...]
