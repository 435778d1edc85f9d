from __future__ import annotations

import pytest

CALL = ["A 您好请讲啊 ^-30", "C 我家停电了 ^-28", "A 我说过了呀 ^-18.5", "C 你凶什么凶 ^-20"]
TABLE = [
    ("{rise_db: 10}", "agent", CALL, "hit", [(3, 11.5)]),
    ("{rise_db: 11.6}", "agent", CALL, "miss", []),
    ("{rise_db: 10}", "customer", CALL, "miss", []),  # eight decibels
    ("{rise_db: 8}", "any", CALL, "hit", [(3, 11.5), (4, 8.0)]),  # each against his own turn before
    (
        "{rise_db: 10}",
        "agent",
        ["A 您好请讲啊 ^-30", "A 嗯 ^-50", "A 我说过了呀 ^-25"],
        "miss",
        [],
    ),  # a murmur is passed over
    ("{rise_db: 10}", "agent", ["A 您好请讲啊 ^-18", "A 我说过了呀 ^-30"], "miss", []),  # a fall
    ("{rise_db: 10}", "agent", ["A 您好请讲啊 ^-30"], "miss", []),
    ("{min_db: -20}", "any", CALL, "hit", [(3, -18.5), (4, -20.0)]),
    ("{min_db: -18}", "any", CALL, "miss", []),
    ("{max_db: -30}", "agent", CALL, "hit", [(1, -30.0)]),
    ("{max_db: -31}", "agent", CALL, "miss", []),
    ("{min_db: -29, max_db: -20}", "any", CALL, "hit", [(2, -28.0), (4, -20.0)]),
    ("{max_db: -40}", "agent", ["A 嗯 ^-50"], "miss", []),
    ("{max_db: -40, min_chars: 1}", "agent", ["A 嗯 ^-50"], "hit", [(1, -50.0)]),
    ("{max_db: -40}", "agent", ["A 编造的话 ~0 ^-60"], "miss", []),  # nobody said that
    ("{span_db: 11.5}", "agent", CALL, "hit", [(None, 11.5)]),
    ("{span_db: 11.5}", "any", CALL, "hit", [(None, 11.5)]),
    ("{span_db: 9}", "customer", CALL, "miss", []),
    ("{span_db: 5}", "agent", ["C 我家停电了 ^-28"], "miss", []),
    ("{min_db: -20}", "agent", ["A 您好请讲啊"], "undecided", []),
    ("{rise_db: 5}", "agent", ["A 您好请讲啊 ^-30", "A 我说过了呀"], "undecided", []),
    ("{span_db: 5}", "agent", ["A 您好请讲啊", "A 我说过了呀"], "undecided", []),
    ("{min_db: -20}", "agent", ["U 我说过了呀 ^-10"], "undecided", [(1, -10.0)]),
    ("{min_db: -20}", "any", ["U 我说过了呀 ^-10"], "hit", [(1, -10.0)]),
    ("{rise_db: 10}", "any", ["U 您好请讲啊 ^-30", "U 我说过了呀 ^-10"], "undecided", []),  # of one or of two?
    ("{span_db: 10}", "any", ["U 您好请讲啊 ^-30", "U 我说过了呀 ^-10"], "undecided", []),
    ("{min_db: -20}", "agent", [], "miss", []),
    ("{min_db: -20}", "bot, on_empty: na", CALL, "not_applicable", []),
]


@pytest.mark.parametrize(("energy", "speaker", "lines", "verdict", "hits"), TABLE)
def test_table(judged, energy, speaker, lines, verdict, hits):
    result = judged(f"p: {{energy: {energy}, speaker: {speaker}}}", lines)
    assert (result.verdict, [(hit.turn, hit.value) for hit in result.hits]) == (verdict, hits)


@pytest.mark.parametrize(
    ("energy", "unit"), [("{min_db: -20}", "dBFS"), ("{rise_db: 5}", "dB"), ("{span_db: 5}", "dB")]
)
def test_levels_and_differences_have_their_units(judged, energy, unit):
    assert judged(f"p: {{energy: {energy}}}", CALL).hits[0].unit == unit
