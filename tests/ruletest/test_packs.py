"""Every inline test of every shipped rule, and lint: what a rule editor's CI runs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from qc.ruletest.inline import TestOutcome, run_tests
from qc.ruletest.lint import lint
from qc.specs.rules import load_rules

FLOOR = 0.35
PACK = load_rules([Path(__file__).parents[2] / "rules"])
CASES = [(rule.id, test.name) for rule in PACK.rules for test in rule.tests]


@pytest.fixture(scope="session")
def outcomes(text_stage) -> dict[tuple[str, str], TestOutcome]:
    found = run_tests(PACK, text_stage, confidence_floor=FLOOR)
    return {(outcome.rule.id, outcome.test.name): outcome for outcome in found}


@pytest.mark.parametrize(("rule", "name"), CASES)
def test_inline(outcomes, rule, name):
    outcome = outcomes[rule, name]
    assert outcome.verdict is outcome.test.expect, outcome.finding


def test_lint_finds_no_error():
    assert [problem.render() for problem in lint(PACK) if problem.level == "error"] == []


def test_keyword_rules_need_no_heavy_library():
    """What `qc rules test` loads for rules without emotions and topics."""
    code = (
        "import sys\n"
        "from pathlib import Path\n"
        "from dataclasses import replace\n"
        "from qc.specs.rules import load_rules\n"
        "from qc.matching.compile import needs\n"
        "from qc.matching.signals import NO_SIGNALS, Need\n"
        "from qc.ruletest.inline import run_tests\n"
        f"pack = load_rules([Path({str(Path(__file__).parents[2] / 'rules')!r})])\n"
        "plain = tuple(r for r in pack.rules if not any(needs(p.operator) for p in r.pieces))\n"
        f"assert run_tests(replace(pack, rules=plain), lambda s, n: NO_SIGNALS, confidence_floor={FLOOR})\n"
        "print(*sorted({m.partition('.')[0] for m in sys.modules} & {'whisper', 'torch', 'snownlp', 'jieba'}))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
