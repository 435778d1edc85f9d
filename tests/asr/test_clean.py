from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qc.asr.wording.clean import clean, is_question
from qc.domain.recording import Segment


def _segments(*texts: str, pause_ms: int = 300) -> list[Segment]:
    return [
        Segment(start_ms=i * (1000 + pause_ms), end_ms=i * (1000 + pause_ms) + 1000, text=text, confidence=0.8)
        for i, text in enumerate(texts)
    ]


def _read(*texts: str, pause_ms: int = 300) -> str:
    return "".join(s.text for s in clean(_segments(*texts, pause_ms=pause_ms)))


@pytest.mark.parametrize(
    ("heard", "read"),
    [
        ("請問您貴姓,稍等一下", "请问您贵姓，稍等一下。"),
        ("他等著妳", "他等着你。"),
        ("这个很著名", "这个很著名。"),
        (" 您好 請說 WiFi 怎么连", "您好，请说，WiFi，怎么连？"),
        ("Apple Watch 坏了", "Apple Watch，坏了。"),
        ("一共1,280.50元", "一共1280.50元。"),
        ("好的。。。", "好的。"),
        ("♪ 喂?", "喂？"),
        ("谢谢\ufffd", "谢谢。"),
        (",,那我等", "那我等。"),
        ("绝对的" * 30, "绝对的绝对的绝对的。"),
        ("对对对对", "对对对对。"),
        ("...", ""),
    ],
)
def test_one_phrase(heard: str, read: str) -> None:
    assert _read(heard) == read


def test_pauses_become_marks() -> None:
    assert _read("我想问一下", "上个月的电费") == "我想问一下，上个月的电费。"
    assert _read("我想问一下", "上个月的电费", pause_ms=900) == "我想问一下。上个月的电费。"
    assert _read("还有其他需要吗", "没有了") == "还有其他需要吗？没有了。"


@pytest.mark.parametrize(
    "clause",
    [
        "有什么可以帮您",
        "您听得清吗",
        "是不是坏了",
        "能不能快一点",
        "多少钱",
        "几点到",
        "那你呢",
        "收到了没有",
        "怎么办理",
        "对不对",
    ],
)
def test_questions(clause: str) -> None:
    assert is_question(clause)


@pytest.mark.parametrize(
    "clause",
    [
        "没什么",
        "什么都可以",
        "我不知道怎么说",
        "等几天再说",
        "我没有",
        "哪怕一块钱",
        "那么快",
        "谁都不行",
        "我在查呢请稍等",
    ],
)
def test_statements(clause: str) -> None:
    assert not is_question(clause)


@pytest.mark.parametrize(
    "text", ["谢谢大家观看", "字幕 by 李宗智", "字幕由志愿者提供", "请不吝点赞 订阅 转发", "以下是普通话的句子。"]
)
def test_known_inventions_lose_all_confidence(text: str) -> None:
    assert [s.confidence for s in clean(_segments(text))] == [0.0]


@pytest.mark.parametrize("text", ["谢谢您的来电", "感谢您的接听", "我要订阅这个服务", "字幕看不清楚"])
def test_what_people_say_keeps_its_confidence(text: str) -> None:
    assert [s.confidence for s in clean(_segments(text))] == [0.8]


@given(st.lists(st.text(alphabet="您好請問著WiFi12,.?!。，？ \n\ufffd♪谢观看", max_size=30), max_size=5))
def test_clean_text_is_stable_and_ends_in_one_mark(texts: list[str]) -> None:
    once = clean(_segments(*texts))
    for segment in once:
        assert segment.text[-1] in "，。？！"
        assert segment.text[-2] not in "，。？！；：、"
        assert not segment.text.startswith(("，", "。"))
        assert "\n" not in segment.text
    assert clean(once) == once
