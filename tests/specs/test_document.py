"""YAML text → data with positions, and everything the dialect refuses."""

from __future__ import annotations

import json
import re
import string
from pathlib import Path

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from qc.errors import Problem, SpecError
from qc.specs.document import MAX_BYTES, Document, Problems, parse, read


def problems(text: str) -> tuple[Problem, ...]:
    with pytest.raises(SpecError) as caught:
        parse(text, "a.yml")
    return caught.value.problems


def only(text: str) -> Problem:
    found = problems(text)
    assert len(found) == 1, [p.render() for p in found]
    return found[0]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("12:30", "12:30"),
        ("2026-01-31", "2026-01-31"),
        ("1_000", "1_000"),
        ("007", 7),
        ("0o17", 15),
        ("0x1F", 31),
        ("-3", -3),
        ("1.50", 1.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("'true'", "true"),
        ('"5"', "5"),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("1e999", "1e999"),
        ("9" * 4000, "9" * 4000),
        ("是", "是"),
    ],
)
def test_scalars_are_those_of_yaml_1_2(written: str, value: object) -> None:
    found = parse(f"a: {written}", "a.yml").data
    assert found == {"a": value}
    assert type(found["a"]) is type(value)  # type: ignore[index]


def test_keys_are_always_text() -> None:
    assert parse("95598: 供电\ntrue: 1\n1.5: x", "a.yml").data == {"95598": "供电", "true": 1, "1.5": "x"}


def test_block_text_keeps_its_lines() -> None:
    assert parse("a: |\n  甲\n  乙\nb: >\n  丙\n  丁\n", "a.yml").data == {"a": "甲\n乙\n", "b": "丙 丁\n"}


def test_where_finds_keys_values_and_elements() -> None:
    text = "id: a\nfind:\n  静音: {min_s: 15}\n  词:\n    - 甲\n    - 乙\n"
    document = parse(text, "a.yml")
    assert document.where(("id",)) == (1, 5, "id: a")
    assert document.where(("id",), key=True)[:2] == (1, 1)
    assert document.where(("find", "静音", "min_s"))[:2] == (3, 15)
    assert document.where(("find", "静音", "[key]"))[:2] == (3, 3)
    assert document.where(("find", "词", 1)) == (6, 7, "    - 乙")
    # a missing field, and the label of a union branch, fall back to what is there
    assert document.where(("find", "词", "list[str]", 1, "str"))[:2] == (6, 7)
    assert document.where(("find", "静音", "max_s"))[:2] == (3, 7)
    assert document.where(("nothing",))[:2] == (1, 1)
    assert document.holds(("find", "词", 1)) and not document.holds(("find", "词", 2))
    assert document.part(("find", "词", 1)) == "乙"


@pytest.mark.parametrize(
    ("text", "code", "line", "col", "words"),
    [
        ("a: &x 1\nb: 2", "Y007", 1, 4, "锚点"),
        ("a: *x", "Y007", 1, 4, "引用"),
        ("*x : 1", "Y007", 1, 1, "引用"),
        ("a: !!str 5", "Y006", 1, 4, "标签"),
        ("a: !x {b: 1}", "Y006", 1, 4, "标签"),
        ("a: !!python/object/apply:os.system [ls]", "Y006", 1, 4, "标签"),
        ("a: 1\nb: 2\na: 3", "Y008", 3, 1, "第 1 行"),
        ("a: 1\n---\nb: 2", "Y009", 2, 1, "一份文档"),
        ("- a\n- b", "Y010", 1, 1, "最外层"),
        ("title：标题", "Y010", 1, 1, "最外层"),
        ("", "Y011", 1, 1, "空"),
        ("# 只有注释\n", "Y011", 1, 1, "空"),
        ("[a, b]: 1", "Y013", 1, 1, "键"),
        ('"": 1', "Y013", 1, 1, "键"),
        ("a: 1\n\tb: 2", "Y001", 2, 1, "Tab"),
        ("a:\n\t- b", "Y001", 2, 1, "Tab"),
        ("a: b: c", "Y001", 1, 5, "冒号"),
        ("a: [1, 2", "Y001", 1, 4, "方括号"),
        ("a: {b: 1", "Y001", 1, 4, "花括号"),
        ("a: 1\nb: '没有结束\nc: 2\n", "Y001", 2, 4, "引号"),
        ("id: a\ntitle： 标题\nkind: x", "Y001", 2, 1, "冒号"),
        ("a: %x", "Y001", 1, 4, "开头"),
        ('a: "\\d"', "Y001", 1, 5, "反斜杠"),
        ('a: "\\ud800"', "Y001", 1, 7, "转义"),
        ("%X\n", "Y001", 1, 1, "指令"),
        ("a: |x\n  b", "Y001", 1, 5, "|"),
        ("a: & b", "Y001", 1, 5, "&"),
        ("a:b", "Y010", 1, 1, "最外层"),
        ("a: x\x1b[31m", "Y001", 1, 5, "控制字符"),
        ("a: " + "[" * 100_000, "Y005", 1, 43, "嵌套"),
        ("a: " + "{b: " * 1000, "Y005", 1, 160, "嵌套"),
    ],
)
def test_refused(text: str, code: str, line: int, col: int, words: str) -> None:
    problem = only(text)
    assert (problem.code, problem.line, problem.col) == (code, line, col)
    assert words in problem.message
    assert problem.hint


def test_full_width_punctuation_is_pointed_out() -> None:
    assert "全角冒号" in only("title：标题").hint
    assert "全角冒号" in only("id: a\ntitle： 标题\nkind: x").hint
    assert "全角引号" in only("id: “甲\n b: 乙").hint


def test_all_problems_of_one_pass_are_told() -> None:
    assert [p.code for p in problems("a: &x 1\nb: !y 2\na: 3")] == ["Y007", "Y006", "Y008"]


def test_the_message_points_with_wide_characters_counted_twice() -> None:
    assert only("标题: &x 甲").render().splitlines()[1:3] == ["    标题: &x 甲", "          ^"]


def test_control_characters_and_endless_lines_do_not_reach_the_terminal() -> None:
    shown = only("a: x\x1b[31m").render()
    assert "\x1b" not in shown
    assert len(only("a: !x " + "长" * 100_000).render()) < 400


def test_bom_crlf_and_line_separators(tmp_path: Path) -> None:
    path = tmp_path / "a.yml"
    path.write_bytes("\ufeffa: 1\r\nb: 甲\r\n".encode())
    document = read(path)
    assert document.data == {"a": 1, "b": "甲"}
    assert document.where(("b",)) == (2, 4, "b: 甲")
    # libyaml takes U+2028 for the end of a line: so must the lines shown
    assert only("a: 1\u2028b: 2\nc: 3\nb: 4").source == "b: 4"


@pytest.mark.parametrize(
    ("raw", "code", "words"),
    [
        ("title: 您好，很高兴为您服务".encode("gbk"), "Y003", "GBK"),
        ("title: 您好".encode("utf-16"), "Y003", "UTF-16"),
        (b"a: 1\nb: \xff\xff\n", "Y003", "UTF-8"),
        (b"a: " + b"x" * MAX_BYTES, "Y004", "2 MB"),
    ],
)
def test_files_that_are_not_utf8_or_too_large(tmp_path: Path, raw: bytes, code: str, words: str) -> None:
    path = tmp_path / "a.yml"
    path.write_bytes(raw)
    with pytest.raises(SpecError) as caught:
        read(path, "rules/a.yml")
    (problem,) = caught.value.problems
    assert (problem.code, problem.path) == (code, "rules/a.yml")
    assert words in problem.message
    assert problem.hint


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    for path in (tmp_path / "none.yml", tmp_path):
        with pytest.raises(SpecError) as caught:
            read(path)
        assert caught.value.problems[0].code == "Y014"


def test_problems_collect_over_files_and_keep_warnings_apart() -> None:
    found = Problems()
    with found.catch():
        parse("a: &x 1", "b.yml")
    document = parse("a: 1", "a.yml")
    found.add(document, ("a",), "X001", "留意", level="warning")
    assert [(p.path, p.code) for p in found.all] == [("a.yml", "X001"), ("b.yml", "Y007")]
    with pytest.raises(SpecError) as caught:
        found.raise_if_errors()
    assert len(caught.value.problems) == 2
    warned = Problems()
    warned.add(document, ("a",), "X001", "留意", level="warning")
    assert warned.empty
    warned.raise_if_errors()


_TEXT = st.text(
    st.sampled_from(string.ascii_letters + string.digits + "甲乙：，、：'\"\\ #&*!-?[]{}|>%@`~.,:"), max_size=8
)
# PyYAML leaves text unquoted that is a number in YAML 1.2 only: 08, 1e3, 0o7
_ONLY_IN_1_2 = re.compile(r"(?<![\w.'\"])[-+]?(0[0-9]*[89][0-9]*|0o[0-7]+|[0-9.]+[eE][0-9]+)(?![\w.'\"])")
_DATA = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT.filter(bool), inner, max_size=4),
    max_leaves=12,
)


def _walk(document: Document, value: object, loc: tuple[str | int, ...]) -> None:
    """Every value of the data has its own place inside the file."""
    place = document.where(loc)
    assert 1 <= place.line <= len(document.lines)
    assert 1 <= place.col <= len(document.lines[place.line - 1]) + 1
    assert document.holds(loc)
    assert document.part(loc) == value
    if isinstance(value, dict):
        for key, inner in value.items():
            _walk(document, inner, (*loc, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            _walk(document, inner, (*loc, index))


@pytest.mark.parametrize(
    ("marked", "message", "hint"),
    [
        ("find:\n  a: {keyword‸：{any: [好]}}\nwhen: a", "全角", "“: ”"),
        ("find:\n  a: {keyword: 好, speaker‸：[bot]}\nwhen: a", "全角", "“: ”"),
        ("find:\n  a: {regex: ‸'再见|拜拜, speaker: agent}\nwhen: a", "引号没有配对", "末尾"),
        ("find:\n  a: {regex: ‸'再见|拜拜, speaker: agent}\n  b: {regex: '好'}\nwhen: a", "引号没有配对", "末尾"),
        ("find:\n  a: ‸{keyword: {any: ['好']}\nwhen: a", "花括号没有配对", "半角逗号"),
        ("find:\n  a: {keyword‸:[好]}\nwhen: a", "冒号后面缺少空格", "{title: 标题}"),
        ("id: a\nseverity‸:low\nfind:\n  a: 1", "冒号后面缺少空格", "severity: …"),
        ("severity‸:low\nid: a", "冒号后面缺少空格", "severity: …"),
    ],
)
def test_a_slip_of_the_keyboard_is_named_at_its_place(marked: str, message: str, hint: str) -> None:
    found = only(marked.replace("‸", ""))
    before = marked[: marked.index("‸")]
    assert (found.line, found.col) == (before.count("\n") + 1, len(before) - before.rfind("\n"))
    assert message in found.message
    assert hint in found.hint


@given(st.dictionaries(_TEXT.filter(bool), _DATA, max_size=4))
def test_json_is_read_as_json_reads_it(data: dict[str, object]) -> None:
    document = parse(json.dumps(data, ensure_ascii=False, indent=2), "a.yml")
    assert document.data == data
    _walk(document, data, ())


@given(st.dictionaries(_TEXT.filter(bool), _DATA, min_size=1, max_size=4))
def test_what_pyyaml_writes_is_read_back(data: dict[str, object]) -> None:
    written = yaml.safe_dump(data, allow_unicode=True, sort_keys=False)
    assume(not _ONLY_IN_1_2.search(written))
    document = parse(written, "a.yml")
    assert document.data == data
    _walk(document, data, ())


@given(st.text(max_size=60) | st.text(st.sampled_from("ab: -[]{}'\"|>&*!%#\n\t甲："), max_size=60))
def test_any_text_gives_data_or_placed_problems(text: str) -> None:
    try:
        parse(text, "a.yml", mapping=False)
    except SpecError as error:
        for problem in error.problems:
            assert problem.line >= 1
            assert problem.col >= 1
            assert problem.render()
