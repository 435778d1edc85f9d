from __future__ import annotations

import pytest

TABLE = [
    (["C 我家的电费为什么 @0-6", "A 你先报户号 @4-7"], "hit", [2.0]),
    (["C 我家的电费为什么 @0-6", "A 你先报户号 @5.8-7"], "miss", []),  # overlap too short
    (["C 我家的电费为什么 @0-6", "A 嗯好 @4-5"], "miss", []),  # too few characters
    (["A 您的订单已经发货 @0-6", "C 那我不在家呢 @4-7"], "miss", []),  # the customer does it
    (["C 我家的电费为什么 @0-6", "A 你先报户号 @6-7"], "miss", []),
    (["C 我家的电费为什么 @0-6", "A 你先报户号 @0-7"], "miss", []),  # both at once
    (["S 系统提示音在播放 @0-6", "A 您好请讲话 @4-7"], "miss", []),
    (["C 短 @0-1", "C 长长的一句话 @0.5-6", "A 你先报户号 @4-7"], "hit", [2.0]),
    (["C 我家的电费为什么 @0-6 ~0", "A 你先报户号 @4-7"], "miss", []),  # nobody was speaking
    (["C 我家的电费为什么", "A 你先报户号"], "undecided", []),
    (["C 我家的电费为什么 @0-6", "A 你先报户号 @4-7 ~0.1"], "undecided", [2.0]),  # a cough?
    (["C 我家的电费为什么 @0-6"], "miss", []),
    ([], "miss", []),
]


@pytest.mark.parametrize(("lines", "verdict", "values"), TABLE)
def test_table(judged, lines, verdict, values):
    result = judged("p: {interrupt: {}, speaker: agent}", lines)
    assert (result.verdict, [hit.value for hit in result.hits]) == (verdict, values)


def test_no_turn_of_the_speaker_may_be_not_applicable(judged):
    lines = ["C 我家的电费为什么 @0-6", "A 你先报户号 @4-7"]
    assert judged("p: {interrupt: {}, speaker: bot, on_empty: na}", lines).verdict == "not_applicable"


@pytest.mark.parametrize(
    ("delay", "begins", "verdict"),
    [(0, 0.3, "hit"), (1, 0.3, "miss"), (1, 1.0, "hit"), (1, 0.9, "miss"), (3, 4, "hit")],
)
def test_the_other_must_have_been_speaking_for_a_while(judged, delay, begins, verdict):
    lines = ["C 我家的电费为什么 @0-6", f"A 你先报户号 @{begins}-7"]
    assert judged(f"p: {{interrupt: {{delay_s: {delay}}}, speaker: agent}}", lines).verdict == verdict


@pytest.mark.parametrize(
    ("channels", "times", "reason"),
    [
        (1, ("@0-6", "@4-7"), "不是双声道录音，分不清谁打断了谁"),
        (None, ("@0-6", "@4-7"), "会话不是由双声道录音转写而来，分不清谁打断了谁"),  # another product's transcript
        (None, ("", ""), "会话没有说话的起止时间"),  # a chat has no recording to speak of
    ],
)
def test_one_channel_cannot_tell(judged, channels, times, reason):
    lines = [f"C 我家的电费为什么 {times[0]}", f"A 你先报户号 {times[1]}"]
    result = judged("p: {interrupt: {}, speaker: agent}", lines, audio_channels=channels)
    assert (result.verdict, result.finding.reason) == ("undecided", reason)


def test_times_are_those_of_the_overlap(judged):
    [hit] = judged("p: {interrupt: {}}", ["C 我家的电费为什么 @0-6", "A 你先报户号 @4-7"]).hits
    assert (hit.turn, hit.start_ms, hit.end_ms, hit.text) == (2, 4000, 6000, "你先报户号")
