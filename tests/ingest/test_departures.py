"""Inputs that vanish, change or cannot be read: which one, what happened, what to do; in Chinese."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from qc.domain.failure import Failure
from qc.errors import UsageError
from qc.ingest.batch import ChangedInputError, read_conversations
from qc.ingest.names import content_hash, departure
from tests.ingest.folders import Inputs

CHAT = '{"id":"A1","turns":[{"role":"客服","text":"您好"}]}\n{"id":"A2","turns":[{"role":"客服","text":"在吗"}]}\n'
TICKETS = "工单号,客户诉求,处理结果\nT1,停电,已送电\n"


def _refuse(monkeypatch: pytest.MonkeyPatch, name: str, number: int) -> None:
    """Files called `name` can no longer be opened."""
    opened = Path.open

    def refused(self: Path, *args: object, **given: object) -> object:
        if self.name == name:
            raise OSError(number, "Input/output error in English", str(self))
        return opened(self, *args, **given)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", refused)


@pytest.mark.parametrize(("name", "content"), [("chat.jsonl", CHAT), ("tickets.csv", TICKETS)])
def test_before_it_was_read(tmp_path: Path, name: str, content: str) -> None:
    inputs = Inputs(tmp_path)
    file = inputs.put(name, content)
    batch = inputs.batch()
    file.write_text(content + content, encoding="utf-8")
    (changed,) = (f for f in read_conversations(batch) if isinstance(f, Failure))
    assert (changed.input, changed.kind, changed.retryable) == (name, "changed", True)
    assert "被改动了" in changed.message and "--retry-failed" in changed.message
    file.unlink()
    (gone,) = (f for f in read_conversations(batch) if isinstance(f, Failure))
    assert (gone.input, gone.kind, gone.retryable) == (name, "unreadable", True)
    assert "不见了" in gone.message and "--retry-failed" in gone.message and "改动" not in gone.message


@pytest.mark.parametrize("spoil", ["changed", "gone"])
def test_while_it_is_read(tmp_path: Path, spoil: str) -> None:
    inputs = Inputs(tmp_path)
    file = inputs.put("chat.jsonl", CHAT)
    reading = read_conversations(inputs.batch())
    next(reading)
    if spoil == "gone":
        file.unlink()
    else:
        file.write_text(CHAT.replace("您好", "再见"), encoding="utf-8")
    with pytest.raises(ChangedInputError) as stopped:
        list(reading)
    assert "chat.jsonl" in stopped.value.message and "没有做完" in stopped.value.message
    assert ("不见了" in stopped.value.message) == (spoil == "gone")
    assert ("会接着做" in stopped.value.hint) == (spoil == "gone")


@pytest.mark.parametrize(
    ("number", "told", "todo"),
    [
        (errno.EACCES, "没有权限", "权限"),
        (errno.EIO, "磁盘或网络盘出错", "网络盘的连接"),
        (errno.ESTALE, "磁盘或网络盘出错", "网络盘的连接"),
        (errno.ENOENT, "不见了", "恢复之后"),
    ],
)
def test_what_the_system_refuses_is_told_in_chinese(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, told: str, todo: str
) -> None:
    inputs = Inputs(tmp_path)
    inputs.put("chat.jsonl", CHAT)
    recording = inputs.put("a.wav", b"RIFF")
    manifest = inputs.put("calls.csv", "会话编号,录音文件\nA1,a.wav\n")
    sha256 = content_hash(recording)
    _refuse(monkeypatch, "chat.jsonl", number)
    (chat,) = inputs.batch().failures
    assert (chat.input, chat.kind) == ("chat.jsonl", "unreadable")
    _refuse(monkeypatch, "a.wav", number)
    heard = departure(recording, sha256)
    assert heard is not None and heard.kind == "unreadable"
    _refuse(monkeypatch, "calls.csv", number)
    with pytest.raises(UsageError) as refused:
        inputs.batch("calls.csv")
    assert str(manifest) in refused.value.message
    for text in (chat.message, heard.told + heard.after, refused.value.message + refused.value.hint):
        assert told in text and todo in text and "English" not in text


def test_a_manifest_that_changes_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inputs = Inputs(tmp_path)
    inputs.put("a.wav", b"RIFF")
    manifest = inputs.put("calls.csv", "会话编号,录音文件\nA1,a.wav\n")
    digests = iter(["before", "after"])
    monkeypatch.setattr("qc.ingest.manifest.content_hash", lambda _: next(digests))
    with pytest.raises(UsageError, match="在读的时候被改动了") as refused:
        inputs.batch("calls.csv")
    assert str(manifest) in refused.value.message and "再运行" in refused.value.hint
