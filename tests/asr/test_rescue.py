"""Second attempts: what is decoded again, and what becomes of both texts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from qc.asr.engines.rescue import Heard, hear_well
from qc.asr.engines.transcriber import HeardWord, Phrase, Piece, Window
from qc.asr.sound.audio import RATE

SECONDS = 10


def test_speech_that_goes_on_behind_the_text_is_heard_alone() -> None:
    first, again = _phrase(0, 10, "一二三四五六七八九十一二"), _phrase(0, 4, "这些事情还有别的")
    found, asked = _heard(_window((0, 10)), [_text(first, until_s=6), _text(again)])
    assert asked == [10.0, 4.0]
    assert [(p.text, p.start / RATE, p.end / RATE) for p in found] == [(first.text, 0, 6), (again.text, 6, 10)]
    assert [w.end / RATE for p in found for w in p.words] == [5, 6, 8, 10]


def test_text_up_to_a_breath_before_the_end_is_the_whole() -> None:
    whole = _phrase(0, 10, "一二三四五六七八九十一二")
    for until_s in (9.1, 10, None):
        assert _heard(_window((0, 10)), [_text(whole, until_s=until_s)]) == ([whole], [10.0])


def test_a_pause_behind_the_text_is_no_speech_left_out() -> None:
    whole = _phrase(0, 6, "一二三四五六七八九")
    others = _phrase(8, 10, "再说一遍吧")
    assert _heard(_window((0, 6), (8, 2)), [_text(whole, others, until_s=6)])[1] == [10.0]


def test_a_piece_with_hardly_any_text_is_heard_again_once_and_whole() -> None:
    good, thin = _phrase(0, 3, "一二三四五"), _phrase(4, 10, "好")
    found, asked = _heard(
        _window((0, 3), (4, 6)), [_text(good, thin, until_s=6), _text(_phrase(0, 6, "好我想问一下电费"))]
    )
    assert len(asked) == 2
    assert [p.text for p in found] == ["一二三四五", "好我想问一下电费"]


def _window(*pieces: tuple[float, float]) -> Window:
    return Window(
        audio_channel=0,
        samples=np.zeros(SECONDS * RATE, np.float32),
        pieces=tuple(Piece(offset=round(o * RATE), start=round(o * RATE), length=round(n * RATE)) for o, n in pieces),
    )


def _phrase(start_s: int, end_s: int, text: str) -> Phrase:
    half = len(text) // 2
    start, middle, end = start_s * RATE, (start_s + end_s) * RATE // 2, end_s * RATE
    words = (HeardWord(0, half, start, middle), HeardWord(half, len(text), middle, end))
    return Phrase(start=start, end=end, text=text, confidence=0.8, words=words)


def _text(*phrases: Phrase, until_s: float | None = None) -> Heard:
    until = None if until_s is None else round(until_s * RATE)
    return Heard(phrases=phrases, logprob=-0.3, no_speech=0.1, complete=True, until=until)


def _heard(window: Window, texts: Sequence[Heard]) -> tuple[list[Phrase], list[float]]:
    """The phrases, and the seconds of each window that was decoded; one text after another is what comes out."""
    left, asked = list(texts), []

    def hear(windows: Sequence[Window]) -> list[Heard]:
        asked.extend(round(len(w.samples) / RATE, 1) for w in windows)
        return [left.pop(0) for _ in windows]

    (found,) = hear_well([window], hear, 8)
    return found, asked
