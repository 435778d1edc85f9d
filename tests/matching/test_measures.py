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
