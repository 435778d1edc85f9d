"""The sample batch is what its description says, without hearing it."""

from __future__ import annotations

import pytest
import soundfile as sf
import yaml

from qc.domain.config import Config
from qc.domain.conversation import Channel, Conversation
from qc.ingest.batch import discover, read_conversations
from tests.sample.batch import BATCH, ROOT, SAMPLE, SCRIPTS, expected, manifest, planted

AUDIO = {
    "A001": ("WAV", "ULAW", 2),
    "A002": ("WAV", "ALAW", 2),
    "A003": ("MP3", "MPEG_LAYER_III", 2),
    "A004": ("OGG", "OPUS", 2),
    "A005": ("WAV", "ULAW", 1),
    "B001": ("WAV", "ALAW", 2),
    "B002": ("MP3", "MPEG_LAYER_III", 2),
    "B003": ("OGG", "OPUS", 2),
    "B004": ("WAV", "ULAW", 2),
    "C001": ("MP3", "MPEG_LAYER_III", 2),
    "C002": ("OGG", "OPUS", 2),
    "C003": ("WAV", "ALAW", 2),
}


def test_small_enough_for_a_repository() -> None:
    assert sum(f.stat().st_size for f in SAMPLE.rglob("*") if f.is_file()) < 5_000_000


@pytest.mark.parametrize("row", [r for r in manifest() if r["会话编号"] in AUDIO], ids=lambda r: r["会话编号"])
def test_recordings_are_telephone_quality_in_the_listed_formats(row: dict[str, str]) -> None:
    info = sf.info(str(BATCH / row["录音文件"]))
    assert (info.format, info.subtype, info.channels) == AUDIO[row["会话编号"]]
    assert info.samplerate == 8000
    assert 25 <= info.duration <= 60
    minutes, seconds = row["通话时长"].split(":")
    assert int(minutes) * 60 + int(seconds) == pytest.approx(info.duration, abs=1)


def test_every_input_is_read_and_stands_in_the_manifest() -> None:
    batch = discover(BATCH, BATCH / "calls.csv", Config())
    assert batch.failures == ()
    assert batch.notes == ()
    conversations = [c for c in read_conversations(batch) if isinstance(c, Conversation)]
    assert sorted(r.conversation_id for r in batch.recordings) == sorted(AUDIO)
    for given in (*batch.recordings, *conversations):
        assert given.source.in_manifest
        assert given.meta.started_at is not None
        assert given.meta.started_at.startswith("2026-11-20")
    assert {c.id: c.channel.value for c in conversations} == {
        "D001": "chat",
        "D002": "chat",
        "E001": "bot_text",
        "E002": "bot_text",
        "T001": "ticket",
        "T002": "ticket",
    }
    outbound = {r.conversation_id for r in batch.recordings if r.channel is Channel.VOICE_OUTBOUND}
    assert outbound == {"B001", "B002"}


def test_the_description_speaks_of_what_is_there() -> None:
    ids = [row["会话编号"] for row in manifest()]
    assert len(set(ids)) == len(ids)
    assert sorted(expected()) == sorted(ids)
    assert sorted(p.stem for p in SCRIPTS.glob("*.yml")) == sorted(AUDIO)
    for row in manifest():
        if row["会话编号"] in AUDIO:
            script = yaml.safe_load((SCRIPTS / f"{row['会话编号']}.yml").read_text(encoding="utf-8"))
            assert script["file"] == row["录音文件"]
    for p in planted():
        assert (ROOT / "rules" / f"{p.rule.replace('.', '/')}.yml").is_file(), p
