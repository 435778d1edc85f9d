from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from qc.asr.engines.transcriber import HeardWord, Phrase, Window
from qc.asr.pack import FAR, GAP, WINDOW, part, place, windows
from qc.asr.sound.audio import RATE, Samples
from qc.asr.sound.detect import Span

_LENGTHS = st.lists(
    st.tuples(st.integers(100, 200_000), st.integers(3_000, 25 * RATE)), max_size=12
)  # (pause before, speech), samples


def _spans(lengths: list[tuple[int, int]]) -> tuple[Span, ...]:
    out, at = [], 0
    for pause, speech in lengths:
        out.append(Span(at + pause, at + pause + speech))
        at += pause + speech
    return tuple(out)


def _recording(length: int, channels: int) -> Samples:
    """Every sample tells where it stands."""
    return np.stack([np.arange(1, length + 1, dtype=np.float32) + i * 2**23 for i in range(channels)])


def _blocks(samples: Samples, size: int) -> list[Samples]:
    return [samples[:, at : at + size] for at in range(0, samples.shape[1], size)]


@settings(max_examples=40, deadline=None)
@given(first=_LENGTHS, second=_LENGTHS, size=st.sampled_from([RATE, 16 * RATE, 100_003]))
def test_every_span_is_in_one_window_with_its_own_audio(
    first: list[tuple[int, int]], second: list[tuple[int, int]], size: int
) -> None:
    spans = [_spans(first), _spans(second)]
    length = max((s[-1].end for s in spans if s), default=0) + 500
    samples = _recording(length, 2)
    packed = list(windows(_blocks(samples, size), spans))
    for channel, own in enumerate(spans):
        pieces = [p for w in packed if w.audio_channel == channel for p in w.pieces]
        assert [(p.start, p.start + p.length) for p in pieces] == [(s.start, s.end) for s in own]
    for window in packed:
        assert len(window.samples) <= WINDOW or len(window.pieces) == 1
        for piece in window.pieces:
            inside = window.samples[piece.offset : piece.offset + piece.length]
            assert np.array_equal(inside, samples[window.audio_channel, piece.start : piece.start + piece.length])


def test_long_pauses_shrink_and_short_ones_stay() -> None:
    spans = (Span(RATE, 2 * RATE), Span(2 * RATE + 3000, 3 * RATE), Span(12 * RATE, 13 * RATE))
    samples = _recording(14 * RATE, 1)
    (window,) = windows([samples], [spans])
    a, b, c = window.pieces
    assert b.offset - a.offset == b.start - a.start
    assert c.offset - (b.offset + b.length) <= GAP + RATE // 3
    assert len(window.samples) < 5 * RATE


def test_after_a_hold_a_new_window_begins() -> None:
    spans = (Span(RATE, 2 * RATE), Span(11 * RATE, 13 * RATE), Span(13 * RATE + FAR, 14 * RATE + FAR))
    first, second = windows([_recording(30 * RATE, 1)], [spans])
    assert [p.start // RATE for p in first.pieces] == [1, 11]
    assert [p.start // RATE for p in second.pieces] == [23]


def test_speech_that_fills_two_windows() -> None:
    spans = tuple(Span(i * 5 * RATE, i * 5 * RATE + 4 * RATE) for i in range(4))
    packed = list(windows([_recording(20 * RATE, 1)], [spans]))
    assert [len(w.pieces) for w in packed] == [3, 1]


def test_a_stretch_without_a_pause_stands_alone_however_long() -> None:
    spans = (Span(RATE, 3 * RATE), Span(4 * RATE, 28 * RATE), Span(29 * RATE, 31 * RATE))
    packed = list(windows([_recording(32 * RATE, 1)], [spans]))
    assert [[p.length // RATE for p in w.pieces] for w in packed] == [[2], [24], [2]]


def test_no_speech_no_windows() -> None:
    assert list(windows([_recording(RATE, 2)], [(), ()])) == []


def _window() -> Window:
    spans = (Span(RATE, 2 * RATE), Span(10 * RATE, 12 * RATE), Span(20 * RATE, 21 * RATE))
    (window,) = windows([_recording(22 * RATE, 1)], [spans])
    return window


def test_phrases_go_back_to_recording_time() -> None:
    window = _window()
    second = window.pieces[1]
    phrases = [
        Phrase(start=0, end=window.pieces[0].offset + RATE, text="一", confidence=0.9),
        Phrase(start=second.offset + RATE // 2, end=second.offset + 3 * RATE, text="二", confidence=0.9),
    ]
    segments = place(window, phrases)
    assert [(s.start_ms, s.end_ms) for s in segments] == [(1000, 2000), (10_500, 12_000)]


def test_words_go_back_with_their_phrase() -> None:
    window = _window()
    second = window.pieces[1]
    words = (
        HeardWord(0, 1, second.offset - 50, second.offset + RATE // 2),
        HeardWord(1, 2, second.offset + RATE // 2, second.offset + 3 * RATE),
    )
    phrase = Phrase(start=second.offset, end=second.offset + 2 * RATE, text="二三", confidence=0.9, words=words)
    (segment,) = place(window, [phrase])
    assert [(w.start, w.end, w.start_ms, w.end_ms) for w in segment.words] == [
        (0, 1, 10_000, 10_500),
        (1, 2, 10_500, 12_000),
    ]


def test_a_part_is_a_window_of_its_own() -> None:
    window = _window()
    tail, begin = part(window, 1, 2)
    assert [p.start for p in tail.pieces] == [10 * RATE, 20 * RATE]
    for piece, original in zip(tail.pieces, window.pieces[1:], strict=True):
        assert piece.offset + begin == original.offset
        assert tail.samples[piece.offset] == piece.start + 1
