"""Content versions: what changed decides which part of the version must rise."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from qc.commands.rulelock import check_lock, stored_lock, update_lock
from qc.errors import UsageError
from qc.paths import packaged
from qc.pipeline.specs import Folders
from qc.ruletest.lock import Bump, raised
from qc.ruletest.lock_bump import set_version
from qc.ruletest.lock_content import dump, read_lock
from qc.specs.document import parse

RULE = """\
# 规则
id: service.a   # 编号
title: 例
severity: low
status: stable
version: 1.0.0  # 版本
find:
  a: {keyword: {lexicon: words}}
  b: {regex: {use: bye}}
when: a or b
message: 命中
tests:
  - {name: 一, expect: hit, turns: [{agent: 再见}]}
"""
CARD = """\
id: phone
title: 热线
version: 1.0.0
base: 100
pass_mark: 60
grades: [{name: 好, min: 60}, {name: 差, min: 0}]
sections:
  - id: s
    title: 服务
    items:
      - {id: i, title: 例, rules: [service.a], points: 100}
"""
FILES = {
    "rules/service/a.yml": RULE,
    "rules/_lexicons/words.yml": "id: words\ntitle: 词\nwords: [再见]\n",
    "rules/_patterns/bye.yml": "id: bye\ntitle: 告别\npattern: 拜拜\n",
    "scorecards/phone.yml": CARD,
}


@pytest.fixture
def where(tmp_path: Path) -> Folders:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    found = Folders(rules=tmp_path / "rules", scorecards=tmp_path / "scorecards", reports=(), config=None)
    update_lock(found, bump=False)
    return found


def edit(where: Folders, name: str, old: str, new: str) -> None:
    path = where.rules.parent / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


A, PHONE = "rules/service/a.yml", "scorecards/phone.yml"
CHANGES = [
    (A, "severity: low", "severity: high", "service.a", "2.0.0", "severity 从 low 改成 high"),
    (A, "status: stable", "status: stable\nkind: merit", "service.a", "2.0.0", "kind"),
    (A, "when: a or b", "when: a", "service.a", "1.1.0", "判定条件改了"),
    (A, "status: stable", "status: shadow", "service.a", "1.1.0", "status"),
    (A, "title: 例", "title: 例子", "service.a", "1.0.1", "文字"),
    ("rules/_lexicons/words.yml", "[再见]", "[再见, 再会]", "service.a", "1.1.0", "词表 words"),
    ("rules/_patterns/bye.yml", "拜拜", "拜拜|88", "service.a", "1.1.0", "片段 bye"),
    (PHONE, "pass_mark: 60", "pass_mark: 70", "评分表 phone", "2.0.0", "分值"),
    (PHONE, "points: 100", "points: 100, auto_fail: card", "评分表 phone", "2.0.0", "一票否决"),
    (PHONE, "title: 服务", "title: 服务规范", "评分表 phone", "1.0.1", "标题"),
]


@pytest.mark.parametrize(("name", "old", "new", "who", "suggested", "why"), CHANGES)
def test_a_change_wants_a_version(where, name, old, new, who, suggested, why):
    assert check_lock(where).passed
    edit(where, name, old, new)
    report = check_lock(where)
    [overdue] = report.overdue
    assert (overdue.id, overdue.suggested) == (who, suggested)
    assert why in overdue.message
    assert not report.gate().passed
    note = report.gate().annotations[0]
    assert suggested in note.message
    assert "version: " in Path(note.path).read_text(encoding="utf-8").splitlines()[note.line - 1]
    # without the version nothing is locked
    before = (where.rules / "rules.lock").read_bytes()
    assert update_lock(where, bump=False).overdue
    assert (where.rules / "rules.lock").read_bytes() == before
    # with it, all is well
    update_lock(where, bump=True)
    assert check_lock(where).passed


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("when: a or b", "when: a   or   b  # 注释"),
        ("{name: 一,", "{name: 一个,"),
        ("# 规则", "# 别的注释"),
        ("status: stable\n", "status: stable\nkind: violation\n"),
    ],
)
def test_what_says_the_same_wants_none(where, old, new):
    edit(where, A, old, new)
    assert check_lock(where).passed


def test_a_draft_may_change_as_it_likes(where):
    edit(where, A, "status: stable", "status: draft")
    edit(where, A, "severity: low", "severity: critical")
    assert check_lock(where).overdue == ()
    update_lock(where, bump=False)
    edit(where, A, "when: a or b", "when: a")
    assert check_lock(where).overdue == ()


def test_a_version_raised_by_hand_is_enough_when_it_is_high_enough(where):
    edit(where, A, "severity: low", "severity: high")
    edit(where, A, "version: 1.0.0", "version: 1.1.0")
    assert [o.suggested for o in check_lock(where).overdue] == ["2.0.0"]
    edit(where, A, "version: 1.1.0", "version: 3.0.0")
    report = check_lock(where)
    assert report.overdue == ()
    assert report.stale == ("规则 service.a 与文件不同",)
    assert update_lock(where, bump=False).overdue == ()
    assert check_lock(where).passed


def test_words_of_emotions_and_topics_move_the_rules_that_read_them(where):
    edit(where, A, "  b: {regex", "  c: {emotion: {label: negative}, speaker: customer}\n  b: {regex")
    edit(where, A, "when: a or b", "when: any of (a, b, c)")
    update_lock(where, bump=True)
    assert check_lock(where).passed
    before = stored_lock(where.rules / "rules.lock")
    shutil.copytree(packaged("rules") / "_lexicons/emotion", where.rules / "_lexicons/emotion")
    assert check_lock(where).passed  # the same words
    edit(where, "rules/_lexicons/emotion/customer.yml", "phrases: [生气,", "phrases: [气鼓鼓, 生气,")
    report = check_lock(where)
    [one] = report.overdue
    assert (one.version, one.suggested, one.reasons) == ("1.1.0", "1.2.0", ("用到的情绪词表改了，命中会变",))
    assert any("emotion" in text for text in report.stale)
    update_lock(where, bump=True)
    assert check_lock(where, base=before).passed


def test_a_lock_of_before_signals_only_wants_an_update(where):
    path = where.rules / "rules.lock"
    path.write_text(path.read_text(encoding="utf-8").split("signals:")[0], encoding="utf-8")
    report = check_lock(where)
    assert not report.overdue
    assert len(report.stale) == 3


def test_a_version_that_falls_is_told_as_that(where):
    edit(where, A, "version: 1.0.0", "version: 0.9.0")
    [one] = check_lock(where).overdue
    assert one.message == "service.a 的内容没有改，版本却从 1.0.0 降到了 0.9.0，应写回 1.0.0"
    assert one.bump is Bump.NONE


def test_new_and_removed_rules_only_want_the_lock_updated(where):
    (where.rules / "service" / "b.yml").write_text(RULE.replace("service.a", "service.b"), encoding="utf-8")
    assert check_lock(where).stale == ("没有规则 service.b",)
    update_lock(where, bump=False)
    (where.rules / "service" / "b.yml").unlink()
    assert check_lock(where).stale == ("规则 service.b 已经没有了",)


def test_a_lock_written_anew_does_not_hide_a_change_from_the_base(where):
    base = stored_lock(where.rules / "rules.lock")
    edit(where, A, "when: a or b", "when: a")
    (where.rules / "rules.lock").unlink()
    update_lock(where, bump=False)
    assert check_lock(where).passed
    assert [o.suggested for o in check_lock(where, base=base).overdue] == ["1.1.0"]


def test_the_lock_reads_back_and_is_one_line_per_entry(where):
    current = check_lock(where).current
    text = dump(current)
    assert read_lock(parse(text, "rules.lock")) == current
    assert '  service.a: {version: 1.0.0, verdict: "' in text
    assert 'points: ["phone/i 扣 100"]}' in text
    assert dump(current) == text


def test_a_lock_nobody_can_read_is_told(where):
    for text in ("format: 2\n", "format: 1\nrules: {a: {}}\n", "format: 1\nrules: 5\n", "<<<<<<< HEAD\na: b: c\n", ""):
        (where.rules / "rules.lock").write_text(text, encoding="utf-8")
        with pytest.raises(UsageError) as caught:
            check_lock(where)
        assert "qc rules lock" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("id: a.b\r\nversion: 1.0.0   # 版本\r\nx: 1\r\n", "id: a.b\r\nversion: 2.1.0   # 版本\r\nx: 1\r\n"),
        ('id: a.b\nversion: "1.0.0" # v\n', 'id: a.b\nversion: "2.1.0" # v\n'),
        ("version:   '1.0.0'\nid: a.b", "version:   '2.1.0'\nid: a.b"),
        ("id: a.b # 编号\ntitle: 例\n", "id: a.b # 编号\nversion: 2.1.0\ntitle: 例\n"),
        ("title: 例\nid: a.b", "title: 例\nid: a.b\nversion: 2.1.0\n"),
        ("\ufeffid: a.b\nversion: 1.0.0\n", "\ufeffid: a.b\nversion: 2.1.0\n"),
    ],
)
def test_only_the_version_is_touched(tmp_path, text, wanted):
    path = tmp_path / "a.yml"
    path.write_bytes(text.encode())
    set_version(path, "2.1.0")
    assert path.read_bytes().decode() == wanted
    assert list(tmp_path.iterdir()) == [path]


def test_versions_rise():
    assert [raised("1.2.3", bump) for bump in Bump] == ["1.2.3", "1.2.4", "1.3.0", "2.0.0"]
