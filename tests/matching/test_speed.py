from __future__ import annotations

import pytest

WORDS = "一二三四五六七八九十" * 3  # thirty characters
TABLE = [
    ("{max: 300}", [f"A {WORDS} @0-5"], "hit", [360.0]),
    ("{max: 360}", [f"A {WORDS} @0-5"], "miss", []),
    ("{min: 120}", [f"A {WORDS} @0-20"], "hit", [90.0]),
    ("{max: 300, min: 120}", [f"A {WORDS} @0-10"], "miss", []),
    ("{max: 300}", ["A 好的 @0-0.2"], "miss", []),  # too few characters
    ("{max: 300, min_chars: 2}", ["A 好的 @0-0.2"], "hit", [600.0]),
    ("{max: 300}", [f"A {WORDS}"], "undecided", []),
    ("{max: 300}", [f"A {WORDS} @3-3"], "undecided", []),  # a message does not last
    ("{max: 300}", [f"A {WORDS} @0-5 ~0.1"], "undecided", [360.0]),
    ("{max: 300, over: average}", [f"A {WORDS} @0-5", f"A {WORDS} @10-30"], "miss", []),
    ("{max: 120, over: average}", [f"A {WORDS} @0-5", f"A {WORDS} @10-30"], "hit", [144.0]),
    ("{max: 120, over: average}", [f"U {WORDS} @0-5"], "undecided", []),
    ("{max: 120, over: average}", [f"C {WORDS} @0-5"], "miss", []),  # no turn of the agent
    ("{max: 120, over: average}", [f"A {WORDS} @0-5 ~0.1", f"A {WORDS} @10-30"], "miss", []),  # the clear one is slow
    ("{max: 300}", [f"A {WORDS} @0-5 ~0"], "miss", []),  # nobody said that
]


@pytest.mark.parametrize(("speed", "lines", "verdict", "values"), TABLE)
def test_table(judged, speed, lines, verdict, values):
    result = judged(f"p: {{speed: {speed}, speaker: agent}}", lines)
    assert (result.verdict, [hit.value for hit in result.hits]) == (verdict, values)


@pytest.mark.parametrize(
    ("text", "chars"),
    [
        ("您好，请讲。", 4),
        ("您好，ok 12！", 5),  # two characters, a word, two digits
        ("Hello world", 2),
        ("用4G卡", 4),
        ("１２３ＡＢＣ", 4),  # full width
        ("电话138****8000", 13),  # masked digits were spoken
        ("𠮷〇", 2),
        ("……？！ 😀", 0),
    ],
)
def test_what_counts_as_a_character(judged, text, chars):
    result = judged("p: {speed: {max: 1, min_chars: 0}}", [f"A {text} @0-60"])
    assert [hit.value for hit in result.hits] == ([chars] if chars > 1 else [])


def test_no_turn_of_the_speaker_may_be_not_applicable(judged):
    piece = "p: {speed: {max: 1}, speaker: bot, on_empty: na}"
    assert judged(piece, [f"A {WORDS} @0-5"]).verdict == "not_applicable"


def test_the_numerator_is_published(judged):
    [hit] = judged("p: {speed: {max: 100, min_chars: 5}}", ["A 您好，ok 12！ @0-1"]).hits
    assert (hit.value, hit.unit, hit.text, hit.note) == (300.0, "字/分钟", "您好，ok 12！", "5 字，1.0 秒")
