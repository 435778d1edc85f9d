"""Terms: jieba's words, counted once per conversation, without personal data."""

from __future__ import annotations

import random

import jieba
from hypothesis import given, settings
from hypothesis import strategies as st

from qc.domain.topic import Keyword, Taxonomy, Topic
from qc.text.emotion import EmotionScorer
from qc.text.entities import find_entities
from qc.text.shard import Shard
from qc.text.terms import TermTable, count_terms, stop_words
from qc.text.words import Segmenter, segmenter
from tests.text.shards import said, shard

WORDS = """停电 发票 南京市 长江大桥 研究生 命 起源 中国 人民 银行 的 了 不 我们 小区 变压器 充电 表现 在 没有 没收 到货
和 尚未"""
SENTENCES = st.lists(st.sampled_from(WORDS.split()), max_size=14).map("".join)


def count(made: Shard, scorer: EmotionScorer, taxonomies: tuple[Taxonomy, ...] = ()) -> TermTable:
    return count_terms(made, scorer.score(made), find_entities(made), taxonomies)


def rows(table: TermTable) -> dict[str, tuple[int, int, int]]:
    numbers = zip(
        table.conversations.tolist(), table.occurrences.tolist(), table.negative_conversations.tolist(), strict=True
    )
    return dict(zip(table.term, numbers, strict=True))


@settings(max_examples=200, deadline=None)  # the first call loads the dictionary
@given(SENTENCES)
def test_pieces_are_cut_as_jieba_cuts_the_whole(sentence: str) -> None:
    words = segmenter(())
    bonds = words.bonds(sentence)
    pieces, start = [], 0
    for i, bound in enumerate(bonds.tolist(), 1):
        if not bound:
            pieces.append(sentence[start:i])
            start = i
    pieces.append(sentence[start:])
    assert [w for p in pieces for w in words.cut(p)] == list(jieba.cut(sentence, HMM=False))


def test_cut_is_jiebas() -> None:
    ours = Segmenter(["网上国网", "退换货", "电费"])
    draw = random.Random(1)
    known = [*list(ours._jieba.FREQ)[::53], "网上国网", "退换货", "电费", "龘", "𠮷", "ok", "3.5", "，"]
    for _ in range(1500):
        piece = "".join(draw.choices(known, k=draw.randint(1, 6)))
        assert ours.cut(piece) == tuple(ours._jieba.cut(piece, HMM=False))


def test_domain_words_are_words() -> None:
    plain, ours = Segmenter(), Segmenter(["网上国网"])
    assert plain.cut("网上国网") != ("网上国网",)
    assert ours.cut("网上国网") == ("网上国网",)


def test_whole_words() -> None:
    words = segmenter(("电表",))
    text = "充电表现，智能电表坏了，专用发票"
    bonds = words.bonds(text)

    def whole(part: str, nth: int = 0) -> bool:
        at = [i for i in range(len(text)) if text.startswith(part, i)][nth]
        return words.whole(text, at, at + len(part), bonds)

    assert not whole("电表")
    assert whole("电表", 1)
    assert whole("发票")
    assert whole("充电")


def test_counts(scorer: EmotionScorer) -> None:
    made = shard(
        [("customer", "变压器坏了，变压器"), ("agent", "变压器烧了吗"), ("customer", "气死我了")],
        [("customer", "变压器在响")],
        [("agent", "变压器")],
    )
    assert rows(count(made, scorer))["变压器"] == (2, 3, 1)


def test_words_within_a_keyword_count(scorer: EmotionScorer) -> None:
    phrases = ("停电了", "又停电", "发票专用章印错了")
    topic = Topic(id="x.y", title="", parent="", keywords=tuple(Keyword(text=p) for p in phrases))
    listed = (Taxonomy(id="x", title="", projects=(), topics=(topic,)),)
    made = shard([("customer", "停电了，停电怎么办")], [("customer", "又停电")], [("customer", "发票专用章印错了")])
    found = rows(count(made, scorer, listed))
    assert found["停电了"][:2] == found["又停电"][:2] == (1, 1)
    assert found["停电"][:2] == (2, 3)  # also where it is said within the keywords
    assert found["发票"][:2] == found["印错"][:2] == found["发票专用章印错了"][:2] == (1, 1)


def test_projects_apart_and_in_order(scorer: EmotionScorer) -> None:
    a, b = said("停电了，停电了", project="甲"), said("停电了", project="乙")
    table = count(Shard([*a.conversations, *b.conversations]), scorer)
    assert list(zip(table.project, table.term, strict=True)) == sorted(zip(table.project, table.term, strict=True))
    assert sum(t == "停电" for t in table.term) == 2


def test_no_personal_data_no_stop_words(scorer: EmotionScorer, taxonomies: tuple[Taxonomy, ...]) -> None:
    made = said(
        "收件人：欧阳建国，手机一三八一二三四五六七八，住在广东省深圳市南山区科技路12号，邮箱wangwu@example.com，我们的wifi坏了"
    )
    terms = set(rows(count(made, scorer, taxonomies)))
    assert "wifi" in terms
    assert not terms & {"建国", "欧阳", "深圳市", "深圳", "南山区", "科技", "wangwu", "example", "我们"}
    assert not terms & stop_words()
    assert not any(c.isdigit() for t in terms for c in t)


NUMERALS = st.text("零一二三四五六七八九十百千万两几", min_size=1, max_size=6)
AFTER = st.sampled_from(["", "个", "次", "个月", "天", "块钱", "分钟", "个小时", "台", "年", "号", "点钟", "公里"])


@settings(max_examples=200, deadline=None)
@given(NUMERALS, AFTER, st.sampled_from(["", "第", "百分之"]))
def test_numbers_are_no_terms(scorer: EmotionScorer, numeral: str, after: str, before: str) -> None:
    made = said(f"变压器，{before}{numeral}{after}，停电")
    assert set(rows(count(made, scorer))) - {"百度"} == {"变压器", "停电"}


def test_words_with_a_numeral_in_them_stay(scorer: EmotionScorer) -> None:
    assert {"百度", "三包", "二维码", "一卡通"} <= set(rows(count(said("百度，三包，二维码，一卡通"), scorer)))


def test_function_words_and_asides_are_no_terms(scorer: EmotionScorer) -> None:
    made = said(
        "我家已经从来没有电了，尤其是上次，虽然终于来了，但是突然又停电，谢谢你们，没错，平时一个月三次",
        "[图片][订单号]发票 https://item.example.com/goods?id=8 www.example.com/a 发票",
    )
    assert rows(count(made, scorer)) == {"停电": (1, 1, 0), "发票": (1, 2, 0)}


def test_nothing(scorer: EmotionScorer) -> None:
    assert count(shard(), scorer).term == ()
    assert count(said("", "……", "123"), scorer).term == ()
