"""What a refused expression is told: in Chinese, fitting its mistake, at its place."""

from __future__ import annotations

import pytest

from qc.text.regex import RegexError, compile_pattern

REFUSED = [
    # the expression with ‸ at the place told, part of the message, part of the hint
    ("‸(再见|拜拜", "左括号", "补上“)”"),
    ("(?:再见)|[(]‸(\\(拜", "左括号", "补上“)”"),
    ("再见‸)|(好)", "右括号", "删掉"),
    ("再‸[见", "左方括号", "补上“]”"),
    ("‸[]见", "左方括号", "补上“]”"),
    ("‸*再见", "* 前面没有", "字或括号的后面"),
    ("好‸**", "** 连写", "只留一个"),
    ("好‸{3,2}", "{3,2}", "前一个不能大于后一个"),
    ("好‸{1001}", "{1001}", "1000"),
    ("(好)‸\\1", "\\1", "反向引用"),
    ("好‸\\", "反斜杠", "删掉"),
    ("‸(?<!不)好", "回看", "except"),
    ("‸(?z)好", "(?z", "?"),
    ("‸(?P<>好)", "名字", "不用起名字"),
    ("[‸z-a]", "z-a", "从小到大"),
]


@pytest.mark.parametrize(("marked", "message", "hint"), REFUSED)
def test_the_reason_is_told_in_chinese_at_its_place(marked: str, message: str, hint: str) -> None:
    with pytest.raises(RegexError) as caught:
        compile_pattern(marked.replace("‸", ""), by_turn=True)
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert caught.value.at == marked.index("‸")
