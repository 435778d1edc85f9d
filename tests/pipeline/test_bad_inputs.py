"""Bad input becomes a row or a message; the rest of the batch completes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from qc.storage.read import open_run
from tests.pipeline.batches import chats, only_run, qc, workspace

HEADER = "会话编号,录音文件,业务项目,渠道,坐席工号,坐席姓名,通话时长\n"


def test_a_broken_rule_is_told_with_its_place(tmp_path: Path) -> None:
    ws = workspace(tmp_path / "ws")
    rule = ws / "rules" / "service" / "typo.yml"
    rule.parent.mkdir(parents=True)
    rule.write_text(
        "id: service.typo\ntitle: 例\nseverety: low\nfind:\n  a: {keyword: 你好}\nwhen: a\n"
        "message: 命中\ntests:\n  - {name: 一, expect: hit, turns: [{agent: 你好}]}\n"
        "  - {name: 二, expect: miss, turns: [{agent: 再见}]}\n",
        encoding="utf-8",
    )
    done = qc("run", chats(tmp_path / "in", 1), "-w", ws, "--out", tmp_path / "out")
    assert done.returncode == 2
    assert "typo.yml:3:1:" in done.stderr
    assert "severity" in done.stderr  # 你是不是想写 …
    assert not (tmp_path / "out").exists()


def test_manifest_in_gbk(tmp_path: Path) -> None:
    source = chats(tmp_path / "in", 2)
    manifest = tmp_path / "calls.csv"
    manifest.write_text(HEADER + "C0000,,保险,在线,A7,张三,60\n", encoding="gbk")
    done = qc("run", source, "-m", manifest, "--out", tmp_path / "out", "--no-report")
    assert done.returncode == 0, done.stderr
    rows = open_run(only_run(tmp_path / "out")).table("conversations").to_pylist()
    by_id = {r["conversation_id"]: r for r in rows}
    assert (by_id["C0000"]["project"], by_id["C0000"]["agent_name"]) == ("保险", "张三")
    assert by_id["C0001"]["agent_name"] is None


@pytest.mark.slow
def test_a_very_long_turn_is_kept_whole(tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    text = "我要投诉你们，" * 15_000
    turns = [{"role": "agent", "text": "您好。"}, {"role": "customer", "text": text}]
    (source / "long.jsonl").write_text(json.dumps({"id": "L", "turns": turns}, ensure_ascii=False), encoding="utf-8")
    done = qc("run", source, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    rows = open_run(only_run(tmp_path / "out")).table("turns").to_pylist()
    assert "".join(r["text"] for r in rows if r["role"] == "customer") == text


def test_an_empty_folder_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    done = qc("run", tmp_path / "in", "--out", tmp_path / "out")
    assert done.returncode == 2
    assert "没有可以质检的文件" in done.stderr


@pytest.mark.asr
@pytest.mark.slow
def test_broken_recordings_are_rows(tmp_path: Path) -> None:
    source = chats(tmp_path / "in", 3)
    (source / "corrupt.wav").write_bytes(b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(range(200)))
    (source / "empty.wav").write_bytes(b"")
    (source / "notes.mp3").write_text("这不是录音，只是一个文本文件。\n" * 50, encoding="utf-8")
    manifest = source / "calls.csv"
    manifest.write_text(HEADER + "gone,gone.wav,95598,呼入,A1,李四,30\n", encoding="utf-8")
    done = qc("run", source, "-m", manifest, "--out", tmp_path / "out", "--workers", 1)  # one loads the model
    assert done.returncode == 3, done.stderr
    run = open_run(only_run(tmp_path / "out"))
    failures = {r["input"]: r for r in run.table("failures").to_pylist()}
    assert len(failures) == 4
    assert {r["kind"] for r in failures.values()} >= {"empty_file", "missing_recording", "not_audio"}
    assert all(r["message"] for r in failures.values())
    assert run.lineage.counts.ok == 3
    assert run.lineage.counts.balanced()


@pytest.mark.asr
@pytest.mark.slow
def test_three_hours_of_silence(tmp_path: Path) -> None:
    soundfile = pytest.importorskip("soundfile")
    source = chats(tmp_path / "in", 1)
    silence = np.zeros(8000 * 60, np.int16)
    with soundfile.SoundFile(source / "silent.wav", "w", 8000, 1, "ULAW") as out:
        for _ in range(180):
            out.write(silence)
    done = qc("run", source, "--out", tmp_path / "out", "--no-report")
    assert done.returncode == 3, done.stderr
    run = open_run(only_run(tmp_path / "out"))
    (failure,) = run.table("failures").to_pylist()
    assert (failure["kind"], failure["stage"]) == ("no_speech", "asr")
    assert run.lineage.counts.ok == 1
