from __future__ import annotations

import pytest

TABLE = [
    ("{min: 80}", "agent", ["C 问 @0-2", "A 答 @2-10"], "hit", [80.0]),
    ("{min: 80}", "agent", ["C 问 @0-2.1", "A 答 @2-10"], "miss", []),
    ("{max: 20}", "customer", ["C 问 @0-2", "A 答 @2-10"], "hit", [20.0]),
    ("{max: 20}", "customer", ["C 问 @0-3", "A 答 @2-10"], "miss", []),
    ("{min: 40, max: 60}", "agent", ["C 问 @0-5", "A 答 @3-8"], "hit", [50.0]),  # speech at once counts for both
    ("{max: 10}", "agent", ["C 问 @0-5"], "hit", [0.0]),  # the agent said nothing
    ("{max: 10}", "agent", ["C 问 @0-5", "S 请按一 @5-60", "A 您 @60-60.5"], "hit", [100 / 11]),  # no speech
    ("{min: 80}", "agent", ["C 问 @0-2", "A 答 @2-4", "A 编的 @4-60 ~0"], "miss", []),
    ("{min: 50}", "agent", ["C 问", "A 答"], "undecided", []),
    ("{min: 50}", "agent", ["C 问 @0-0", "A 答 @9-9"], "undecided", []),  # messages take no time
    ("{min: 50}", "agent", ["U 问 @0-2", "U 答 @2-10"], "undecided", [100.0]),
    ("{min: 50}", "agent", ["A 问 @0-6", "C 答 @6-9", "U 答 @9-10"], "hit", [70.0]),  # at least 60 %, whoever it was
    ("{min: 80}", "agent", ["A 问 @0-6", "C 答 @6-9", "U 答 @9-10"], "miss", []),  # at most 70 %
    ("{min: 1}", "agent", [], "miss", []),
]


@pytest.mark.parametrize(("ratio", "speaker", "lines", "verdict", "values"), TABLE)
def test_table(judged, ratio, speaker, lines, verdict, values):
    result = judged(f"p: {{talk_ratio: {ratio}, speaker: {speaker}}}", lines)
    assert (result.verdict, [hit.value for hit in result.hits]) == (verdict, pytest.approx(values))


def test_a_window_limits_all_speech(judged):
    lines = ["A 答 @0-10", "C 问 @20-30", "A 答 @30-40"]
    [hit] = judged("p: {talk_ratio: {min: 90}, speaker: agent, window: {first_s: 15}}", lines).hits
    assert (hit.value, hit.unit, hit.turn) == (100.0, "%", None)
    assert judged("p: {talk_ratio: {min: 90}, speaker: agent}", lines).verdict == "miss"
