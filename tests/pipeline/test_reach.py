"""An input share that is gone stops the batch, whatever was being done: no file is a failure for it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from qc.domain.config import Config
from qc.errors import UsageError
from qc.pipeline import inputs
from qc.pipeline.inputs import found, inputs_of

CHAT = '{"id":"A1","turns":[{"role":"客服","text":"您好"}]}\n{"id":"A2","turns":[{"role":"客服","text":"在吗"}]}\n'


class _Silent:
    def note(self, message: str) -> None: ...

    def stage(self, title: str, total: float | None, unit: str) -> None: ...

    def advance(self, amount: float, message: str) -> None: ...

    def finish(self) -> None: ...


def test_while_it_is_looked_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "share"
    source.mkdir()
    (source / "chat.jsonl").write_text(CHAT, encoding="utf-8")
    looked = inputs.discover

    def gone_meanwhile(*args: object):
        monkeypatch.setattr("qc.ingest.discovery.content_hash", _gone)
        batch = looked(*args)  # type: ignore[arg-type]
        shutil.rmtree(source)
        return batch

    monkeypatch.setattr(inputs, "discover", gone_meanwhile)
    with pytest.raises(UsageError, match="在运行中不见了"):
        found(source, None, Config(), _Silent(), mask=True)


def _gone(file: Path) -> str:
    raise FileNotFoundError(2, "No such file or directory", str(file))


def test_while_a_chat_is_read(tmp_path: Path) -> None:
    source = tmp_path / "share"
    source.mkdir()
    (source / "chat.jsonl").write_text(CHAT, encoding="utf-8")
    reading = inputs_of(found(source, None, Config(), _Silent(), mask=True), {}, source)
    next(reading)
    shutil.rmtree(source)
    with pytest.raises(UsageError, match="网络盘断开"):
        list(reading)


def test_a_mount_point_without_its_share_is_no_night_of_missing_recordings(tmp_path: Path) -> None:
    source, manifest = tmp_path / "share", tmp_path / "calls.csv"
    source.mkdir()
    manifest.write_text("会话编号,录音文件\nA1,a.wav\n", encoding="utf-8")
    with pytest.raises(UsageError) as refused:
        found(source, manifest, Config(), _Silent(), mask=True)
    assert str(source) in refused.value.message and "挂上没有" in refused.value.hint
