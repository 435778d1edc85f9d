from __future__ import annotations

import pytest

from qc.text.fillers import fillers


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("嗯，那个，我想问一下", ["嗯", "那个"]),
        ("呃什么优惠", ["呃"]),
        ("啊我知道了，唉你好", ["啊", "唉"]),
        ("全部都嗯给您说一下", ["嗯"]),
        ("我想办那个那个套餐", ["那个那个"]),
        ("就是说，我取消过了，嗯。", ["就是说", "嗯"]),
        ("我想问那个套餐", []),
        ("额度不够", []),
        ("好啊，是啊", []),
        ("哎呀", []),
        ("这个月的电费", []),
        ("", []),
    ],
)
def test_what_says_nothing(text: str, found: list[str]) -> None:
    assert [text[start:end] for start, end in fillers(text)] == found
