"""What turns speak of, and why customers get in touch."""

from __future__ import annotations

import pytest

from qc.domain.topic import UNKNOWN_TOPIC, Keyword, Taxonomy, Topic
from qc.text.topics import Reason, assign_topics
from tests.text.shards import said, shard


def taxonomy() -> Taxonomy:
    def topic(name: str, *words: Keyword, reason: bool = True) -> Topic:
        return Topic(id=f"t.{name}", title=name, parent="上级", keywords=words, reason=reason)

    return Taxonomy(
        id="t",
        title="测试",
        projects=("电商",),
        topics=(
            topic("policy", Keyword(text="保单")),
            topic("leave", Keyword(text="退保", weight=2), Keyword(text="保单")),
            topic("claim", Keyword(text="理赔"), Keyword(text="住院"), Keyword(text="报案", weight=0.5)),
            topic("human", Keyword(text="转人工", weight=3), reason=False),
        ),
    )


def test_topics_of_turns() -> None:
    made = shard([("agent", "您好"), ("customer", "住院了，住院能理赔吗"), ("agent", "可以报案"), ("customer", "退保")])
    turns = assign_topics(made, [taxonomy()]).turns
    assert [(t.turn, t.topic_id, t.score, t.words) for t in turns] == [
        (1, "t.claim", 2.0, ("住院", "理赔")),  # a keyword counts once in a turn; 报案 alone is too little
        (3, "t.leave", 2.0, ("退保",)),
    ]


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        # what the agent offers does not count, nor what comes up later
        ([("agent", "要退保吗"), ("customer", "不是"), ("customer", "理赔"), ("customer", "住院")], ("t.claim", 3)),
        # a first mention is set right by the next turn
        ([("customer", "喂，我有个保单"), ("agent", "您说"), ("customer", "想退保")], ("t.leave", 1)),
        # 转人工 is no reason unless nothing else is said
        ([("customer", "转人工"), ("customer", "理赔")], ("t.claim", 2)),
        ([("customer", "转人工")], ("t.human", 1)),
        # only the agent says it: the main topic
        ([("agent", "关于理赔住院"), ("customer", "嗯")], ("t.claim", 1)),
        ([("customer", "你好")], (UNKNOWN_TOPIC, None)),
        ([], (UNKNOWN_TOPIC, None)),
    ],
)
def test_contact_reason(lines: list[tuple[str, str]], reason: tuple[str, int | None]) -> None:
    assert assign_topics(shard(lines), [taxonomy()]).reasons == (Reason(*reason),)


def test_every_conversation_has_its_own_reason(taxonomies: tuple[Taxonomy, ...]) -> None:
    made = shard([("customer", "我想退货")], [], [("agent", "您好"), ("customer", "补开发票")], [("customer", "嗯")])
    reasons = [(r.topic_id, r.turn) for r in assign_topics(made, taxonomies).reasons]
    assert reasons == [("ecommerce.return", 1), (UNKNOWN_TOPIC, None), ("ecommerce.invoice", 2), (UNKNOWN_TOPIC, None)]


def test_a_keyword_that_cuts_a_word_hides_none() -> None:
    topics = tuple(
        Topic(id=f"t.{name}", title=name, parent="上级", keywords=(Keyword(text=word),))
        for name, word in (("back", "退货"), ("wish", "想退"))
    )
    one = Taxonomy(id="t", title="测试", projects=("电商",), topics=topics)
    assert assign_topics(said("我想退货"), [one]).primary(0) == "t.back"
    assert assign_topics(said("我想退"), [one]).primary(0) == "t.wish"


def test_turns_made_up_by_the_recogniser(taxonomies: tuple[Taxonomy, ...]) -> None:
    made = said("我想退货")
    made.confidence[:] = 0
    topics = assign_topics(made, taxonomies)
    assert (topics.turns, topics.reasons) == ((), (Reason(UNKNOWN_TOPIC, None),))


def test_the_shipped_taxonomies_are_tested(taxonomies: tuple[Taxonomy, ...]) -> None:
    for one in taxonomies:
        wanted = [test.topic for test in one.tests]
        assert UNKNOWN_TOPIC in wanted, one.path
        assert [t.id for t in one.topics if wanted.count(t.id) < 2] == []
        assert len({t.parent for t in one.topics}) > 3


def test_hostile_speech(taxonomies: tuple[Taxonomy, ...]) -> None:
    texts = ["", "😀😀", "hello", "退货" * 50_000, "123" * 1000, "系咪可以退货呀", "\n", "嗯啊呃"]
    topics = assign_topics(shard(*[[("customer", text)] for text in texts]), taxonomies)
    assert [r.topic_id for r in topics.reasons] == [
        *[UNKNOWN_TOPIC] * 3,
        "ecommerce.return",
        UNKNOWN_TOPIC,
        "ecommerce.return",
        *[UNKNOWN_TOPIC] * 2,
    ]
    assert [t.turn for t in topics.turns] == [3, 5]
    assert topics.turns[0].score == topics.turns[1].score  # said fifty thousand times or once
