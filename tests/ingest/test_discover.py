"""What is in a folder, and what the manifest adds."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from qc.domain.config import Config, FolderConfig
from qc.domain.conversation import Channel
from qc.errors import UsageError
from qc.ingest.batch import discover

CHAT = '{"id": "D1", "turns": [{"role": "agent", "text": "您好"}]}\n'


def ids(batch):
    return {r.source.path: r.conversation_id for r in batch.recordings}


def test_recordings_have_path_hash_and_defaults(inputs):
    inputs.put("b/2.MP3", b"two")
    inputs.put("a/1.wav", b"one")
    batch = inputs.batch()
    assert ids(batch) == {"a/1.wav": "a/1", "b/2.MP3": "b/2"}
    first = batch.recordings[0]
    assert first.source.sha256 == hashlib.sha256(b"one").hexdigest()
    assert (first.project, first.channel, first.source.in_manifest) == ("默认", Channel.VOICE_INBOUND, False)
    assert Path(first.file).read_bytes() == b"one"


def test_equal_names_stay_apart(inputs):
    for path in ("a/1.wav", "b/1.wav", "c/2.wav", "c/2.mp3"):
        inputs.put(path, path.encode())
    assert ids(inputs.batch()) == {"a/1.wav": "a/1", "b/1.wav": "b/1", "c/2.mp3": "c/2.mp3", "c/2.wav": "c/2.wav"}


def test_an_id_of_the_manifest_is_not_taken_twice(inputs):
    inputs.put("a/1.wav", b"1")
    inputs.put("x.wav", b"2")
    inputs.put("m.csv", "流水号,录音文件\na/1,x.wav\n")
    assert ids(inputs.batch("m.csv")) == {"a/1.wav": "a/1.wav", "x.wav": "a/1"}


def test_manifest_finds_files_however_it_names_them(inputs):
    for path in ("a/1.wav", "a/2.wav", "b/3.WAV", "b/4.wav", "b/5.mp3"):
        inputs.put(path, path.encode())
    rows = "A1,./a/1.wav,甲\nA2,a\\2.wav,乙\nA3,b/3.wav,丙\nA4,4.wav,丁\n"
    inputs.put("m.csv", "流水号,录音文件,坐席姓名\n" + rows + "5,,戊\n")
    result = inputs.read("m.csv")
    assert not result.failures
    names = {r.conversation_id: (r.source.path, r.meta.agent_name) for r in result.batch.recordings}
    assert names == {
        "A1": ("a/1.wav", "甲"),
        "A2": ("a/2.wav", "乙"),
        "A3": ("b/3.WAV", "丙"),
        "A4": ("b/4.wav", "丁"),
        "5": ("b/5.mp3", "戊"),
    }
    assert all(r.source.in_manifest for r in result.batch.recordings)


def test_a_full_path_does_not_match_another_folder(inputs):
    inputs.put("b/1.wav", b"b")
    inputs.put("m.csv", "录音文件\na/1.wav\n")
    result = inputs.read("m.csv")
    assert result.kinds == {"m.csv:2": "missing_recording"}
    assert not result.batch.recordings[0].source.in_manifest


def test_rows_that_cannot_be_used(inputs):
    inputs.put("a/1.wav", b"a")
    inputs.put("b/1.wav", b"b")
    inputs.put("c/2.wav", b"c")
    inputs.put("notes.pdf", b"%PDF")
    names = ["../1.wav", "/etc/passwd", "C:\\rec\\1.wav", "a/../../x.wav", "1.wav", "gone.wav", "notes.pdf"]
    inputs.put("m.csv", "录音文件\n" + "\n".join([*names, "c/2.wav", "./c/2.wav"]) + "\n")
    result = inputs.read("m.csv")
    assert result.kinds == {
        "m.csv:2": "outside_root",
        "m.csv:3": "outside_root",
        "m.csv:4": "outside_root",
        "m.csv:5": "outside_root",
        "m.csv:6": "ambiguous",
        "m.csv:7": "missing_recording",
        "m.csv:8": "unknown_format",
        "m.csv:10": "duplicate_row",
    }
    assert len(result.batch.recordings) == 3
    gone = next(f for f in result.failures if f.input == "m.csv:7")
    assert gone.message == "清单第 7 行：输入目录里没有录音 gone.wav。"
    assert (gone.stage, gone.retryable) == ("ingest", False)


def test_both_directions_are_reported(inputs):
    inputs.put("1.wav", b"1")
    inputs.put("2.wav", b"2")
    inputs.put("m.csv", "录音文件,通话时长\n1.wav,x\n3.wav,60\n")
    batch = inputs.batch("m.csv")
    assert [f.kind for f in batch.failures] == ["missing_recording"]
    assert "1 个录音不在清单里：2.wav" in batch.notes
    assert any(note.startswith("m.csv:2:通话时长: 不是时长") for note in batch.notes)


def test_many_bad_cells_make_few_notes(inputs):
    inputs.put("m.csv", "流水号,通话时长\n" + "".join(f"A{i},x\n" for i in range(500)))
    inputs.put("c.jsonl", CHAT)
    notes = inputs.batch("m.csv").notes
    assert len(notes) == 21
    assert notes[-1].startswith("（另有 480 处）通话时长")


def test_empty_files_are_failures_and_strangers_are_notes(inputs):
    for path in ("empty.wav", "empty.json", "empty.csv", "README.md", ".hidden.wav", ".git/1.wav", "~$x.xlsx"):
        inputs.put(path, b"" if "empty" in path else b"x")
    batch = inputs.batch()
    assert {f.input: f.kind for f in batch.failures} == dict.fromkeys(
        ("empty.wav", "empty.json", "empty.csv"), "empty_file"
    )
    assert batch.failures[0].conversation_id == "empty"
    assert batch.notes == ("1 个文件不是录音也不是会话文本，没有处理：README.md",)


def test_tables_are_told_apart(inputs):
    inputs.put("chat.csv", "会话编号,发送方,内容\nS,客服,您好\n")
    inputs.put("ticket.csv", "工单号,客户诉求\nT,停电\n")
    inputs.put("calls.csv", "流水号,录音文件,满意度\nA,a.wav,5\n")
    inputs.put("roster.csv", "日期,班次\n周一,早班\n")
    inputs.put("broken.xlsx", b"no zip")
    batch = inputs.batch()
    assert {d.path: d.format for d in batch.documents} == {"chat.csv": "chat_csv", "ticket.csv": "ticket_csv"}
    assert {f.input: f.kind for f in batch.failures} == {"roster.csv": "unknown_format", "broken.xlsx": "bad_table"}
    assert batch.notes == ("calls.csv 看起来是清单，没有读；要用它请加 --manifest",)


def test_json_is_told_from_json_lines(inputs):
    two = CHAT + CHAT.replace("D1", "D2")
    inputs.put("a.json", two)
    inputs.put("b.json", '{\n "id": "x",\n "turns": []\n}')
    inputs.put("c.json", CHAT)
    inputs.put("d.txt", CHAT)
    inputs.put("e.txt", "会议记录\n{}")
    inputs.put("f.ndjson", CHAT)
    formats = {d.path: d.format for d in inputs.batch().documents}
    assert formats == {"a.json": "jsonl", "b.json": "json", "c.json": "json", "d.txt": "jsonl", "f.ndjson": "jsonl"}


def test_folders_give_project_and_channel(inputs):
    config = Config(
        default_project="总部",
        folders={
            "保险": FolderConfig(project="保险", channel=Channel.VOICE_OUTBOUND),
            "保险/新单": FolderConfig(project="新单"),
        },
    )
    for path in ("保险/1.wav", "保险/新单/2.wav", "3.wav"):
        inputs.put(path, path.encode())
    inputs.put("m.csv", "录音文件,渠道\n保险/新单/2.wav,机器人\n")
    found = {r.source.path: (r.project, r.channel) for r in inputs.batch("m.csv", config).recordings}
    assert found == {
        "保险/1.wav": ("保险", Channel.VOICE_OUTBOUND),
        "保险/新单/2.wav": ("新单", Channel.BOT_VOICE),  # a bot that is heard
        "3.wav": ("总部", Channel.VOICE_INBOUND),
    }


def test_nothing_outside_the_folder_is_read(inputs, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.wav").write_bytes(b"s")
    inputs.put("real/1.wav", b"1")
    (inputs.root / "link.wav").symlink_to(outside / "secret.wav")
    (inputs.root / "dir").symlink_to(outside)
    (inputs.root / "loop").symlink_to(inputs.root)
    (inputs.root / "dead.wav").symlink_to(outside / "gone.wav")
    (inputs.root / "inner.wav").symlink_to(inputs.root / "real/1.wav")
    os.mkfifo(inputs.root / "pipe.wav")
    inputs.put("m.csv", "录音文件\nlink.wav\n")
    result = inputs.read("m.csv")
    assert set(ids(result.batch)) == {"inner.wav", "real/1.wav"}
    assert result.kinds == {"m.csv:2": "missing_recording"}
    assert "4 个链接没有跟随" in result.batch.notes[0]


def test_names_that_are_not_text(inputs):
    inputs.put(os.fsdecode(b"\xb5\xe7\n.wav"), b"x")
    (recording,) = inputs.batch().recordings
    assert recording.source.path == "\\xb5\\xe7\\x0a.wav"
    recording.source.path.encode("utf-8")
    assert Path(recording.file).read_bytes() == b"x"


def test_a_single_file(inputs):
    file = inputs.put("a/1.wav", b"1")
    batch = discover(file, None, Config())
    assert ids(batch) == {"1.wav": "1"}


def test_missing_folder_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match="打不开"):
        discover(tmp_path / "gone", None, Config())


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_no_permission(inputs):
    inputs.put("1.wav", b"1").chmod(0)
    inputs.put("sub/2.wav", b"2").parent.chmod(0)
    try:
        assert inputs.read().kinds == {"1.wav": "unreadable", "sub": "unreadable"}
    finally:
        (inputs.root / "sub").chmod(0o700)


def test_same_files_same_batch_other_files_other_digest(inputs):
    inputs.put("b.wav", b"b")
    inputs.put("a.wav", b"a")
    inputs.put("c.jsonl", CHAT)
    first = inputs.batch()
    assert inputs.batch() == first
    inputs.put("c.jsonl", CHAT.replace("您好", "你好"))
    second = inputs.batch()
    assert second.digest != first.digest
    inputs.put("m.csv", "录音文件\na.wav\n")
    assert inputs.batch("m.csv").digest != second.digest
