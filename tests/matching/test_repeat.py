from __future__ import annotations

import pytest

from qc.domain.rule import Word

LONG = "请问您的户号是多少"
TABLE = [
    ("{}", [f"A {LONG}", "C 不记得了", f"A {LONG}？"], "hit", [3]),
    ("{}", [f"A {LONG}", f"C {LONG}"], "miss", []),  # somebody else repeats it
    ("{}", ["A 好的好的", "C 嗯", "A 好的好的"], "miss", []),  # four characters
    ("{min_chars: 4}", ["A 好的好的", "C 嗯", "A 好的好的"], "hit", [3]),
    ("{previous: 1}", [f"A {LONG}", "A 麻烦您去看一下电表", f"A {LONG}"], "miss", []),
    ("{previous: 2}", [f"A {LONG}", "A 麻烦您去看一下电表", f"A {LONG}"], "hit", [3]),
    ("{previous: 1}", [f"A {LONG}", "A 好的", f"A {LONG}"], "hit", [3]),  # a short turn takes no place
    ("{}", [f"A {LONG}", "A 请问您的手机号是多少呢"], "miss", []),
    ("{score: 0.6}", [f"A {LONG}", "A 请问您的卡号是多少"], "hit", [2]),  # 6 of 8 pairs
    ("{score: 0.8}", [f"A {LONG}", "A 请问您的卡号是多少"], "miss", []),
    ("{times: 3}", [f"A {LONG}", f"A {LONG}"], "miss", []),
    ("{times: 3}", [f"A {LONG}", f"A {LONG}", f"A {LONG}"], "hit", [3]),
    ("{except: 请问您的户号}", [f"A {LONG}", f"A {LONG}"], "miss", []),
    ("{except: {lexicon: lex}}", [f"A {LONG}", f"A {LONG}"], "miss", []),
    ("{except: [请问]}", [f"A {LONG}", f"A {LONG}"], "hit", [2]),
    ("{}", [f"A {LONG} ~0.9", f"A {LONG} ~0.1"], "undecided", [2]),
    ("{}", [f"A {LONG} ~0.1", f"A {LONG} ~0.9"], "undecided", [2]),
    ("{}", [f"A {LONG} ~0.1", f"A {LONG} ~0.9", f"A {LONG} ~0.9"], "hit", [3]),
    ("{}", [f"U {LONG}", f"U {LONG}"], "undecided", [2]),
    ("{}", [f"A {LONG}", f"U {LONG}"], "undecided", [2]),
    ("{previous: 1}", [f"A {LONG}", "U 麻烦您去看一下电表", f"A {LONG}"], "undecided", [3]),
    ("{previous: 1}", [f"A {LONG}", "A 麻烦您去看一下电表", "U 嗯", f"U {LONG}"], "miss", []),
    ("{}", [], "miss", []),
]


@pytest.mark.parametrize(("repeat", "lines", "verdict", "turns"), TABLE)
def test_table(judged, repeat, lines, verdict, turns):
    result = judged(f"p: {{repeat: {repeat}}}", lines, words=[Word(text=LONG)])
    assert (result.verdict, result.turns) == (verdict, turns)


def test_the_hit_says_what_it_repeats(judged):
    [hit] = judged("p: {repeat: {score: 0.6}}", [f"A {LONG}", "C 啊？", "A 请问您的卡号是多少"]).hits
    assert (hit.text, hit.note, hit.value) == ("请问您的卡号是多少", "与第 1 轮的话相似 75%", 0.75)
    assert judged("p: {repeat: {}}", [f"A {LONG}", f"A {LONG}。"]).hits[0].note == "与第 1 轮的话相同"


def test_frames(judged):
    piece = "p: {repeat: {}, speaker: customer}"
    assert judged(piece, [f"A {LONG}", f"A {LONG}"]).verdict == "miss"
    assert judged(piece, [f"C {LONG}", f"C {LONG}"]).verdict == "hit"
    late = "p: {repeat: {}, range: '3..9'}"
    assert judged(late, [f"A {LONG}", f"A {LONG}", "A 好的"]).verdict == "miss"
    assert judged(late, ["A 好", f"A {LONG}", f"A {LONG}"]).verdict == "hit"  # the first time lies before the range


def test_conversations_are_kept_apart():
    from qc.matching.judge import judge
    from qc.matching.signals import NO_SIGNALS
    from qc.text.shard import Shard
    from tests.matching.conftest import compiled, conversation, rule

    shard = Shard([conversation([f"A {LONG}"]), conversation([f"A {LONG}"]), conversation([f"U {LONG}", f"U {LONG}"])])
    assert judge(compiled([rule("p: {repeat: {}}")]), shard, NO_SIGNALS).verdicts.tolist() == [[1, 1, 3]]


def test_a_crowd_of_unknown_speakers_is_not_compared_each_with_each(judged):
    crowd = [f"U {LONG}"] * 2_001
    result = judged("p: {repeat: {}}", crowd)
    assert result.verdict == "undecided"
    assert result.finding is not None
    assert "超过 2000 个" in str(result.finding.reason)
    assert judged("p: {repeat: {}}", ["A 请问您的户号是多少", *crowd[1:]]).verdict == "undecided"
    assert judged("p: {repeat: {}}", [line.replace("U", "A") for line in crowd]).verdict == "hit"
