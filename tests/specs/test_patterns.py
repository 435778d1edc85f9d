"""Shared patterns: resolved when a rule is loaded, part of its digest, wrong ones told at their place."""

from __future__ import annotations

from pathlib import Path

import pytest

from qc.domain.operators import Regex
from qc.errors import SpecError
from qc.specs.rules import load_rules, read_rules

RULE = """\
id: a.b
title: 承诺
severity: low
find:
  p: {regex: REGEX}
when: p
message: 甲
"""


def put(root: Path, name: str, text: str) -> Path:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text, encoding="utf-8")
    return root


@pytest.fixture
def root(tmp_path: Path) -> Path:
    put(tmp_path, "_patterns/yes.yml", "id: yes\ntitle: 肯定\npattern: '是的|对'\ntests: {match: [是的], not: [不]}\n")
    return put(tmp_path, "_patterns/no.yml", "id: no\ntitle: 否定\npattern: '不'\n")


@pytest.mark.parametrize(
    ("written", "pattern", "exclude"),
    [
        ("{use: yes}", "是的|对", None),
        ("{use: [yes], pattern: 好}", "(?:是的|对)|(?:好)", None),
        ("{use: [yes, no]}", "(?:是的|对)|(?:不)", None),
        ("{use: yes, except_use: no}", "是的|对", "不"),
        ("{pattern: 好, except: 坏, except_use: no}", "好", "(?:不)|(?:坏)"),
    ],
)
def test_the_text_of_a_pattern_stands_where_it_is_named(root, written, pattern, exclude):
    pack = load_rules([put(root, "a/b.yml", RULE.replace("REGEX", written))])
    assert pack.rules[0].pieces[0].operator == Regex(pattern=pattern, exclude=exclude)
    used = {p.id: p.rules for p in pack.patterns}
    assert used == {name: ("a.b",) if name in written else () for name in ("no", "yes")}
    assert [p.tests.match for p in pack.patterns] == [(), ("是的",)]


def test_a_changed_pattern_changes_the_digest_of_the_rules_that_name_it(root):
    put(root, "a/b.yml", RULE.replace("REGEX", "{use: yes}"))
    put(root, "a/c.yml", RULE.replace("REGEX", "{use: no}").replace("a.b", "a.c"))
    before = {r.id: r.digest for r in load_rules([root]).rules}
    after = {
        r.id: r.digest for r in load_rules([put(root, "_patterns/yes.yml", "id: yes\ntitle: 一\npattern: 对\n")]).rules
    }
    assert before["a.b"] != after["a.b"]
    assert before["a.c"] == after["a.c"]


@pytest.mark.parametrize(
    ("name", "text", "code", "line", "col", "said"),
    [
        ("a/b.yml", RULE.replace("REGEX", "{use: yse}"), "R018", 5, 20, "yse"),
        ("a/b.yml", RULE.replace("REGEX", "{use: [yes, ye]}"), "R018", 5, 26, "ye"),
        ("a/b.yml", RULE.replace("REGEX", "{except: 不}"), "R021", 5, 14, "没有写正则"),
        ("_patterns/x.yml", "id: y\ntitle: 一\npattern: 对\n", "R016", 1, 5, "与文件名不同"),
        ("_patterns/yes.yaml", "id: yes\ntitle: 一\npattern: 对\n", "R017", 1, 5, "已有一份"),
        ("_patterns/x.yml", "id: x\ntitle: 一\npatern: 对\n", "S002", 3, 1, "patern"),
    ],
)
def test_what_is_wrong_is_told_at_its_place(root, name, text, code, line, col, said):
    found = read_rules([put(root, name, text)]).problems
    assert (code, line, col) in [(p.code, p.line, p.col) for p in found]
    assert any(said in p.message and p.hint for p in found if p.code == code)


def test_a_rule_that_names_a_broken_pattern_is_not_blamed_for_it(root):
    put(root, "_patterns/bad.yml", "id: bad\ntitle: 一\n")
    files = read_rules([put(root, "a/b.yml", RULE.replace("REGEX", "{use: [yes, bad]}"))])
    assert [p.path.endswith("bad.yml") for p in files.problems] == [True]
    assert files.pack.rules == ()
    with pytest.raises(SpecError):
        load_rules([root])
