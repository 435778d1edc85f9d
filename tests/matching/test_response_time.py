from __future__ import annotations

import pytest

CHAT = ["B 您好 @0-0", "C 在吗 @10-10", "C 人呢 @40-40", "A 在的 @100-100", "C 退款 @110-110", "A 好 @115-115"]
CALL = ["C 停电了 @0-5", "A 户号多少 @5.5-7", "C 一二三 @8-10", "A 查到了 @30-32"]
TABLE = [
    ("{max_s: 60}", "agent", CHAT, "hit", [(4, 90.0)]),  # since the first message nobody reacted to
    ("{max_s: 90}", "agent", CHAT, "miss", []),
    ("{max_s: 3}", "agent", CHAT, "hit", [(4, 90.0), (6, 5.0)]),
    ("{max_s: 3, of: first}", "agent", CHAT, "hit", [(4, 90.0)]),
    ("{max_s: 60, of: first}", "agent", ["C 在吗 @0-0", "A 在 @5-5", "C 退款 @10-10", "A 好 @99-99"], "miss", []),
    ("{max_s: 40, of: average}", "agent", CHAT, "hit", [(None, 47.5)]),
    ("{max_s: 47.5, of: average}", "agent", CHAT, "miss", []),
    ("{max_s: 10}", "agent", CALL, "hit", [(4, 20.0)]),  # speech: since its end
    ("{max_s: 20}", "agent", CALL, "miss", []),
    ("{max_s: 0.4, of: first}", "agent", CALL, "hit", [(2, 0.5)]),
    ("{max_s: 0}", "agent", ["C 停电了 @0-5", "A 您好 @3-4"], "miss", []),  # cut in: no wait
    ("{max_s: 10}", "agent", ["C 转人工 @0-0", "B 正在转接 @1-1", "A 您好 @60-60"], "hit", [(3, 60.0)]),
    ("{max_s: 10}", "any", ["C 转人工 @0-0", "B 正在转接 @1-1", "A 您好 @60-60"], "miss", []),  # the bot was quick
    ("{max_s: 10}", "bot", ["C 在吗 @0-0", "A 您好 @60-60"], "miss", []),
    ("{max_s: 10}", "agent", ["A 您好 @0-0", "A 在吗 @60-60"], "miss", []),  # nobody asked
    ("{max_s: 10}", "agent", ["A 您好 @0-0", "C 在吗 @60-60"], "miss", []),  # never answered
    ("{max_s: 10}", "agent", ["C 在吗 @0-0", "S 排队中 @5-5", "A 您好 @60-60"], "hit", [(3, 60.0)]),
    ("{max_s: 10}", "agent", ["C 停电了 @0-5", "A 编的 @6-7 ~0", "A 您好 @20-22"], "hit", [(3, 15.0)]),
    ("{max_s: 10}", "agent", ["C 在吗", "A 您好"], "undecided", []),
    ("{max_s: 10, of: average}", "agent", ["C 在吗", "A 您好"], "undecided", []),
    ("{max_s: 10}", "agent", ["U 在吗 @0-1", "A 您好 @60-61"], "undecided", []),
    ("{max_s: 10}", "agent", [], "miss", []),
    ("{max_s: 10}", "bot, on_empty: na", CALL, "not_applicable", []),
]


@pytest.mark.parametrize(("response", "speaker", "lines", "verdict", "hits"), TABLE)
def test_table(judged, response, speaker, lines, verdict, hits):
    result = judged(f"p: {{response_time: {response}, speaker: {speaker}}}", lines)
    assert (result.verdict, [(hit.turn, hit.value) for hit in result.hits]) == (verdict, hits)


def test_times_are_those_of_the_wait(judged):
    [hit] = judged("p: {response_time: {max_s: 10}, speaker: agent}", CALL).hits
    assert (hit.start_ms, hit.end_ms, hit.unit, hit.text) == (10_000, 30_000, "s", "查到了")


def test_only_replies_in_the_range_count(judged):
    piece = "p: {{response_time: {{max_s: 3, of: {}}}, speaker: agent, range: -1}}"
    [hit] = judged(piece.format("first"), CHAT).hits
    assert (hit.turn, hit.value) == (6, 5.0)
    [hit] = judged(piece.format("average"), CHAT).hits
    assert hit.value == 5.0


def test_conversations_do_not_answer_each_other(judged):
    from qc.matching.judge import judge
    from qc.matching.signals import NO_SIGNALS
    from qc.text.shard import Shard

    rules = judged.compiled([judged.rule("p: {response_time: {max_s: 10}}")])
    shard = Shard(
        [
            judged.conversation(["A 好 @0-1", "C 在吗 @2-3"], identifier="a"),
            judged.conversation(["A 您好 @60-61", "C 在吗 @62-63", "A 在 @80-81"], identifier="b"),
        ]
    )
    found = judge(rules, shard, NO_SIGNALS).findings
    assert [[hit.turn for f in fs for hit in f.hits] for fs in found] == [[], [3]]
