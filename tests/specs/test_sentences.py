"""Malformed sentences: the caret stands where the trouble is, and the message says what to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from qc.domain.sentence import SentenceError, parse
from qc.specs.rules import read_rules

MALFORMED = [
    # (sentence with ‸ at the place that must be shown, part of the message)
    ("‸and", "写的是“and”"),
    ("‸and p", "片段名"),
    ("p and‸", "句子到这里就结束了"),
    ("p or‸", "句子到这里就结束了"),
    ("‸or", "写的是“or”"),
    ("not‸", "句子到这里就结束了"),
    ("p ‸not q", "写的是“not”"),
    ("p ‸not", "and、or"),
    ("p and ‸and q", "写的是“and”"),
    ("p or ‸and q", "写的是“and”"),
    ("p and ‸or q", "写的是“or”"),
    ("not ‸and p", "写的是“and”"),
    ("p AND not‸", "句子到这里就结束了"),
    ("p ‸q", "and、or"),
    ("(p‸", "右括号"),
    ("(p or q‸", "右括号"),
    ("((p)‸", "右括号"),
    ("p and (q or (p)‸", "右括号"),
    ("（p and q‸", "右括号"),
    ("p‸)", "多了一个右括号"),
    ("(p and q)‸)", "多了一个右括号"),
    ("p and q‸）)", "多了一个右括号"),
    ("(‸)", "写的是“)”"),
    ("（‸）", "写的是“）”"),
    ("(p and‸)", "写的是“)”"),
    ("p and (‸)", "写的是“)”"),
    ("any‸", "of"),
    ("p and any‸", "any of (甲, 乙)"),
    ("any of‸", "左括号"),
    ("any of ‸p", "左括号"),
    ("any of (‸)", "片段名"),
    ("any of (p‸", "逗号或右括号"),
    ("any of (p,‸", "片段名"),
    ("any of (p,‸)", "片段名"),
    ("any of (‸,p)", "写的是“,”"),
    ("any of (p ‸q)", "逗号或右括号"),
    ("all of (p and‸, q)", "写的是“,”"),
    ("all ‸(p, q)", "all of (甲, 乙)"),
    ("any of (p, q) ‸p", "and、or"),
    ("‸2 of (p)", "列了 1 项，不能要求其中 2 项"),
    ("‸0 of (p, q)", "不能要求其中 0 项"),
    ("‸3 of (p, q)", "不能要求其中 3 项"),
    ("‸99999999999999999999 of (p, q)", "不能要求"),
    ("2‸", "2 of (甲, 乙)"),
    ("2 ‸p", "2 of (甲, 乙)"),
    ("p and 2‸q", "2 of (甲, 乙)"),
    ("two ‸of (p, q)", "写的是“of”"),
    ("‸of (p)", "写的是“of”"),
    ("1‸.5 of (p, q)", "不认识的符号“.”"),
    ("p ‸& q", "“&”要写成 and"),
    ("p ‸&& q", "“&”要写成 and"),
    ("p ‸|| q", "“|”要写成 or"),
    ("‸!p", "“!”要写成 not"),
    ("p and ‸！q", "“！”要写成 not"),
    ("p ‸+ q", "不认识的符号“+”"),
    ("p ‸= q", "不认识的符号“=”"),
    ("p‸，q", "写的是“，”"),
    ("p‸、q", "不认识的符号“、”"),
    ("p‸, q", "写的是“,”"),
    ("p and q‸.", "不认识的符号“.”"),
    ("p and q‸。", "不认识的符号“。”"),
    ("p‸.q", "不认识的符号“.”"),
    ("p and ‸“q”", "不认识的符号"),
    ("p ‸且 q", "“且”要写成 and"),
    ("p ‸或者 q", "“或者”要写成 or"),
    ("p and ‸非 q", "“非”要写成 not"),
    ("‸不是 p", "“不是”要写成 not"),
    ("(" * 51 + "‸p" + ")" * 51, "括号嵌套超过 50 层"),
    ("not " * 51 + "‸p", "not 超过 50 个"),
    ("p and ‸r", "find 里没有片段 r"),
    ("not (p or ‸Q)", "find 里没有片段 Q"),
]
FORMS = {
    "plain": "when: {}\n",
    "in double quotes": 'when: "{}"\n',
    "folded": "when: >\n  {}\n",
    "literal": "when: |\n  {}\n",
}
RULE = "id: a.b\ntitle: 一\nseverity: low\nfind:\n  p: {keyword: 甲}\n  q: {keyword: 乙}\nmessage: 甲\n"


def shown(root: Path, when: str) -> list[tuple[str, int, int, str, str, str]]:
    (root / "a").mkdir(exist_ok=True)
    (root / "a" / "b.yml").write_text(RULE + when, encoding="utf-8")
    return [(p.code, p.line, p.col, p.message, p.hint, p.render()) for p in read_rules([root]).problems]


def place(text: str) -> tuple[str, int, int]:
    """The text without its mark, and the mark's line and column."""
    before = text[: text.index("‸")]
    return text.replace("‸", ""), before.count("\n") + 1, len(before) - before.rfind("\n")


def test_there_are_enough_of_them():
    assert len({text for text, _ in MALFORMED}) >= 60


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("marked", "said"), MALFORMED)
def test_the_caret(tmp_path, marked, said, form):
    if form == "plain" and (marked.replace("‸", "")[0] in "!&%" or marked == "2‸"):
        pytest.skip("YAML itself reads this otherwise without quotes")
    text, line, col = place(FORMS[form].format(marked))
    [(code, at_line, at_col, message, hint, rendered)] = shown(tmp_path, text)
    assert code in ("R003", "R004")
    assert said in message
    assert hint
    if len(text) > 170:  # a line too long to show is not searched
        return
    assert (at_line - RULE.count("\n"), at_col) == (line, col)
    source, caret = rendered.splitlines()[1:3]
    assert source.strip() and caret.endswith("^")


@pytest.mark.parametrize(
    "when",
    [
        "when: >-\n  p and\n  not (‸r\n  or q)\n",
        "when: |\n  p and   # 不是注释\n".replace("   # 不是注释", "") + "\n  ‸r\n",
        "when: p and\n  not ‸r\n",
        "when: 'p and\n  not ‸r'\n",
    ],
)
def test_the_caret_in_a_sentence_of_several_lines(tmp_path, when):
    text, line, col = place(when)
    [(code, at_line, at_col, *_)] = shown(tmp_path, text)
    assert (code, at_line - RULE.count("\n"), at_col) == ("R004", line, col)


def test_the_parser_says_the_same_place_whatever_the_spaces():
    for text, at in (("p" + " and p" * 400, 0), ("p  and  ", 6), ("p and\u3000", 5), ("\t(p", 3), ("", 0), ("   ", 0)):
        with pytest.raises(SentenceError) as caught:
            parse(text)
        assert caught.value.at == at
