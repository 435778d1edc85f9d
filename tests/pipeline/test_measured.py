"""Levels and hold times survive storage: a stored run is judged as the recordings were."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from qc.domain.conversation import CallMeta, Channel, Conversation, Phrase, Role, Source, Turn
from qc.domain.finding import Verdict
from qc.domain.rule import RulePack
from qc.domain.specs import Specs
from qc.matching.judge import judge
from qc.matching.signals import NO_SIGNALS
from qc.pipeline.inspect import Inspector
from qc.pipeline.restore import stored_inputs
from qc.pipeline.specs import emotion_lexicon, folders
from qc.pipeline.stored import StoredPart
from qc.storage.read import StoredRun
from qc.storage.write import write_part
from qc.text.arousal import Arousal, arousal_of
from qc.text.shard import Shard
from tests.matching.conftest import Judging

TURNS = (
    Turn(role=Role.AGENT, text="您好。", start_ms=0, end_ms=900, energy_db=-20.3, pitch_hz=182.4, pitch_range_st=5.1),
    Turn(role=Role.CUSTOMER, text="停电了。", start_ms=1000, end_ms=1900),
)
CALL = Conversation(
    id="c",
    project="95598",
    channel=Channel.VOICE_INBOUND,
    turns=TURNS,
    meta=CallMeta(hold_s=12.5, after_call_s=30.5, transfers=2),
    source=Source(path="c.wav", format="audio", sha256="0" * 64, audio_channels=2),
)


@pytest.fixture
def run(tmp_path: Path) -> StoredRun:
    for name, table in Inspector(None, confidence_floor=0.35, mask=True).inspect([CALL], ()).tables.items():
        if name in ("conversations", "turns", "failures"):
            write_part(tmp_path, name, 0, table)
    return StoredRun(tmp_path, lineage=None)  # type: ignore[arg-type]  # of no interest here


def restored(run: StoredRun) -> Conversation:
    (found,) = stored_inputs(run)
    assert isinstance(found, Conversation)
    return found


def test_a_stored_turn_is_as_loud_as_it_was(run: StoredRun) -> None:
    found = restored(run)
    assert np.float32(found.turns[0].energy_db) == np.float32(-20.3)
    assert found.turns[1].energy_db is None
    assert (found.meta.hold_s, found.meta.after_call_s, found.meta.transfers) == (12.5, 30.5, 2)
    part = StoredPart(run, 0)
    assert part.shard.energy_db.tolist() == [np.float32(-20.3), pytest.approx(np.nan, nan_ok=True)]
    assert part.shard.turns[0].energy_db == found.turns[0].energy_db
    for name, value in (("pitch_hz", 182.4), ("pitch_range_st", 5.1)):
        assert [np.float32(getattr(t, name) or 0) for t in found.turns] == [np.float32(value), 0]
        assert getattr(part.shard, name).tolist() == [np.float32(value), pytest.approx(np.nan, nan_ok=True)]
        assert [getattr(t, name) for t in part.shard.turns] == [getattr(t, name) for t in found.turns]
    assert (part.meta[0].hold_s, part.meta[0].after_call_s, part.meta[0].transfers) == (12.5, 30.5, 2)


def test_a_stored_run_sounds_as_agitated_as_the_recording_did(tmp_path: Path) -> None:
    said = [
        replace(
            TURNS[i % 2],
            text="我家停电两个小时了。",
            start_ms=3000 * i,
            end_ms=3000 * i + 2000 - 70 * i,
            energy_db=-30.3 + i,
            pitch_hz=180.7 + 9 * i,
            pitch_range_st=4.1 + i / 3,
        )
        for i in range(9)
    ]
    call = replace(CALL, turns=tuple(said))
    specs = Specs(
        pack=RulePack(rules=(), lexicons=(), digest=""),
        cards=(),
        emotion=emotion_lexicon(folders(None)),
        taxonomies=(),
        lexicons_digest="",
    )
    inspector = Inspector(specs, confidence_floor=0.35, mask=True)
    fresh = inspector.inspect([call], ()).tables
    for name, table in fresh.items():
        write_part(tmp_path, name, 0, table)
    run = StoredRun(tmp_path, lineage=None)  # type: ignore[arg-type]  # of no interest here
    again = inspector.inspect([restored(run)], ()).tables
    assert again["emotions"] == fresh["emotions"]
    assert again["conversations"]["customer_arousal_peak_turn"].to_pylist() == [8]
    (peak,) = fresh["conversations"]["customer_arousal_peak"].to_pylist()
    rows = {row["turn"]: row for row in fresh["emotions"].to_pylist()}
    assert peak == rows[8]["arousal"] > 1.5
    assert rows[8]["loudness_change_db"] == pytest.approx(5.0)
    assert (rows[1]["pause_ms"], rows[2]["pause_ms"], rows[3]["pause_ms"]) == (None, 1000, 1070)
    assert rows[1]["speech_rate"] == 270
    stored, plain = arousal_of(StoredPart(run, 0).shard), arousal_of(Shard([call]))
    for name in Arousal.__slots__:
        np.testing.assert_array_equal(getattr(stored, name), getattr(plain, name))


def test_a_run_of_an_earlier_version_has_neither(run: StoredRun) -> None:
    measured = ["energy_db", "pitch_hz", "pitch_range_st"]
    for name, columns in (("turns", measured), ("conversations", ["hold_s", "after_call_s", "transfers"])):
        (path,) = run.part_files(name)
        pq.write_table(pq.read_table(path).drop_columns(columns), path)
    found = restored(run)
    assert [t.energy_db for t in found.turns] == [t.pitch_hz for t in found.turns] == [None, None]
    assert found.meta.hold_s is found.meta.after_call_s is found.meta.transfers is None
    part = StoredPart(run, 0)
    assert np.isnan(part.shard.energy_db).all()
    assert np.isnan(part.shard.pitch_hz).all()
    assert part.meta[0].hold_s is None


PHRASES = (
    Phrase(start=0, end=3, start_ms=0, end_ms=700, confidence=0.9),
    Phrase(start=3, end=6, start_ms=800, end_ms=900, confidence=0.25),
)


def test_phrases_of_a_stored_run_are_those_of_its_turns(tmp_path: Path) -> None:
    said = replace(TURNS[0], text="您好。在的。", phrases=PHRASES)
    call = replace(CALL, turns=(said, *TURNS[1:], replace(said, role=Role.CUSTOMER)))
    for name, table in Inspector(None, confidence_floor=0.35, mask=True).inspect([call], ()).tables.items():
        if name in ("conversations", "turns", "failures"):
            write_part(tmp_path, name, 0, table)
    run = StoredRun(tmp_path, lineage=None)  # type: ignore[arg-type]  # of no interest here
    stored, plain = StoredPart(run, 0).shard.phrases, Shard([restored(run)]).phrases
    assert stored is not None
    assert plain is not None
    for name in ("first", "start", "end", "start_ms", "end_ms", "until_ms", "confidence"):
        np.testing.assert_array_equal(getattr(stored, name), getattr(plain, name))
    assert stored.first.tolist() == [0, 2, 2, 4]
    (path,) = run.part_files("turns")
    pq.write_table(pq.read_table(path).drop_columns(["phrases", "words", "marks"]), path)
    assert StoredPart(run, 0).shard.phrases is None
    assert restored(run).turns[0].phrases == ()


def test_a_stored_run_is_judged_by_its_phrases_as_the_recording_was(tmp_path: Path) -> None:
    said = replace(TURNS[0], text="您好。在的。", start_ms=0, end_ms=900, confidence=0.8, phrases=PHRASES)
    call = replace(CALL, turns=(said, *TURNS[1:]))
    for name, table in Inspector(None, confidence_floor=0.35, mask=True).inspect([call], ()).tables.items():
        if name in ("conversations", "turns", "failures"):
            write_part(tmp_path, name, 0, table)
    stored = StoredPart(StoredRun(tmp_path, lineage=None), 0).shard  # type: ignore[arg-type]  # of no interest here
    judged = Judging()
    rules = judged.compiled(
        [
            judged.rule("p: {keyword: 您好}", identifier="t.sure"),
            judged.rule("p: {keyword: 在的}", identifier="t.unsure"),
            judged.rule("p: {near: {a: 您好, b: 停电, within: 5, unit: seconds}}", identifier="t.near"),
        ]
    )
    fresh, again = (judge(rules, shard, NO_SIGNALS) for shard in (Shard([call]), stored))
    assert fresh.findings == again.findings
    assert fresh.verdicts.tolist() == again.verdicts.tolist()
    found = {finding.rule_id: finding for finding in again.findings[0]}
    assert (found["t.sure"].hits[0].start_ms, found["t.sure"].hits[0].end_ms) == (0, 700 * 2 // 3)
    assert found["t.unsure"].verdict is Verdict.UNDECIDED
