"""The whole way from the sample recordings to the tables: each planted finding is found, the clean ones stay clean."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from qc.storage.read import StoredRun, list_runs
from tests.sample.batch import BATCH, ROOT, Planted, expected, ids_with, planted

pytestmark = [pytest.mark.asr, pytest.mark.slow]

Row = dict[str, Any]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoredRun]:
    """`qc run` as the README has it, with the packaged rules and the default model."""
    out = tmp_path_factory.mktemp("runs")
    done = subprocess.run(
        [sys.executable, str(ROOT / "cli.py"), "run", str(BATCH), "--manifest", "calls.csv", "--out", str(out), "-q"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (found,) = list_runs(Path(out))
    yield found


def rows(run: StoredRun, table: str, conversation_id: str) -> list[Row]:
    return [r for r in run.table(table).to_pylist() if r["conversation_id"] == conversation_id]


def violations(run: StoredRun, conversation_id: str, *verdicts: str) -> list[tuple[str, str]]:
    return [
        (f["rule_id"], f["verdict"])
        for f in rows(run, "findings", conversation_id)
        if f["kind"] == "violation" and f["verdict"] in verdicts
    ]


def test_counts_balance(run: StoredRun) -> None:
    counts = run.lineage.counts
    assert counts.balanced()
    assert (counts.input, counts.ok) == (18, 18)
    assert run.lineage.tables["failures"] == 0


@pytest.mark.parametrize("plant", planted(), ids=str)
def test_planted_finding_is_found(run: StoredRun, plant: Planted) -> None:
    found = [f for f in rows(run, "findings", plant.conversation_id) if f["rule_id"] == plant.rule]
    assert [f["verdict"] for f in found] == [plant.verdict], heard(run, plant.conversation_id)
    if plant.at is not None:
        hits = [h for h in rows(run, "hits", plant.conversation_id) if h["rule_id"] == plant.rule]
        turns = {t["turn"]: t["text"] for t in rows(run, "turns", plant.conversation_id)}
        assert any(plant.at in turns[h["turn"]] for h in hits), [turns[h["turn"]] for h in hits]


@pytest.mark.parametrize("conversation_id", ids_with("violations", "none"))
def test_clean_conversation_has_no_violation(run: StoredRun, conversation_id: str) -> None:
    assert violations(run, conversation_id, "hit", "undecided") == [], heard(run, conversation_id)


@pytest.mark.parametrize("conversation_id", ids_with("hits", "none"))
def test_mono_recording_is_not_blamed(run: StoredRun, conversation_id: str) -> None:
    assert violations(run, conversation_id, "hit") == [], heard(run, conversation_id)


@pytest.mark.parametrize("conversation_id", ids_with("score"))
def test_score(run: StoredRun, conversation_id: str) -> None:
    (score,) = rows(run, "scores", conversation_id)
    assert score["score"] == expected()[conversation_id]["score"]


@pytest.mark.parametrize("conversation_id", ids_with("masked"))
def test_personal_data_is_masked(run: StoredRun, conversation_id: str) -> None:
    everything = run.path.rglob("*")
    text = "\n".join(t["text"] for t in rows(run, "turns", conversation_id))
    pages = "\n".join(p.read_text(encoding="utf-8") for p in everything if p.suffix in {".html", ".json"})
    for value in expected()[conversation_id]["masked"]:
        assert value not in text
        assert value not in pages


def test_the_recording_that_the_help_of_bleep_names_has_something_to_hide(run: StoredRun) -> None:
    from qc.commands.bleep import command
    from qc.privacy.bleep import bleep

    assert "1a2b3c A001" in (command.help or "")
    told, recording = bleep(run, "A001")
    assert told.spans and recording.name == "A001.wav"


def heard(run: StoredRun, conversation_id: str) -> str:
    return "\n".join(f"{t['role']} {t['text']}" for t in rows(run, "turns", conversation_id))
