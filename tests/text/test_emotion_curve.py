"""Emotion over time: the curve against its formula, and what calmed, inflamed and soothed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from qc.domain.conversation import CallMeta, Channel, Conversation, Role, Source, Turn
from qc.domain.emotion import COMPONENTS
from qc.text.emotion import LEVEL_FROM, NO_COMPONENT, emotions_of
from qc.text.emotion_curve import HALF_LIFE_S, NOT_SOOTHED, NOTHING, REACH, SOOTHED, emotion_curve, moods_of
from qc.text.shard import Shard

_ROLES = {"A": Role.AGENT, "C": Role.CUSTOMER, "U": Role.UNKNOWN, "B": Role.BOT}
_SOURCE = Source(path="c", format="qc", sha256="")


def felt(*conversations, channel=Channel.CHAT, timed=False, texts=None):
    """A shard and its emotions from (role, polarity[, component]) per turn."""
    made, polarity, component = [], [], []
    for number, lines in enumerate(conversations):
        turns = [
            Turn(
                role=_ROLES[line[0]],
                text="话" if texts is None else texts[i],
                start_ms=i * 4000 if timed else None,
                end_ms=i * 4000 + 3000 if timed else None,
            )
            for i, line in enumerate(lines)
        ]
        polarity += [line[1] for line in lines]
        component += [COMPONENTS.index(line[2]) if len(line) > 2 else NO_COMPONENT for line in lines]
        made.append(
            Conversation(
                id=f"c{number}", project="p", channel=channel, turns=tuple(turns), meta=CallMeta(), source=_SOURCE
            )
        )
    return with_emotions(Shard(made), polarity, component)


def with_emotions(shard, polarity, component):
    polarity = np.array(polarity, np.float32)
    level = np.searchsorted(LEVEL_FROM, np.abs(polarity), side="right").astype(np.int8)
    emotions = emotions_of(
        shard,
        polarity=polarity,
        label=np.where(level > 0, np.sign(polarity), 0).astype(np.int8),
        level=level,
        component=np.array(component, np.int8),
        snownlp=np.full(len(polarity), 0.5, np.float32),
        phrases={},
    )
    return shard, emotions


def curve(shard, emotions, floor=0.0):
    return emotion_curve(shard, emotions, moods_of(shard, emotions, floor=floor))


def only(lines, **options):
    """The curve of one conversation: calmed and inflamed as turn numbers, 0 for none."""
    found = curve(*felt(lines, **options))
    return int(found.calmed[0]) + 1, int(found.inflamed[0]) + 1, int(found.soothed[0])


def expected(shard, polarity, distance):
    """The documented mean, turn by turn."""
    out = np.full(len(shard.role), np.nan)
    for i in range(len(shard.role)):
        same = (shard.role == shard.role[i]) & (shard.conversation == shard.conversation[i])
        mine = np.flatnonzero(same)
        near = mine[np.abs(np.searchsorted(mine, mine) - np.searchsorted(mine, i)) <= REACH]
        weights = 2.0 ** -np.array([distance(mine, i, j) for j in near])
        out[i] = (weights * polarity[near]).sum() / weights.sum()
    return out


@pytest.mark.parametrize("timed", [False, True])
def test_the_curve_is_the_documented_mean(timed):
    random = np.random.default_rng(5)
    lines = [[("AC"[random.integers(2)], random.uniform(-1, 1)) for _ in range(n)] for n in (30, 1, 0, 7)]
    shard, emotions = felt(*lines, channel=Channel.VOICE_INBOUND, timed=timed)

    def by_turn(mine, i, j):
        return abs(np.searchsorted(mine, i) - np.searchsorted(mine, j))

    def by_time(mine, i, j):
        return abs(shard.start_ms[i] - shard.start_ms[j]) / 1000 / HALF_LIFE_S

    found = curve(shard, emotions).smoothed
    assert found == pytest.approx(expected(shard, emotions.polarity, by_time if timed else by_turn), abs=1e-3)


def test_a_chat_counts_turns_even_where_it_has_times():
    lines = [("C", -0.6), ("C", 0.0), ("C", 0.0)]
    chat, untimed = (curve(*felt(lines, timed=timed)).smoothed for timed in (True, False))
    assert (chat == untimed).all()


def test_turns_that_say_nothing_have_no_mood():
    shard, emotions = felt([("C", -0.6), ("C", 0.0), ("B", 0.0), ("U", 0.4)], texts=["差", "", "您好", "好"])
    assert np.isnan(curve(shard, emotions).smoothed).tolist() == [False, True, True, True]
    unclear = Shard([replace(shard.conversations[0], turns=(Turn(role=Role.CUSTOMER, text="差", confidence=0.2),))])
    _, emotions = with_emotions(unclear, [-0.6], [NO_COMPONENT])
    assert [np.isnan(curve(unclear, emotions, floor).smoothed[0]) for floor in (0.1, 0.35)] == [False, True]


def test_trend_is_the_end_minus_the_beginning():
    found = curve(*felt([("C", -0.6), ("A", 0.0), ("C", 0.0), ("C", 0.3)], [("C", -0.6)], [("A", 0.1)]))
    assert found.trend == pytest.approx([0.9, np.nan, np.nan], nan_ok=True)


SORRY = ("A", 0.5, "soothing")
MOVES = [
    # (turns, calmed, inflamed)
    ([("C", -0.6), SORRY, ("C", 0.0), ("A", 0.0), ("C", 0.3)], 2, 0),
    ([("C", 0.0), ("A", 0.0), ("C", 0.0), ("A", -0.4), ("C", -0.6), ("A", 0.0), ("C", -0.6)], 0, 4),
    ([("C", -0.6), SORRY, ("C", -0.6)], 0, 0),
    ([("C", 0.0), ("A", 0.0), ("C", 0.3)], 0, 0),  # thanks are no calming
    ([("C", 0.6), ("A", 0.0), ("C", 0.0)], 0, 0),  # less pleased is not inflamed
    ([("C", -0.6), ("A", 0.0), SORRY, ("A", 0.1), ("C", 0.3)], 3, 0),  # the warmest of several
    ([("C", 0.0), ("A", 0.0), ("A", -0.4), ("A", 0.3), ("C", -0.6)], 0, 3),  # the coldest
    ([("C", 0.0), ("A", 0.0), ("A", 0.0), ("C", -0.6)], 0, 0),  # she tells what she comes with
    ([("C", 0.0), ("A", -0.4), ("C", -0.6)], 0, 2),
    ([("C", 0.0), ("A", 0.0), ("C", 0.0), ("A", 0.0), ("C", -0.6)], 0, 4),
    ([("C", -0.6), ("A", 0.0), ("A", 0.0), ("C", 0.3)], 3, 0),  # of equals the one she answers
    ([("C", -0.6), ("A", -0.4), ("C", 0.3)], 0, 0),  # a cold word calms nobody
    ([("A", 0.0), ("C", -0.8), ("A", 0.0)], 0, 0),  # nothing before, nothing after
    ([("C", -0.6), ("A", 0.0), ("C", 0.3), ("U", 0.0)], 0, 0),
]


@pytest.mark.parametrize(("lines", "calmed", "inflamed"), MOVES)
def test_what_calmed_and_what_inflamed(lines, calmed, inflamed):
    assert only(lines)[:2] == (calmed, inflamed)


SOOTHING = [
    ([("C", 0.0), SORRY, ("C", 0.3)], NOTHING),
    ([("C", -0.3), SORRY, ("C", 0.0)], NOTHING),  # level 1 asks for no soothing
    ([("C", -0.5), SORRY, ("C", 0.0)], SOOTHED),
    ([("C", -0.5), ("A", 0.5, "empathy"), ("C", 0.0)], SOOTHED),
    ([SORRY, ("C", -0.5), ("A", 0.0), ("C", 0.0)], NOTHING),  # sorry before there was cause
    ([("C", -0.5), ("A", 0.0), ("C", 0.0)], NOTHING),  # calm, but the agent did nothing for it
    ([("C", -0.5), ("A", 0.0), ("C", 0.3)], SOOTHED),  # she thanks for what was done
    ([("C", -0.5), ("C", 0.3), ("A", 0.0)], NOTHING),  # thanks of her own
    ([("C", 0.3), ("A", 0.0), ("C", -0.5), ("A", 0.0), ("C", 0.0)], NOTHING),  # thanks before
    ([SORRY, ("C", -0.5), ("B", 0.0), ("C", -0.5)], NOTHING),  # the agent did not answer
    ([("C", -0.5), SORRY, ("C", -0.3)], NOT_SOOTHED),  # the last turn is negative still
    ([("C", -0.8), ("C", -0.8), ("C", -0.8), SORRY, ("C", 0.0)], NOT_SOOTHED),  # so is the mood
    ([("C", -0.5), SORRY], NOT_SOOTHED),  # she never spoke again
    ([("C", -0.5), SORRY, ("C", -0.6), ("A", 0.0), ("C", 0.0), ("A", 0.0), ("C", 0.0)], SOOTHED),
    ([("C", -0.5), SORRY, ("C", 0.0), ("U", 0.0)], NOTHING),
    ([("A", 0.5, "soothing")], NOTHING),
    ([], NOTHING),
]


@pytest.mark.parametrize(("lines", "state"), SOOTHING)
def test_soothed(lines, state):
    assert only(lines)[2] == state


def test_nobody_is_soothed_in_a_ticket():
    assert only([("C", -0.5), SORRY, ("C", 0.3)], channel=Channel.TICKET)[2] == NOTHING


def test_conversations_of_a_shard_do_not_touch_each_other():
    lines = [line for line, _ in SOOTHING] + [line for line, _, _ in MOVES]
    together = curve(*felt(*lines))
    first = np.cumsum([0, *map(len, lines)])[:-1]

    def numbered(turns):
        return np.where(turns < 0, 0, turns - first + 1).tolist()

    alone = [only(line) for line in lines]
    assert numbered(together.calmed) == [a for a, _, _ in alone]
    assert numbered(together.inflamed) == [b for _, b, _ in alone]
    assert together.soothed.tolist() == [c for _, _, c in alone]


def test_an_empty_shard():
    found = curve(*felt())
    assert len(found.smoothed) == len(found.soothed) == 0
