from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qc.domain.speech import HotWord
from qc.text.changes import changed
from qc.text.hotwords import HotWords

_WORDS = ("分布式光伏", "退保", "电e宝", "95598", "临界值", "曲线", "达摩院", "征信", "公示", "电费", "净流入", "银行")
_FINDER = HotWords([HotWord(text=word) for word in _WORDS])


def _corrected(text: str, finder: HotWords = _FINDER, confidence: float = 0.7) -> str:
    (changes,) = finder.corrections([text], [confidence])
    return changed(text, changes)


@pytest.mark.parametrize(
    ("heard", "meant"),
    [
        ("我想问一下分布是光伏的补贴", "我想问一下分布式光伏的补贴"),
        ("我要推保", "我要退保"),
        ("店易宝怎么下载", "电e宝怎么下载"),
        ("请拨打就五五九八", "请拨打95598"),
        ("有一个零戒值", "有一个临界值"),
        ("新增人口取限会发现", "新增人口曲线会发现"),
        ("打魔院推出的", "达摩院推出的"),
        ("覆盖全民的争信系统", "覆盖全民的征信系统"),
        ("我在银航上班", "我在银行上班"),
    ],
)
def test_what_sounds_like_a_hot_word_is_put_right(heard: str, meant: str) -> None:
    assert _corrected(heard) == meant
    assert _corrected(meant) == meant


@pytest.mark.parametrize(
    "text",
    [
        "数学公式",  # a word as it is
        "一点费用",  # cuts two words
        "我推包裹",
        "人口净流出",  # another word with another sound
        "拨打95998",  # other digits
        "电，费",  # a pause between
    ],
)
def test_likely_words_stay(text: str) -> None:
    assert _corrected(text) == text


def test_a_word_that_would_not_be_read_there_is_not_written() -> None:
    finder = HotWords([HotWord(text="接植")])
    assert _corrected("有一个连戒值", finder) == "有一个连戒值"  # 连接|植
    assert _corrected("做了戒值手术", finder) == "做了接植手术"


def test_what_it_is_known_to_be_heard_as_is_put_right_whatever_stands_around() -> None:
    finder = HotWords([HotWord(text="WiFi", heard=("歪发", "外发"))])
    assert _corrected("家里的歪发和外发", finder) == "家里的WiFi和WiFi"


def test_of_words_that_overlap_the_likeliest_wins() -> None:
    finder = HotWords([HotWord(text="光伏发电"), HotWord(text="发电户")])
    assert _corrected("光福发电户", finder) == "光伏发电户"


def test_a_long_list_must_show_more() -> None:
    few = [HotWord(text="台区")]
    many = [HotWord(text=f"第{chr(0x4E00 + i)}{chr(0x5200 + i)}") for i in range(4000)]
    assert _corrected("我要抬区可以吗", HotWords(few), 1.0) == "我要台区可以吗"
    assert _corrected("我要抬区可以吗", HotWords(few + many), 1.0) == "我要抬区可以吗"


def test_texts_are_judged_one_by_one() -> None:
    together = _FINDER.corrections(["我要推", "保，取限"], [0.7, 0.7])
    assert together == [*_FINDER.corrections(["我要推"], [0.7]), *_FINDER.corrections(["保，取限"], [0.7])]
    assert _FINDER.corrections([], []) == []
    assert HotWords([]).corrections(["我要推保"], [0.7]) == [[]]


@given(st.lists(st.text(alphabet="我要推保取限店易宝就五五九八，争信的a9\n", max_size=20), max_size=4))
def test_changes_are_apart_and_write_hot_words(texts: list[str]) -> None:
    for text, changes in zip(texts, _FINDER.corrections(texts, [0.5] * len(texts)), strict=True):
        at = 0
        for change in changes:
            assert at <= change.start < change.end <= len(text)
            assert change.text in _WORDS
            assert len(change.text) == change.end - change.start
            at = change.end


def test_time_grows_with_the_text_not_with_its_square() -> None:
    text = "我想问一下分布是光伏的补贴，一点费用，" * 500
    begin = time.process_time()
    (changes,) = _FINDER.corrections([text], [0.7])
    assert len(changes) == 500
    assert time.process_time() - begin < 2.0
