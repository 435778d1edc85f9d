from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qc.asr.engines.align import FRAME, Unit, assign, borders, phrases
from qc.asr.engines.transcriber import Piece
from qc.asr.sound.audio import RATE

PIECES = (
    Piece(offset=0, start=5 * RATE, length=2 * RATE),
    Piece(offset=round(2.3 * RATE), start=30 * RATE, length=RATE),
    Piece(offset=round(3.6 * RATE), start=70 * RATE, length=2 * RATE),
)
FRAMES = 300


def _looking_at(second: float) -> np.ndarray:
    """Attention mostly around one moment of the window, some everywhere."""
    frames = np.arange(FRAMES) * FRAME / RATE
    attention = np.exp(-((frames - second) ** 2) / 0.02) + 0.002
    return (attention / attention.sum()).astype(np.float32)


def _units(text: str, seconds: list[float], segments: list[int] | None = None) -> list[Unit]:
    segments = segments or [0] * len(text)
    starts = {s: seconds[segments.index(s)] for s in set(segments)}
    return [
        Unit(c, (-0.1,), _looking_at(t), s, round(starts[s] * RATE))
        for c, t, s in zip(text, seconds, segments, strict=True)
    ]


def test_each_character_lands_in_the_piece_it_was_heard_in() -> None:
    found = phrases(_units("您好喂听见", [0.2, 1.5, 2.6, 4.0, 5.0]), PIECES)
    assert [p.text for p in found] == ["您好", "喂", "听见"]
    assert [(p.start, p.end) for p in found] == [(q.offset, q.offset + q.length) for q in PIECES]


def test_a_stray_look_cannot_break_the_order() -> None:
    owner = assign(np.stack([_looking_at(t) for t in (0.2, 0.5, 5.0, 0.8, 1.2, 2.6, 4.5)]), PIECES)
    assert owner == [0, 0, 0, 0, 0, 1, 2]


def test_a_mark_stays_with_what_it_ends() -> None:
    assert [p.text for p in phrases(_units("好。喂", [0.5, 4.5, 4.6]), PIECES)] == ["好。", "喂"]


def test_a_piece_with_two_sentences_is_cut_where_whisper_says() -> None:
    first, second = phrases(_units("一二三四", [0.1, 0.6, 1.2, 1.8], [0, 0, 1, 1]), PIECES)
    assert (first.text, second.text) == ("一二", "三四")
    assert first.start == 0
    assert first.end == second.start == round(1.2 * RATE)
    assert second.end == 2 * RATE


def test_confidence_is_the_mean_token_probability() -> None:
    (phrase,) = phrases([Unit("好", (np.log(0.9), np.log(0.4)), _looking_at(1), 0, 0)], PIECES)
    assert np.isclose(phrase.confidence, 0.6)


def test_words_begin_where_the_model_looks() -> None:
    (phrase,) = phrases(_units("好 WiFi吗。", [0.1, 0.5, 0.55, 0.8, 0.9, 1.1, 1.6, 1.9]), PIECES[:1], word_times=True)
    words = [phrase.text[w.first : w.last] for w in phrase.words]
    assert words == ["好", "WiFi", "吗"]
    edges = [w.start / RATE for w in phrase.words] + [phrase.words[-1].end / RATE]
    assert edges == pytest.approx([0, 0.4, 1.35, 2.0], abs=0.15)


@given(st.integers(1, 12), st.integers(1, 40), st.integers(0, 1000))
def test_borders_cut_all_frames_in_order(units: int, frames: int, seed: int) -> None:
    attention = np.random.default_rng(seed).random((units, frames)).astype(np.float32)
    starts = borders(attention)
    assert len(starts) == units
    assert starts[0] == 0
    assert starts == sorted(starts)
    assert starts[-1] < frames
    assert units > frames or len(set(starts)) == units


def test_nothing_heard() -> None:
    assert phrases([], PIECES) == []


@given(st.lists(st.tuples(st.floats(0, 5.9), st.integers(0, 3)), min_size=1, max_size=40))
def test_phrases_keep_all_text_in_order_inside_their_pieces(looks: list[tuple[float, int]]) -> None:
    segments = sorted(s for _, s in looks)
    text = "".join(chr(0x4E00 + i) for i in range(len(looks)))
    found = phrases(_units(text, [t for t, _ in looks], segments), PIECES)
    assert "".join(p.text for p in found) == text
    assert all(a.end <= b.start for a, b in itertools.pairwise(found))
    for phrase in found:
        assert phrase.start <= phrase.end
        assert any(q.offset <= phrase.start and phrase.end <= q.offset + q.length for q in PIECES)
