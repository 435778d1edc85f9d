"""A bleeped copy: nothing that was found is heard, nothing else is touched, only the judged recording is taken."""

from __future__ import annotations

import csv
import hashlib
import json
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from qc.commands import cli
from qc.errors import UsageError
from qc.privacy.bleep import personal_spans
from qc.storage.audit import entries
from tests.reporting.conftest import RunBuilder, Talk

RATE = 16_000
PHRASES = [
    {"start": 0, "end": 5, "start_ms": 1000, "end_ms": 2000, "confidence": 0.9},
    {"start": 5, "end": 16, "start_ms": 3000, "end_ms": 5000, "confidence": 0.9},
]
WORDS = [{"start": n, "end": n + 1, "start_ms": 1000 + 100 * n, "end_ms": 1080 + 100 * n} for n in range(16)]


def _turn(**given: Any) -> dict[str, Any]:
    mobile = {"start": 5, "end": 16, "type": "mobile", "valid": True, "personal": True}
    turn = {"turn": 1, "start_ms": 900, "end_ms": 5200, "text": "我的手机是138****5678", "entities": [mobile]}
    return turn | {"phrases": PHRASES, "words": [], "marks": []} | given


def _samples(path: Path) -> np.ndarray:
    with wave.open(str(path), "rb") as file:
        assert (file.getframerate(), file.getsampwidth()) == (RATE, 2)
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, file.getnchannels())


def _qc(*words: object) -> Result:
    return CliRunner().invoke(cli, [str(word) for word in words])


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A call of eight seconds in two channels, of which the second says a number from 3.0 to 5.0 s."""
    noise = np.random.default_rng(1).integers(-9000, 9000, (8 * RATE, 2)).astype("<i2")
    (tmp_path / "in").mkdir()
    with wave.open(str(tmp_path / "in" / "a.wav"), "wb") as file:
        file.setparams((2, 2, RATE, 0, "NONE", ""))
        file.writeframes(noise.tobytes())
    build = RunBuilder(tmp_path / "runs" / "one")
    build.add(Talk("A1"))
    conversation = build.rows["conversations"][0]
    digest = hashlib.sha256((tmp_path / "in" / "a.wav").read_bytes()).hexdigest()
    conversation |= {"source_path": "a.wav", "source_sha256": digest, "source_format": "audio"}
    for row in build.rows["turns"]:
        row |= {"entities": [], "phrases": [], "words": [], "marks": []}
    build.rows["turns"][0] |= _turn(turn=build.rows["turns"][0]["turn"])
    return build.write(input_path=str(tmp_path / "in")).path


def test_words_then_phrases_then_turns() -> None:
    def told(**given: Any) -> list[tuple[int, int, str]]:
        return [(s.start_ms, s.end_ms, s.by) for s in personal_spans([_turn(**given)], pad_ms=100)]

    assert told(words=WORDS) == [(1400, 2680, "words")]
    assert told() == [(2900, 5100, "phrases")]
    assert told(words=WORDS[:10]) == [(2900, 5100, "phrases")], "words that lack the end do not say when it ends"
    assert told(phrases=[]) == [(800, 5300, "turn")]
    assert told(entities=[]) == []
    with pytest.raises(UsageError, match="第 1 轮有个人信息却没有时间"):
        told(phrases=[], start_ms=None, end_ms=None)


def test_what_the_recogniser_heard_before_clean_up_is_hidden_too() -> None:
    mark = {"start": 0, "end": 2, "kind": "hot_word", "original": "***"}
    plain = {"start": 3, "end": 4, "kind": "hot_word", "original": "电"}
    (span,) = personal_spans([_turn(entities=[], marks=[mark, plain], words=WORDS)], pad_ms=0)
    assert (span.start_ms, span.end_ms, span.types) == (1000, 1180, ("heard",))


def test_neighbours_become_one() -> None:
    turns = [_turn(turn=1, words=WORDS), _turn(turn=2, entities=[{**_turn()["entities"][0], "type": "name"}])]
    spans = personal_spans(turns, pad_ms=400)
    assert [(s.start_ms, s.end_ms, s.turns, s.types, s.by) for s in spans] == [
        (1100, 5400, (1, 2), ("mobile", "name"), "phrases")
    ]


def test_the_number_is_gone_on_every_channel_and_the_rest_is_as_it_was(run: Path, tmp_path: Path) -> None:
    out, offsets = tmp_path / "a.wav", tmp_path / "a.json"
    done = _qc("bleep", run, "A1", "--out", out, "--offsets", offsets, "--pad-ms", 0)
    assert done.exit_code == 0, done.output
    assert "消的是整个短语" in done.stderr
    before, after = _samples(tmp_path / "in" / "a.wav"), _samples(out)
    assert after.shape == before.shape
    hidden = slice(3 * RATE, 5 * RATE)
    assert np.abs(after[: 3 * RATE].astype(int) - before[: 3 * RATE]).max() <= 1
    assert np.abs(after[5 * RATE :].astype(int) - before[5 * RATE :]).max() <= 1
    tone = np.fft.rfft(after[hidden, 1])
    assert np.argmax(np.abs(tone)) == 2000, "1 kHz in two seconds"
    for channel in range(2):
        likeness = np.corrcoef(before[hidden, channel], after[hidden, channel])[0, 1]
        assert abs(likeness) < 0.02
    told = json.loads(offsets.read_text(encoding="utf-8"))
    (span,) = told["spans"]
    assert (span["start_ms"], span["end_ms"], span["types"], span["by"]) == (3000, 5000, ["mobile"], "phrases")
    assert told["sha256"] == hashlib.sha256((tmp_path / "in" / "a.wav").read_bytes()).hexdigest()
    last = list(entries(run.parent))[-1]
    assert (last.action, last.outcome, last.counts) == ("bleep", "done", {"spans": 1})
    assert {out.stat().st_mode & 0o777, offsets.stat().st_mode & 0o777} == {0o600}


def test_silence_and_offsets_as_csv(run: Path, tmp_path: Path) -> None:
    out, offsets = tmp_path / "a.wav", tmp_path / "a.csv"
    assert _qc("bleep", run, "A1", "--out", out, "--offsets", offsets, "--silence").exit_code == 0
    assert not _samples(out)[int(2.8 * RATE) : int(5.2 * RATE)].any()
    assert _samples(out)[: int(2.79 * RATE)].any()
    rows = list(csv.DictReader(offsets.read_text(encoding="utf-8").splitlines()))
    assert [(r["start_ms"], r["end_ms"], r["types"], r["by"]) for r in rows] == [("2800", "5200", "mobile", "phrases")]


def test_without_a_place_the_copy_lies_in_the_run(run: Path, tmp_path: Path) -> None:
    done = _qc("bleep", run, "A1")
    assert done.exit_code == 0, done.output
    copy = run / "bleep" / "A1.wav"
    assert done.stdout.strip() == str(copy) and copy.stat().st_mode & 0o777 == 0o600
    assert _samples(copy).shape == _samples(tmp_path / "in" / "a.wav").shape
    assert list(list(entries(run.parent))[-1].files) == [str(copy.relative_to(run.parent))]
    copy.unlink()
    assert _qc("bleep", run, "A1", "--offsets", tmp_path / "a.json").exit_code == 0
    assert not copy.exists(), "who asks for the offsets alone gets no copy"


def _emptied(run: Path, column: str, empty: object) -> None:
    for part in (run / "turns").glob("*.parquet"):
        table = pq.read_table(part)
        field = table.schema.field(column)
        values = pa.array([empty] * len(table), field.type)
        pq.write_table(table.set_column(table.schema.get_field_index(column), field, values), part)


def test_where_nothing_was_recognised_it_says_so(run: Path) -> None:
    _emptied(run, "entities", [])
    done = _qc("bleep", run, "A1")
    assert done.exit_code == 0, done.output
    assert "一处也没有消" in done.stderr


def test_words_that_were_purged_do_not_say_what_to_hide(run: Path) -> None:
    _emptied(run, "entities", [])
    _emptied(run, "text", "")
    assert "按保留期清除" in str(_qc("bleep", run, "A1").exception)
    assert not (run / "bleep").exists()


def test_only_the_recording_that_was_judged(run: Path, tmp_path: Path) -> None:
    recording = tmp_path / "in" / "a.wav"
    onto = _qc("bleep", run, "A1", "--out", recording)
    assert "不能写在原录音上" in str(onto.exception)
    changed = bytearray(recording.read_bytes())
    changed[-1] ^= 1
    recording.write_bytes(changed)
    done = _qc("bleep", run, "A1", "--out", tmp_path / "a.wav")
    assert "SHA-256 不同" in str(done.exception)
    recording.unlink()
    gone = _qc("bleep", run, "A1", "--out", tmp_path / "a.wav")
    assert "不在原来的位置" in str(gone.exception)
    assert not (tmp_path / "a.wav").exists()
