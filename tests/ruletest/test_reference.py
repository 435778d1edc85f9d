from __future__ import annotations

import pytest

from qc.domain.operators import OPERATORS
from qc.ruletest.examples import examples
from qc.ruletest.inline import run_tests
from qc.ruletest.lint import lint
from qc.ruletest.reference import operator_reference
from qc.specs.operators import SHAPES
from qc.specs.rule_shape import PieceSpec, keys_of
from qc.specs.rules import load_rules


@pytest.fixture
def pack(write):
    for key, text in examples().items():
        folder = write(f"example/{key}.yml", text)
    return load_rules([folder])


def test_every_operator_has_an_example(pack):
    assert set(examples()) == {operator.key for operator in OPERATORS}
    for rule in pack.rules:
        assert rule.id.removeprefix("example.") in {piece.operator.key for piece in rule.pieces}


def test_the_examples_pass_their_tests(pack, text_stage):
    outcomes = run_tests(pack, text_stage, confidence_floor=0.35)
    assert len(outcomes) >= 2 * len(examples())
    assert [(o.rule.id, o.test.name, o.verdict.value) for o in outcomes if not o.passed] == []


def test_the_examples_are_clean(pack):
    assert [problem.render() for problem in lint(pack)] == []


def test_the_page_names_every_key_and_shows_every_example():
    page = operator_reference()
    for operator in OPERATORS:
        assert f"## {operator.key} {operator.zh}" in page
        assert examples()[operator.key] in page
        for key in keys_of(SHAPES[operator.key].shape):
            assert f"| `{key.name}` | {key.about} |" in page
            assert key.about
    for key in keys_of(PieceSpec):
        assert f"`{key.name}`" in page or f"## {key.name} " in page


def test_the_shapes_take_the_parameters_of_the_operators():
    assert list(SHAPES) == [operator.key for operator in OPERATORS]
    assert set(PieceSpec.model_fields) >= {operator.key for operator in OPERATORS}
