"""intent: what the customer is about to do, as the text stage or a stored run says it."""

from __future__ import annotations

import pytest

from qc.domain.intent import IntentKind
from qc.matching.signals import Signals
from qc.text.intents import Intents, ShownIntent


def shown(intent, level, turn):
    return ShownIntent(
        intent_id=intent,
        title=intent,
        kind=IntentKind.CHURN,
        level=level,
        turn=turn,
        phrases=("退了",),
        probability=None,
        source="phrases",
    )


INTENTS = Intents(shown=((shown("i.leave", 2, 3), shown("i.complain", 1, 1)),))
LINES = ["C 我要投诉吗", "A 您好", "C 退了吧"]


@pytest.mark.parametrize(
    ("intent", "verdict", "turns", "values"),
    [
        ("{any: i.leave}", "hit", [3], [2.0]),
        ("{any: [i.leave, i.complain]}", "hit", [1, 3], [1.0, 2.0]),
        ("{any: [i.leave, i.complain], level: 2}", "hit", [3], [2.0]),
        ("{any: i.leave, level: 3}", "miss", [], []),
        ("{any: i.buy}", "miss", [], []),
    ],
)
def test_intent(judged, intent, verdict, turns, values):
    result = judged(f"p: {{intent: {intent}}}", LINES, signals=lambda shard: Signals(intents=INTENTS))
    assert (result.verdict, [h.turn for h in result.hits], [h.value for h in result.hits]) == (verdict, turns, values)


def test_the_frame_says_where(judged):
    piece = "p: {intent: {any: [i.leave, i.complain]}, range: '-1..-1', speaker: customer}"
    result = judged(piece, LINES, signals=lambda s: Signals(intents=INTENTS))
    assert [h.turn for h in result.hits] == [3]


def test_a_turn_that_was_hardly_heard_is_undecided(judged):
    result = judged(
        "p: {intent: {any: i.leave}}", ["C 好", "A 您好", "C 退了吧 ~0.2"], signals=lambda s: Signals(intents=INTENTS)
    )
    assert result.verdict == "undecided"
