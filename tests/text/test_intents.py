"""Intentions: levels, gaps, negations and questions, the trained head beside the phrases, hostile speech."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from qc.domain.emotion import EmotionLexicon, InQuestion
from qc.domain.intent import Intent, IntentKind, IntentList, IntentPhrases, IntentTest
from qc.paths import packaged
from qc.specs.intents import load_intents
from qc.text.intent_tests import run_intent_tests
from qc.text.intents import IntentFinder, Intents
from tests.text.shards import said, shard

KINDS = {kind.value for kind in IntentKind}


@pytest.fixture(scope="module")
def lists() -> tuple[IntentList, ...]:
    return load_intents(packaged("rules") / "_intents")


def intents(*groups: IntentPhrases, projects: tuple[str, ...] = (), excludes: tuple[str, ...] = ()) -> IntentList:
    intent = Intent(id="t.go", title="走", kind=IntentKind.CHURN, groups=groups, excludes=excludes, labels=("要走",))
    return IntentList(id="t", title="测试", projects=projects, intents=(intent,))


def phrases(level: int, *texts: str, asked: InQuestion = InQuestion.DAMP) -> IntentPhrases:
    return IntentPhrases(level=level, phrases=texts, in_question=asked)


GO = intents(
    phrases(2, "想退保", "把…退了", "办…退…手续"), phrases(1, "退保"), phrases(3, "必须退保", asked=InQuestion.KEEP)
)


def found(lexicon: EmotionLexicon, one: IntentList, *texts: str, role: str = "customer") -> list[tuple[int, int]]:
    """(level, turn) of what is shown."""
    shown = IntentFinder([one], lexicon.modifiers).find(said(*texts, role=role)).shown[0]
    return [(s.level, s.turn) for s in shown]


def test_inline_tests_of_the_shipped_lists(lists: tuple[IntentList, ...], lexicon: EmotionLexicon) -> None:
    results = run_intent_tests(lists, lexicon.modifiers)
    assert [(r.path, r.test.line, r.test.text, r.got) for r in results if not r.passed] == []


def test_every_shipped_intention_has_two_tests_and_every_list_says_what_is_none(lists: tuple[IntentList, ...]) -> None:
    for one in lists:
        wanted = [test.intent for test in one.tests]
        assert "" in wanted, one.path
        assert [i.id for i in one.intents if wanted.count(i.id) < 2] == []


def test_an_inline_test_can_fail(lexicon: EmotionLexicon) -> None:
    tests = (
        IntentTest(text="我想退保", intent="t.go", level=3),
        IntentTest(text="你好", intent="t.go"),
        IntentTest(text="我想退保", intent=""),
        IntentTest(text="我想退保", intent="t.go"),
    )
    results = run_intent_tests([replace(GO, tests=tests)], lexicon.modifiers)
    assert [r.passed for r in results] == [False, False, False, True]


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("我想退保", 2),
        ("退保怎么办", 1),
        ("我想把那个保单给退了", 2),  # a gap
        ("我想把那个去年十二月份买的保险退了", 0),  # too wide a gap
        ("我想把钱拿回来，你退了吧", 0),  # not across a mark
        ("办理一下退保险的手续", 2),  # two gaps
        ("我不想退保", 0),
        ("我没说想退保", 0),
        ("我不是不想退保", 2),
        ("我特别想退保", 3),
        ("我想退保，能退多少？", 2),  # the question is another clause
        ("想退保可以吗", 1),
        ("能不能把它退了", 1),  # 能不能 asks, it does not negate
        ("难道必须退保吗", 3),  # kept in questions
        ("別想了，我想退保", 2),
    ],
)
def test_levels(lexicon: EmotionLexicon, text: str, level: int) -> None:
    assert found(lexicon, GO, text) == ([(level, 1)] if level else [])


def test_only_what_the_customer_says(lexicon: EmotionLexicon) -> None:
    for role in ("agent", "bot", "system", "unknown"):
        assert found(lexicon, GO, "必须退保", role=role) == []


def test_strongest_turn_and_evidence_as_it_was_said(lexicon: EmotionLexicon) -> None:
    shown = IntentFinder([GO], lexicon.modifiers).find(said("退保？", "我想 退保 啦我想退保", "我必须退保")).shown[0]
    assert [(s.level, s.turn, s.phrases, s.source, s.probability) for s in shown] == [
        (3, 3, ("必须退保", "想退保", "退保"), "phrases", None)
    ]


def test_a_longer_word_shields(lexicon: EmotionLexicon) -> None:
    one = intents(phrases(1, "退保"), excludes=("退保证金",))
    assert found(lexicon, one, "退保证金到了吗") == []
    assert found(lexicon, one, "退保证金到了，我要退保") == [(1, 1)]


def test_a_list_is_for_its_projects(lexicon: EmotionLexicon) -> None:
    finder = IntentFinder([intents(phrases(1, "退保"), projects=("保险",))], lexicon.modifiers)
    assert finder.find(said("退保", project="电商")).shown == ((),)
    assert len(finder.find(said("退保", project="保险")).shown[0]) == 1


class Head:
    """What HeadScorer answers, for turns that hold 走 or 催."""

    class head:
        labels = ("要走", "催促", "其他")

    def __init__(self, probability: float) -> None:
        self._probability = probability

    def probabilities(self, shard, turns):
        rows = []
        for turn in turns:
            text = shard.normalised(int(turn))
            at = 0 if "走" in text else 1 if "催" in text else 2
            rows.append([self._probability if i == at else (1 - self._probability) / 2 for i in range(3)])
        return np.array(rows, np.float32).reshape(len(rows), 3)

    def decide(self, probabilities):
        return probabilities.argmax(axis=1)


def with_head(lexicon: EmotionLexicon, probability: float, *texts: str) -> list[tuple[object, ...]]:
    finder = IntentFinder([GO], lexicon.modifiers, Head(probability))  # type: ignore[arg-type]
    shown = finder.find(said(*texts)).shown[0]
    return [(s.intent_id, s.kind.value, s.level, s.turn, s.source, s.probability) for s in shown]


def test_a_trained_head_joins(lexicon: EmotionLexicon) -> None:
    assert with_head(lexicon, 0.9, "好", "我要走了") == [("t.go", "churn", 2, 2, "model", 0.9)]
    assert with_head(lexicon, 0.6, "我要走了") == [("t.go", "churn", 1, 1, "model", 0.6)]
    assert with_head(lexicon, 0.4, "我要走了") == []
    assert with_head(lexicon, 0.6, "我要走了", "必须退保") == [("t.go", "churn", 3, 2, "both", 0.6)]


def test_a_label_nobody_claims_is_an_intention_of_its_own(lexicon: EmotionLexicon) -> None:
    assert with_head(lexicon, 0.9, "催一下", "", "随便") == [("催促", "other", 2, 1, "model", 0.9)]


HOSTILE = [
    "",
    " ",
    "\n",
    "👍👍👍😡",
    "I want to cancel my policy",
    "我想退保" * 25_000,
    "想" * 100_000,
    "退" * 100_000,
    "我要投诉" * 25_000,
    "1234567890" * 1000,
    "唔该我想退保呀",
    "呃呃那个嗯就是那个",
    "…………",
    "想…退保",
    "\ud800想退保",
    "把把把把把把退了退了退了",
]


def test_hostile_speech(lists: tuple[IntentList, ...], lexicon: EmotionLexicon) -> None:
    finder = IntentFinder(lists, lexicon.modifiers)
    made = shard(*[[("customer", text)] for text in HOSTILE], [], project="保险")
    result: Intents = finder.find(made)
    assert len(result.shown) == len(HOSTILE) + 1
    for shown in result.shown:
        for one in shown:
            assert 1 <= one.level <= 3
            assert one.kind.value in KINDS
            assert one.phrases
            assert len(one.phrases) <= 5
            assert all(len(p) <= 60 for p in one.phrases)
    assert result.shown[0] == result.shown[3] == result.shown[4] == ()
    assert [s.intent_id for s in result.shown[10]] == ["insurance.surrender"]


def test_turns_made_up_by_the_recogniser_and_no_lists(lexicon: EmotionLexicon) -> None:
    made = said("我想退保")
    made.confidence[:] = 0
    assert IntentFinder([GO], lexicon.modifiers).find(made).shown == ((),)
    assert IntentFinder([], lexicon.modifiers).find(said("我想退保")).shown == ((),)
