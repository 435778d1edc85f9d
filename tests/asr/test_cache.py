from __future__ import annotations

import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from qc.asr.cache import TranscriptCache
from qc.domain.recording import ChannelTranscript, Segment, Transcript

KEY = "ab" + "0" * 62
TRANSCRIPT = Transcript(
    sha256="1" * 64,
    duration_ms=61_000,
    sample_rate=8000,
    codec="alaw",
    engine="openai-whisper 1",
    model="base@0",
    options="zh",
    channels=(
        ChannelTranscript(
            audio_channel=0,
            segments=(
                Segment(start_ms=10, end_ms=900, text="您好，“张三”\u2028。", confidence=0.8123),
                Segment(
                    start_ms=900,
                    end_ms=990,
                    text="在。",
                    confidence=0.5,
                    energy_db=-20.1,
                    pitch_hz=181.3,
                    pitch_range_st=4.2,
                    voiced_ms=80,
                ),
            ),
            speech_ms=890,
        ),
        ChannelTranscript(audio_channel=1, segments=(), speech_ms=0),
    ),
)


def _file(folder: Path) -> Path:
    (path,) = [p for p in folder.rglob("*") if p.is_file()]
    return path


def test_what_is_put_is_got(tmp_path: Path) -> None:
    cache = TranscriptCache(tmp_path / "deep" / "cache")
    assert cache.get(KEY) is None
    cache.put(KEY, TRANSCRIPT)
    assert cache.get(KEY) == TRANSCRIPT
    cache.put(KEY, replace(TRANSCRIPT, codec="ulaw"))
    assert TranscriptCache(tmp_path / "deep" / "cache").get(KEY) == replace(TRANSCRIPT, codec="ulaw")


def test_same_transcript_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        TranscriptCache(tmp_path / name).put(KEY, TRANSCRIPT)
    assert _file(tmp_path / "a").read_bytes() == _file(tmp_path / "b").read_bytes()


def test_only_the_owner_can_read(tmp_path: Path) -> None:
    TranscriptCache(tmp_path / "cache").put(KEY, TRANSCRIPT)
    assert stat.S_IMODE(_file(tmp_path / "cache").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'{"schema":99,"transcript":{}}',
        b'{"schema":1,"transcript":{"sha256":"1"}}',
        b"\xff\xfe",
    ],
)
def test_a_damaged_entry_is_as_good_as_none(tmp_path: Path, damage: bytes) -> None:
    cache = TranscriptCache(tmp_path)
    cache.put(KEY, TRANSCRIPT)
    _file(tmp_path).write_bytes(damage)
    assert cache.get(KEY) is None
    cache.put(KEY, TRANSCRIPT)
    assert cache.get(KEY) == TRANSCRIPT


def test_every_truncation_is_noticed(tmp_path: Path) -> None:
    cache = TranscriptCache(tmp_path)
    cache.put(KEY, TRANSCRIPT)
    whole = _file(tmp_path).read_bytes()
    for length in range(len(whole)):
        _file(tmp_path).write_bytes(whole[:length])
        assert cache.get(KEY) is None


def test_every_flipped_bit_is_noticed(tmp_path: Path) -> None:
    """A damaged transcript is often still JSON: another word, another time."""
    cache = TranscriptCache(tmp_path)
    cache.put(KEY, TRANSCRIPT)
    whole = _file(tmp_path).read_bytes()
    for at in range(len(whole)):
        damaged = bytearray(whole)
        damaged[at] ^= 1 << at % 8
        _file(tmp_path).write_bytes(damaged)
        assert cache.get(KEY) is None, at


def test_a_transcript_under_another_name_is_none(tmp_path: Path) -> None:
    cache = TranscriptCache(tmp_path)
    cache.put(KEY, TRANSCRIPT)
    other = "ab" + "1" * 62
    _file(tmp_path).rename(tmp_path / "ab" / f"{other}.json")
    assert cache.get(other) is None


def test_entries_of_before_digests_are_read(tmp_path: Path) -> None:
    cache = TranscriptCache(tmp_path)
    cache.put(KEY, TRANSCRIPT)
    path = _file(tmp_path)
    path.write_text(json.dumps({"schema": 3, "transcript": json.loads(path.read_text("utf-8"))["transcript"]}), "utf-8")
    assert cache.get(KEY) == TRANSCRIPT


def test_a_failed_write_leaves_nothing_behind(tmp_path: Path) -> None:
    cache = TranscriptCache(tmp_path)
    with pytest.raises(TypeError):
        cache.put(KEY, replace(TRANSCRIPT, codec=object()))  # type: ignore[arg-type]
    assert not [p for p in tmp_path.rglob("*") if p.is_file()]
