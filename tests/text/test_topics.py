"""Topics: shares that add up, words on word boundaries, one taxonomy per project."""

from __future__ import annotations

from dataclasses import replace

import pytest

from qc.domain.topic import UNKNOWN_TOPIC, Keyword, Taxonomy, Topic, TopicTest
from qc.text.topic_tests import run_topic_tests
from qc.text.topics import assign_topics
from tests.text.shards import said, shard


def taxonomy(**keywords: list[str]) -> Taxonomy:
    topics = tuple(
        Topic(id=f"t.{name}", title=name, parent="上级", keywords=tuple(Keyword(text=w) for w in words))
        for name, words in keywords.items()
    )
    return Taxonomy(id="t", title="测试", projects=("电商",), topics=topics)


def test_inline_tests_of_the_shipped_taxonomies(taxonomies: tuple[Taxonomy, ...]) -> None:
    results = run_topic_tests(taxonomies)
    assert len(results) > 40
    assert [(r.path, r.test.line, r.got) for r in results if not r.passed] == []


def test_an_inline_test_can_fail() -> None:
    wrong = replace(taxonomy(a=["甲事由"]), tests=(TopicTest(text="乙事由", topic="t.a"),))
    assert [(r.passed, r.got) for r in run_topic_tests([wrong])] == [(False, UNKNOWN_TOPIC)]


def test_shares_add_up_and_are_ranked(taxonomies: tuple[Taxonomy, ...]) -> None:
    made = shard(
        [("customer", "快递太慢了，我要退货退款，还要投诉"), ("agent", "好的"), ("customer", "优惠券也没法用")],
        [("customer", "你好")],
        [],
    )
    for shares in assign_topics(made, taxonomies).shares:
        assert sum(s.share for s in shares) == pytest.approx(1, abs=1e-6)
        assert [s.rank for s in shares] == list(range(1, len(shares) + 1))
        assert shares[-1].topic_id == UNKNOWN_TOPIC
        known = [s.share for s in shares[:-1]]
        assert known == sorted(known, reverse=True)


def test_where_and_why(taxonomies: tuple[Taxonomy, ...]) -> None:
    made = shard([("agent", "您好"), ("customer", "在吗"), ("customer", "发票抬头写错了，补开发票")])
    first = assign_topics(made, taxonomies).shares[0][0]
    assert (first.topic_id, first.parent, first.first_turn) == ("ecommerce.invoice", "订单", 3)
    assert first.words[0] == "发票"


def test_a_keyword_across_two_words_does_not_count() -> None:
    topics = taxonomy(meter=["电表"])
    assert assign_topics(said("充电表现怎么样"), [topics]).primary(0) == UNKNOWN_TOPIC
    assert assign_topics(said("充电桩旁边的电表坏了"), [topics]).primary(0) == "t.meter"


def test_the_longer_word_wins_and_excludes_swallow() -> None:
    topics = taxonomy(outage=["没电"])
    excluding = Taxonomy(
        id="t",
        title="t",
        projects=("电商",),
        topics=(Topic(id="t.outage", title="停电", parent="", keywords=(Keyword(text="没电"),), excludes=("没电话",)),),
    )
    assert assign_topics(said("我家没电"), [excluding]).primary(0) == "t.outage"
    assert assign_topics(said("他没电话"), [excluding]).primary(0) == UNKNOWN_TOPIC
    assert assign_topics(said("没电了"), [topics]).primary(0) == "t.outage"


def test_what_the_customer_says_counts_more() -> None:
    topics = taxonomy(a=["甲事由"], b=["乙事由"])
    made = shard([("agent", "甲事由"), ("customer", "乙事由")], [("agent", "甲事由"), ("agent", "甲事由")])
    got = assign_topics(made, [topics])
    assert [s.topic_id for s in got.shares[0]] == ["t.b", UNKNOWN_TOPIC]
    assert got.primary(1) == "t.a"


def test_a_keyword_may_speak_for_two_topics() -> None:
    got = assign_topics(said("扣款失败"), [taxonomy(a=["扣款失败"], b=["扣款失败"])])
    assert [s.topic_id for s in got.shares[0]] == ["t.a", "t.b", UNKNOWN_TOPIC]
    assert got.shares[0][0].share == got.shares[0][1].share


def test_only_the_projects_own_taxonomy(taxonomies: tuple[Taxonomy, ...]) -> None:
    text = "停电了，快递没到，我要退保"
    got = [assign_topics(said(text, project=p), taxonomies).primary(0) for p in ("95598", "电商", "保险", "默认")]
    assert got == ["utility.outage", "ecommerce.delivery", "insurance.surrender", UNKNOWN_TOPIC]


def test_weak_evidence_gives_a_modest_share() -> None:
    topics = taxonomy(a=["甲事由", "乙事由", "丙事由"])
    weak, strong = (
        assign_topics(said(t), [topics]).shares[0][0].share for t in ("甲事由", "甲事由乙事由丙事由，甲事由")
    )
    assert 0.5 < weak < 0.75 < strong < 1


def test_nothing() -> None:
    assert assign_topics(shard(), []).shares == ()
    assert assign_topics(shard([]), [taxonomy(a=["甲"])]).primary(0) == UNKNOWN_TOPIC
