"""Voices of a shared channel: embeddings, how many and whose, and the text that goes with them."""

from __future__ import annotations

import hashlib
from importlib.resources import files
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qc.asr.pack import windows
from qc.asr.sound.audio import RATE, Samples
from qc.asr.sound.detect import Span
from qc.asr.speakers.voices.attribute import attributed
from qc.asr.speakers.voices.cluster import tell_apart
from qc.asr.speakers.voices.encoder import SIZE, embed
from qc.asr.speakers.voices.mel import BANDS, mel
from qc.asr.speakers.voices.talk import Spoken, VoiceListener, shared_channel
from qc.domain.conversation import Word
from qc.domain.recording import Segment


def _voice(pitch_hz: float, seconds: float = 1.0) -> Samples:
    """Twenty harmonics of a wavering pitch, swelling four times a second."""
    t = np.arange(round(seconds * RATE)) / RATE
    phase = 2 * np.pi * pitch_hz * (1 + 0.1 * np.sin(2 * np.pi * 3 * t)) * t
    sound = sum(np.sin(k * phase) / k for k in range(1, 20)) * (0.6 + 0.4 * np.sin(2 * np.pi * 4 * t))
    return np.asarray(sound, np.float32)


# The first 24 numbers that Resemblyzer 0.1.4's network gives (librosa 0.11, torch 2.13, float32) for two such voices.
REFERENCE = {
    110: "0 0 0 0 0 .0706 0 0 .0238 .103 .0684 .0807 .0413 0 0 .1875 .0269 .0452 .1491 0 .0036 0 0 0",
    210: "0 .0688 0 0 0 .0273 0 .0309 0 .0267 .1588 .0449 .0246 0 .0118 .191 0 .0597 .0883 .0199 0 0 0 0",
}


def test_the_weights_are_those_that_were_converted():
    weights = files("qc.asr.speakers.voices").joinpath("ge2e.npz").read_bytes()
    digest = hashlib.sha256(weights).hexdigest()
    assert digest in files("qc.asr.speakers.voices").joinpath("NOTICE").read_text("utf-8")
    assert len(weights) < 3_000_000


def test_embeddings_are_those_of_the_original_network():
    found = embed([_voice(pitch) for pitch in REFERENCE])
    for vector, expected in zip(found, REFERENCE.values(), strict=True):
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
        assert vector[:24] == pytest.approx([float(v) for v in expected.split()], abs=1e-3)


def test_neighbours_level_and_silence_change_nothing():
    long, short = _voice(150, 1.3), _voice(220, 0.4)
    together = embed([short, long, np.zeros(4000, np.float32), short * 0.01])
    assert together[0] == pytest.approx(embed([short])[0], abs=1e-5)
    assert together[1] == pytest.approx(embed([long])[0], abs=1e-5)
    assert together[3] == pytest.approx(together[0], abs=1e-4)
    assert np.isfinite(together).all()
    assert embed([]).shape == (0, SIZE)


def test_mel_bands_follow_the_pitch():
    tone = np.sin(2 * np.pi * 1000 * np.arange(RATE) / RATE).astype(np.float32)
    frames = mel(tone)
    assert frames.shape == (101, BANDS)
    assert set(frames[10:-10].argmax(1).tolist()) == {13}  # Slaney: 15 mel of 45.2, in 41 steps


def _points(rng: np.random.Generator, centre: np.ndarray, count: int, spread: float = 0.06) -> np.ndarray:
    points = centre + spread * rng.standard_normal((count, len(centre)))
    return (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32)


def _talk(*turns: tuple[int, int], alike: float = 0.5, seed: int = 0) -> tuple[np.ndarray, list[int], list[int]]:
    """Stretches of turns (voice, count), voices with a cosine of `alike`: embeddings, pieces, true voices."""
    rng = np.random.default_rng(seed)
    base = rng.standard_normal((4, 64))
    base /= np.linalg.norm(base, axis=1, keepdims=True)
    voices = [np.sqrt(alike) * base[0] + np.sqrt(1 - alike) * other for other in base[1:]]
    points = np.concatenate([_points(rng, voices[v], n) for v, n in turns])
    pieces = [i for i, (_, n) in enumerate(turns) for _ in range(n)]
    return points, pieces, [v for v, n in turns for _ in range(n)]


def _labels(points: np.ndarray, pieces: list[int]) -> list[int]:
    return tell_apart(points, np.ones(len(points), np.float32), pieces).tolist()


def test_two_voices_come_apart_and_one_stays_one():
    points, pieces, truth = _talk((0, 6), (1, 4), (0, 5), (1, 7))
    found = _labels(points, pieces)
    assert len(set(zip(found, truth, strict=True))) == 2
    one, pieces, _ = _talk((0, 8), (0, 9), (0, 7))
    assert set(_labels(one, pieces)) == {0}


def test_an_announcement_is_a_third_voice():
    points, pieces, truth = _talk((2, 8), (0, 6), (1, 6), (0, 6), (1, 6), alike=0.3)
    found = _labels(points, pieces)
    assert len(set(found)) == 3
    assert len(set(zip(found, truth, strict=True))) == 3


def test_a_few_syllables_are_no_voice_and_what_lies_between_is_nobodys():
    points, pieces, _ = _talk((0, 12), (1, 3), (0, 12))
    assert set(_labels(points, pieces)) == {0}
    points, pieces, truth = _talk((0, 20), (1, 40), (0, 20))
    middle = points[:20].mean(0) + points[20:60].mean(0)
    points = np.concatenate([points, (middle / np.linalg.norm(middle))[None]]).astype(np.float32)
    found = _labels(points, [*pieces, 9])
    assert found[-1] == -1
    assert len(set(zip(found[:-1], truth, strict=True))) == 2
    assert _labels(np.zeros((0, 64), np.float32), []) == []


def test_the_channel_that_several_share():
    second = (Span(0, RATE * 30),)
    assert shared_channel([second]) == 0
    assert shared_channel([(), second]) == 1
    assert shared_channel([(Span(0, RATE // 2),), second]) == 1
    assert shared_channel([second, second]) is None
    assert shared_channel([()]) is None


def test_the_two_of_a_call_are_told_apart_when_mixed(call: Samples):
    said = [(0.4, 5.8), (6.2, 11.1), (11.5, 13.8)]  # agent, customer, agent
    spans = [Span(round(a * RATE), round(b * RATE)) for a, b in said]
    listener = VoiceListener(0)
    listener.feed(list(windows([call.sum(0, keepdims=True)], [spans])))
    found = listener.spoken()
    assert [s.speaker for s in found] == [0, 1, 0]
    assert [s.start_ms for s in found] == pytest.approx([400, 6200, 11500], abs=300)


SPOKEN = [Spoken(0, 3000, 0), Spoken(3000, 6000, 1), Spoken(6500, 7000, None)]


def _segment(start: int, end: int, text: str, words: tuple[Word, ...] = ()) -> Segment:
    return Segment(start_ms=start, end_ms=end, text=text, confidence=0.8, words=words)


def _shape(segments: list[Segment]) -> list[tuple[int, int, str, int | None]]:
    return [(s.start_ms, s.end_ms, s.text, s.speaker) for s in segments]


def test_segments_get_their_speaker():
    found = attributed(
        [_segment(100, 2900, "您好"), _segment(2900, 5900, "我要报修"), _segment(6500, 7000, "嗯")], SPOKEN
    )
    assert [s.speaker for s in found] == [0, 1, None]
    alone = [_segment(0, 10, "喂")]
    assert attributed(alone, []) == alone


def test_a_segment_of_two_voices_is_cut_at_a_word_or_a_mark():
    words = tuple(Word(start=i, end=i + 1, start_ms=1000 + 500 * i, end_ms=1500 + 500 * i) for i in range(8))
    (first, second) = attributed([_segment(1000, 5000, "还有需要吗没有了", words)], SPOKEN)
    assert _shape([first, second]) == [(1000, 3000, "还有需要", 0), (3000, 5000, "吗没有了", 1)]
    assert [(w.start, w.start_ms) for w in second.words] == [(0, 3000), (1, 3500), (2, 4000), (3, 4500)]
    assert _shape(attributed([_segment(1000, 5000, "还有需要吗，没有了")], SPOKEN)) == [
        (1000, 3000, "还有需要吗，", 0),
        (3000, 5000, "没有了", 1),
    ]


def test_what_cannot_be_cut_is_his_who_speaks_most_of_it_or_nobodys():
    assert [s.speaker for s in attributed([_segment(1000, 5000, "还有需要吗没有了")], SPOKEN)] == [None]
    assert [s.speaker for s in attributed([_segment(500, 3600, "还有需要吗没有了")], SPOKEN)] == [0]


@given(
    st.lists(st.tuples(st.integers(0, 900), st.integers(1, 3000), st.text("甲乙，。 ", max_size=12)), max_size=8),
    st.lists(st.tuples(st.integers(1, 4000), st.sampled_from([None, 0, 1, 2])), max_size=12),
)
def test_no_text_is_lost_or_moved(heard: list[tuple[int, int, str]], voices: list[tuple[int, int | None]]) -> None:
    segments, at = [], 0
    for pause, length, text in heard:
        segments.append(_segment(at + pause, at + pause + length, text))
        at += pause + length
    spoken, at = [], 0
    for length, speaker in voices:
        spoken.append(Spoken(at, at + length, speaker))
        at += length
    found = attributed(segments, spoken)
    assert "".join(s.text for s in found) == "".join(s.text for s in segments)
    assert all(a.end_ms <= b.start_ms for a, b in pairwise(found))
    assert {s.start_ms for s in segments} <= {s.start_ms for s in found}
