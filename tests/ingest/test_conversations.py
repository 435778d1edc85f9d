"""Chats, tickets and transcripts joined with what manifest and configuration say."""

from __future__ import annotations

import json

import openpyxl
import pytest

from qc.domain.config import AudioConfig, Config, FolderConfig, ManifestConfig, RunConfig
from qc.domain.conversation import Channel, Role


def chat(key, *turns, **more):
    return (
        json.dumps({"id": key, "turns": [{"role": r, "text": t} for r, t in turns], **more}, ensure_ascii=False) + "\n"
    )


WHISPER = {
    "text": "好",
    "language": "zh",
    "segments": [{"seek": 0, "start": 0.5, "end": 1, "text": "好", "avg_logprob": -0.1}],
}


def test_manifest_rows_complete_chats(inputs):
    inputs.put("chats/d.jsonl", chat("D1", ("客服", "您好"), 坐席工号="1", 满意度=5) + chat("D2", ("用户", "喂")))
    inputs.put("m.csv", "会话编号,渠道,业务项目,坐席工号,班组\nD1,在线,电商,2,甲组\nD3,在线,电商,3,乙组\n")
    result = inputs.read("m.csv")
    first, second = result.conversations
    assert (first.project, first.channel, first.source.in_manifest) == ("电商", Channel.CHAT, True)
    assert (first.meta.agent_id, first.meta.team, first.meta.satisfaction) == ("2", "甲组", 5)
    assert (second.project, second.source.in_manifest) == ("默认", False)
    assert result.kinds == {"m.csv:3": "missing_recording"}
    assert "会话 D3" in result.failures[0].message


def test_manifest_row_for_a_transcript_under_the_name_of_its_audio(inputs):
    inputs.put("t/call1.json", json.dumps(WHISPER))
    inputs.put("m.csv", "流水号,录音文件,坐席工号\nA1,t/call1.wav,77\n")
    found = inputs.read("m.csv").only()
    assert (found.id, found.meta.agent_id, found.channel) == ("A1", "77", Channel.VOICE_INBOUND)
    assert (found.source.path, found.source.format) == ("t/call1.json", "whisper")


def test_manifest_row_without_id_speaks_for_a_whole_file(inputs):
    inputs.put("d.jsonl", chat("D1", ("客服", "您好")) + chat("D2", ("用户", "喂"), project="保险"))
    inputs.put("m.csv", "文件,业务项目,渠道\nd.jsonl,电商,留言\n")
    found = inputs.read("m.csv").conversations
    assert [(c.project, c.channel) for c in found] == [("电商", Channel.MESSAGE)] * 2


def test_audio_without_a_file_but_with_a_conversation_of_that_id(inputs):
    inputs.put("all.jsonl", chat("A1", ("客服", "您好")))
    inputs.put("m.csv", "流水号,录音文件,坐席工号\nA1,2026/A1.wav,77\n")
    assert inputs.read("m.csv").only().meta.agent_id == "77"


def test_ids_are_unique_across_the_batch(inputs):
    inputs.put("A1.wav", b"audio")
    inputs.put("d.jsonl", chat("A1", ("客服", "一")) + chat("D1", ("客服", "二")) + chat("D1", ("客服", "三")))
    inputs.put("e.jsonl", chat("D1", ("客服", "四")))
    result = inputs.read()
    assert [c.id for c in result.conversations] == ["D1"]
    assert result.kinds == {"d.jsonl:1": "duplicate_id", "d.jsonl:3": "duplicate_id", "e.jsonl:1": "duplicate_id"}
    assert "A1.wav" in result.failures[0].message and "d.jsonl:2" in result.failures[1].message


def test_conversations_without_an_id_are_named_after_their_file(inputs):
    turns = [{"role": "客服", "text": "您好"}]
    inputs.put("a/x.json", json.dumps(WHISPER))
    inputs.put("b/x.json", json.dumps({"turns": turns}))
    inputs.put("c.jsonl", json.dumps({"turns": turns}) + "\n\n" + json.dumps({"turns": turns}))
    inputs.put("d.json", json.dumps([{"turns": turns}, {"turns": turns}]))
    inputs.put("e.json", json.dumps(turns))
    inputs.put("f.jsonl", json.dumps(turns[0]) + "\n" + json.dumps(turns[0]))
    inputs.put("g.json", json.dumps(WHISPER))
    inputs.put("g.csv", "发送方,内容\n客服,您好\n")
    result = inputs.read()
    assert not result.failures
    assert [c.id for c in result.conversations] == [
        "a/x", "b/x", "c#1", "c#3", "d#1", "d#2", "e", "f", "g.csv", "g.json",
    ]  # fmt: skip
    assert len(next(c for c in result.conversations if c.id == "f").turns) == 2


def test_channel_and_project_where_nobody_says(inputs):
    config = Config(default_channel=Channel.VOICE_OUTBOUND, folders={"bots": FolderConfig(project="95598")})
    inputs.put("a.jsonl", chat("human", ("客服", "您好")) + chat("both", ("机器人", "您好"), ("人工", "您好")))
    inputs.put("bots/b.jsonl", chat("bot", ("机器人", "您好"), ("用户", "转人工")))
    inputs.put("c.json", json.dumps(WHISPER))
    inputs.put("t.csv", "工单号,客户诉求\nT,停电\n")
    found = {c.id: (c.project, c.channel) for c in inputs.read(config=config).conversations}
    assert found == {
        "human": ("默认", Channel.CHAT),
        "both": ("默认", Channel.CHAT),
        "bot": ("95598", Channel.BOT_TEXT),
        "c": ("默认", Channel.VOICE_OUTBOUND),
        "T": ("默认", Channel.TICKET),
    }


def test_roles_by_channel_of_the_project(inputs):
    config = Config(audio=AudioConfig(project_roles={"保险": (Role.CUSTOMER, Role.AGENT)}))
    inputs.put(
        "a.csv", "call_id,begin_ms,end_ms,text,声道,业务项目\nA,0,9,喂,0,保险\nB,0,9,喂,0,电商\nC,0,9,喂,7,电商\n"
    )
    assert [c.turns[0].role for c in inputs.read(config=config).conversations] == [
        Role.CUSTOMER,
        Role.AGENT,
        Role.UNKNOWN,
    ]


def test_messages_are_put_in_time_order_only_when_all_have_times(inputs):
    def message(text, time):
        return {"role": "客服", "text": text, **({} if time is None else {"time": time})}

    timed = [message("c", "10:00:09"), message("a", "10:00:01"), message("b", "10:00:01")]
    inputs.put("a.json", json.dumps({"id": "all", "turns": timed}))
    inputs.put("b.json", json.dumps({"id": "some", "turns": [*timed, message("d", None)]}))
    everyone, some = inputs.read().conversations
    assert [(t.text, t.start_ms) for t in everyone.turns] == [("a", 0), ("b", 0), ("c", 8000)]
    assert [(t.text, t.start_ms) for t in some.turns] == [("c", 8000), ("a", 0), ("b", 0), ("d", None)]


def test_times_that_cannot_be_used_are_said_not_guessed(inputs):
    def turns(*times):
        return [{"role": "客服", "text": "好", "time": t} for t in times]

    inputs.put("a.json", json.dumps({"id": "a", "turns": turns("刚才", "2026-11-20 10:00:00")}))
    inputs.put("b.json", json.dumps({"id": "b", "turns": turns(5, "2026-11-20 10:00:00")}))
    inputs.put("c.json", json.dumps({"id": "c", "turns": turns(-5, 1e300)}))
    a, b, c = inputs.read().conversations
    assert [t.start_ms for t in a.turns] == [None, 0]
    assert a.meta.extra["读入说明"] == "1 条消息的时间无法识别"
    assert [t.start_ms for t in b.turns] == [None, None]
    assert b.meta.extra["读入说明"] == "消息时间的写法不一致，没有使用"
    assert [t.start_ms for t in c.turns] == [None, None]


def test_session_over_midnight(inputs):
    turns = [{"role": "客服", "text": "好", "time": t} for t in ("23:59:58", "00:00:02", "00:00:01")]
    inputs.put("a.json", json.dumps({"id": "a", "turns": turns}))
    assert [t.start_ms for t in inputs.read().only().turns] == [0, 3000, 4000]


def test_own_headers_for_chats_and_tickets(inputs):
    columns = {"role": ("谁",), "text": ("话",), "conversation_id": ("号",), "request": ("事由",), "ticket_id": ("单",)}
    config = Config(manifest=ManifestConfig(columns=columns))
    inputs.put("a.csv", "号,谁,话\n1,客户,喂\n")
    inputs.put("b.csv", "单,事由\nT,停电\n")
    assert [(c.id, c.turns[0].text) for c in inputs.read(config=config).conversations] == [("1", "喂"), ("T", "停电")]


def test_chat_workbook(inputs):
    import datetime as dt

    book = openpyxl.Workbook()
    for row in [
        ["会话编号", "发送方", "时间", "内容"],
        [1, "访客", dt.datetime(2026, 11, 20, 9, 3), "在吗"],
        [1, "客服", dt.datetime(2026, 11, 20, 9, 3, 30), 100],
    ]:
        book.active.append(row)
    book.save(inputs.root / "chat.xlsx")
    found = inputs.read().only()
    assert found.id == "1"
    assert [(t.role, t.text, t.start_ms) for t in found.turns] == [
        (Role.CUSTOMER, "在吗", 0),
        (Role.AGENT, "100", 30_000),
    ]


def test_long_turns_are_split_not_cut_off(inputs):
    text = "这是一句话。" * 20_000
    inputs.put("a.jsonl", chat("long", ("客户", text), ("客服", "好的")))
    found = inputs.read(config=Config(run=RunConfig(max_turn_chars=1000))).only()
    assert "".join(t.text for t in found.turns) == text + "好的"
    assert max(len(t.text) for t in found.turns) <= 1000
    assert {t.role for t in found.turns[:-1]} == {Role.CUSTOMER}


def test_interleaved_messages_stream(inputs):
    """A conversation is given out as soon as its last message has been read."""
    rows = [f"{c},客服,{n}\n" for n in range(3) for c in ("a", "b")] + ["c,客服,0\n"]
    inputs.put("a.csv", "会话编号,发送方,内容\n" + "".join(rows))
    found = inputs.read().conversations
    assert [(c.id, [t.text for t in c.turns]) for c in found] == [
        ("a", ["0", "1", "2"]),
        ("b", ["0", "1", "2"]),
        ("c", ["0"]),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_encodings_of_documents(inputs, encoding):
    inputs.put("a.jsonl", chat("一", ("客服", "您好")) + chat("二", ("客服", "您好")), encoding)
    inputs.put("b.json", chat("三", ("客服", "您好")), encoding)
    inputs.put("c.csv", "会话编号,发送方,内容\n四,客服,您好\n", encoding)
    assert [(c.id, c.turns[0].text) for c in inputs.read().conversations] == [(k, "您好") for k in "一二三四"]
