"""Words that are written otherwise, with a pause inside, in other numerals, or by their sound."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qc.domain.rule import Word
from qc.matching.word_search import WordSearch
from qc.text.dictionary import two_characters
from qc.text.gaps import Gaps, Neighbours, find_fillers
from qc.text.homophones import has_homophones
from qc.text.numerals import spellings
from qc.text.pinyin import encode, syllables

EXACT = "{keyword: {any: %s, robust: exact}}"
VARIANTS = "{keyword: %s}"
PINYIN = "{keyword: {any: %s, robust: pinyin}}"

TABLE = [
    # how, words, what is said, texts of the hits
    (VARIANTS, "保证收益", "我们保证收益的", ["保证收益"]),
    (VARIANTS, "投诉", "我要投 诉你", ["投 诉"]),
    (VARIANTS, "投诉", "我要投__诉你", ["投__诉"]),
    (VARIANTS, "保证收益", "那个保证，嗯，收益啊", ["保证，嗯，收益"]),
    (VARIANTS, "保证收益", "保证呃…啊收 益", ["保证呃…啊收 益"]),
    (VARIANTS, "保证收益", "保 证 收 益", ["保 证 收 益"]),
    (VARIANTS, "保证收益", "😀保證 收益", ["保證 收益"]),
    (VARIANTS, "有功", "没有这个功能", []),  # 这个 is no sound of hesitation
    (VARIANTS, "投诉", "投，诉", []),  # a bare comma divides
    (VARIANTS, "投诉", "投。嗯。诉", []),  # so does the end of a sentence
    (VARIANTS, "投诉", "投\n诉", ["投\n诉"]),  # a line break inside a turn is a space
    (EXACT, "投诉", "我要投 诉，投啊诉", []),
    (VARIANTS, "额度", "我的 额度", ["额度"]),  # a filler may be part of a word
    (VARIANTS, "余额不足", "余额不足，余 额 不足", ["余额不足", "余 额 不足"]),  # and is looked for with gaps beside it
    (VARIANTS, "全额退款", "全额 退款，全嗯额退款", ["全额 退款", "全嗯额退款"]),
    (VARIANTS, "保证收益", "保\u200b证\t收\u00a0益", ["保\u200b证\t收\u00a0益"]),  # spaces of any width, or none
    (VARIANTS, "vip card", "我有VIPcard和vip card", ["VIPcard", "vip card"]),
    (VARIANTS, "'12398'", "打1 2 3 9 8或12 398", ["1 2 3 9 8", "12 398"]),
    (VARIANTS, "'12398'", "号码 1 2 3 9 8 7", []),  # still a whole number
    (VARIANTS, "'1234'", "我的号码138****1234，密码1234", ["1234"]),  # what a mask leaves is not a whole number
    (EXACT, "'138'", "138****1234", []),
    (VARIANTS, "'110'", "买了1 10元的", []),  # too short to be read across spaces
    (VARIANTS, "'12398'", "打一二三九八，幺二三九八，12398", ["一二三九八", "幺二三九八", "12398"]),
    (VARIANTS, "一二三九八", "打12398，打123987", ["12398"]),
    (EXACT, "'12398'", "一二三九八", []),
    (VARIANTS, "二十四小时", "24小时内，124小时内", ["24小时"]),
    (VARIANTS, "24小时", "二十四小时，一百二十四小时", ["二十四小时"]),
    (VARIANTS, "两小时", "2小时、二小时、12小时、十二小时", ["2小时", "二小时"]),
    (VARIANTS, "2小时", "两 小时", ["两 小时"]),
    (VARIANTS, "'3.15'", "三点一五", []),
    (VARIANTS, "工号", "您好，公号1025", []),
    (PINYIN, "工号", "您好，公号1025", ["公号"]),
    (PINYIN, "工号", "您好，工号1025", ["工号"]),
    (PINYIN, "[账号, 帐号]", "您的帐号", ["帐号"]),  # as written, not as a homophone of the other
    (PINYIN, "收益", "他是受益人", []),  # 受益 is a word
    (PINYIN, "好使", "这个号是多少", []),  # a function word is no slip
    (PINYIN, "投宝", "已投保", []),
    (PINYIN, "现金", "从宪金华来", []),  # 金华 is a word: 宪金 cuts it
    (PINYIN, "验证码", "收到的验证马告诉我", ["验证马"]),
    (PINYIN, "验证码", "收到的验正马，严正吗", ["验正马", "严正吗"]),
    (PINYIN, "证书", "认真输入", []),  # zheng and zhen are one class, but not for two characters
    (PINYIN, "证监会", "真监会", []),  # nor for three
    (PINYIN, "保证收益", "宝真收益", ["宝真收益"]),  # for four
    (PINYIN, "再见了vip", "在见了vip", []),  # only words that are all Chinese
    (PINYIN, "投诉", "投 诉", ["投 诉"]),
    (PINYIN, "好", "号", []),
]


@pytest.mark.parametrize(("how", "words", "said", "texts"), TABLE)
def test_table(judged, how, words, said, texts):
    result = judged(f"p: {how % words}", f"C {said}")
    assert (result.verdict, result.texts) == ("hit" if texts else "miss", texts)


def test_a_homophone_says_so(judged):
    [hit] = judged(f"p: {PINYIN % '工号'}", "A ＶＩＰ，公号1025 @0-3").hits
    assert (hit.text, hit.note, hit.char_start, hit.char_end) == ("公号", "疑似同音：公号→工号", 4, 6)
    [hit] = judged(f"p: {PINYIN % '工号'}", "A 我的工 号").hits
    assert (hit.text, hit.note) == ("工 号", "")


def test_near_takes_the_same_liberties(judged):
    near = "p: {near: {a: {words: 工号, robust: pinyin}, b: [投诉], within: 4}}"
    [hit] = judged(near, "C 公号我投 诉").hits
    assert (hit.text, hit.note) == ("公号我投 诉", "疑似同音：公号→工号")
    first, second = judged(
        "p: {near: {a: 投诉, b: {words: 工号, robust: pinyin}, within: 1, unit: turns}}", ["C 投诉", "A 公号是"]
    ).hits
    assert (first.note, second.note) == ("", "疑似同音：公号→工号")


def test_joined_turns(judged):
    piece = "p: {keyword: {any: [验证码], robust: pinyin}, joined: true}"
    [hit] = judged(piece, ["A 报一下验证", "A 马"]).hits
    assert (hit.turn, hit.text, hit.note) == (1, "验证", "疑似同音：验证马→验证码")


def test_one_word_at_different_levels(judged):
    find = "\n".join(
        f"{name}: {{keyword: {{any: [工号], robust: {name}}}}}" for name in ("exact", "variants", "pinyin")
    )
    for said, true in (
        ("工号", {"exact", "variants", "pinyin"}),
        ("工 号", {"variants", "pinyin"}),
        ("公号", {"pinyin"}),
    ):
        result = judged(find, f"A 我的{said}", when="exact or variants or pinyin")
        assert set(result.finding.pieces) == true


def test_all_counts_a_word_and_its_homophone_once(judged):
    piece = "p: {keyword: {all: [工号, 投诉], robust: pinyin}}"
    assert judged(piece, "C 工号，公号").verdict == "miss"
    assert judged(piece, "C 投诉，公号").texts == ["投诉", "公号"]


def test_category_and_level_of_lexicon_words(judged):
    words = [
        Word(text="滚", category="辱骂", level=4),
        Word(text="烦", category="情绪", level=1),
        Word(text="差", level=3),
    ]
    said = "C 滚，烦，差"
    assert judged("p: {keyword: {lexicon: lex, min_level: 3}}", said, words=words).texts == ["滚", "差"]
    assert judged("p: {keyword: {lexicon: lex, category: [辱骂, 情绪]}}", said, words=words).texts == ["滚", "烦"]
    piece = "p: {keyword: {any: [差], lexicon: lex, category: 情绪, min_level: 2}}"
    assert judged(piece, said, words=words).texts == ["差"]  # the words written in the rule are always wanted


NUMBERS = [
    ("24小时", {"二十四小时"}),
    ("105", {"一百零五", "一零五", "幺零五"}),
    ("一百零五", {"105", "一零五", "幺零五"}),
    ("双十一", {"双11"}),
    ("一万二", {"12000", "一万二千", "一二零零零", "幺二零零零"}),
    ("10010", {"一万零一十", "一零零一零", "幺零零幺零"}),
    ("007", {"零零七"}),
    ("2000元", {"二千元", "两千元", "二零零零元"}),
    ("两三天", set()),
    ("十八九岁", set()),
    ("万一", set()),
    ("三亿五", set()),
    ("千万别", set()),
    ("二十二十", set()),
    ("1.5倍", set()),
    ("1" * 30, set()),
    ("1小时30分", {"一小时三十分"}),
    ("投诉", set()),
]


@pytest.mark.parametrize(("word", "others"), NUMBERS)
def test_spellings(word, others):
    assert set(spellings(word)) == others


def test_syllables():
    table = syllables()
    plain, fuzzy = table.plain, table.fuzzy
    assert plain[ord("公")] == plain[ord("工")] != plain[ord("红")]
    assert plain[ord("是")] != plain[ord("四")] and fuzzy[ord("是")] == fuzzy[ord("四")]
    assert fuzzy[ord("南")] == fuzzy[ord("狼")] and fuzzy[ord("您")] == fuzzy[ord("零")]
    assert encode(plain[[ord("公"), ord("号")]]).decode() == "".join(chr(plain[ord(c)]) for c in "公号")
    assert not has_homophones("a股") and not has_homophones("股") and has_homophones("股票")


def test_the_table_is_what_pypinyin_gives():
    pytest.importorskip("pypinyin")
    from pypinyin import lazy_pinyin

    plain = syllables().plain
    names: dict[int, set[str]] = {}
    chars = "工号投保诉验证码退款电费客服您好请稍等抱歉理赔"
    for char in chars:
        names.setdefault(int(plain[ord(char)]), set()).add(lazy_pinyin(char)[0])
    assert all(len(syllable) == 1 for syllable in names.values())
    assert len(names) == len({lazy_pinyin(char)[0] for char in chars})


def test_dictionary():
    words = two_characters()
    asked = np.array([[ord(c) for c in pair] for pair in ("受益", "投保", "公号", "投宝", "a股")], np.uint32)
    assert words.holds(asked[:, 0], asked[:, 1]).tolist() == [True, True, False, False, False]


@settings(max_examples=300, deadline=None)
@given(
    text=st.text(alphabet="投诉保 嗯啊，a1😀\n", max_size=14),
    words=st.lists(st.text("投诉保a1", min_size=1, max_size=4)),
)
def test_closing_the_gaps_loses_no_word(text, words):
    """Against the plain way: every span whose gaps, taken out, leave a word."""
    import re

    points = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    closed, place = Gaps(points, find_fillers(points)).closed(Neighbours(words))
    assert len(closed) == len(place)
    written = closed.tobytes().decode("utf-32-le")
    gap = re.compile("(?:[ ，]{0,2}[嗯啊][ ，]{0,2}| )+")
    for word in set(words):
        for match in re.finditer(f"(?:{gap.pattern})?".join(map(re.escape, word)), text):
            if len(match[0]) > len(word) and not re.search("， ，|  +，|， +，", match[0]):
                found = [place[m.start()] for m in re.finditer(re.escape(word), written)]
                assert match.start() in found, (text, word)


@settings(max_examples=200, deadline=None)
@given(
    text=st.text(alphabet="投诉 嗯，a\xe9😀\n", max_size=14),
    words=st.sets(st.text("投诉a\xe9😀", min_size=2, max_size=3)),
)
def test_places_are_bytes_of_the_buffer(text, words):
    """Whatever stands before a word: its first and last character are those of the word."""
    texts = sorted(words)
    found = WordSearch(texts, [1] * len(texts)).scan(text.encode())
    for word, start, end in zip(found.word.tolist(), found.start.tolist(), found.end.tolist(), strict=True):
        said = text.encode()[start:end].decode()
        assert (said[0], said[-1]) == (texts[word][0], texts[word][-1])
