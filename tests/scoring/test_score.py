"""The arithmetic of scores, on small cards written out."""

from __future__ import annotations

from dataclasses import replace
from time import process_time

import pytest

from qc.domain.conversation import CallMeta, Channel, Conversation, Source
from qc.domain.finding import Verdict
from qc.domain.rule import ErrorClass
from qc.domain.score import ItemStatus, Score
from qc.domain.scorecard import AutoFail, CardScope, Effect, Grade, Item, MetaCondition, Per, Scorecard, Section
from qc.scoring.score import Scorer, applicable, score

HIT, MISS, NA, UNDECIDED = Verdict.HIT, Verdict.MISS, Verdict.NOT_APPLICABLE, Verdict.UNDECIDED


def item(id: str, points: float = 10, **more: object) -> Item:
    return Item(id=id, title=id, rules=(id,), points=points, **more)  # type: ignore[arg-type]


CARD = Scorecard(
    id="card",
    title="评分表",
    version="1.0.0",
    base=100,
    pass_mark=80,
    bonus_cap=5,
    grades=(Grade(name="优秀", min=90), Grade(name="合格", min=80), Grade(name="不合格", min=0)),
    scope=CardScope(),
    digest="d",
    sections=(
        Section(
            id="service",
            title="服务",
            points=60,
            items=(
                item("greeting", 10, error_class=ErrorClass.CUSTOMER),
                item("silence", 4, per=Per.HIT, cap=20),
                item("attitude", 30, auto_fail=AutoFail.SECTION),
            ),
        ),
        Section(
            id="compliance",
            title="合规",
            points=40,
            items=(
                item("identity", 20, error_class=ErrorClass.BUSINESS),
                item("promise", 20, auto_fail=AutoFail.CARD, error_class=ErrorClass.COMPLIANCE),
                item("empathy", 3, effect=Effect.AWARD, error_class=ErrorClass.CUSTOMER),
            ),
        ),
    ),
)
RULES = ("greeting", "silence", "attitude", "identity", "promise", "empathy")


def scored(card: Scorecard = CARD, hits: dict[str, int] | None = None, **verdicts: Verdict) -> Score:
    return score(card, "c", {**dict.fromkeys(RULES, MISS), **verdicts}, hits or {})


def status(result: Score) -> dict[str, str]:
    return {i.item_id: i.status.value for i in result.items}


def test_a_perfect_call_earns_the_base() -> None:
    result = scored()
    assert (result.raw_score, result.score, result.grade, result.passed) == (100, 100, "优秀", True)
    assert (result.auto_fail, result.auto_fail_items, result.undecided_items) == (False, (), 0)
    assert (result.conversation_id, result.scorecard_id, result.scorecard_digest) == ("c", "card", "d")
    assert not (result.customer_error or result.business_error or result.compliance_error)
    assert {k: v for k, v in status(result).items() if v != "passed"} == {"empathy": "not_awarded"}


def test_the_worked_example() -> None:
    verdicts = {"greeting": HIT, "silence": HIT, "identity": NA, "attitude": UNDECIDED, "empathy": HIT}
    result = scored(hits={"silence": 2}, **verdicts)
    assert result.score == result.raw_score == 80.5
    assert (result.grade, result.passed, result.undecided_items) == ("合格", True, 1)
    assert [i.points for i in result.items] == [-10, -8, 0, 0, 0, 3]
    assert [i.max_points for i in result.items] == [10, 20, 30, 20, 20, 3]
    assert [i.hits for i in result.items] == [1, 2, 0, 0, 0, 1]
    assert status(result) == {
        "greeting": "deducted",
        "silence": "deducted",
        "attitude": "undecided",
        "identity": "not_applicable",
        "promise": "passed",
        "empathy": "awarded",
    }
    failed = scored(hits={"silence": 2}, **verdicts, promise=HIT)
    assert (failed.raw_score, failed.score, failed.grade) == (55.5, 0, "不合格")
    assert failed.auto_fail
    assert failed.auto_fail_items == ("promise",)
    assert not failed.passed


def test_hits_deduct_up_to_the_cap_and_an_uncounted_hit_counts_once() -> None:
    assert scored(silence=HIT).score == 96
    assert scored(silence=HIT, hits={"silence": 3}).score == 88
    assert scored(silence=HIT, hits={"silence": 50}).score == 80
    assert scored(greeting=HIT, hits={"greeting": 50}).score == 90


def test_a_section_loses_no_more_than_its_points() -> None:
    tight = replace(CARD, sections=(replace(CARD.sections[0], points=30), CARD.sections[1]))
    everything = scored(tight, greeting=HIT, silence=HIT, attitude=HIT, hits={"silence": 9})
    assert everything.raw_score == pytest.approx(100 * 40 / 70, abs=0.01)


def test_what_is_not_applicable_leaves_the_denominator() -> None:
    assert scored(identity=NA, greeting=HIT).score == 87.5
    assert scored(identity=NA).score == 100
    nothing = scored(**dict.fromkeys(RULES, NA))
    assert nothing.score == 100
    assert set(status(nothing).values()) == {"not_applicable"}
    assert score(CARD, "c", {}, {}) == nothing, "a rule that did not run concerns nobody"


def test_a_section_fatal_item_takes_its_section_only() -> None:
    result = scored(attitude=HIT)
    assert (result.raw_score, result.score) == (70, 40)
    assert (result.auto_fail, result.auto_fail_items, result.passed) == (False, ("attitude",), False)
    assert scored(attitude=HIT, greeting=NA, silence=NA).score == 40, "the section counts whole"


def test_a_fatal_item_may_be_worth_nothing() -> None:
    veto = item("veto", 0, auto_fail=AutoFail.CARD)
    card = replace(CARD, sections=(*CARD.sections, Section(id="veto", title="红线", points=0, items=(veto,))))
    assert scored(card, veto=MISS).score == 100
    assert scored(card, veto=MISS, greeting=HIT).score == 90
    failed = scored(card, veto=HIT)
    assert (failed.raw_score, failed.score, failed.auto_fail) == (100, 0, True)
    assert failed.items[-1].points == 0


def test_awards_stop_at_the_bonus_cap_and_at_the_base() -> None:
    assert scored(empathy=HIT).score == 100
    assert scored(empathy=HIT, greeting=HIT).score == 93
    assert scored(replace(CARD, bonus_cap=2), empathy=HIT, greeting=HIT).score == 92
    assert scored(replace(CARD, over_base=True), empathy=HIT).score == 103
    assert scored(empathy=HIT, promise=HIT).score == 0


def test_shadow_rules_never_score() -> None:
    verdicts = {**dict.fromkeys(RULES, MISS), "greeting": HIT, "promise": HIT}
    result = score(CARD, "c", verdicts, {}, shadow={"greeting", "promise"})
    assert (result.score, result.auto_fail) == (100, False)
    assert status(result)["greeting"] == "not_applicable"
    both = replace(CARD.sections[0].items[0], rules=("greeting", "silence"))
    card = replace(CARD, sections=(replace(CARD.sections[0], items=(both,), points=10),))
    assert score(card, "c", verdicts, {}, shadow={"greeting"}).items[0].status is ItemStatus.PASSED


def test_an_item_with_several_rules() -> None:
    both = replace(CARD.sections[0].items[1], rules=("greeting", "silence"))
    card = replace(CARD, sections=(replace(CARD.sections[0], items=(both,), points=20),))

    def of(a: Verdict, b: Verdict) -> tuple[str, float]:
        result = score(card, "c", {"greeting": a, "silence": b}, {"greeting": 1, "silence": 2}).items[0]
        return result.status.value, result.points

    assert of(HIT, HIT) == ("deducted", -12)
    assert of(HIT, UNDECIDED) == ("deducted", -4)
    assert of(MISS, UNDECIDED) == ("undecided", 0)
    assert of(NA, UNDECIDED) == ("undecided", 0)
    assert of(NA, MISS) == ("passed", 0)
    assert of(NA, NA) == ("not_applicable", 0)


def test_error_flags_follow_the_items_hit() -> None:
    flags = [(r.customer_error, r.business_error, r.compliance_error) for r in (
        scored(greeting=HIT), scored(identity=HIT), scored(promise=HIT), scored(silence=HIT), scored(empathy=HIT),
        scored(greeting=UNDECIDED),
    )]  # fmt: skip
    assert flags == [
        (True, False, False),
        (False, True, False),
        (False, False, True),
        (False, False, False),
        (False, False, False),
        (False, False, False),
    ]


def test_the_grade_agrees_with_the_rounded_score() -> None:
    card = replace(CARD, base=99.999, pass_mark=100, grades=(Grade(name="满分", min=100), Grade(name="其他", min=0)))
    assert (scored(card).score, scored(card).grade, scored(card).passed) == (100.0, "满分", True)


def test_a_scorer_does_as_score_does() -> None:
    scorer = Scorer(CARD, {"greeting"})
    verdicts = {**dict.fromkeys(RULES, HIT), "silence": UNDECIDED}
    assert scorer.score("a", verdicts, {}) == score(CARD, "a", verdicts, {}, {"greeting"})
    assert scorer.score("b", dict.fromkeys(RULES, MISS), {}) == score(
        CARD, "b", dict.fromkeys(RULES, MISS), {}, {"greeting"}
    )


def test_a_month_of_calls_is_scored_in_a_moment() -> None:
    sections = tuple(replace(s, items=(*s.items, *s.items, *s.items)[:8]) for s in CARD.sections)
    scorer = Scorer(replace(CARD, sections=sections))
    verdicts = {**dict.fromkeys(RULES, MISS), "greeting": HIT, "silence": UNDECIDED, "identity": NA}
    start = process_time()
    for _ in range(10_000):
        scorer.score("c", verdicts, {})
    assert process_time() - start < 0.7


def test_cards_apply_by_project_and_channel() -> None:
    def conversation(project: str, channel: Channel) -> Conversation:
        source = Source(path="a", format="audio", sha256="0")
        return Conversation(id="c", project=project, channel=channel, turns=(), meta=CallMeta(), source=source)

    every = replace(CARD, id="every")
    voice = replace(CARD, id="voice", scope=CardScope(channels=frozenset({Channel.VOICE_INBOUND})))
    power = replace(CARD, id="power", scope=CardScope(projects=frozenset({"95598"}), channels=voice.scope.channels))
    other = replace(CARD, id="other", fallback=True)
    cards = (every, voice, power, other)

    def concerned(project: str, channel: Channel) -> list[str]:
        return [card.id for card in applicable(cards, conversation(project, channel))]

    assert concerned("95598", Channel.VOICE_INBOUND) == ["every", "voice", "power"]
    assert concerned("电商", Channel.VOICE_INBOUND) == ["every", "voice"]
    assert concerned("95598", Channel.TICKET) == ["every"]
    assert applicable((power, other), conversation("电商", Channel.CHAT)) == [other]
    assert applicable((power, other), conversation("95598", Channel.VOICE_INBOUND)) == [power]
    assert applicable((power,), conversation("电商", Channel.CHAT)) == []


def test_cards_apply_by_metadata() -> None:
    def conversation(meta: CallMeta) -> Conversation:
        source = Source(path="a", format="audio", sha256="0")
        return Conversation(id="c", project="保险", channel=Channel.CHAT, turns=(), meta=meta, source=source)

    north = MetaCondition(field="region", values=frozenset({"北京", "天津"}))
    best = MetaCondition(field="satisfaction", values=frozenset({"5"}))
    level = MetaCondition(field="客户等级", values=frozenset({"VIP"}))
    cards = tuple(
        replace(CARD, id=name, scope=CardScope(meta=meta))
        for name, meta in {"north": (north,), "best": (north, best), "level": (level,)}.items()
    )

    def concerned(**meta: object) -> list[str]:
        return [card.id for card in applicable(cards, conversation(CallMeta(**meta)))]  # type: ignore[arg-type]

    assert concerned(region="北京") == ["north"]
    assert concerned(region="天津", satisfaction=5) == ["north", "best"]
    assert concerned(region="上海", satisfaction=5) == []
    assert concerned(extra={"客户等级": "VIP"}) == ["level"]
    assert concerned() == []  # a field without a value has none of the values


CONDITIONAL = replace(
    CARD,
    sections=(
        CARD.sections[0],
        replace(
            CARD.sections[1],
            items=(
                item("identity", 20, conditions=("surrender", "claim"), auto_fail=AutoFail.CARD),
                *CARD.sections[1].items[1:],
            ),
        ),
    ),
)


@pytest.mark.parametrize(
    ("surrender", "identity", "status", "total"),
    [
        (HIT, MISS, "passed", 100),
        (HIT, HIT, "deducted", 0),
        (HIT, NA, "not_applicable", 100),
        (MISS, HIT, "not_applicable", 100),
        (NA, HIT, "not_applicable", 100),
        (UNDECIDED, HIT, "undecided", 100),
        (UNDECIDED, MISS, "undecided", 100),
        (UNDECIDED, NA, "not_applicable", 100),
    ],
)
def test_an_item_counts_only_when_its_condition_is_met(surrender, identity, status, total) -> None:
    result = scored(CONDITIONAL, surrender=surrender, claim=MISS, identity=identity)
    assert next(i for i in result.items if i.item_id == "identity").status == status
    assert result.score == total


def test_an_unmet_condition_leaves_the_denominator() -> None:
    # 服务 60 loses 10 of 60; 合规 is worth 20 without 身份, 40 with it
    assert scored(CONDITIONAL, greeting=HIT, surrender=MISS).score == round(100 * 70 / 80, 2)
    assert scored(CONDITIONAL, greeting=HIT, surrender=HIT).score == 90
    assert scored(CONDITIONAL, greeting=HIT, surrender=HIT, identity=NA).score == round(100 * 70 / 80, 2)


def test_a_shadow_rule_meets_no_condition() -> None:
    verdicts = {**dict.fromkeys(RULES, MISS), "surrender": HIT, "identity": HIT}
    assert score(CONDITIONAL, "c", verdicts, {}, {"surrender"}).score == 100
    assert score(CONDITIONAL, "c", verdicts, {}).score == 0
