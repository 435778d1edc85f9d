from __future__ import annotations

import pytest

from qc.domain.rule import Word
from qc.errors import SpecError
from qc.specs.document import Problems
from qc.specs.lexicons import load_lexicons
from qc.specs.word_file import read_words

GOOD = """\
# 敏感词
# 词、类别、等级
出人命\t人身安全\t5

  呼吸机停
VIP card\t\t2
举报\t升级
"""

BROKEN = [
    # the file, line, column, code, a part of the message
    ("出人命\t人身安全\t9\n", 1, 10, "W002", "等级应为 1 到 5，写成了 9"),
    ("好\n出人命\t5\t5人\n", 2, 7, "W002", "写成了 5人"),
    ("出人命\t人身安全\t5\t备注\n", 1, 12, "W001", "至多三项"),
    ("出人命,人身安全,5\n", 1, 1, "W001", "制表符"),
    ("出人命 人身安全 5\n", 1, 1, "W001", "制表符"),
    ("\t人身安全\t5\n", 1, 1, "W003", "没有词"),
    ("好" * 101 + "\n", 1, 1, "W003", "词太长"),
    ("# 只有注释\n\n", 1, 1, "W004", "没有词"),
    ("", 1, 1, "W004", "没有词"),
    ("出人\u200b命\n", 1, 3, "Y015", "看不见的字符"),
]


def test_a_plain_list(tmp_path):
    path = tmp_path / "sensitive.txt"
    path.write_text(GOOD, "utf-8")
    file = read_words(path)
    assert file.title == "敏感词"
    assert file.words == (
        Word(text="出人命", category="人身安全", level=5),
        Word(text="呼吸机停"),
        Word(text="VIP card", level=2),
        Word(text="举报", category="升级"),
    )
    assert [file.document.where(("words", n))[:2] for n in range(4)] == [(3, 1), (5, 3), (6, 1), (7, 1)]


@pytest.mark.parametrize(("text", "line", "col", "code", "message"), BROKEN)
def test_broken_lists(tmp_path, text, line, col, code, message):
    path = tmp_path / "sensitive.txt"
    path.write_text(text, "utf-8")
    with pytest.raises(SpecError) as raised:
        read_words(path)
    [problem] = raised.value.problems
    assert (problem.line, problem.col, problem.code) == (line, col, code)
    assert message in problem.message and problem.hint


def test_all_problems_at_once_and_other_encodings(tmp_path):
    path = tmp_path / "sensitive.txt"
    path.write_text("好\t类\t0\n坏\t类\t1\t多\n", "utf-8")
    with pytest.raises(SpecError) as raised:
        read_words(path)
    assert [problem.line for problem in raised.value.problems] == [1, 2]
    path.write_bytes("出人命\n".encode("gbk"))
    with pytest.raises(SpecError) as raised:
        read_words(path)
    assert "GBK" in raised.value.problems[0].message
    path.write_text("\ufeff出人命\r\n着火了\t消防\r\n", "utf-8")  # as Windows saves it
    assert [word.text for word in read_words(path).words] == ["出人命", "着火了"]


def test_yaml_and_plain_lists_side_by_side(tmp_path):
    (tmp_path / "b.txt").write_text("坏\n", "utf-8")
    (tmp_path / "a.yml").write_text("id: a\ntitle: 甲\nwords: [好]\n", "utf-8")
    (tmp_path / ".c.txt").write_text("", "utf-8")
    problems = Problems()
    files = load_lexicons([tmp_path], problems)
    assert problems.empty and [(lexicon.id, lexicon.title) for lexicon in files.lexicons] == [("a", "甲"), ("b", "b")]
    (tmp_path / "a.txt").write_text("坏\n", "utf-8")
    (tmp_path / "不 行.txt").write_text("坏\n", "utf-8")
    files = load_lexicons([tmp_path], problems)
    assert [problem.code for problem in problems.all] == ["R013", "R012"]
    assert {"a", "b", "不 行"} <= files.ids


def test_fifty_thousand_words(tmp_path):
    """Not a stopwatch: a list of this size must load at all, and keep every place."""
    rows = [f"词语{number:05}\t类别{number % 7}\t{number % 5 + 1}" for number in range(50_000)]
    path = tmp_path / "large.txt"
    path.write_text("\n".join(rows), "utf-8")
    file = read_words(path)
    assert len(file.words) == 50_000 and file.document.where(("words", 49_999))[:2] == (50_000, 1)
