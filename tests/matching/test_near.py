from __future__ import annotations

import pytest

TABLE = [
    ("{a: 别家, b: 不赔, within: 3}", ["A 别家都不赔"], "hit", ["别家都不赔"]),
    ("{a: 别家, b: 不赔, within: 3}", ["A 不赔的是别家"], "hit", ["不赔的是别家"]),
    ("{a: 别家, b: 不赔, within: 3, ordered: true}", ["A 不赔的是别家"], "miss", []),
    ("{a: 别家, b: 不赔, within: 3}", ["A 别家出了事也不赔"], "miss", []),  # four characters between
    ("{a: 别家, b: 不赔, within: 0}", ["A 别家不赔"], "hit", ["别家不赔"]),
    ("{a: 别家, b: 不赔, within: 9}", ["A 别家", "A 不赔"], "miss", []),
    ("{a: 投诉, b: 诉求, within: 5}", ["C 投诉求助"], "miss", []),  # the two words overlap
    ("{a: 别家, b: 不赔, within: 1, unit: turns}", ["A 别家", "A 不赔"], "hit", ["别家", "不赔"]),
    ("{a: 别家, b: 不赔, within: 1, unit: turns}", ["A 别家", "C 嗯", "A 不赔"], "miss", []),
    ("{a: 别家, b: 不赔, within: 5, unit: seconds}", ["A 别家 @0-2", "A 不赔 @6-8"], "hit", ["别家", "不赔"]),
    ("{a: 别家, b: 不赔, within: 3, unit: seconds}", ["A 别家 @0-2", "A 不赔 @6-8"], "miss", []),
    ("{a: 别家, b: 不赔, within: 3, unit: seconds}", ["A 别家", "A 不赔"], "undecided", []),
    ("{a: 别家, b: 不赔, within: 3, unit: seconds}", ["A 别家", "A 赔"], "miss", []),  # no times needed to say no
    ("{a: [甲, 乙], b: {words: 丙, lexicon: lex}, within: 2}", ["C 乙丁"], "hit", ["乙丁"]),
]


@pytest.mark.parametrize(("near", "lines", "verdict", "texts"), TABLE)
def test_table(judged, near, lines, verdict, texts):
    from qc.domain.rule import Word

    result = judged(f"p: {{near: {near}}}", lines, words=[Word(text="丁")])
    assert (result.verdict, result.texts) == (verdict, texts)


def test_frames(judged):
    near = "near: {a: 别家, b: 不赔, within: 5}"
    assert judged(f"p: {{{near}, in_clause: true}}", ["A 别家，不赔"]).verdict == "miss"
    assert judged(f"p: {{{near}, joined: true}}", ["A 别家", "A 不赔"]).verdict == "hit"
    assert judged(f"p: {{{near}, speaker: agent}}", ["C 别家不赔"]).verdict == "miss"


def test_each_first_word_counts_once(judged):
    piece = "p: {near: {a: 甲, b: 乙, within: 9}, count: {min: 2}}"
    assert judged(piece, ["C 甲乙乙"]).verdict == "miss"
    assert judged(piece, ["C 甲乙甲"]).verdict == "hit"


def test_an_unclear_word_does_not_hide_a_clear_pair(judged):
    piece = "p: {near: {a: 甲, b: 乙, within: 2, unit: turns}}"
    assert judged(piece, ["C 甲 ~0.9", "C 乙 ~0.1", "C 乙 ~0.9"]).verdict == "hit"
    assert judged(piece, ["C 甲 ~0.9", "C 乙 ~0.1"]).verdict == "undecided"
