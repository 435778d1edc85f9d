"""A new rule passes lint and its own tests whatever is answered."""

from __future__ import annotations

import pytest

from qc.commands.rulecheck import create_rule
from qc.domain.rule import RuleKind, Severity
from qc.errors import UsageError
from qc.pipeline.specs import folders
from qc.ruletest.scaffold import NewRule, scaffold
from qc.specs.rules import load_rules


def create(tmp_path, **answers):
    (tmp_path / "rules").mkdir(exist_ok=True)
    given = {"id": "service.a", "title": "例", "words": ("保证",)}
    return create_rule(folders(None, rules=tmp_path / "rules"), NewRule(**{**given, **answers}))


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"words": ("保证", "绝对", "一定")},
        {"words": ("a: b", "#井号", '"引号', "yes", "1.0", "- 横线", "{", "反\\斜")},
        {"title": "说：什么 # 好"},
        {"absent": True},
        {"speaker": "any", "absent": True},
        {"speaker": "customer"},
        {"speaker": "bot"},
        {"kind": RuleKind.SIGNAL, "severity": Severity.CRITICAL},
        {"operator": "similar", "words": ("这个产品保证不亏钱", "绝对不会亏损")},
        {"operator": "regex", "words": ("保(证|本)",), "hit": "保本"},
        {"words": ("好的", "嗯")},
        {"hit": "我保证", "miss": "不好说"},
    ],
)
def test_what_is_written_passes(tmp_path, answers):
    created = create(tmp_path, **answers)
    assert created.passed, list(created.lines())
    assert created.problems == []
    assert all(o.passed for o in created.tests.outcomes), list(created.tests.lines(True))
    [rule] = load_rules([tmp_path / "rules"]).rules
    assert rule.status.value == "draft"
    assert {t.expect.value for t in rule.tests} == {"hit", "miss"}


def test_an_expression_without_a_sentence_leaves_a_test_to_do(tmp_path):
    created = create(tmp_path, operator="regex", words=("保(证|本)",))
    assert created.passed
    assert any(line.startswith("[待办]") for line in created.lines())


def test_an_existing_rule_is_left_alone(tmp_path):
    path = create(tmp_path).path
    before = path.read_bytes()
    with pytest.raises(UsageError):
        create(tmp_path, words=("别的",))
    assert path.read_bytes() == before


def test_a_bad_expression_writes_nothing(tmp_path):
    with pytest.raises(UsageError):
        create(tmp_path, operator="regex", words=("(",))
    assert list((tmp_path / "rules").iterdir()) == []


def test_absence_reads_as_a_rule_editor_would_write_it():
    text = scaffold(NewRule(id="a.b", title="报工号", words=("工号",), absent=True))
    assert "when: not said" in text
    assert "message: 坐席没有说到“报工号”。" in text
