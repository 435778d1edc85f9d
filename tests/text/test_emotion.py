"""Emotion: what a phrase means where it stands, and what becomes of a conversation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from qc.domain.conversation import Role
from qc.domain.emotion import (
    COMPONENTS,
    EmotionLexicon,
    EmotionTest,
    Evaluation,
    InQuestion,
    Modifiers,
    PhraseGroup,
    WhenNegated,
)
from qc.text.emotion import (
    LEVEL_FROM,
    NEUTRAL_AT_MOST,
    NO_COMPONENT,
    STRENGTH,
    TONE_WEIGHT,
    Emotions,
    EmotionScorer,
    score_emotions,
)
from qc.text.emotion_tests import run_emotion_tests
from tests.text.shards import said, shard


def felt(scorer: EmotionScorer, text: str, role: str = "customer") -> tuple[int, int, str | None]:
    """Label, level and component of one turn."""
    e = scorer.score(said(text, role=role))
    component = None if e.component[0] == NO_COMPONENT else COMPONENTS[e.component[0]]
    return int(e.label[0]), int(e.level[0]), component


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("没有了谢谢", 1),  # "no more, thanks" is thanks, not a negated one
        ("没有了，谢谢", 1),
        ("转人工客服了", 0),  # 服了 inside 客服了
        ("好评返现吗", 0),
        ("给个好评有红包吗", 0),
        ("怎么还没发货", 0),  # impatience is a hint, not a feeling
        ("差不多了", 0),
        ("退差价", 0),
        ("你好，贵公司在哪里", 0),
        ("垃圾短信怎么屏蔽", 0),
        ("帮我操作一下", 0),
        ("手机号更改", 0),
        ("我要投诉你们", -1),
        ("不投诉", 0),
        ("没有生气", 0),
        ("你们太慢了", -1),
        ("慢慢来", 0),
        ("真他妈气人", -1),
        ("如果不满意可以退吗", 0),
        ("很满意", 1),
        ("不满意", -1),
        ("不是很满意", -1),
        ("没那么好用", -1),
        ("一点都不满意", -1),
        ("质量很好", 1),
        ("质量好吗", 0),
        ("", 0),
    ],
)
def test_customer_phrases(scorer: EmotionScorer, text: str, label: int) -> None:
    assert felt(scorer, text)[0] == label


def test_degree_moves_the_level(scorer: EmotionScorer) -> None:
    levels = [felt(scorer, text)[1] for text in ("有点失望", "失望", "太失望了", "非常生气")]
    assert levels == [1, 2, 3, 4]
    assert felt(scorer, "麻烦死了")[0] == -1
    assert felt(scorer, "麻烦您帮我查一下")[0] == 0


@pytest.mark.parametrize(
    ("text", "component"),
    [
        ("气死我了", "anger"),
        ("我很着急", "anxiety"),
        ("太让人失望了", "disappointment"),
        ("你们就是骗子公司", "disgust"),
        ("再不解决我就打12315", "threat"),
        ("非常感谢", "satisfaction"),
    ],
)
def test_customer_components(scorer: EmotionScorer, text: str, component: str) -> None:
    assert felt(scorer, text)[2] == component


@pytest.mark.parametrize(
    ("text", "label", "component"),
    [
        ("您先别着急，我马上为您处理", 1, "soothing"),
        ("我非常理解您的心情", 1, "empathy"),
        ("我刚才不是说了吗", -1, "impatience"),
        ("那我也没办法", -1, "indifference"),
        ("有本事你去投诉吧", -1, "anger"),
        ("好的，请稍等", 0, None),
        ("请放心购买", 0, None),
    ],
)
def test_agent_phrases(scorer: EmotionScorer, text: str, label: int, component: str | None) -> None:
    got = felt(scorer, text, role="agent")
    assert (got[0], got[2]) == (label, component)


def test_roles_have_their_own_phrases(scorer: EmotionScorer) -> None:
    assert felt(scorer, "别着急", role="agent")[0] == 1
    assert felt(scorer, "别着急", role="customer")[0] == 0
    assert felt(scorer, "气死我了", role="bot") == (0, 0, None)
    assert felt(scorer, "气死我了", role="unknown")[0] == -1


def test_numbers_must_stand_alone(scorer: EmotionScorer) -> None:
    assert felt(scorer, "我打12315")[0] == -1
    assert felt(scorer, "订单123151")[0] == 0


def test_thanks_do_not_undo_a_complaint(scorer: EmotionScorer) -> None:
    assert felt(scorer, "你们这是欺骗消费者，谢谢")[0] == -1


def test_phrases_quote_what_touches_them(scorer: EmotionScorer) -> None:
    e = scorer.score(said("衣服不是很满意，快递也太慢了", "好的"))
    assert dict(e.phrases) == {0: ("不是很满意", "也太慢")}


def test_summary_of_a_conversation(scorer: EmotionScorer) -> None:
    e = scorer.score(
        shard(
            [
                ("agent", "您好"),
                ("customer", "气死我了"),
                ("agent", "别着急"),
                ("customer", ""),
                ("customer", "非常感谢"),
            ],
            [("agent", "您好")],
        )
    )
    c = e.customer
    assert c.worst_turn.tolist() == [2, 0]
    assert c.start[0] < -0.7
    assert c.end[0] > 0.2
    assert c.level.tolist() == [4, 0]
    assert np.isnan(c.worst[1])
    assert e.agent.worst_turn.tolist() == [1, 1]
    assert e.agent.level.tolist() == [0, 0]


def test_snownlp_alone_never_labels_a_turn(scorer: EmotionScorer) -> None:
    e = scorer.score(said("质量特别糟糕退货的房间又小又破服务员爱理不理的住得难受", "这本书内容空洞印刷粗糙"))
    bare = score_emotions(said("这本书内容空洞印刷粗糙，纸张很薄"), EmotionLexicon())
    assert e.snownlp[0] < 0.1
    assert bare.snownlp[0] < 0.3
    assert bare.label[0] == 0
    assert abs(bare.polarity[0]) <= NEUTRAL_AT_MOST


def test_the_tone_tips_what_holds_only_hints() -> None:
    hints = PhraseGroup(component="anxiety", level=0, phrases=("甲甲", "乙乙"), when_negated=WhenNegated.KEEP)
    words = Evaluation(positive=("精美", "好听"), negative=("粗糙", "简陋", "陈旧"))
    scorer = EmotionScorer(EmotionLexicon(groups={Role.CUSTOMER: (hints,)}, evaluation=words))
    e = scorer.score(said("甲甲乙乙", "甲甲乙乙粗糙简陋陈旧", "甲甲粗糙简陋陈旧", "甲甲乙乙精美好听"))
    assert e.label.tolist() == [0, -1, 0, 0]


def test_words_of_praise_and_fault_finding_move_the_polarity_only(scorer: EmotionScorer) -> None:
    e = scorer.score(said("做工精致，外观典雅，用料扎实，手感细腻", "做工粗糙，外观陈旧，用料简陋", "不粗糙", "嗯"))
    assert e.label.tolist() == [0, 0, 0, 0]
    assert e.polarity[0] > 0.1
    assert e.polarity[1] < -0.1
    assert e.polarity[2] > 0
    assert np.all(np.abs(e.polarity) <= NEUTRAL_AT_MOST)


def test_a_clear_level_does_not_depend_on_snownlp() -> None:
    for level in range(1, 6):
        low, high = STRENGTH[level] - TONE_WEIGHT, STRENGTH[level] + TONE_WEIGHT
        assert np.searchsorted(LEVEL_FROM, [low, high], side="right").tolist() == [level, level]


def test_a_lexicon_of_ones_own() -> None:
    lexicon = EmotionLexicon(
        groups={
            Role.CUSTOMER: (
                PhraseGroup(component="anger", level=2, phrases=("吃瘪",), in_question=InQuestion.DROP),
                PhraseGroup(component="satisfaction", level=2, phrases=("巴适",), when_negated=WhenNegated.FLIP),
            )
        },
        modifiers=Modifiers(negation=("不",), question=("吗",), neutral=("吃瘪三",)),
    )
    e = score_emotions(said("吃瘪", "吃瘪吗", "吃瘪？", "吃瘪三", "不巴适", "巴适，不"), lexicon)
    assert e.label.tolist() == [-1, 0, 0, 0, -1, 1]


def test_nothing_to_score(scorer: EmotionScorer) -> None:
    e: Emotions = scorer.score(shard())
    assert len(e.polarity) == len(e.customer.start) == 0
    e = scorer.score(shard([]))
    assert e.customer.worst_turn.tolist() == [0]


@pytest.mark.parametrize(
    "text",
    [
        "   ",
        "😂😂😂",
        "123456 7890 12",
        "hello, how are you? fine",
        "喺唔喺呀，我想問下幾時有貨",  # Cantonese
        "嗯那个就是说那个那个呃对对对就是嗯那个",  # what a recogniser makes of mumbling
        "？？",
        "不",
        "没",
        "\ud83d",
        "\x00\x01",
    ],
)
def test_nothing_felt_is_neutral(scorer: EmotionScorer, text: str) -> None:
    assert felt(scorer, text) == (0, 0, None)


def test_a_very_long_turn(scorer: EmotionScorer) -> None:
    texts = ("哈" * 100_000, "气死我了，" * 20_000, "不" * 50_000 + "满意", "太" * 100_000, "发" * 30_000 + "谢谢")
    e = scorer.score(said(*texts))
    assert e.label.tolist()[:2] == [0, -1]
    assert e.level[1] == 4
    assert all(len(p) <= 8 for p in e.phrases.values())
    assert np.all(np.abs(e.polarity) <= 1)


def test_courtesy_beside_a_request_is_a_hint(scorer: EmotionScorer) -> None:
    e = scorer.score(said("好的，谢谢", "帮我改一下地址，谢谢", "谢谢，什么时候到？", "帮我查了很久，非常感谢", "谢谢"))
    assert e.label.tolist() == [1, 0, 0, 1, 1]
    assert np.all(e.polarity > 0)


def test_inline_tests_tell_what_failed(lexicon: EmotionLexicon) -> None:
    wrong = EmotionTest(path="x.yml", line=7, role=Role.CUSTOMER, text="气死我了", label=-1, component="anger", level=2)
    right = replace(wrong, level=4, polarity=-1)
    results = run_emotion_tests(replace(lexicon, tests=(wrong, right)))
    assert [r.passed for r in results] == [False, True]
    assert [(r.label, r.component, r.level) for r in results] == [(-1, "anger", 4)] * 2


def test_same_turn_same_score_in_any_company(scorer: EmotionScorer) -> None:
    texts = ["太慢了", "谢谢", "我要投诉你们", "好的", "怎么还没到，都几天了"]
    together = scorer.score(said(*texts))
    for i, text in enumerate(texts):
        assert scorer.score(said(text)).polarity[0] == together.polarity[i]


@pytest.mark.slow
def test_close_to_the_original_snownlp(scorer: EmotionScorer) -> None:
    from snownlp import SnowNLP

    texts = [
        "这个手机很好用，屏幕清晰，电池耐用",
        "质量太差了，用了两天就坏了",
        "酒店房间很小，服务员态度不好",
        "书的内容非常精彩，值得一读",
        "快递很慢，包装也破了",
        "早餐丰富，位置方便，下次还会来",
        "画面模糊，音质一般",
        "客服很耐心，问题很快解决了",
        "电池一天要充三次电",
        "价格便宜，性价比高",
        "系统总是死机，很失望",
        "孩子很喜欢，印刷精美",
        "请问什么时候发货",
        "退款还没有到账",
        "谢谢您的帮助",
        "房间有异味，隔音差",
        "外观漂亮，做工精细",
        "散热不好，风扇声音大",
    ]
    ours = scorer.score(said(*texts)).snownlp
    theirs = [SnowNLP(text).sentiments for text in texts]
    assert np.corrcoef(ours, theirs)[0, 1] > 0.8
    assert np.mean((ours > 0.5) == (np.array(theirs) > 0.5)) > 0.8
