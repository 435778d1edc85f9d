"""hangup_gap and answer_gap: the two ends of a call."""

from __future__ import annotations

import pytest

from qc.domain.conversation import CallMeta

CALL = ["A 您好 @2-3", "C 停电了 @4-6", "A 好的 @7-9", "C 那我再问 @9.5-12"]
HANGUP = [
    ("{max_s: 1}", "any", CALL, 12_500, "hit", [(4, 0.5)]),
    ("{max_s: 1}", "customer", CALL, 12_500, "hit", [(4, 0.5)]),
    ("{max_s: 1}", "agent", CALL, 12_500, "miss", []),  # the customer spoke last
    ("{max_s: 1}", "any", CALL, 13_100, "miss", []),
    ("{min_s: 10}", "any", CALL, 22_000, "hit", [(4, 10.0)]),
    ("{min_s: 10, max_s: 20}", "any", CALL, 33_000, "miss", []),
    ("{max_s: 1}", "any", CALL, 11_000, "hit", [(4, 0.0)]),  # a manifest that rounds
    ("{max_s: 1}", "any", ["A 长长的话 @0-20", "C 短 @5-6"], 20_500, "hit", [(1, 0.5)]),  # who ends last
    ("{max_s: 1}", "any", [*CALL, "S 通话结束 @13-20", "C 编的 @20-25 ~0"], 12_500, "hit", [(4, 0.5)]),
    ("{max_s: 1}", "customer", ["A 您好 @2-3", "U 停电了 @4-6"], 6_500, "undecided", [(2, 0.5)]),
    ("{max_s: 1}", "any", CALL, None, "undecided", []),
    ("{max_s: 1}", "any", ["A 您好", "C 停电了"], 12_500, "undecided", []),
    ("{max_s: 1}", "any", ["A 您好 @0-0", "C 停电了 @3-3"], 12_500, "undecided", []),  # typed
    ("{max_s: 1}", "any", [], None, "miss", []),
    ("{max_s: 1}", "bot, on_empty: na", CALL, 12_500, "not_applicable", []),
]
ANSWER = [
    ("{min_s: 2}", "agent", CALL, "hit", [(1, 2.0)]),
    ("{min_s: 2.1}", "agent", CALL, "miss", []),
    ("{min_s: 4}", "customer", CALL, "hit", [(2, 4.0)]),
    ("{max_s: 3}", "any", CALL, "hit", [(1, 2.0)]),
    ("{max_s: 3}", "customer", CALL, "miss", []),
    ("{min_s: 5}", "agent", ["S 欢迎致电 @0-4", "C 喂 @5-6", "A 编的 @6-7 ~0", "A 您好 @8-9"], "hit", [(4, 8.0)]),
    ("{min_s: 1}", "bot", CALL, "miss", []),  # never spoke
    ("{min_s: 5}", "agent", ["U 喂 @1-2", "A 您好 @8-9"], "undecided", [(1, 1.0)]),
    ("{min_s: 5}", "agent", ["U 喂 @6-7", "A 您好 @8-9"], "hit", [(2, 8.0)]),  # late, whoever it was
    ("{min_s: 9}", "agent", ["U 喂 @6-7", "A 您好 @8-9"], "miss", []),
    ("{min_s: 5}", "agent", ["A 您好", "C 停电了"], "undecided", []),
    ("{min_s: 5}", "agent", ["A 您好 @0-0", "C 停电了 @9-9"], "undecided", []),  # typed
    ("{min_s: 5}", "agent", [], "miss", []),
    ("{min_s: 1}", "bot, on_empty: na", CALL, "not_applicable", []),
]


@pytest.mark.parametrize(("gap", "speaker", "lines", "duration_ms", "verdict", "hits"), HANGUP)
def test_hangup_gap(judged, gap, speaker, lines, duration_ms, verdict, hits):
    meta = CallMeta(duration_ms=duration_ms)
    result = judged(f"p: {{hangup_gap: {gap}, speaker: {speaker}}}", lines, meta=meta)
    assert (result.verdict, [(hit.turn, hit.value) for hit in result.hits]) == (verdict, hits)


@pytest.mark.parametrize(("gap", "speaker", "lines", "verdict", "hits"), ANSWER)
def test_answer_gap(judged, gap, speaker, lines, verdict, hits):
    result = judged(f"p: {{answer_gap: {gap}, speaker: {speaker}}}", lines)
    assert (result.verdict, [(hit.turn, hit.value) for hit in result.hits]) == (verdict, hits)


def test_the_reason_says_what_is_missing(judged):
    assert "录音时长" in judged("p: {hangup_gap: {max_s: 1}}", CALL).finding.reason


def test_hits_carry_the_times_of_the_gap(judged):
    [hit] = judged("p: {hangup_gap: {max_s: 1}}", CALL, meta=CallMeta(duration_ms=12_500)).hits
    assert (hit.start_ms, hit.end_ms, hit.unit) == (12_000, 12_500, "s")
    [hit] = judged("p: {answer_gap: {min_s: 2}}", CALL).hits
    assert (hit.start_ms, hit.end_ms, hit.unit) == (0, 2000, "s")
