"""Broken input: a failure row with its place, the rest goes on, nobody's words in a message."""

from __future__ import annotations

import copy
import json
import tempfile
from functools import reduce
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qc.domain.config import Config
from qc.domain.failure import Failure
from qc.ingest.batch import discover, read_conversations
from qc.ingest.text_file import lines
from tests.ingest.folders import Inputs

GOOD = '{"id": "ok", "turns": [{"role": "客服", "text": "您好"}]}\n'
SECRET = "我的密码是九五二七"
TURN = {"role": "客户", "text": SECRET}


def line(**value):
    return json.dumps(value, ensure_ascii=False)


@pytest.mark.parametrize(
    ("bad", "kind", "said"),
    [
        (line(id="x", turns=[TURN])[:-4], "bad_json", "没有写完"),
        (line(id="x", turns=[TURN]).replace('"turns"', "turns"), "bad_json", "不是合法的 JSON"),
        ('{"id": "x", "turns": ' + "[" * 50_000 + "]" * 50_000 + "}", "bad_json", "嵌套过深"),
        ('{"id": ' + "9" * 10_000 + "}", "bad_json", "过大的数"),
        (line(id="x", turns=[]), "empty_conversation", "没有任何文字"),
        (line(id="x", turns=[{"role": "客户", "text": "  "}]), "empty_conversation", "没有任何文字"),
        (line(id="x", turns=[TURN, SECRET]), "bad_shape", "turns 的第 2 项应是对象，却是文字"),
        (
            line(id="x", turns=[TURN, {"role": "客户", "text": [SECRET]}]),
            "bad_shape",
            "第 2 条消息的内容 应是文字，却是数组",
        ),
        (line(id="x", turns=SECRET), "unknown_format", "不是认识的"),
        (line(greeting=SECRET), "unknown_format", "whisper"),
        (f'["{SECRET}"]', "unknown_format", "这里是数组"),
        (f'"{SECRET}"', "unknown_format", "这里是文字"),
    ],
)
def test_a_bad_line_is_a_failure_with_its_number(inputs, bad, kind, said):
    inputs.put("a.jsonl", GOOD.replace("ok", "first") + bad + "\n" + GOOD)
    result = inputs.read()
    assert [c.id for c in result.conversations] == ["first", "ok"]
    assert result.kinds == {"a.jsonl:2": kind}
    assert said in result.failures[0].message
    assert SECRET not in result.failures[0].message
    assert result.failures[0].sha256


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ("", "empty_file"),
        ("  \n\n", "bad_json"),
        ('{"text": "好", "segments": [{"start": 0, "en', "bad_json"),
        ("[]", "empty_conversation"),
        ("{}", "unknown_format"),
        (line(name="qc", version="1.0", scripts={}), "unknown_format"),
        (line(text="", segments=[], language="zh"), "empty_conversation"),
        (line(text="好", segments=SECRET, language="zh", task="transcribe", duration=1), "bad_shape"),
        (line(Response={"Data": {"StatusStr": "failed", "ResultDetail": None}}), "unfinished"),
        (line(Participants=[], Transcript=[], JobStatus="FAILED"), "unfinished"),
        (line(Data={"ResultInfo": [{"AsrResult": None}]}), "empty_conversation"),
        ("<html>", "bad_json"),
    ],
)
def test_a_bad_document_is_one_failure(inputs, content, kind):
    inputs.put("a.json", content)
    inputs.put("b.jsonl", GOOD)
    result = inputs.read()
    assert result.kinds == {"a.json": kind}
    assert [c.id for c in result.conversations] == ["ok"]


def test_damaged_bytes_are_told_and_the_rest_is_read(inputs):
    damaged = '{"id": "x", "turns": [{"role": "客服", "text": "您'.encode() + b'\xff\xfe"}]}\n'
    inputs.put("a.jsonl", GOOD.encode() * 1 + damaged + GOOD.replace("ok", "two").encode())
    inputs.put(
        "b.csv", "会话编号,发送方,内容\nb,客服,您好\nb,客户,".encode() + b"\xff\xff\nb,\xe5\xae\xa2\xe6\x88\xb7,ok\n"
    )
    inputs.put("c.json", damaged)
    result = inputs.read()
    assert result.kinds == {"a.jsonl:2": "encoding", "b.csv:3": "encoding", "c.json": "encoding"}
    assert [(c.id, len(c.turns)) for c in result.conversations] == [("ok", 1), ("two", 1), ("b", 2)]


def test_control_characters_and_lone_surrogates_never_leave(inputs):
    inputs.put("a.jsonl", '{"id": "a\\u0000\\ud800", "turns": [{"role": "客服", "text": "您\\u0000好\x07\\udfff"}]}')
    inputs.put("b.csv", "会话编号,发送方,内容\nb,客服,您\x00好\n")
    first, second = inputs.read().conversations
    assert (first.id, first.turns[0].text) == ("a \ufffd", "您 好 \ufffd")
    assert second.turns[0].text == "您 好"
    for conversation in (first, second):
        (conversation.id + conversation.turns[0].text).encode("utf-8")


def test_impossible_times_and_confidences_are_not_given(inputs):
    segments = [
        {"seek": 0, "start": -1, "end": 2, "text": "一", "avg_logprob": "x"},
        {"seek": 0, "start": 5, "end": 3, "text": "二", "avg_logprob": float("nan")},
        {"seek": 0, "start": 10**30, "end": None, "text": "三", "words": [{"probability": 7}]},
        {"seek": 0, "start": "4.5", "end": "5", "text": "四", "avg_logprob": 1000},
    ]
    inputs.put("a.json", json.dumps({"text": "", "segments": segments, "language": "zh"}))
    turns = inputs.read().only().turns
    assert [(t.start_ms, t.end_ms, t.confidence) for t in turns] == [
        (None, None, None),
        (5000, None, None),
        (None, None, None),
        (4500, 5000, None),
    ]


def test_an_unclosed_quotation_mark_loses_one_row(inputs):
    rows = ["会话编号,发送方,内容", "a,客服,您好", 'a,客户,"他说', "a,客户,喂", "b,客服,在"]
    inputs.put("a.csv", "\n".join(rows) + "\n")
    result = inputs.read()
    assert result.kinds == {"a.csv:3": "open_quote"}
    assert [(c.id, len(c.turns)) for c in result.conversations] == [("a", 2), ("b", 1)]


def test_messages_without_a_conversation(inputs):
    inputs.put("a.csv", "会话编号,发送方,内容\na,客服,您好\n,客户,喂\n")
    result = inputs.read()
    assert result.kinds == {"a.csv:3": "missing_id"}


def test_an_overlong_line_is_passed_over(tmp_path):
    file = tmp_path / "a"
    file.write_text("短\n" + "长" * 1000 + "\n短\n" + "长" * 100, "utf-8")
    assert [(x.number, len(x.text), x.fault) for x in lines(file, limit=50)] == [
        (1, 2, None),
        (2, 0, "too_large"),
        (3, 2, None),
        (4, 0, "too_large"),
    ]


def test_a_document_that_vanishes(inputs):
    file = inputs.put("a.jsonl", GOOD)
    batch = inputs.batch()
    file.unlink()
    (failure,) = read_conversations(batch)
    assert isinstance(failure, Failure) and failure.kind == "unreadable" and failure.retryable


NAMES = """
    id turns messages role text time content segments sentence_info start end key language words speaker duration task
    dialogue tickets begin beginTime Data ResultInfo AsrResult Response ResultDetail StatusStr Result Participants
    Transcript ParticipantId Channel AbsoluteTime Content 工单号 客户诉求 处理过程 满意度 通话时长 渠道 会话编号
    begin_ms audio_channel confidence tid jsonParamStr Recording Name rtf processing_s avg_logprob seek meta
"""
KEYS = st.sampled_from(NAMES.split())
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["客服", "2026-11-20 10:00", "10:00", "CHAT", "[0:1.0,0:2.0,1] 好", "{}", "\ud800"]),
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6), max_leaves=25
)


def check(conversations):
    for found in conversations:
        assert found.turns and all(t.text for t in found.turns)
        for turn in found.turns:
            turn.text.encode("utf-8")
            assert turn.start_ms is None or 0 <= turn.start_ms < 2**53
            assert turn.end_ms is None or (turn.start_ms is not None and turn.start_ms <= turn.end_ms)
            assert turn.confidence is None or 0 <= turn.confidence <= 1
        found.id.encode("utf-8")
        "".join([*found.meta.extra, *found.meta.extra.values()]).encode("utf-8")


@given(st.lists(st.dictionaries(KEYS, VALUES, max_size=8) | VALUES, min_size=1, max_size=4), st.booleans())
@settings(max_examples=100, deadline=None)
def test_any_json_becomes_conversations_or_failures(values, as_lines):
    with tempfile.TemporaryDirectory() as folder:
        inputs = Inputs(Path(folder))
        if as_lines:
            inputs.put("a.jsonl", "\n".join(json.dumps(v) for v in values))
        else:
            inputs.put("a.json", json.dumps(values))
        result = inputs.read()
    assert result.conversations or result.failures
    check(result.conversations)


GOLDEN = [json.loads(p.read_text("utf-8")) for p in sorted((Path(__file__).parent / "golden").glob("*.input.json"))]


def places(value, path=()):
    """The path of every value inside `value`."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield from places(item, (*path, key))


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_known_shapes_with_surprises_inside(data):
    value = copy.deepcopy(data.draw(st.sampled_from(GOLDEN)))
    for _ in range(data.draw(st.integers(1, 3))):
        *path, last = data.draw(st.sampled_from([p for p in places(value) if p]))
        holder = reduce(lambda inner, key: inner[key], path, value)
        holder[last] = data.draw(VALUES)
    with tempfile.TemporaryDirectory() as folder:
        inputs = Inputs(Path(folder))
        inputs.put("a.json", json.dumps(value))
        result = inputs.read()
    assert result.conversations or result.failures
    check(result.conversations)


@given(st.binary(max_size=400), st.sampled_from(["a.json", "a.jsonl", "a.csv", "a.xlsx", "a.txt", "a.tsv"]))
@settings(max_examples=80, deadline=None)
def test_any_bytes_are_survived(content, name):
    with tempfile.TemporaryDirectory() as folder:
        inputs = Inputs(Path(folder))
        inputs.put(name, content)
        result = inputs.read()
    assert result.conversations or result.failures or result.batch.notes or name == "a.txt"


def test_a_workbook_that_unpacks_to_gigabytes_is_refused(inputs, monkeypatch):
    import openpyxl

    from qc.ingest import workbook

    book = openpyxl.Workbook()
    book.active.append(["会话编号", "发送方", "内容"])
    book.save(inputs.root / "bomb.xlsx")
    monkeypatch.setattr(workbook, "_MAX_BYTES", 1000)
    (failure,) = discover(inputs.root, None, Config()).failures
    assert failure.kind == "bad_table"
    assert "解压后超过" in failure.message


def test_names_and_texts_cannot_drive_a_terminal():
    from qc.ingest.details import clean
    from qc.ingest.names import shown

    assert shown("a\x1b[31m\x9b1m\u202e.mp3") == r"a\x1b[31m\x9b1m\u202e.mp3"
    assert clean("您\x9b31m好") == "您 31m好"


@pytest.mark.parametrize("bom", [b"\xff\xfe", b"\xfe\xff"])
def test_utf16_cut_off_inside_a_character(tmp_path: Path, bom: bytes) -> None:
    file = tmp_path / "a.json"
    file.write_bytes(bom + b'{"a":1}' + b"\x00\xd8")
    (line,) = lines(file)
    assert line.fault == "encoding"
