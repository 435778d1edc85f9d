"""call_duration and turn_count."""

from __future__ import annotations

import pytest

from qc.domain.conversation import CallMeta

DURATION = [
    ("{min_s: 10}", ["A 一 @0-12"], None, "hit", [12.0]),
    ("{min_s: 10, max_s: 11}", ["A 一 @0-12"], None, "miss", []),
    ("{max_s: 12}", ["A 一 @0-12"], None, "hit", [12.0]),
    ("{min_s: 10}", ["A 一"], 60_000, "hit", [60.0]),
    ("{min_s: 30}", ["A 一 @0-12"], 60_000, "hit", [60.0]),  # the manifest knows better
    ("{min_s: 10}", ["A 一"], None, "undecided", []),
    ("{min_s: 10}", ["A 一 @0-12"], 0, "hit", [12.0]),
]
COUNT = [
    ("{min: 2}", "customer", ["C 一", "A 二", "C 三"], "hit", [2.0]),
    ("{max: 1}", "customer", ["C 一", "A 二", "C 三"], "miss", []),
    ("{max: 0}", "bot", ["C 一"], "hit", [0.0]),
    ("{min: 1, max: 1}", "any", ["C 一"], "hit", [1.0]),
    ("{min: 2}", "customer", ["C 一", "U 二"], "undecided", [2.0]),
    ("{min: 3}", "customer", ["C 一", "U 二"], "miss", []),
    ("{min: 1}", "customer", ["C 一", "U 二"], "hit", [2.0]),
    ("{min: 2}", "any", ["C 一", "C 编的 ~0"], "undecided", [2.0]),
    ("{min: 1}", "any", [], "miss", []),
]


@pytest.mark.parametrize(("bounds", "lines", "duration_ms", "verdict", "values"), DURATION)
def test_call_duration(judged, bounds, lines, duration_ms, verdict, values):
    result = judged(f"p: {{call_duration: {bounds}}}", lines, meta=CallMeta(duration_ms=duration_ms))
    assert (result.verdict, [hit.value for hit in result.hits]) == (verdict, values)


@pytest.mark.parametrize(("bounds", "speaker", "lines", "verdict", "values"), COUNT)
def test_turn_count(judged, bounds, speaker, lines, verdict, values):
    result = judged(f"p: {{turn_count: {bounds}, speaker: {speaker}}}", lines)
    assert (result.verdict, [hit.value for hit in result.hits]) == (verdict, values)


def test_a_measure_of_the_whole_conversation_has_no_turn(judged):
    [hit] = judged("p: {call_duration: {min_s: 10}}", ["A 一 @0-12"]).hits
    assert (hit.turn, hit.char_start, hit.start_ms, hit.unit) == (None, None, None, "s")


EMPTY = [
    ("talk_ratio: {max: 20}", ["C 一 @0-2"]),
    ("speed: {min: 100, over: average}", ["C 一二三四五六七八九十一二三四五六七八九十 @0-2"]),
    ("response_time: {max_s: 1, of: average}", ["C 在吗 @0-2"]),
    ("turn_count: {max: 1}", ["C 在吗"]),
    ("energy: {span_db: 3}", ["C 在吗在吗 ^-30"]),
]


@pytest.mark.parametrize(("operator", "lines"), EMPTY, ids=[operator.split(":")[0] for operator, _ in EMPTY])
@pytest.mark.parametrize("negate", [False, True])
def test_what_a_measure_of_nobody_comes_to_can_be_said(judged, operator, lines, negate):
    said = {
        word: judged(f"p: {{{operator}, speaker: agent, negate: {str(negate).lower()}, on_empty: {word}}}", lines)
        for word in ("hit", "miss", "na")
    }
    assert {word: (finding.verdict, len(finding.hits)) for word, finding in said.items()} == {
        "hit": ("hit", 0),
        "miss": ("miss", 0),
        "na": ("not_applicable", 0),
    }


def test_whose_turns_they_may_be_is_not_nobody(judged):
    finding = judged("p: {turn_count: {max: 0}, speaker: agent, on_empty: na}", ["U 在吗"])
    assert finding.verdict == "undecided"
