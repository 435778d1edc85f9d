from __future__ import annotations

import pytest

from qc.domain.conversation import CallMeta

CALL = ["C 问 @0-2", "A 请您稍等 @2-4", "C 好的 @5-6", "A 查到了 @36-38"]
TABLE = [
    ("{min_s: 30}", CALL, "hit", [31.0]),  # 1 s until 好的 and 30 s after it
    ("{min_s: 32}", CALL, "miss", []),
    ("{min_s: 10}", ["A 请您稍等 @0-2", "C 我再补充一点很长的情况 @2-30", "A 查到了 @31-32"], "miss", []),
    ("{min_s: 10}", ["A 请报户号 @0-2", "A 查到了 @36-38"], "miss", []),  # silence without a word
    ("{min_s: 10, announce: [别走开]}", ["A 请别走开 @0-2", "A 查到了 @36-38"], "hit", [34.0]),
    ("{min_s: 10, announce: 别走开}", CALL, "miss", []),
    ("{min_s: 1}", ["A 请您稍等 @0-2", "A 查到了 @4.9-6"], "miss", []),  # under three seconds is no wait
    ("{min_s: 30}", ["C 我稍等一下 @0-2", "A 查到了 @60-62"], "miss", []),  # the customer says it
    ("{min_s: 30}", ["B 正在为您查询，请稍候 @0-2", "A 您好 @60-62"], "hit", [58.0]),  # a bot hands over
    ("{min_s: 30}", ["A 请您稍等 @0-0", "C 好 @5-5", "A 查到了 @90-90"], "hit", [90.0]),  # chat
    ("{min_s: 10}", [*CALL, "A 再等一下 @40-42", "A 好了 @60-61"], "hit", [31.0, 18.0]),
    ("{min_s: 10}", ["A 请您稍等 @0-2", "C 喂 @20-21", "C 还在吗 @40-41"], "hit", [37.0]),  # nobody came back
    ("{min_s: 30}", ["A 请您稍等 @0-2 ~0.1", "A 查到了 @36-38"], "undecided", [34.0]),
    ("{min_s: 30}", ["U 请您稍等 @0-2", "U 查到了 @36-38"], "undecided", []),
    ("{min_s: 30}", ["A 请您稍等", "A 查到了"], "undecided", []),
    ("{total_s: 45}", [*CALL, "A 再等一下 @40-42", "A 好了 @60-61"], "hit", [49.0]),
    ("{total_s: 50}", [*CALL, "A 再等一下 @40-42", "A 好了 @60-61"], "miss", []),
    ("{total_s: 30}", ["A 请您稍等 @0-2 ~0.1", "A 查到了 @36-38"], "undecided", [34.0]),
    ("{total_s: 30}", ["A 请您稍等", "A 查到了"], "undecided", []),
    ("{min_s: 30}", [], "miss", []),
]


@pytest.mark.parametrize(("hold", "lines", "verdict", "values"), TABLE)
def test_table(judged, hold, lines, verdict, values):
    result = judged(f"p: {{hold: {hold}}}", lines)
    assert (result.verdict, [hit.value for hit in result.hits]) == (verdict, values)


def test_no_turn_of_the_speaker_may_be_not_applicable(judged):
    assert judged("p: {hold: {min_s: 10}, speaker: bot, on_empty: na}", CALL).verdict == "not_applicable"


def test_the_hit_is_the_turn_that_ends_the_wait(judged):
    [hit] = judged("p: {hold: {min_s: 10}}", CALL).hits
    assert (hit.turn, hit.role, hit.start_ms, hit.end_ms, hit.unit) == (4, "agent", 4000, 36000, "s")


def test_who_never_came_back_is_shown_where_it_was_announced(judged):
    meta = CallMeta(duration_ms=50_000)
    [hit] = judged("p: {hold: {min_s: 10}}", ["A 请您稍等 @0-2"], meta=meta).hits
    assert (hit.turn, hit.value, hit.start_ms, hit.end_ms) == (1, 48.0, 2000, 50_000)


@pytest.mark.parametrize(("seconds", "verdict"), [(45.0, "hit"), (44.0, "miss")])
@pytest.mark.parametrize("lines", [CALL, ["A 您好", "C 您好"], ["U 您好 @0-1"]])
def test_the_manifest_knows_the_total(judged, lines, seconds, verdict):
    assert judged("p: {hold: {total_s: 45}}", lines, meta=CallMeta(hold_s=seconds)).verdict == verdict


def test_several_holds_are_counted_by_the_frame(judged):
    lines = [*CALL, "A 再等一下 @40-42", "A 好了 @60-61"]
    assert judged("p: {hold: {min_s: 10}, count: {min: 2}}", lines).verdict == "hit"
    assert judged("p: {hold: {min_s: 20}, count: {min: 2}}", lines).verdict == "miss"
