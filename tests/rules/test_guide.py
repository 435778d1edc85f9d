"""The guide's rules and snippets load, and its rule passes its own tests."""

from __future__ import annotations

import re
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from qc.domain.rule import Word
from qc.ruletest.inline import run_tests
from qc.specs.rules import load_rules
from tests.rules.packs import FLOOR, ROOT, pack, signals

GUIDE = (ROOT / "docs" / "rules.zh-CN.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```yaml (\S+)\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
SNIPPETS = [text for kind, text in BLOCKS if kind == "find"]
WHOLE = [(kind, text) for kind, text in BLOCKS if kind.endswith(".yml")]


def test_whole_rules_pass_their_tests(tmp_path: Path) -> None:
    for name, text in WHOLE:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    rules = load_rules([tmp_path], lexicon_roots=[ROOT / "rules" / "_lexicons"])
    assert len(rules.rules) == len(WHOLE) == 1
    found = run_tests(rules, signals, confidence_floor=FLOOR)
    assert [o.test.name for o in found if not o.passed] == []
    assert len(found) >= 4


@pytest.mark.parametrize("snippet", SNIPPETS)
def test_snippets_load(snippet: str, tmp_path: Path) -> None:
    names = re.findall(r"^(\w+):", snippet, re.MULTILINE)
    lines = ["id: guide.snippet", "title: 片段", "severity: low", "scope: {speaker: agent}", "find:"]
    text = "\n".join([*lines, textwrap.indent(snippet.rstrip(), "  "), f"when: any of ({', '.join(names)})"])
    path = tmp_path / "guide" / "snippet.yml"
    path.parent.mkdir()
    path.write_text(text + "\nmessage: 片段。\n", encoding="utf-8")
    (rule,) = load_rules([tmp_path], lexicon_roots=[ROOT / "rules" / "_lexicons"]).rules
    assert [piece.name for piece in rule.pieces] == names


def test_the_lexicon_loads(tmp_path: Path) -> None:
    (text,) = (text for kind, text in BLOCKS if kind == "lexicon")
    (tmp_path / "example_words.yml").write_text(text, encoding="utf-8")
    (tmp_path / "none").mkdir()
    (lexicon,) = load_rules([tmp_path / "none"], lexicon_roots=[tmp_path]).lexicons
    assert [(w.text, w.level) for w in lexicon.words] == [("普通的词", None), ("带级别的词", 3)]


def test_every_operator_has_its_example() -> None:
    from qc.domain.operators import OPERATORS

    shown = "\n".join(SNIPPETS)
    assert [op.key for op in OPERATORS if f"{op.key}: {{" not in shown] == []


def test_folders_in_the_guide_are_the_folders_there_are() -> None:
    folders = {rule.id.split(".")[0] for rule in pack().rules}
    assert {name for name in folders if f"{name}/`" in GUIDE} == folders


def test_the_worked_example_is_what_happened() -> None:
    """The test of the story stands in the rule, and the word of the story still makes it fail."""
    (story,) = re.findall(r"```text\n(.*?)```", GUIDE, re.DOTALL)
    rule = next(rule for rule in pack().rules if rule.id == "service.agent_emotion")
    (test,) = (t for t in rule.tests if t.name in story)
    assert all(turn.text in story for turn in test.turns)
    assert all(f"“{word}”" in GUIDE for word in ("烦死我", "烦死人", "真是烦死"))
    before = [
        replace(lexicon, words=(*lexicon.words, Word(text="烦死了"))) if lexicon.id == "impatience" else lexicon
        for lexicon in pack().lexicons
    ]
    for lexicons, passed in ((pack().lexicons, True), (tuple(before), False)):
        rules = replace(pack(), rules=(replace(rule, tests=(test,)),), lexicons=lexicons)
        (outcome,) = run_tests(rules, signals, confidence_floor=FLOOR)
        assert outcome.passed is passed
