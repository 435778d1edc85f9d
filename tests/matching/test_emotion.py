"""emotion: of turns, of several turns, over time, after the other side's words."""

from __future__ import annotations

import numpy as np
import pytest

from qc.domain.emotion import COMPONENTS
from qc.matching.signals import Signals
from qc.specs.document import SpecError
from qc.text.emotion import NO_COMPONENT, emotions_of


def emotions(*turns):
    """Signals from (polarity, level, component) per turn; a shard with fewer turns takes the first of them."""

    def signals(shard):
        polarity, level, component = zip(*turns[: len(shard.role)], strict=True)
        made = emotions_of(
            shard,
            polarity=np.array(polarity, np.float32),
            label=(np.sign(polarity) * (np.array(level) > 0)).astype(np.int8),
            level=np.array(level, np.int8),
            component=np.array([NO_COMPONENT if c is None else COMPONENTS.index(c) for c in component], np.int8),
            snownlp=np.full(len(level), 0.5, np.float32),
            phrases={},
        )
        return Signals(emotions=made)

    return signals


ANGRY = emotions((0.0, 0, None), (-0.8, 4, "anger"), (-0.4, 2, "anxiety"), (0.5, 2, "satisfaction"))
LINES = ["A 您好", "C 气死了", "C 急", "C 谢谢"]
EMOTION = [
    ("{label: negative}", "hit", [2, 3]),
    ("{label: negative, min_level: 3}", "hit", [2]),
    ("{component: anxiety}", "hit", [3]),
    ("{component: threat}", "miss", []),
    ("{label: positive}", "hit", [4]),
    ("{min_level: 5}", "miss", []),
    ("{label: negative, at: worst, component: anger}", "hit", [2]),
    ("{label: negative, at: worst, component: anxiety}", "miss", []),
    ("{label: negative, min_level: 4, at: start}", "hit", [None]),  # a third of three turns: the first
    ("{label: negative, min_level: 5, at: start}", "miss", []),
    ("{label: positive, at: end}", "hit", [None]),
    ("{label: negative, at: end}", "miss", []),
    ("{label: negative, at: whole, min_level: 1}", "hit", [None]),
    ("{label: negative, at: whole, min_level: 2}", "miss", []),
    ("{at: trend, trend: rising, min_change: 1.3}", "hit", [None]),
    ("{at: trend, trend: rising, min_change: 1.31}", "miss", []),
    ("{at: trend, trend: falling}", "miss", []),
]


@pytest.mark.parametrize(("emotion", "verdict", "turns"), EMOTION)
def test_emotion(judged, emotion, verdict, turns):
    result = judged(f"p: {{emotion: {emotion}, speaker: customer}}", LINES, signals=ANGRY)
    assert (result.verdict, result.turns) == (verdict, turns)


def test_emotion_of_unclear_words_is_undecided(judged):
    piece = "p: {emotion: {label: negative}, speaker: customer}"
    assert judged(piece, ["C 气死了 ~0.1"], signals=emotions((-0.8, 4, "anger"))).verdict == "undecided"
    assert judged(piece, ["U 气死了"], signals=emotions((-0.8, 4, "anger"))).verdict == "undecided"


MOODS = emotions((0.6, 3, None), (0.2, 1, None), (-0.2, 1, None), (-0.6, 3, None), (-0.6, 3, None), (-0.8, 4, None))


def moods(speaker: str, *clear: str) -> list[str]:
    return [f"{speaker} 话 {end}".strip() for end in (*clear, *[""] * (6 - len(clear)))]


@pytest.mark.parametrize(
    ("emotion", "frame", "lines", "verdict", "values"),
    [
        ("{at: trend, trend: falling}", "", moods("C"), "hit", [-1.1]),  # two of six: 0.4 down to −0.7
        ("{at: trend, trend: falling, min_change: 1.2}", "", moods("C"), "miss", []),
        ("{at: trend, trend: rising}", "", moods("C"), "miss", []),
        ("{at: trend, trend: falling}", ", range: 5..6", moods("C"), "miss", []),  # 0.2 down
        ("{at: trend, trend: falling, min_change: 0.2}", ", range: 5..6", moods("C"), "hit", [-0.2]),
        ("{at: trend, trend: falling}", ", range: 6", moods("C"), "miss", []),  # one turn has no trend
        ("{at: whole, label: negative}", "", moods("C"), "hit", [-0.2333]),
        ("{at: whole, label: neutral}", ", range: 2..3", moods("C"), "hit", [0.0]),
        ("{at: whole, label: positive, min_level: 2}", "", moods("C", "", *["~0.1"] * 5), "hit", [0.6]),
        ("{at: start, label: positive}", "", moods("C"), "hit", [0.4]),
        ("{at: end, label: negative, min_level: 3}", "", moods("C"), "hit", [-0.7]),
        ("{at: end, label: negative}", ", range: 1..2", moods("C"), "miss", []),
        ("{at: end, label: negative}", "", moods("U"), "undecided", []),
        ("{at: whole, label: negative}", "", moods("C", *["~0.1"] * 6), "undecided", []),
        ("{at: whole, label: negative}", "", moods("A"), "miss", []),  # not a word of the customer
        ("{label: negative}", ", on_empty: na", moods("A"), "not_applicable", []),
        ("{at: whole, label: negative}", ", on_empty: na", moods("A"), "not_applicable", []),
        ("{at: trend, trend: falling}", ", on_empty: hit", moods("A"), "hit", []),
    ],
)
def test_emotion_of_several_turns(judged, emotion, frame, lines, verdict, values):
    piece = f"p: {{emotion: {emotion}, speaker: customer{frame}}}"
    result = judged(piece, lines, signals=MOODS)
    found = [hit.value for hit in result.hits]
    assert (result.verdict, found) == (verdict, pytest.approx(values, abs=1e-4))


@pytest.mark.parametrize(
    ("emotion", "message"),
    [
        ("{at: trend}", "at: trend 没有写 trend"),
        ("{at: trend, trend: falling, label: negative}", "at: trend 看的是变化，没有 label"),
        ("{at: end, trend: falling, label: negative}", "trend 只能与 at: trend 或 at: reaction 合用"),
        ("{label: negative, min_change: 0.5}", "min_change 只能与 at: trend 或 at: reaction 合用"),
        ("{at: whole, component: anger}", "at: whole 是几轮的平均，没有 component"),
        ("{at: end}", "没有写条件"),
        ("{at: reaction}", "at: reaction 没有写条件"),
        ("{at: reaction, min_level: 2}", "at: reaction 没有写条件"),
        ("{at: reaction, label: negative, component: anger}", "at: reaction 是几轮的平均，没有 component"),
        ("{at: reaction, label: negative, min_change: 0.5}", "写了 min_change 没有写 trend"),
        ("{soothed: true, at: end}", "soothed 看的是负面之后怎样了，没有 at"),
        ("{soothed: true, label: positive}", "soothed 看的是负面的话轮"),
        ("{soothed: true, trend: rising}", "trend 只能与 at: trend 或 at: reaction 合用"),
    ],
)
def test_emotion_conditions_that_do_not_go_together(judged, emotion, message):
    with pytest.raises(SpecError) as error:
        judged(f"p: {{emotion: {emotion}, speaker: customer}}", ["C 话"])
    assert [problem.message for problem in error.value.problems] == [message]


@pytest.mark.parametrize(
    ("piece", "message"),
    [
        ("{emotion: {soothed: false}, speaker: agent}", "soothed 看的是客户负面之后怎样了"),
        ("{emotion: {soothed: false}}", "soothed 看的是客户负面之后怎样了"),
        ("{emotion: {at: reaction, trend: falling}}", "at: reaction 的情绪要说明是谁的"),
    ],
)
def test_emotion_over_time_says_whose(judged, piece, message):
    with pytest.raises(SpecError) as error:
        judged(f"p: {piece}", ["C 话"])
    assert [problem.message for problem in error.value.problems] == [message]


#                     1 A            2 C            3 A            4 C                   5 A            6 C
QUARREL = emotions(
    (0.0, 0, None),
    (0.0, 0, None),
    (-0.4, 2, "impatience"),
    (-0.6, 3, "anger"),
    (0.5, 2, "soothing"),
    (0.3, 1, "satisfaction"),
)
LINE = ["A 您好", "C 在吗", "A 听不懂吗", "C 什么态度", "A 抱歉", "C 谢谢"]
REACTION = [
    # before turn 3 the mood is 0, after it (−0.6 + 0.3 / 2) / 1.5 = −0.3; before turn 5 −0.6 / 1.5 = −0.4, after it 0.3
    ("{at: reaction, trend: falling}", "agent", "", "hit", [3], [-0.3]),
    ("{at: reaction, trend: falling, min_change: 0.31}", "agent", "", "miss", [], []),
    ("{at: reaction, trend: rising}", "agent", "", "hit", [5], [0.7]),
    ("{at: reaction, trend: rising, min_change: 0.71}", "agent", "", "miss", [], []),
    ("{at: reaction, label: negative}", "agent", "", "hit", [3], [-0.3]),
    ("{at: reaction, label: negative, min_level: 2}", "agent", "", "miss", [], []),
    ("{at: reaction, label: positive}", "agent", "", "hit", [5], [0.3]),
    ("{at: reaction, label: positive, trend: rising, min_change: 0.5}", "agent", "", "hit", [5], [0.7]),
    ("{at: reaction, label: neutral}", "agent", "", "hit", [1], [-0.1286]),
    ("{at: reaction, trend: falling}", "agent", ", range: 1", "miss", [], []),
    ("{at: reaction, trend: rising}", "customer", "", "hit", [4], [0.7667]),
]


@pytest.mark.parametrize(("emotion", "speaker", "frame", "verdict", "turns", "values"), REACTION)
def test_emotion_after_the_other_sides_words(judged, emotion, speaker, frame, verdict, turns, values):
    piece = f"p: {{emotion: {emotion}, speaker: {speaker}{frame}}}"
    result = judged(piece, LINE, signals=QUARREL)
    assert (result.verdict, result.turns) == (verdict, turns)
    assert [hit.value for hit in result.hits] == pytest.approx(values, abs=1e-4)


def test_of_several_turns_before_one_reply_the_last_is_meant(judged):
    feels = emotions((0.0, 0, None), (0.0, 0, None), (0.0, 0, None), (-0.6, 3, None))
    lines = ["C 话", "A 话", "A 话", "C 话"]
    piece = "p: {emotion: {at: reaction, trend: falling}, speaker: agent%s}"
    assert judged(piece % "", lines, signals=feels).turns == [3]
    assert judged(piece % ", range: 1", lines, signals=feels).turns == [2]  # of the turns looked at


def test_what_a_certain_sentence_did(judged):
    rude = (
        "q: {regex: 听不懂, speaker: agent}\n"
        "p: {emotion: {at: reaction, trend: falling}, speaker: agent, same_turn: {piece: q}}"
    )
    assert judged(rude, LINE, signals=QUARREL).turns == [3]
    assert judged(rude.replace("听不懂", "您好"), LINE, signals=QUARREL).verdict == "miss"


SOOTHED = [
    ("{soothed: true}", "", LINE, "hit", [4]),
    ("{soothed: false}", "", LINE, "miss", []),
    ("{soothed: false}", "", LINE[:5], "hit", [4]),
    ("{soothed: true}", "", LINE[:5], "miss", []),
    ("{soothed: true, min_level: 3}", "", LINE, "hit", [4]),
    ("{soothed: true, min_level: 4}", "", LINE, "miss", []),  # not as angry as that
    ("{soothed: false, min_level: 4}", "", LINE, "miss", []),
    ("{soothed: true, component: anger}", "", LINE, "hit", [4]),
    ("{soothed: true, component: anxiety}", "", LINE, "miss", []),
    ("{soothed: true}", ", range: 1", LINE, "miss", []),
    ("{soothed: true}", "", [*LINE[:4], "A 抱歉 ~0.1", LINE[5]], "undecided", []),
    ("{soothed: false}", "", [*LINE[:4], "A 抱歉 ~0.1"], "undecided", []),
    ("{soothed: true}", "", [*LINE[:4], "U 抱歉", LINE[5]], "undecided", []),
    ("{soothed: true}", "", ["A 您好", "A 在吗", *LINE[2:3], "A 什么态度", *LINE[4:5], "A 谢谢"], "miss", []),
]


@pytest.mark.parametrize(("emotion", "frame", "lines", "verdict", "turns"), SOOTHED)
def test_soothed(judged, emotion, frame, lines, verdict, turns):
    result = judged(f"p: {{emotion: {emotion}, speaker: customer{frame}}}", lines, signals=QUARREL)
    assert (result.verdict, result.turns) == (verdict, turns)


def test_a_reaction_of_nobody_knows_whom_is_undecided(judged):
    lines = [*LINE[:3], "U 什么态度", *LINE[4:]]
    piece = "p: {emotion: {at: reaction, trend: falling}, speaker: agent}"
    result = judged(piece, lines, signals=QUARREL)
    assert (result.verdict, result.finding.reason) == ("undecided", "没有区分出说话人，不能确定是谁说的")


def test_words_that_were_not_heard_clearly_move_nobody(judged):
    piece = "p: {emotion: {at: reaction, trend: falling}, speaker: agent}"
    assert judged(piece, [*LINE[:3], "C 什么态度 ~0.1", *LINE[4:]], signals=QUARREL).verdict == "miss"
    assert judged(piece, [*LINE[:2], "A 听不懂吗 ~0.1", *LINE[3:]], signals=QUARREL).verdict == "undecided"
