"""Evidence inside a long turn: its time and its certainty are those of the phrases it stands in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qc.domain.conversation import Conversation, Phrase, Role, Turn
from qc.matching.clarity import Clarity
from qc.matching.judge import VERDICTS, judge
from qc.matching.signals import NO_SIGNALS
from qc.matching.times import at_char
from qc.text.shard import NO_TIME, Shard

FLOOR = 0.35
SAID = (  # (text, start_ms, end_ms, confidence): a turn of 40 s with a long pause in it
    ("您好，", 0, 1000, 0.95),
    ("保证收益。", 1000, 3000, 0.9),
    ("我再看一下。", 30_000, 32_000, 0.2),
    ("零风险的。", 32_500, 34_500, 0.2),
    ("就这样吧。", 36_000, 40_000, 0.9),
)


def spoken(said: Sequence[tuple[str, int, int, float]], role: Role = Role.AGENT) -> Turn:
    """One turn of these phrases, its confidence their mean by characters, as transcription makes it."""
    begins = list(accumulate((len(text) for text, *_ in said), initial=0))
    phrases = tuple(
        Phrase(start=begin, end=begin + len(text), start_ms=start, end_ms=end, confidence=confidence)
        for begin, (text, start, end, confidence) in zip(begins, said, strict=False)
    )
    mean = sum(len(text) * confidence for text, _, _, confidence in said) / begins[-1]
    return Turn(
        role=role,
        text="".join(text for text, *_ in said),
        start_ms=said[0][1],
        end_ms=said[-1][2],
        confidence=mean,
        phrases=phrases,
    )


def call(judged, *turns: Turn) -> Conversation:
    return replace(judged.conversation([]), turns=turns)


def verdict(judged, find: str, *turns: Turn):
    judgement = judge(judged.compiled([judged.rule(find)]), Shard([call(judged, *turns)]), NO_SIGNALS)
    return VERDICTS[judgement.verdicts[0, 0]].value, next(iter(judgement.findings[0]), None)


def test_a_confident_phrase_is_evidence_at_its_own_time(judged):
    said, finding = verdict(judged, "p: {keyword: 保证收益}", spoken(SAID))
    (hit,) = finding.hits
    assert (said, hit.start_ms, hit.end_ms) == ("hit", 1000, 1000 + 2000 * 4 // 5)


def test_an_unsure_phrase_in_a_confident_turn_is_undecided(judged):
    turn = spoken(SAID)
    assert turn.confidence > FLOOR
    said, finding = verdict(judged, "p: {keyword: 零风险}", turn)
    assert said == "undecided"
    assert "置信度低于 0.35" in finding.reason
    (hit,) = finding.hits
    assert 32_500 <= hit.start_ms < hit.end_ms <= 34_500


def test_a_sure_phrase_in_an_unsure_turn_counts(judged):
    turn = spoken([("我要投诉。", 0, 1500, 0.8), ("这个那个怎么说呢我也听不清楚啊。", 1500, 9000, 0.05)], Role.CUSTOMER)
    assert turn.confidence < FLOOR
    assert verdict(judged, "p: {keyword: 投诉}", turn)[0] == "hit"
    assert verdict(judged, "p: {keyword: 听不清楚}", turn)[0] == "undecided"


def test_words_across_phrases_are_as_sure_as_the_least_of_them(judged):
    assert verdict(judged, "p: {regex: 收益。我再看}", spoken(SAID))[0] == "undecided"
    assert verdict(judged, "p: {regex: 您好，保证}", spoken(SAID))[0] == "hit"


def test_counting_needs_sure_words(judged):
    twice = spoken([("保证的。", 0, 1000, 0.9), ("保证的。", 1000, 2000, 0.1), ("是这样没有错的。", 2000, 4000, 0.9)])
    assert verdict(judged, "p: {keyword: 保证, count: {min: 1}}", twice)[0] == "hit"
    assert verdict(judged, "p: {keyword: 保证, count: {min: 2}}", twice)[0] == "undecided"
    assert verdict(judged, "p: {keyword: 保证, count: {min: 3}}", twice)[0] == "miss"
    both = "p: {keyword: {all: [保证, 没有错]}}"
    assert verdict(judged, both, twice)[0] == "hit"
    assert verdict(judged, both, replace(twice, phrases=twice.phrases[1:]))[0] == "undecided"


def test_every_turn_is_undecided_where_its_word_is_unsure(judged):
    assert verdict(judged, "p: {keyword: 零风险, all_turns: true}", spoken(SAID))[0] == "undecided"
    assert verdict(judged, "p: {keyword: 保证收益, all_turns: true}", spoken(SAID))[0] == "hit"
    assert verdict(judged, "p: {keyword: 没说过, all_turns: true}", spoken(SAID))[0] == "miss"


UNHEARD = (("云哈云哈。", 0, 1000, 0.2), ("请讲，要办什么业务？", 1100, 3000, 0.9))
"""Somebody who may have said hello."""


@pytest.mark.parametrize(
    ("find", "when"),
    [
        ("p: {keyword: 您好}", "not p"),
        ("p: {keyword: {none: [您好]}}", "p"),
        ("p: {keyword: 您好, count: {min: 0, max: 0}}", "p"),
        ("p: {keyword: 您好, range: 1..2}", "not p"),
        ("p: {keyword: [您好, 请讲], count: {min: 3}}", "not p"),
        ("p: {keyword: 您好, all_turns: true}", "not p"),
        ("q: {keyword: 您好}\np: {keyword: 请讲, after: {piece: q}}", "not p"),
        ("q: {keyword: 请讲}\np: {keyword: 您好, around: {piece: q, which: each, turns: 1}}", "not p"),
        ("a: {keyword: 您好}\nb: {keyword: 请讲}\np: {flow: {steps: [a, b]}}", "p"),
        ("a: {keyword: 您好}\nb: {keyword: 请讲}\np: {sequence: {steps: [a, b]}}", "not p"),
    ],
)
def test_what_may_have_been_said_unclearly_is_not_missing(judged, find, when):
    def said(turn: Turn):
        judgement = judge(
            judged.compiled([judged.rule(find, when=when)]), Shard([call(judged, turn, turn)]), NO_SIGNALS
        )
        return VERDICTS[judgement.verdicts[0, 0]].value, next(iter(judgement.findings[0]), None)

    assert said(spoken([(text, a, b, 0.9) for text, a, b, _ in UNHEARD]))[0] == "hit"
    verdict_, finding = said(spoken(UNHEARD))
    assert verdict_ == "undecided"
    assert "没有听清" in finding.reason or "置信度" in finding.reason


def test_what_was_said_unclearly_is_no_offence_and_hides_none(judged):
    assert verdict(judged, "p: {keyword: 保证收益}", spoken(UNHEARD))[0] == "miss"
    assert verdict(judged, "p: {keyword: 请讲}", spoken(UNHEARD))[0] == "hit"
    assert verdict(judged, "p: {keyword: 请讲, count: {min: 1}}", spoken(UNHEARD))[0] == "hit"


def test_seconds_between_words_do_not_count_the_words_before_and_after(judged):
    near = "p: {near: {a: 保证收益, b: 就这样, within: %s, unit: seconds}}"
    assert verdict(judged, near % 40, spoken(SAID))[0] == "undecided"  # the unsure phrases lie between
    clear = spoken([(text, start, end, 0.9) for text, start, end, _ in SAID])
    # 收益 ends within the second phrase (2.6 s), 就 begins with the last (36 s)
    assert verdict(judged, near % 33.5, clear)[0] == "hit"
    assert verdict(judged, near % 33.3, clear)[0] == "miss"


@st.composite
def _turns(draw: st.DrawFn) -> Turn:
    """A turn whose phrases have any lengths and may overlap in time, or which has none."""
    said, at = [], 0
    for text in draw(st.lists(st.text("甲乙丙，", min_size=1, max_size=6), min_size=1, max_size=5)):
        start = at + draw(st.integers(0, 900))
        end = start + draw(st.integers(0, 3000))
        said.append((text, start, end, draw(st.sampled_from([0.1, 0.5, 0.9]))))
        at = start
    turn = spoken(said)
    turn = replace(turn, end_ms=max(end for *_, end, _ in said))
    return replace(turn, phrases=()) if draw(st.booleans()) else turn


@given(turns=st.lists(_turns(), min_size=1, max_size=4))
def test_time_grows_with_the_characters_and_stays_in_the_phrase(judged, turns):
    shard = Shard([call(judged, *turns)])
    for number, turn in enumerate(turns):
        chars = np.arange(len(turn.text) + 1)
        where = np.full(len(chars), number)
        opening, closing = at_char(shard, where, chars), at_char(shard, where, chars, closing=True)
        assert (np.diff(opening) >= 0).all()
        assert (np.diff(closing) >= 0).all()
        assert (closing[1:] >= opening[:-1]).all()
        for phrase in turn.phrases:
            inside = slice(phrase.start, phrase.end)
            assert (opening[inside] >= phrase.start_ms).all()
            assert (opening[inside] <= phrase.end_ms).all()
            assert (closing[1:][inside] <= phrase.end_ms).all()
        if not turn.phrases:
            assert (opening[0], opening[-1]) == (turn.start_ms, turn.end_ms)


@given(turns=st.lists(_turns(), min_size=1, max_size=3), data=st.data())
def test_a_span_is_as_sure_as_the_phrases_it_touches(judged, turns, data):
    shard = Shard([call(judged, *turns)])
    clarity = Clarity(shard, FLOOR)
    first = data.draw(st.integers(0, len(turns) - 1))
    last = data.draw(st.integers(first, len(turns) - 1))
    start = data.draw(st.integers(0, len(turns[first].text) - 1))
    end = data.draw(st.integers(start + 1 if first == last else 1, len(turns[last].text)))

    def low(turn: Turn, a: int, b: int) -> bool:
        if not turn.phrases:
            return turn.confidence < FLOOR
        return any(p.confidence < FLOOR for p in turn.phrases if p.start < b and a < p.end)

    if first == last:
        expected = low(turns[first], start, end)
    else:
        expected = low(turns[first], start, len(turns[first].text)) or low(turns[last], 0, end)
    one = [np.array([value]) for value in (first, start, last, end)]
    assert clarity.unclear(*one).tolist() == [expected]
    for number, turn in enumerate(turns):
        assert clarity.anywhere[number] == (turn.confidence < FLOOR or low(turn, 0, len(turn.text)))


def test_a_turn_without_times_has_none(judged):
    turn = replace(spoken(SAID), start_ms=None, end_ms=None, phrases=())
    shard = Shard([call(judged, turn, spoken(SAID))])
    assert at_char(shard, np.array([0]), np.array([3])).tolist() == [NO_TIME]


@pytest.mark.parametrize("phrases", [True, False])
def test_whole_turns_keep_the_confidence_of_the_turn(judged, phrases):
    turn = spoken(SAID)
    turn = turn if phrases else replace(turn, phrases=())
    assert verdict(judged, "p: {speed: {max: 20, min_chars: 5}}", turn)[0] == "hit"
