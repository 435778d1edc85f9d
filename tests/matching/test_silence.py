from __future__ import annotations

import pytest

TABLE = [
    ("{min_s: 15}", ["A 请稍等 @0-2", "A 查到了 @20-21"], "hit", [18.0]),
    ("{min_s: 15}", ["A 请稍等 @0-2", "A 查到了 @16-17"], "miss", []),
    ("{min_s: 15}", ["A 长 @0-30", "C 短 @1-2", "A 回 @31-32"], "miss", []),  # somebody else still speaks
    ("{min_s: 15}", ["A 请稍等 @0-2", "C 编的 @10-11 ~0", "A 查到了 @20-21"], "hit", [18.0]),  # an invention is none
    ("{min_s: 15}", ["A 请稍等", "A 查到了"], "undecided", []),
    ("{min_s: 15}", [], "miss", []),
    ("{min_s: 60}", ["C 在吗 @0-0", "A 您好 @90-90"], "hit", [90.0]),  # messages are moments
    ("{min_s: 15, between: customer_agent}", ["C 问 @0-2", "A 答 @20-21"], "hit", [18.0]),
    ("{min_s: 15, between: customer_agent}", ["A 问 @0-2", "C 答 @20-21"], "miss", []),
    ("{min_s: 15, between: same_speaker}", ["A 请稍等 @0-2", "A 查到了 @20-21"], "hit", [18.0]),
    ("{min_s: 15, between: same_speaker}", ["C 问 @0-2", "A 答 @20-21"], "miss", []),
    ("{min_s: 15, between: customer_agent}", ["C 问 @0-2", "U 答 @20-21"], "undecided", [18.0]),
    ("{min_s: 15, between: same_speaker}", ["U 问 @0-2", "U 答 @20-21"], "undecided", [18.0]),
    ("{total_s: 20}", ["A 一 @0-1", "A 二 @12-13", "A 三 @24-25"], "hit", [22.0]),
    (
        "{total_s: 20}",
        ["A 一 @0-1", "A 二 @3-4", "A 三 @24-25"],
        "hit",
        [20.0],
    ),  # gaps below three seconds do not count
    ("{total_s: 21}", ["A 一 @0-1", "A 二 @3-4", "A 三 @24-25"], "miss", []),
    ("{percent: 80}", ["A 一 @0-1", "A 二 @9-10"], "hit", [80.0]),
    ("{percent: 81}", ["A 一 @0-1", "A 二 @9-10"], "miss", []),
    ("{total_s: 5}", ["A 一", "A 二"], "undecided", []),
    ("{percent: 50}", ["A 一", "A 二"], "undecided", []),
    ("{total_s: 5, between: customer_agent}", ["C 问 @0-1", "A 答 @7-8", "C 又问 @20-21"], "hit", [6.0]),
    ("{total_s: 7, between: customer_agent}", ["C 问 @0-1", "A 答 @7-8", "C 又问 @20-21"], "miss", []),
    ("{total_s: 5, between: customer_agent}", ["C 问 @0-1", "U 答 @7-8"], "undecided", [6.0]),
    ("{total_s: 7, between: customer_agent}", ["C 问 @0-1", "U 答 @7-8"], "miss", []),
]


@pytest.mark.parametrize(("silence", "lines", "verdict", "values"), TABLE)
def test_table(judged, silence, lines, verdict, values):
    result = judged(f"p: {{silence: {silence}}}", lines)
    assert (result.verdict, [hit.value for hit in result.hits]) == (verdict, values)


def test_no_turn_of_the_speaker_may_be_not_applicable(judged):
    piece = "p: {silence: {min_s: 5}, speaker: bot, on_empty: na}"
    assert judged(piece, ["A 一 @0-2", "C 二 @10-11"]).verdict == "not_applicable"


def test_the_hit_is_the_turn_after_the_gap_with_the_times_of_the_gap(judged):
    [hit] = judged("p: {silence: {min_s: 5}}", ["A 一 @0-2", "A 二 @10-11"]).hits
    assert (hit.turn, hit.start_ms, hit.end_ms, hit.unit, hit.text) == (2, 2000, 10000, "s", "")


def test_the_speaker_is_who_ends_the_gap(judged):
    piece = "p: {silence: {min_s: 5}, speaker: agent}"
    assert judged(piece, ["A 一 @0-2", "C 二 @10-11"]).verdict == "miss"
    assert judged(piece, ["C 一 @0-2", "A 二 @10-11"]).verdict == "hit"


def test_turns_out_of_order_and_overlapping(judged):
    lines = ["A 三 @20-21", "C 一 @0-2", "A 二 @1-4"]
    [hit] = judged("p: {silence: {min_s: 5}}", lines).hits
    assert (hit.turn, hit.value) == (1, 16.0)
