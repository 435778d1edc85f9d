"""The shipped rule packs: every rule loads, lints without a warning, passes its tests; nothing refers to nothing."""

from __future__ import annotations

from collections import Counter

import pytest

from qc.commands.rulecheck import lint_rules
from qc.domain.finding import Verdict
from qc.domain.operators import word_lists
from qc.domain.rule import ErrorClass, RuleKind, RuleStatus
from qc.specs.scorecards import load_scorecards
from tests.rules.packs import outcomes, pack, where

RULES = pack().rules
TESTS = [f"{rule.id}::{test.name}" for rule in RULES for test in rule.tests]

PLANTED = {
    "service": (
        "greeting",
        "closing",
        "interrupt",
        "long_silence",
        "too_fast",
        "forbidden_words",
        "shirking",
        "rhetorical",
        "no_soothing",
        "agent_emotion",
        "empathy",
    ),
    "customer": ("escalation", "anger", "churn", "abuse"),
    "privacy": ("ask_secret", "leak"),
    "utility": ("agent_id", "late_answer_apology", "repeat_confirm", "deadline_promise", "safety"),
    "insurance": (
        "no_guarantee",
        "exaggerate",
        "disparage",
        "identity_check",
        "hesitation_period",
        "surrender_loss",
        "clear_yes",
    ),
    "ecommerce": ("refund_deadline", "private_deal", "review_bribe"),
    "bot": ("transfer_ignored", "repeat"),
    "ticket": ("incomplete", "downgraded", "no_feedback"),
    "complaint": ("no_apology", "no_record", "reply_deadline", "special_handler", "plan_deadline", "suppress"),
    "visit": ("script", "satisfaction", "questionnaire"),
    "finance": ("promise_return", "suitability"),
}
"""Ids, by pack, that scorecards, the sample batch and the reports' examples rely on."""


@pytest.mark.parametrize("name", TESTS)
def test_inline(name: str) -> None:
    outcome = next(o for o in outcomes() if f"{o.rule.id}::{o.test.name}" == name)
    assert outcome.verdict is outcome.test.expect, outcome.finding


def test_lint_has_nothing_to_say() -> None:
    report = lint_rules(where())
    assert [line for line in report.lines() if "错误 0，提醒 0" not in line] == []
    assert report.passed(strict=True)


def test_packs_are_large_enough_to_start_with() -> None:
    per_pack = Counter(rule.id.split(".")[0] for rule in RULES)
    assert set(per_pack) == {
        *("service", "customer", "privacy", "complaint"),
        *("utility", "insurance", "finance", "ecommerce", "visit", "bot", "ticket"),
    }
    assert min(per_pack.values()) >= 5
    assert len(RULES) >= 80


def test_fixed_ids_are_there() -> None:
    wanted = {f"{folder}.{name}" for folder, names in PLANTED.items() for name in names}
    assert wanted <= {rule.id for rule in RULES}


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.id)
def test_rule_is_complete(rule) -> None:  # type: ignore[no-untyped-def]
    expected = Counter(test.expect for test in rule.tests)
    assert expected[Verdict.HIT] >= 2, "at least two tests that hit"
    assert expected[Verdict.MISS] >= 2, "at least two tests that miss"
    assert rule.owner and rule.basis and rule.advice and rule.message.endswith("。")
    if rule.kind is RuleKind.VIOLATION:
        assert rule.error_class is not ErrorClass.NONE
        assert rule.exceptions, "say when a hit is not a fault"
    else:
        assert rule.error_class is ErrorClass.NONE


def test_scorecards_refer_to_rules_that_exist() -> None:
    known = {rule.id for rule in RULES}
    cards = load_scorecards([where().scorecards], known)
    referred = {name for card in cards for section in card.sections for item in section.items for name in item.rules}
    assert referred
    assert referred <= known


def test_every_lexicon_is_used() -> None:
    used = {name for rule in RULES for piece in rule.pieces for w in word_lists(piece.operator) for name in w.lexicons}
    assert {lexicon.id for lexicon in pack().lexicons} == used


def test_rules_in_trial_are_the_ones_we_mean() -> None:
    trial = {rule.id for rule in RULES if rule.status is not RuleStatus.STABLE}
    assert trial == {
        *("service.chat_opening", "service.cut_off", "service.further_help"),
        *("utility.jargon", "ecommerce.overpromise", "service.inflamed", "customer.no_reason_asked"),
    }
