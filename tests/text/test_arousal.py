"""Louder, higher, livelier, faster than the same speaker was at first."""

from __future__ import annotations

import math
import random
import statistics
from dataclasses import replace

import numpy as np
import pytest

from qc.domain.conversation import CallMeta, Channel, Conversation, Phrase, Role, Source, Turn
from qc.text.arousal import FIRST_TURNS, MOST, UNITS, Arousal, arousal_of
from qc.text.shard import Shard
from qc.text.timing import spoken_chars

SAID = "我要查一下电费账单。"  # nine spoken characters
A, C, U = Role.AGENT, Role.CUSTOMER, Role.UNKNOWN


def call(*turns: Turn, channels: int = 2, channel: Channel = Channel.VOICE_INBOUND, name: str = "c") -> Conversation:
    source = Source(path="c.wav", format="audio", sha256="0" * 64, audio_channels=channels)
    return Conversation(id=name, project="p", channel=channel, turns=turns, meta=CallMeta(), source=source)


def turn(
    role: Role,
    start_s: float,
    *,
    lasts_s: float = 2.0,
    db: float | None = -30.0,
    hz: float | None = 200.0,
    st: float | None = 5.0,
    text: str = SAID,
    confidence: float = 0.9,
    channel: int | None = None,
) -> Turn:
    start_ms, end_ms = round(start_s * 1000), round((start_s + lasts_s) * 1000)
    return Turn(
        role=role,
        text=text,
        start_ms=start_ms,
        end_ms=end_ms,
        confidence=confidence,
        audio_channel=channel,
        energy_db=db,
        pitch_hz=hz,
        pitch_range_st=st,
    )


def found(*turns: Turn, **of_call: object) -> Arousal:
    return arousal_of(Shard([call(*turns, **of_call)]))  # type: ignore[arg-type]


def known(values: np.ndarray) -> list[float | None]:
    return [None if math.isnan(v) else round(float(v), 3) for v in values.tolist()]


def test_a_customer_who_raises_her_voice() -> None:
    calm = [turn(C, at) for at in (0, 10, 20, 30, 40)]
    loud = turn(C, 50, db=-24.0, hz=200 * 2 ** (2 / 12), st=9.0, lasts_s=1.0)
    out = found(*calm, loud)
    assert known(out.loudness_change_db) == [0, 0, 0, 0, 0, 6]
    assert known(out.pitch_change_st) == [0, 0, 0, 0, 0, 2]
    assert known(out.speech_rate) == [270] * 5 + [540]
    assert known(out.arousal) == [0] * 5 + [round((6 / 3 + 2 / 1 + 4 / 2 + MOST) / 4, 2)]
    assert (known(out.customer_peak), out.customer_peak_turn.tolist()) == ([2.5], [6])


def test_each_speaker_is_compared_with_herself() -> None:
    turns = [turn(r, at, db=d) for at, (r, d) in enumerate([(A, -20), (C, -40), (A, -20), (C, -34), (A, -14)])]
    assert known(found(*turns).loudness_change_db) == [0, 0, 0, 6, 6]


def test_the_first_turns_are_a_third_and_three_at_most() -> None:
    for count in range(2, 15):
        levels = [-30.0 + i * i % 7 for i in range(count)]
        first = levels[: min(FIRST_TURNS, math.ceil(count / 3))]
        out = found(*(turn(C, 10 * i, db=d) for i, d in enumerate(levels)))
        assert known(out.loudness_change_db) == [pytest.approx(d - statistics.median(first)) for d in levels]


def test_a_single_turn_has_nothing_to_be_compared_with() -> None:
    out = found(turn(C, 0), turn(A, 3), turn(A, 6))
    assert known(out.arousal) == [None, 0, 0]
    assert (known(out.customer_peak), out.customer_peak_turn.tolist()) == ([None], [0])


def test_short_answers_are_no_measure_of_anybody() -> None:
    out = found(
        turn(C, 0, text="嗯。", db=-50), turn(C, 3, db=-30), turn(C, 6, db=-30), turn(C, 9, text="对。", db=-20)
    )
    assert known(out.loudness_change_db) == [-20, 0, 0, 10]
    assert known(out.speech_rate) == [None, 270, 270, None]
    assert known(out.arousal) == [None, 0, 0, None]


def test_times_alone_are_no_arousal() -> None:
    silent = {"db": None, "hz": None, "st": None}
    out = found(*(turn(C, at, **silent) for at in (0, 5, 10)))  # type: ignore[arg-type]
    assert known(out.arousal) == [None, None, None]
    assert known(out.speech_rate) == [270, 270, 270]
    assert known(out.pause_ms) == [None, 3000, 3000]


def test_a_whisper_is_measured_by_what_it_has() -> None:
    out = found(turn(C, 0), turn(C, 5), turn(C, 10, hz=None, st=None, db=-36))
    assert known(out.arousal) == [0, 0, -1]
    assert known(out.pitch_change_st) == [0, 0, None]


def test_chats_have_none() -> None:
    typed = [Turn(role=C, text=SAID, start_ms=at, end_ms=at) for at in (0, 5000)]
    for turns in (typed, [replace(t, start_ms=None, end_ms=None) for t in typed]):
        out = found(*turns, channel=Channel.CHAT)
        for name in ("arousal", "loudness_change_db", "pitch_change_st", "speech_rate", "pause_ms", "customer_peak"):
            assert all(v is None for v in known(getattr(out, name)))


def test_who_nobody_told_apart_is_nobody() -> None:
    turns = [turn(U, 0, db=-40), turn(U, 3, db=-20), turn(U, 6, db=-40)]
    assert known(found(*turns, channels=1).loudness_change_db) == [None, None, None]
    assert known(found(*turns, channels=1).pause_ms) == [None, 1000, 1000]
    placed = [replace(t, audio_channel=i % 2) for i, t in enumerate(turns)]
    assert known(found(*placed).loudness_change_db) == [0, None, 0]  # each channel is somebody's


def test_two_voices_on_one_channel() -> None:
    turns = [turn(r, at, hz=h, channel=0) for at, (r, h) in enumerate([(A, 110), (C, 220), (A, 110), (C, 440)])]
    assert known(found(*turns, channels=1).pitch_change_st) == [0, 0, 0, 12]


def test_inventions_do_not_count() -> None:
    out = found(turn(C, 0, db=-60, confidence=0.0), turn(C, 5), turn(C, 10))
    assert known(out.arousal) == [None, 0, 0]
    assert known(out.loudness_change_db) == [None, 0, 0]


def test_pauses_are_where_nobody_speaks() -> None:
    out = found(turn(A, 0, lasts_s=10), turn(C, 4), turn(A, 10), turn(C, 15))
    assert known(out.pause_ms) == [None, 0, 0, 3000]


def test_pauses_inside_a_turn_do_not_slow_it() -> None:
    spoken = (
        Phrase(start=0, end=4, start_ms=0, end_ms=1000, confidence=0.9),
        Phrase(start=4, end=10, start_ms=1900, end_ms=2900, confidence=0.9),
    )
    out = found(replace(turn(C, 0, lasts_s=2.9), phrases=spoken), turn(A, 5))
    assert known(out.speech_rate) == [270, 270]


def test_conversations_and_shards_do_not_mix() -> None:
    rng = random.Random(3)
    calls = [
        call(
            *(
                turn(
                    rng.choice([A, C, U]),
                    at * 3,
                    lasts_s=rng.uniform(0.5, 5),
                    db=rng.choice([None, rng.uniform(-60, -10)]),
                    hz=rng.choice([None, rng.uniform(80, 400)]),
                    st=rng.choice([None, rng.uniform(0, 12)]),
                    confidence=rng.choice([0.0, 0.9, 0.9]),
                    text=rng.choice([SAID, "嗯。", "", "好的好的好的没问题。"]),
                    channel=rng.choice([0, 1]),
                )
                for at in range(rng.randrange(0, 9))
            ),
            channels=rng.choice([1, 2]),
            name=f"c{i}",
        )
        for i in range(30)
    ]
    together = arousal_of(Shard(calls))
    alone = [arousal_of(Shard([c])) for c in calls]
    for name in Arousal.__slots__:
        joined = np.concatenate([getattr(one, name) for one in alone])
        np.testing.assert_array_equal(getattr(together, name), joined)


def test_the_formula_by_hand() -> None:
    rng = random.Random(5)
    turns = [
        turn(
            C,
            10 * i,
            db=rng.uniform(-40, -20),
            hz=rng.uniform(100, 300),
            st=rng.uniform(2, 9),
            lasts_s=rng.uniform(1, 4),
        )
        for i in range(10)
    ]
    shard = Shard([call(*turns)])
    rows = [
        (
            t.energy_db,
            12 * math.log2(t.pitch_hz or 0),
            t.pitch_range_st,
            n * 60_000 / ((t.end_ms or 0) - (t.start_ms or 0)),
        )
        for t, n in zip(turns, spoken_chars(shard).tolist(), strict=True)
    ]
    base = [statistics.median(row[m] for row in rows[:FIRST_TURNS]) for m in range(4)]
    wanted = [statistics.mean(max(-MOST, min(MOST, (row[m] - base[m]) / UNITS[m])) for m in range(4)) for row in rows]
    np.testing.assert_allclose(arousal_of(shard).arousal, wanted, atol=0.006)


def test_nothing_at_all() -> None:
    assert len(arousal_of(Shard([])).arousal) == 0
    out = arousal_of(Shard([call()]))
    assert (len(out.arousal), out.customer_peak_turn.tolist()) == (0, [0])
