"""topic and entity: operators over what the text stage says."""

from __future__ import annotations

import numpy as np
import pytest

from qc.errors import InternalError
from qc.matching.signals import Signals
from qc.text.entities import ENTITY_TYPES, Entities, find_entities
from qc.text.topics import Reason, Topics, TopicShare


def share(topic, part, rank):
    return TopicShare(topic_id=topic, title=topic, parent="", share=part, rank=rank, words=(), first_turn=1)


@pytest.mark.parametrize(
    ("topic", "verdict", "values"),
    [
        ("{any: refund}", "hit", [0.75]),
        ("{any: [invoice, refund], min_share: 0.2}", "hit", [0.75]),
        ("{any: invoice, min_share: 0.25}", "hit", [0.25]),
        ("{any: invoice, min_share: 0.3}", "miss", []),
        ("{any: other, min_share: 0}", "miss", []),
        ("{any: invoice, reason: true}", "hit", [1.0]),
        ("{any: refund, reason: true}", "miss", []),
    ],
)
def test_topic(judged, topic, verdict, values):
    topics = Topics(shares=((share("refund", 0.75, 1), share("invoice", 0.25, 2)),), reasons=(Reason("invoice", 1),))
    result = judged(f"p: {{topic: {topic}}}", ["C 退款"], signals=lambda shard: Signals(topics=topics))
    assert (result.verdict, [hit.value for hit in result.hits]) == (verdict, values)


ENTITIES = Entities(
    turn=np.array([0, 1]),
    type=np.array([ENTITY_TYPES.index("mobile"), ENTITY_TYPES.index("id_card")], np.int8),
    start=np.array([2, 0]),
    end=np.array([5, 4]),
    valid=np.array([True, False]),
    personal=np.array([True, True]),
)


@pytest.mark.parametrize(
    ("entity", "verdict", "texts"),
    [
        ("{type: mobile}", "hit", ["138"]),
        ("{type: [mobile, id_card]}", "hit", ["138", "3301"]),
        ("{type: [mobile, id_card], valid_only: true}", "hit", ["138"]),
        ("{type: id_card, valid_only: true}", "miss", []),
        ("{type: plate}", "miss", []),
    ],
)
def test_entity(judged, entity, verdict, texts):
    result = judged(f"p: {{entity: {entity}}}", ["C 手机138", "C 3301"], signals=lambda s: Signals(entities=ENTITIES))
    assert (result.verdict, result.texts) == (verdict, texts)


REAL = [
    ("mobile", "我的手机13812345678"),
    ("landline", "打0571-88886666"),
    ("id_card", "身份证11010519491231002X"),
    ("bank_card", "卡号6222020200112233449"),
    ("email", "发到zhang@example.com"),
    ("plate", "车牌浙A12345"),
    ("address", "住在北京市朝阳区建国路12号"),
    ("amount", "一共3000元"),
    ("date", "2026年3月1日到期"),
    ("account", "户号3301234567"),
    ("name", "姓名：王小明"),
    ("secret", "验证码是482913"),
]


@pytest.mark.parametrize(("kind", "text"), REAL)
def test_every_type_is_found_in_what_people_say(judged, kind, text):
    found = {"signals": lambda shard: Signals(entities=find_entities(shard))}
    assert judged(f"p: {{entity: {{type: {kind}}}}}", [f"C {text}"], **found).verdict == "hit"
    assert judged(f"p: {{entity: {{type: {kind}}}}}", ["C 没有什么要说的"], **found).verdict == "miss"
    others = [name for name, _ in REAL if name != kind]
    assert judged(f"p: {{entity: {{type: [{', '.join(others)}]}}}}", [f"C {text}"], **found).verdict == "miss"


@pytest.mark.parametrize(
    ("piece", "lines", "verdict"),
    [
        ("entity: {type: id_card}", ["C 身份证110105194912310021"], "hit"),
        ("entity: {type: id_card, valid_only: true}", ["C 身份证110105194912310021"], "miss"),  # wrong check digit
        ("entity: {type: id_card, valid_only: true}", ["C 身份证11010519491231002X"], "hit"),
        ("entity: {type: mobile}, count: {min: 2}", ["C 我的手机13812345678"], "miss"),
        ("entity: {type: mobile}, count: {min: 2}", ["C 13812345678或者13912345678"], "hit"),
        ("entity: {type: mobile}, speaker: agent", ["C 我的手机13812345678"], "miss"),
        ("entity: {type: mobile}, speaker: agent, on_empty: na", ["C 我的手机13812345678"], "not_applicable"),
        ("entity: {type: mobile}", ["C 我的手机13812345678 ~0.1"], "undecided"),
        ("entity: {type: mobile}, speaker: agent", ["U 我的手机13812345678"], "undecided"),
    ],
)
def test_entities_in_a_frame(judged, piece, lines, verdict):
    result = judged(f"p: {{{piece}}}", lines, signals=lambda shard: Signals(entities=find_entities(shard)))
    assert result.verdict == verdict


def test_a_missing_signal_is_our_fault_and_not_a_miss(judged):
    with pytest.raises(InternalError, match="信息实体"):
        judged("p: {entity: {type: mobile}}", ["C 138"])
