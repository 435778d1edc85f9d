"""Recordings with a transcript beside them: one conversation each, its words given, its levels measured."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from qc.asr.engines import imported
from qc.asr.engines import registry as engines
from qc.asr.engines.conformance import CALL
from qc.commands import main
from qc.domain.config import AsrConfig, Config, ManifestConfig
from qc.domain.conversation import Role
from qc.domain.failure import Failure
from qc.domain.recording import Transcript
from qc.errors import UsageError
from qc.ingest.batch import Batch, discover
from qc.pipeline.importing import Importer
from qc.storage.read import open_run

CONFIG = Config(asr=AsrConfig(engine="imported"))
WHISPER = {
    "text": "",
    "language": "zh",
    "segments": [
        {"id": 0, "seek": 0, "start": 0.2, "end": 5.5, "text": "您好很高兴为您服务", "avg_logprob": -0.1},
        {"id": 1, "seek": 0, "start": 8.6, "end": 13.0, "text": "我家突然没有电了", "avg_logprob": -0.2},
    ],
}
CHAT = [
    ("坐席", "您好，很高兴为您服务", 200, 5500),
    ("客户", "我家突然没有电了", 8600, 13000),
]


def _folder(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    shutil.copy(CALL, folder / "A001.ogg")
    return folder


def _write_csv(path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as f:
        table = csv.writer(f)
        table.writerow(["会话编号", "role", "text", "begin_ms", "end_ms"])
        table.writerows(("1", *row) for row in CHAT)


def _batch(folder: Path) -> Batch:
    return discover(folder, None, CONFIG)


def _imported(folder: Path) -> Transcript | Failure:
    batch = _batch(folder)
    assert not batch.documents
    (recording,) = batch.recordings
    return Importer(CONFIG)(recording)


def test_whisper_s_words_with_the_levels_and_channels_of_the_audio(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    (folder / "A001.json").write_text(json.dumps(WHISPER), "utf-8")
    transcript = _imported(folder)
    assert isinstance(transcript, Transcript)
    assert (transcript.engine, transcript.roles) == ("imported 2", ())
    agent, customer = transcript.channels  # it names no channel: each turn is on the one that is louder then
    assert [(s.start_ms, s.end_ms, s.text) for s in agent.segments] == [(200, 5500, "您好很高兴为您服务")]
    assert [s.text for s in customer.segments] == ["我家突然没有电了"]
    assert agent.segments[0].confidence == pytest.approx(0.9048)
    assert all(-60 < (s.energy_db or 0) < 0 for c in transcript.channels for s in c.segments)
    assert all(150 < (s.pitch_hz or 0) < 400 and s.voiced_ms for c in transcript.channels for s in c.segments)
    assert transcript.duration_ms == pytest.approx(14_000, abs=100)


def test_a_table_s_roles_stay(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    _write_csv(folder / "A001.ogg.csv")
    transcript = _imported(folder)
    assert isinstance(transcript, Transcript)
    assert transcript.roles == (Role.AGENT, Role.CUSTOMER)
    said = sorted((s.start_ms, s.speaker, s.confidence) for c in transcript.channels for s in c.segments)
    assert said == [(200, 0, 1.0), (8600, 1, 1.0)]


def test_the_key_covers_the_transcript(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    side = folder / "A001.json"
    side.write_text(json.dumps(WHISPER), "utf-8")
    before = _batch(folder)
    side.write_text(json.dumps({**WHISPER, "segments": WHISPER["segments"][:1]}), "utf-8")
    after = _batch(folder)
    assert before.recordings[0].source.sha256 == after.recordings[0].source.sha256
    assert before.recordings[0].content != after.recordings[0].content
    assert before.digest != after.digest
    assert discover(folder, None, Config()).recordings[0].content == before.recordings[0].source.sha256
    # and how it is read: with other columns it is another transcript
    other = replace(CONFIG, manifest=ManifestConfig(columns={"text": ("words",)}))
    assert discover(folder, None, other).recordings[0].content != after.recordings[0].content


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (
            json.dumps({**WHISPER, "segments": [{**WHISPER["segments"][0], "start": 99.0, "end": 100.0}]}),
            "times_beyond_end",
        ),
        (json.dumps({**WHISPER, "segments": [{"seek": 0, "text": "您好"}]}), "no_times"),
        (json.dumps({**WHISPER, "segments": []}), "empty_conversation"),
        ("{", "bad_json"),
        (
            '{"turns": [{"role": "客户", "text": "喂"}]}\n{"turns": [{"role": "客户", "text": "喂"}]}\n',
            "not_one_conversation",
        ),
    ],
)
def test_a_transcript_that_does_not_fit_is_a_failure(tmp_path: Path, content: str, kind: str) -> None:
    folder = _folder(tmp_path)
    (folder / "A001.json").write_text(content, "utf-8")
    failure = _imported(folder)
    assert isinstance(failure, Failure)
    assert failure.kind == kind
    assert failure.conversation_id == "A001"
    assert "您好" not in failure.message


def test_none_and_two_beside_a_recording(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    (failure,) = _batch(folder).failures
    assert (failure.kind, failure.conversation_id) == ("no_transcript", "A001")
    assert "A001.json" in failure.message
    (folder / "A001.json").write_text(json.dumps(WHISPER), "utf-8")
    _write_csv(folder / "A001.csv")
    (failure,) = _batch(folder).failures
    assert failure.kind == "ambiguous"


def test_a_copied_recording_that_cannot_be_read(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    (folder / "A001.json").write_text(json.dumps(WHISPER), "utf-8")
    (folder / "A001.ogg").write_bytes(b"OggS")
    failure = _imported(folder)
    assert isinstance(failure, Failure)
    assert failure.kind not in ("no_times", "times_beyond_end")


def test_it_cannot_hear() -> None:
    config = AsrConfig(engine="imported")
    assert engines.identify(config) == imported.identify(config)
    with pytest.raises(UsageError, match="不能用来听"):
        engines.open_transcriber(config)


def test_a_run_needs_no_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two calls, one without transcript: a conversation with roles and levels, and a failure that says why."""
    folder = _folder(tmp_path)
    shutil.copy(CALL, folder / "A002.ogg")
    _write_csv(folder / "A001.csv")
    (tmp_path / "qc.yaml").write_text("asr:\n  engine: imported\nrun:\n  workers: 1\n", "utf-8")
    out = tmp_path / "runs"
    with pytest.raises(SystemExit) as stop:
        main(["transcribe", str(folder), "--workspace", str(tmp_path), "--out", str(out)])
    assert stop.value.code == 3
    run = open_run(next(p for p in out.iterdir() if p.is_dir()))
    turns = [row for part in run.parts("turns") for row in part.to_pylist()]
    assert [(t["role"], t["start_ms"], t["end_ms"]) for t in turns] == [("agent", 200, 5500), ("customer", 8600, 13000)]
    assert all(t["energy_db"] is not None for t in turns)
    (conversation,) = [row for part in run.parts("conversations") for row in part.to_pylist()]
    assert (conversation["role_source"], conversation["asr_engine"]) == ("given", "imported 2")
    (failure,) = [row for part in run.parts("failures") for row in part.to_pylist()]
    assert (failure["conversation_id"], failure["kind"]) == ("A002", "no_transcript")
    with pytest.raises(SystemExit) as stop:
        main(["show", "A002", "--run", str(run.path)])
    assert stop.value.code == 2
    assert "A002 在批次 " in (said := capsys.readouterr().err)
    assert "没有结果（no_transcript）：录音旁没有同名的转写文件" in said
