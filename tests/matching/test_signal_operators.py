"""emotion, topic and entity: the operators over what the text stage says."""

from __future__ import annotations

import numpy as np
import pytest

from qc.domain.emotion import COMPONENTS
from qc.errors import InternalError
from qc.matching.signals import Signals
from qc.specs.document import SpecError
from qc.text.emotion import Emotions, RoleEmotion
from qc.text.entities import ENTITY_TYPES, Entities, find_entities
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
    ("{label: negative, min_level: 4, at: start}", "hit", [None]),  # a third of three turns: the first
    ("{label: negative, min_level: 5, at: start}", "miss", []),
    ("{label: positive, at: end}", "hit", [None]),
    ("{label: negative, at: end}", "miss", []),
    ("{label: negative, at: whole, min_level: 1}", "hit", [None]),
    ("{label: negative, at: whole, min_level: 2}", "miss", []),
    ("{at: trend, trend: rising, min_change: 1.3}", "hit", [None]),
    ("{at: trend, trend: rising, min_change: 1.31}", "miss", []),
    ("{at: trend, trend: falling}", "miss", []),
]


@pytest.mark.parametrize(("emotion", "verdict", "turns"), EMOTION)
def test_emotion(judged, emotion, verdict, turns):
    result = judged(f"p: {{emotion: {emotion}, speaker: customer}}", LINES, signals=ANGRY)
    assert (result.verdict, result.turns) == (verdict, turns)


def test_emotion_of_unclear_words_is_undecided(judged):
    piece = "p: {emotion: {label: negative}, speaker: customer}"
    assert judged(piece, ["C 气死了 ~0.1"], signals=emotions((-0.8, 4, "anger"))).verdict == "undecided"
    assert judged(piece, ["U 气死了"], signals=emotions((-0.8, 4, "anger"))).verdict == "undecided"


MOODS = emotions((0.6, 3, None), (0.2, 1, None), (-0.2, 1, None), (-0.6, 3, None), (-0.6, 3, None), (-0.8, 4, None))


def moods(speaker: str, *clear: str) -> list[str]:
    return [f"{speaker} 话 {end}".strip() for end in (*clear, *[""] * (6 - len(clear)))]


@pytest.mark.parametrize(
    ("emotion", "frame", "lines", "verdict", "values"),
    [
        ("{at: trend, trend: falling}", "", moods("C"), "hit", [-1.1]),  # two of six: 0.4 down to −0.7
        ("{at: trend, trend: falling, min_change: 1.2}", "", moods("C"), "miss", []),
        ("{at: trend, trend: rising}", "", moods("C"), "miss", []),
        ("{at: trend, trend: falling}", ", range: 5..6", moods("C"), "miss", []),  # 0.2 down
        ("{at: trend, trend: falling, min_change: 0.2}", ", range: 5..6", moods("C"), "hit", [-0.2]),
        ("{at: trend, trend: falling}", ", range: 6", moods("C"), "miss", []),  # one turn has no trend
        ("{at: whole, label: negative}", "", moods("C"), "hit", [-0.2333]),
        ("{at: whole, label: neutral}", ", range: 2..3", moods("C"), "hit", [0.0]),
        ("{at: whole, label: positive, min_level: 2}", "", moods("C", "", *["~0.1"] * 5), "hit", [0.6]),
        ("{at: start, label: positive}", "", moods("C"), "hit", [0.4]),
        ("{at: end, label: negative, min_level: 3}", "", moods("C"), "hit", [-0.7]),
        ("{at: end, label: negative}", ", range: 1..2", moods("C"), "miss", []),
        ("{at: end, label: negative}", "", moods("U"), "undecided", []),
        ("{at: whole, label: negative}", "", moods("C", *["~0.1"] * 6), "undecided", []),
        ("{at: whole, label: negative}", "", moods("A"), "miss", []),  # not a word of the customer
        ("{label: negative}", ", on_empty: na", moods("A"), "not_applicable", []),
        ("{at: whole, label: negative}", ", on_empty: na", moods("A"), "not_applicable", []),
        ("{at: trend, trend: falling}", ", on_empty: hit", moods("A"), "hit", []),
    ],
)
def test_emotion_of_several_turns(judged, emotion, frame, lines, verdict, values):
    piece = f"p: {{emotion: {emotion}, speaker: customer{frame}}}"
    result = judged(piece, lines, signals=MOODS)
    found = [hit.value for hit in result.hits]
    assert (result.verdict, found) == (verdict, pytest.approx(values, abs=1e-4))


@pytest.mark.parametrize(
    ("emotion", "message"),
    [
        ("{at: trend}", "at: trend 没有写 trend"),
        ("{at: trend, trend: falling, label: negative}", "at: trend 看的是变化，没有 label"),
        ("{at: end, trend: falling, label: negative}", "trend 只能与 at: trend 合用"),
        ("{label: negative, min_change: 0.5}", "min_change 只能与 at: trend 合用"),
        ("{at: whole, component: anger}", "at: whole 是几轮的平均，没有 component"),
        ("{at: end}", "没有写条件"),
    ],
)
def test_emotion_conditions_that_do_not_go_together(judged, emotion, message):
    with pytest.raises(SpecError) as error:
        judged(f"p: {{emotion: {emotion}, speaker: customer}}", ["C 话"])
    assert [problem.message for problem in error.value.problems] == [message]


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
