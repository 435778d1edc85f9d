from __future__ import annotations

import pytest

LINES = ["A 一", "C 投诉", "A 抱歉", "C 嗯", "A 抱歉", "C 投诉", "A 好"]
TABLE = [
    # where the apologies found stand
    ("after: {piece: q}", [3, 5]),
    ("after: {piece: q, turns: 1}", [3]),
    ("after: {piece: q, which: first, turns: 3}", [3, 5]),
    ("after: {piece: q, which: last}", []),
    ("before: {piece: q}", [3, 5]),
    ("before: {piece: q, turns: 1}", [5]),
    ("before: {piece: q, which: first}", []),
    ("around: {piece: q, turns: 1}", [3, 5]),
    ("same_turn: {piece: q}", []),
    ("after: {piece: q, turns: 1}, before: {piece: q, which: last, turns: 2}", []),
    ("after: {piece: q, which: first}, before: {piece: q, which: last}", [3, 5]),
]
Q = "q: {keyword: 投诉}"


@pytest.mark.parametrize(("anchor", "turns"), TABLE)
def test_distance_in_turns(judged, anchor, turns):
    find = f"{Q}\np: {{keyword: 抱歉, speaker: agent, {anchor}}}"
    assert judged(find, LINES).turns == turns


def test_same_turn(judged):
    find = f"{Q}\np: {{keyword: 曝光, same_turn: {{piece: q}}}}"
    assert judged(find, ["C 投诉", "C 投诉加曝光", "C 曝光"]).turns == [2]


@pytest.mark.parametrize(
    ("anchor", "turns"),
    [
        ("after: {piece: q, seconds: 5}", [2]),
        ("after: {piece: q, seconds: 20}", [2, 3]),
        ("before: {piece: q, seconds: 5}", []),
        ("around: {piece: q, seconds: 5}", [2]),
    ],
)
def test_distance_in_seconds(judged, anchor, turns):
    lines = ["C 投诉 @10-12", "A 抱歉 @15-16", "A 抱歉 @30-31"]
    assert judged(f"{Q}\np: {{keyword: 抱歉, {anchor}}}", lines).turns == turns


def test_seconds_without_times_are_undecided(judged):
    find = f"{Q}\np: {{keyword: 抱歉, after: {{piece: q, seconds: 5}}}}"
    assert judged(find, ["C 投诉", "A 抱歉"]).verdict == "undecided"
    assert judged(find, ["C 投诉", "A 好"]).verdict == "miss"


def test_conversations_do_not_touch(judged):
    from qc.matching.judge import judge
    from qc.matching.signals import NO_SIGNALS
    from qc.text.shard import Shard

    for seconds in ("", ", seconds: 1000", ", turns: 5"):
        rule = judged.rule(f"{Q}\np: {{keyword: 抱歉, after: {{piece: q{seconds}}}}}")
        shard = Shard([judged.conversation("C 投诉 @90-99"), judged.conversation("A 抱歉 @1-2")])
        assert not any(judge(judged.compiled([rule]), shard, NO_SIGNALS).findings)


def test_an_uncertain_anchor_makes_an_uncertain_place(judged):
    find = f"{Q}\np: {{keyword: 抱歉, after: {{piece: q}}}}"
    assert judged(find, ["C 投诉 ~0.1", "A 抱歉"]).verdict == "undecided"
    assert judged(find, ["C 投诉 ~0.1", "C 投诉", "A 抱歉"]).verdict == "hit"
    assert judged(find, ["C 投诉 ~0.1", "A 好"]).verdict == "miss"


def test_a_silence_lies_before_the_turn_of_its_hit(judged):
    gap = "q: {silence: {min_s: 10}}"
    lines = ["A 稍等 @0-2", "A 久等了 @20-22"]
    assert judged(f"{gap}\np: {{keyword: 久等, after: {{piece: q, turns: 1}}}}", lines).turns == [2]
    assert judged(f"{gap}\np: {{keyword: 稍等, before: {{piece: q, turns: 1}}}}", lines).turns == [1]
    assert judged(f"{gap}\np: {{keyword: 久等, before: {{piece: q}}}}", lines).verdict == "miss"
    assert judged(f"{gap}\np: {{keyword: 久等, same_turn: {{piece: q}}}}", lines).turns == [2]


EACH = [
    (["C 投诉", "A 抱歉", "C 投诉", "A 抱歉"], "hit", [2, 4]),
    (["C 投诉", "A 抱歉", "C 投诉", "A 好"], "miss", []),
    (["C 投诉", "A 好", "C 投诉", "A 抱歉"], "miss", []),
    (["C 投诉", "A 抱歉", "C 投诉", "A 抱歉 ~0.1"], "undecided", [2, 4]),
    (["C 投诉", "A 抱歉 ~0.1", "C 投诉", "A 好"], "miss", []),
    (["A 好"], "miss", []),
]


@pytest.mark.parametrize(("lines", "verdict", "turns"), EACH)
def test_each_hit_of_the_anchor(judged, lines, verdict, turns):
    find = f"{Q}\np: {{keyword: 抱歉, after: {{piece: q, turns: 1, which: each}}}}"
    result = judged(find, lines)
    assert (result.verdict, result.turns) == (verdict, turns)


def test_anchors_follow_each_other(judged):
    find = (
        f"{Q}\nr: {{keyword: 抱歉, after: {{piece: q, turns: 1}}}}\np: {{keyword: 再见, after: {{piece: r, turns: 1}}}}"
    )
    assert judged(find, ["C 投诉", "A 抱歉", "A 再见", "A 再见"]).turns == [3]


def test_nothing_to_be_after_is_an_empty_range(judged):
    find = f"{Q}\np: {{keyword: 抱歉, negate: true, after: {{piece: q}}, on_empty: na}}"
    assert judged(find, ["A 好"]).verdict == "not_applicable"
    assert judged(find, ["C 投诉", "A 好"]).verdict == "hit"
