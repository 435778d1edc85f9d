from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from qc.asr.wording.clean import clean
from qc.asr.wording.readable import readable
from qc.domain.config import AsrConfig
from qc.domain.conversation import MarkKind, Word
from qc.domain.recording import Segment
from qc.domain.speech import HotWord

_WORDS = tuple(HotWord(text=w) for w in ("分布式光伏", "退保", "电e宝", "95598"))


def _heard(*texts: str) -> list[Segment]:
    """A segment of two seconds each, every character of 10 ms a word of its own."""
    return [
        Segment(
            start_ms=3000 * i,
            end_ms=3000 * i + 2000,
            text=text,
            confidence=0.7,
            words=tuple(
                Word(start=k, end=k + 1, start_ms=3000 * i + 10 * k, end_ms=3000 * i + 10 * k + 10)
                for k, c in enumerate(text)
                if c.isalnum()
            ),
        )
        for i, text in enumerate(texts)
    ]


def _undone(segment: Segment) -> str:
    text = segment.text
    for mark in reversed(segment.marks):
        if mark.original is not None:
            text = text[: mark.start] + mark.original + text[mark.end :]
    return text


def test_words_numbers_and_fillers() -> None:
    (one, two) = readable(
        _heard("嗯我想問一下分布是光伏,请拨打就五五九八", "那个，我的电话是一三八零零一三八零零零"),
        _WORDS,
        AsrConfig(),
    )
    assert (one.text, two.text) == ("嗯我想问一下分布式光伏，请拨打95598。", "那个，我的电话是13800138000。")
    shown = [(m.kind, s.text[m.start : m.end], m.original) for s in (one, two) for m in s.marks]
    assert shown == [
        (MarkKind.FILLER, "嗯", None),
        (MarkKind.HOT_WORD, "分布式光伏", "分布是光伏"),
        (MarkKind.HOT_WORD, "95598", "就五五九八"),
        (MarkKind.FILLER, "那个", None),
        (MarkKind.NUMBER, "13800138000", "一三八零零一三八零零零"),
    ]


def test_each_pass_can_be_left_out() -> None:
    heard = _heard("我要推保，二百三十块五")
    assert readable(heard, _WORDS, AsrConfig(correct_words=False))[0].text == "我要推保，230.5块。"
    assert readable(heard, _WORDS, AsrConfig(digits=False))[0].text == "我要退保，二百三十块五。"
    assert readable(heard, (), AsrConfig())[0].text == "我要推保，230.5块。"


def test_words_keep_their_places_and_times() -> None:
    (segment,) = readable(_heard("我要推保 二百三十块五，谢谢"), _WORDS, AsrConfig())
    assert [segment.text[w.start : w.end] for w in segment.words] == ["我", "要", "退", "保", "230.5块", "谢", "谢"]
    number = segment.words[4]
    assert (number.start_ms, number.end_ms) == (50, 110)  # 二 … 五


_HEARD = st.lists(st.text(alphabet="嗯那个我要推保就五五九八一三百二十块点，。 ?着請\ufffda1", max_size=30), max_size=4)


@given(_HEARD)
def test_originals_put_back_give_the_clean_text(texts: list[str]) -> None:
    heard = _heard(*texts)
    out = readable(heard, _WORDS, AsrConfig())
    assert [_undone(s) for s in out] == [s.text for s in clean(heard)]
    for segment in out:
        at = 0
        for mark in segment.marks:
            assert at <= mark.start < mark.end <= len(segment.text)
            at = mark.end


@given(_HEARD)
def test_words_stay_in_order_and_in_the_text(texts: list[str]) -> None:
    for segment in readable(_heard(*texts), _WORDS, AsrConfig()):
        at = 0
        for word in segment.words:
            assert at <= word.start < word.end <= len(segment.text)
            assert word.start_ms < word.end_ms
            assert segment.text[word.start].isalnum()
            at = word.end


@given(st.lists(st.sampled_from(["好的", "请说", "我想问一下", "谢谢您"]), min_size=2, max_size=6), st.data())
def test_sentences_end_at_pauses_whatever_marks_the_recogniser_wrote(texts: list[str], data: st.DataObject) -> None:
    pauses = data.draw(st.lists(st.sampled_from([0, 300, 900]), min_size=len(texts), max_size=len(texts)))
    segments, at = [], 0
    for text, pause in zip(texts, pauses, strict=True):
        segments.append(Segment(start_ms=at, end_ms=at + 1000, text=text, confidence=0.9))
        at += 1000 + pause
    marks = data.draw(st.lists(st.sampled_from(["", "。", "，", "；", "!"]), min_size=len(texts), max_size=len(texts)))
    marked = [replace(s, text=s.text + m) for s, m in zip(segments, marks, strict=True)]

    def ends(own: list[Segment]) -> list[bool]:
        return [s.text[-1] in "。？！" for s in clean(own)]

    assert ends(marked) == ends(segments)
