"""emotion, topic and entity: the operators over what the text stage says."""

from __future__ import annotations

import numpy as np
import pytest

from qc.domain.emotion import COMPONENTS
from qc.errors import InternalError
from qc.matching.signals import Signals
from qc.text.emotion import Emotions, RoleEmotion
from qc.text.entities import ENTITY_TYPES, Entities
from qc.text.topics import Topics, TopicShare


def emotions(*turns, start=np.nan, end=np.nan):
    """Signals from (polarity, level, component) per turn."""
    polarity = np.array([t[0] for t in turns], np.float32)
    level = np.array([t[1] for t in turns], np.int8)
    component = np.array([-1 if t[2] is None else COMPONENTS.index(t[2]) for t in turns], np.int8)
    role = RoleEmotion(
        start=np.array([start], np.float32),
        end=np.array([end], np.float32),
        worst=np.array([polarity.min()]),
        worst_turn=np.array([1]),
        level=np.array([level.max()], np.int8),
    )
    made = Emotions(
        polarity=polarity,
        label=(np.sign(polarity) * (level > 0)).astype(np.int8),
        level=level,
        component=component,
        snownlp=np.full(len(turns), 0.5, np.float32),
        phrases={},
        customer=role,
        agent=role,
    )
    return lambda shard: Signals(emotions=made)


ANGRY = emotions(
    (0.0, 0, None), (-0.8, 4, "anger"), (-0.4, 2, "anxiety"), (0.5, 2, "satisfaction"), start=0.1, end=-0.6
)
LINES = ["A 您好", "C 气死了", "C 急", "C 谢谢"]
EMOTION = [
    ("{label: negative}", "hit", [2, 3]),
    ("{label: negative, min_level: 3}", "hit", [2]),
    ("{component: anxiety}", "hit", [3]),
    ("{component: threat}", "miss", []),
    ("{label: positive}", "hit", [4]),
    ("{min_level: 5}", "miss", []),
    ("{label: negative, at: worst, component: anger}", "hit", [2]),
    ("{label: negative, at: worst, component: anxiety}", "miss", []),
    ("{label: neutral, at: start}", "hit", [None]),
    ("{label: negative, at: end, min_level: 3}", "hit", [None]),
    ("{label: negative, at: end, min_level: 4}", "miss", []),
]


@pytest.mark.parametrize(("emotion", "verdict", "turns"), EMOTION)
def test_emotion(judged, emotion, verdict, turns):
    result = judged(f"p: {{emotion: {emotion}, speaker: customer}}", LINES, signals=ANGRY)
    assert (result.verdict, result.turns) == (verdict, turns)


def test_emotion_of_unclear_words_is_undecided(judged):
    piece = "p: {emotion: {label: negative}, speaker: customer}"
    assert judged(piece, ["C 气死了 ~0.1"], signals=emotions((-0.8, 4, "anger"))).verdict == "undecided"
    assert judged(piece, ["U 气死了"], signals=emotions((-0.8, 4, "anger"))).verdict == "undecided"


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
    ],
)
def test_topic(judged, topic, verdict, values):
    topics = Topics(shares=((share("refund", 0.75, 1), share("invoice", 0.25, 2)),))
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


def test_a_missing_signal_is_our_fault_and_not_a_miss(judged):
    with pytest.raises(InternalError, match="信息实体"):
        judged("p: {entity: {type: mobile}}", ["C 138"])
