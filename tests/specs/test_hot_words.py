from __future__ import annotations

from pathlib import Path

import pytest

from qc.domain.speech import HotWord
from qc.errors import SpecError
from qc.paths import packaged
from qc.specs.hot_words import load_hot_words


def _load(folder: Path, **files: str) -> tuple[HotWord, ...]:
    (folder / "words").mkdir()
    for name, text in files.items():
        (folder / "words" / f"{name}.yml").write_text(text, encoding="utf-8")
    return load_hot_words(folder)


def test_words_in_order_of_file_and_line_with_projects_and_known_mistakes(tmp_path: Path) -> None:
    words = _load(
        tmp_path,
        b="title: 乙\nwords: [工单]\n",
        a='title: 甲\nprojects: ["95598"]\nwords:\n  - "95598"\n  - {text: WiFi, heard: [歪发]}\n',
    )
    assert words == (
        HotWord(text="95598", projects=("95598",)),
        HotWord(text="WiFi", projects=("95598",), heard=("歪发",)),
        HotWord(text="工单"),
    )


def test_those_that_come_with_qc_serve_until_a_workspace_has_its_own(tmp_path: Path) -> None:
    shipped = load_hot_words(packaged("rules") / "_speech")
    assert load_hot_words(tmp_path) == shipped
    by_project = {p: [w.text for w in shipped if p in w.projects] for p in ("95598", "保险", "电商", "金融")}
    assert all(len(words) >= 36 for words in by_project.values())
    assert {"95598", "电e宝", "分布式光伏"} <= set(by_project["95598"])
    assert "退保" in by_project["保险"]
    assert _load(tmp_path) == ()


@pytest.mark.parametrize(
    ("text", "place", "code", "message"),
    [
        ("title: 甲\nwords: [工单, 工单]\n", (2, 13), "V010", "写了两遍"),
        ("title: 甲\nwords: [宝]\n", (2, 9), "V011", "没法按读音查找"),
        ("title: 甲\nwords: [WiFi]\n", (2, 9), "V011", "没法按读音查找"),
        ("title: 甲\nwords: [工单, {text: 公单位, heard: [工单]}]\n", (2, 13), "V012", "正确的词"),
        ("title: 甲\nwords: [{text: 甲方, heard: [夹方]}, {text: 乙方, heard: [夹方]}]\n", (2, 34), "V012", "已经算作"),
        ("title: 甲\nwords: [{text: 甲方, heard: [夹]}]\n", (2, 9), "V013", "只有一个字"),
        ("title: 甲\nwords: [95598]\n", (2, 9), "S003", ""),
        ("title: 甲\nwords: [电 费]\n", (2, 9), "S007", ""),
        ("title: 甲\nword: [电费]\n", (2, 1), "S002", "word"),
    ],
)
def test_what_is_wrong_is_told_at_its_place(
    tmp_path: Path, text: str, place: tuple[int, int], code: str, message: str
) -> None:
    with pytest.raises(SpecError) as error:
        _load(tmp_path, a=text)
    (problem, *_) = [p for p in error.value.problems if p.code == code]
    assert ((problem.line, problem.col), message in problem.message) == (place, True)
    assert problem.hint
    assert "文件名" not in problem.hint  # a word is no file


def test_the_same_word_may_stand_in_lists_of_other_projects(tmp_path: Path) -> None:
    words = _load(
        tmp_path,
        a="title: 甲\nprojects: [保险]\nwords: [保费]\n",
        b="title: 乙\nprojects: [车险]\nwords: [保费]\n",
    )
    assert [w.projects for w in words] == [("保险",), ("车险",)]
