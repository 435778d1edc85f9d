"""`qc rules coverage`."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from qc.pipeline.coverage import coverage
from qc.pipeline.specs import load
from qc.ruletest.coverage import Coverage, always_together, markdown, summary, to_json
from tests.backtest.conftest import Setting
from tests.backtest.stored import Silent, of_before, talks, verdicts
from tests.backtest.test_backtest import added, scope
from tests.backtest.test_outputs import qc


def cover(setting: Setting, *runs: Path, sample: int = 0) -> Coverage:
    return coverage(load(setting.centre.where), runs, floor=0.35, sample=sample, progress=Silent())


def test_counts_are_those_of_the_tables(setting: Setting) -> None:
    found = cover(setting, setting.run.path)
    count = Counter((rule, verdict) for (_, rule), verdict in verdicts(setting.run).items())
    for rule in found.rules:
        got = (rule.hits, rule.misses, rule.undecided, rule.not_applicable)
        kinds = ("hit", "miss", "undecided", "not_applicable")
        assert got == tuple(count[rule.rule_id, kind] for kind in kinds), rule.rule_id
        assert rule.cost_ms is None
    assert found.conversations == 18
    assert found.nobody == 0


def test_runs_of_before_are_judged_again(setting: Setting) -> None:
    want = cover(setting, setting.run.path)
    of_before(setting.run)
    got = cover(setting, setting.run.path)
    assert got.rules == want.rules
    assert "较早的版本" in got.notes[0]


def test_never_always_together_and_nobody(setting: Setting) -> None:
    added(setting.centre)  # tone.look hits where 公告 is said
    setting.centre.edit("rules/_lexicons/rude_words.yml", "[不知道]", "[自己看]")  # said in the same talks
    setting.centre.edit("rules/privacy/secret.yml", "[密码]", "[从来不说]")
    setting.centre.edit("rules/tone/thanks.yml", "[感谢, 谢谢]", "[从来不谢]")
    run = setting.centre.judged_again(setting.run, setting.room / "again")
    found = cover(setting, run.path)
    assert [r.rule_id for r in found.never] == ["privacy.secret"]
    assert [(r.rule_id, r.hits) for r in found.always] == [("tone.thanks", 9)]
    assert found.together == (("tone.look", "tone.rude", 6),)
    for name in ("mood/angry", "privacy/secret", "tone/rude", "tone/look"):
        setting.centre.edit(f"rules/{name}.yml", "scope: {", "scope: {projects: [别的], ")
    lonely = setting.centre.judged_again(setting.run, setting.room / "lonely")
    alone = cover(setting, lonely.path)
    assert alone.nobody == 9
    assert alone.nobody_ids == ("C002", "C004", "C005", "C008", "C010")
    assert "没有任何规则适用的会话 9 个" in summary(alone)


def test_runs_add_up_and_may_know_other_rules(setting: Setting) -> None:
    scope(setting.centre)
    added(setting.centre)
    other = setting.centre.run(talks(setting.room / "more", 6, 100), setting.room / "runs")
    one, two = cover(setting, setting.run.path), cover(setting, other.path)
    both = {rule.rule_id: rule for rule in cover(setting, setting.run.path, other.path).rules}
    for rule in two.rules:
        first = next((r.hits for r in one.rules if r.rule_id == rule.rule_id), 0)
        assert both[rule.rule_id].hits == first + rule.hits


def test_cost_is_measured_for_every_rule(setting: Setting) -> None:
    found = cover(setting, setting.run.path, sample=7)
    assert found.measured == 10  # whole parts of five
    assert all(rule.cost_ms is not None and rule.cost_ms > 0 for rule in found.rules)
    costs = [rule.cost_ms for rule in found.by_cost]
    assert costs == sorted(costs, key=lambda ms: -(ms or 0))
    assert found.all_ms is not None


def test_always_together() -> None:
    rules = ["a", "b", "c", "d"]
    common = [[5, 5, 0, 2], [5, 5, 0, 2], [0, 0, 0, 0], [2, 2, 0, 2]]
    assert always_together(rules, common) == (("a", "b", 5),)
    assert always_together(rules[:2], [[2, 2], [2, 2]]) == ()  # too few to mean anything


def test_the_command(setting: Setting, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = ("--json", tmp_path / "c.json", "--markdown", tmp_path / "c.md")
    code, out, _ = qc(capsys, "rules", "coverage", "--run", setting.run.path, "-w", setting.centre.home, "-q", *files)
    assert code == 0
    assert "18 个会话、4 条规则" in out
    assert json.loads((tmp_path / "c.json").read_text(encoding="utf-8"))["format"] == "qc.rules.coverage"
    assert "<b>" not in (tmp_path / "c.md").read_text(encoding="utf-8")
    found = cover(setting, setting.run.path)
    assert json.loads(to_json(found))["conversations"] == 18
    assert markdown(found).startswith("## 规则覆盖")
