from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qc.domain.operators import Robust, Words
from qc.domain.rule import Word
from qc.matching.vocabulary import Vocabulary
from qc.text.normalise import normalise
from qc.text.shard import Shard

TABLE = [
    # piece, dialogue, verdict, texts of the hits
    ("{keyword: 投诉}", ["C 我要投诉你们"], "hit", ["投诉"]),
    ("{keyword: 投诉}", ["C 我要退货"], "miss", []),
    ("{keyword: [投诉, 举报]}", ["C 举报！", "C 还要投诉"], "hit", ["举报", "投诉"]),
    ("{keyword: App}", ["C 打开ａｐＰ看看"], "hit", ["ａｐＰ"]),  # case and width do not matter, evidence is as written
    ("{keyword: [vip, '12398']}", ["C 我是vip，打12398"], "hit", ["vip", "12398"]),
    ("{keyword: [vip, '12398']}", ["C vipshop，单号123987"], "miss", []),  # numbers and Latin words count whole
    ("{keyword: 台湾}", ["C 寄到臺灣"], "hit", ["臺灣"]),
    ("{keyword: 投诉, speaker: customer}", ["A 您要投诉吗"], "miss", []),
    ("{keyword: [投诉, 我要投诉]}", ["C 我要投诉"], "hit", ["我要投诉"]),  # the longest counts, once
    ("{keyword: 哈哈, count: {min: 2}}", ["C 哈哈哈"], "hit", ["哈哈", "哈哈"]),
    ("{keyword: {all: [小时, 回复]}}", ["A 两小时内给您回复"], "hit", ["小时", "回复"]),
    ("{keyword: {all: [小时, 回复]}}", ["A 两小时", "A 给您回复"], "miss", []),
    ("{keyword: {all: [小时, 回复]}, joined: true}", ["A 两小时", "A 给您回复"], "hit", ["小时", "回复"]),
    ("{keyword: {all: [小时, 回复]}, in_clause: true}", ["A 两小时，给您回复"], "miss", []),
    ("{keyword: {all: [小时, 回复]}, in_clause: true}", ["A 好的，两小时回复。"], "hit", ["小时", "回复"]),
    ("{keyword: {at_least: 2, any: [慢, 贵, 差]}}", ["C 又慢又贵"], "hit", ["慢", "贵"]),
    ("{keyword: {at_least: 2, any: [慢, 贵, 差]}}", ["C 慢慢慢"], "miss", []),
    ("{keyword: {none: [抱歉, 对不起]}}", ["A 您好"], "hit", []),
    ("{keyword: {none: [抱歉, 对不起]}}", ["A 抱歉"], "miss", []),
    ("{keyword: {none: [抱歉]}, negate: true}", ["A 抱歉"], "hit", ["抱歉"]),
    ("{keyword: 转账, joined: true}", ["A 请转", "A 账给我"], "hit", ["转"]),  # evidence starts in the first turn
]


@pytest.mark.parametrize(("piece", "lines", "verdict", "texts"), TABLE)
def test_table(judged, piece, lines, verdict, texts):
    result = judged(f"p: {piece}", lines)
    assert (result.verdict, result.texts) == (verdict, texts)


def test_lexicon_entries_give_category_and_level(judged):
    words = [Word(text="滚", category="辱骂", level=4), Word(text="烦", level=1)]
    [hit] = judged("p: {keyword: {lexicon: lex}}", ["C 你滚"], words=words).hits
    assert (hit.category, hit.level, hit.char_start, hit.char_end, hit.role) == ("辱骂", 4, 1, 2, "customer")


def test_a_word_never_crosses_turns(judged):
    assert judged("p: {keyword: 投诉}", ["C 我要投", "C 诉苦"]).verdict == "miss"


def test_uncertain_words_do_not_make_all_certain(judged):
    piece = "p: {keyword: {all: [小时, 回复]}, joined: true}"
    assert judged(piece, ["A 两小时 ~0.9", "A 回复 ~0.1"]).verdict == "undecided"
    assert judged(piece, ["A 两小时 ~0.9", "A 回复 ~0.1", "A 回复 ~0.9"]).texts == ["小时", "回复"]


@settings(max_examples=200, deadline=None)
@given(
    texts=st.lists(st.text(alphabet="ab好投诉，!ＡA😀\ud800\n ", max_size=12), max_size=6),
    words=st.lists(st.text(alphabet="ab好投诉A😀", min_size=1, max_size=3), min_size=1, max_size=5),
)
def test_engine_finds_what_naive_search_finds(judged, texts, words):
    shard = Shard([judged.conversation([]), *_conversations(judged, texts)])
    wanted = Words(words=tuple(words), robust=Robust.EXACT)
    vocabulary = Vocabulary([wanted], {})
    word, start, end = vocabulary.scan(shard.buffer).of(vocabulary.rank(wanted))
    turn, first, last = shard.locate(start, end)
    found = sorted(zip(turn.tolist(), first.tolist(), last.tolist(), (vocabulary.texts[w] for w in word), strict=True))
    naive = sorted(
        (t, at, at + len(w), w)
        for t, text in enumerate(texts)
        for w in {normalise(w) for w in words}
        for at in range(len(text))
        if normalise(text).startswith(w, at) and _whole(normalise(text), at, at + len(w))
    )
    assert found == naive


def _whole(text, start, end):
    """Neither end cuts a run of letters."""
    left, right = text[max(start - 1, 0) : start + 1], text[end - 1 : end + 1]
    return not any(len(pair) == 2 and pair.isascii() and pair.isalpha() for pair in (start and left, right) if pair)


def _conversations(judged, texts):
    from qc.domain.conversation import Role, Turn

    return [
        type(c)(
            id=str(i),
            project=c.project,
            channel=c.channel,
            turns=(Turn(role=Role.CUSTOMER, text=text),),
            meta=c.meta,
            source=c.source,
        )
        for i, text in enumerate(texts)
        for c in [judged.conversation([])]
    ]
