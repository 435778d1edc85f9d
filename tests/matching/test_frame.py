from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qc.domain.conversation import Role
from qc.domain.rule import Frame, TurnRange
from qc.matching.frame import select
from qc.text.shard import Shard

HELLO = "keyword: 您好"
DIALOGUE = ["A 您好", "C 一", "A 二", "C 您好", "A 三", "A 您好"]
RANGE = [
    ('"1..1"', "agent", [1]),
    ("1", "agent", [1]),
    ('"2..3"', "agent", []),
    ('"-1..-1"', "agent", [6]),
    ('"-2..-1"', "agent", [6]),
    ('"2..-1"', "agent", [6]),
    ('"2..-2"', "agent", []),
    ('"1..9"', "customer", [4]),
    ('"4..6"', "any", [4, 6]),
    ('"1..2"', "[agent, customer]", [1]),
]
TIMED = ["A 您好 @0-4", "A 您好 @8-12", "A 您好 @40-50", "A 再见 @96-100"]
WINDOW = [
    ("{first_s: 5}", [1]),
    ("{first_s: 9}", [1, 2]),
    ("{last_s: 60}", [3]),
    ("{last_s: 3}", []),
    ("{from_s: 12, to_s: 40}", []),
    ("{from_s: 11, to_s: 41}", [2, 3]),
    ("{from_s: 30}", [3]),
    ("{to_s: 8}", [1]),
    ("{first_percent: 10}", [1, 2]),
    ("{last_percent: 55}", [3]),
]


@pytest.mark.parametrize(("wanted", "speaker", "turns"), RANGE)
def test_range(judged, wanted, speaker, turns):
    assert judged(f"p: {{{HELLO}, range: {wanted}, speaker: {speaker}}}", DIALOGUE).turns == turns


@pytest.mark.parametrize(("window", "turns"), WINDOW)
def test_window(judged, window, turns):
    assert judged(f"p: {{{HELLO}, window: {window}}}", TIMED).turns == turns


def test_window_without_times_is_undecided_only_where_it_matters(judged):
    piece = f"p: {{{HELLO}, window: {{first_s: 5}}}}"
    assert judged(piece, ["A 您好"]).verdict == "undecided"
    assert judged(piece, ["A 再见"]).verdict == "miss"


ABSENCE = [
    ("", ["A 再见"], "hit"),
    ("", ["A 您好"], "miss"),
    (", speaker: agent", ["C 再见"], "miss"),  # nothing to look at: miss unless said otherwise
    (", speaker: agent, on_empty: hit", ["C 再见"], "hit"),
    (", speaker: agent, on_empty: na", ["C 再见"], "not_applicable"),
    (", on_empty: hit", [], "hit"),
]


@pytest.mark.parametrize(("frame", "lines", "verdict"), ABSENCE)
def test_negate_and_on_empty(judged, frame, lines, verdict):
    assert judged(f"p: {{{HELLO}, negate: true{frame}}}", lines).verdict == verdict


@pytest.mark.parametrize(
    ("count", "verdict"),
    [("{min: 3}", "hit"), ("{min: 4}", "miss"), ("{max: 2}", "miss"), ("{min: 1, max: 3}", "hit")],
)
def test_count(judged, count, verdict):
    assert judged(f"p: {{{HELLO}, count: {count}}}", DIALOGUE).verdict == verdict


@pytest.mark.parametrize(
    ("lines", "verdict"),
    [
        (["A 您好", "A 您好啊", "C 嗯"], "hit"),
        (["A 您好", "A 嗯"], "miss"),
        (["A 您好", "A 您好 ~0.1"], "undecided"),
        (["A 您好", "A 嗯 ~0.1"], "undecided"),
        (["A 您好", "U 嗯"], "undecided"),
        (["A 您好", "U 您好"], "hit"),
        (["A 您好", "A 嗯", "U 嗯"], "miss"),
        (["C 嗯"], "miss"),
    ],
)
def test_all_turns(judged, lines, verdict):
    assert judged(f"p: {{{HELLO}, all_turns: true, speaker: agent}}", lines).verdict == verdict


UNCERTAIN = [
    # words below the confidence floor prove nothing, for or against
    ("", ["A 您好 ~0.34"], "undecided"),
    ("", ["A 您好 ~0.35"], "hit"),
    ("", ["A 您好 ~0.1", "A 您好 ~0.9"], "hit"),
    ("", ["A 嗯 ~0.1", "A 嗯 ~0.9"], "miss"),
    ("", ["A 嗯 ~0.1"], "undecided"),  # nothing was heard clearly
    (", negate: true", ["A 您好 ~0.1", "A 嗯 ~0.9"], "undecided"),
    (", negate: true", ["A 嗯 ~0.1", "A 嗯 ~0.9"], "hit"),
    (", negate: true", ["A 云哈。 ~0.1", "A 嗯 ~0.9"], "undecided"),  # that may have been it
    # who spoke is unknown
    (", speaker: agent", ["U 您好"], "undecided"),
    (", speaker: agent", ["U 嗯"], "miss"),
    (", speaker: agent, negate: true", ["U 您好"], "undecided"),
    (", speaker: agent, negate: true", ["U 嗯"], "hit"),
    (", speaker: agent", ["U 您好", "A 您好"], "hit"),
    (", speaker: any", ["U 您好"], "hit"),
    # whether a turn is in range depends on who spoke the unknown ones
    (', speaker: agent, range: "1..1"', ["U 嗯", "A 您好"], "undecided"),
    (', speaker: agent, range: "2..2"', ["U 嗯", "A 您好"], "undecided"),
    (', speaker: agent, range: "3..3"', ["U 嗯", "A 您好"], "miss"),
    (', speaker: agent, range: "1..2"', ["U 嗯", "A 您好"], "hit"),
    (', speaker: agent, range: "-1..-1"', ["A 您好", "U 嗯"], "undecided"),
    (', speaker: agent, range: "-1..-1"', ["U 嗯", "A 您好"], "hit"),
    (", count: {max: 1}", ["A 您好", "A 您好 ~0.1"], "undecided"),
    (", count: {min: 2}", ["A 您好", "A 您好 ~0.1"], "undecided"),
    (", count: {min: 3}", ["A 您好", "A 您好 ~0.1"], "miss"),
]


@pytest.mark.parametrize(("frame", "lines", "verdict"), UNCERTAIN)
def test_what_is_uncertain_decides_nothing(judged, frame, lines, verdict):
    result = judged(f"p: {{{HELLO}{frame}}}", lines)
    assert result.verdict == verdict
    if verdict == "undecided":
        assert result.finding.reason


def test_reasons_say_why(judged):
    assert judged(f"p: {{{HELLO}}}", ["A 您好 ~0.1"]).finding.reason == "有关的话转写置信度低于 0.35"
    reason = judged(f"p: {{{HELLO}, speaker: agent}}", ["U 您好 ~0.1"]).finding.reason
    assert reason == "有关的话转写置信度低于 0.35；没有区分出说话人，不能确定是谁说的"


_ROLES = st.lists(st.sampled_from("ACU"), max_size=7)


@settings(max_examples=200, deadline=None)
@given(roles=_ROLES, first=st.integers(-4, 4).filter(bool), last=st.integers(-4, 4).filter(bool))
def test_a_range_is_certain_exactly_when_every_reading_of_the_unknown_turns_agrees(judged, roles, first, last):
    """Try every way to give the unknown turns to agent or customer."""
    shard = Shard([judged.conversation([f"{role} x" for role in roles])])
    frame = Frame(speaker=frozenset({Role.AGENT}), range=TurnRange(first=first, last=last))
    selection = select(shard, frame)
    unknown = [i for i, role in enumerate(roles) if role == "U"]
    readings = []
    for bits in range(2 ** len(unknown)):
        read = list(roles)
        for n, i in enumerate(unknown):
            read[i] = "A" if bits >> n & 1 else "C"
        mine = [i for i, role in enumerate(read) if role == "A"]
        place = {i: (n + 1, len(mine) - n) for n, i in enumerate(mine)}

        def inside(i, place=place):
            start, end = place[i]
            low = start >= first if first > 0 else end <= -first
            return low and (start <= last if last > 0 else end >= -last)

        readings.append({i for i in mine if inside(i)})
    some, every = set.union(*readings), set.intersection(*readings)
    certain = set((selection.inside & (selection.cause == 0)).nonzero()[0].tolist())
    assert certain <= every  # never certain without reason
    assert some <= set(selection.turns.tolist())  # never left out without reason
    if not unknown:
        assert certain == every == set(selection.turns.tolist())
