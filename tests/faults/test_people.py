"""What people do with a finished run, killed at any step: reviews are there once, files appear whole."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

import pytest

from qc.pipeline.specs import folders
from qc.pipeline.verification.check import Trust
from qc.pipeline.verification.verify import verify
from qc.storage.read import open_run
from tests.faults.machine import Machine
from tests.faults.night import Night
from tests.faults.test_verify import Silent

pytestmark = pytest.mark.slow


@pytest.fixture
def run(undisturbed: tuple[Path, int], tmp_path: Path) -> Path:
    return Path(shutil.copytree(undisturbed[0], tmp_path / "runs" / undisturbed[0].name))


def _reviews(run: Path, path: Path, count: int) -> Path:
    """A review file that overturns some hits, as the page writes it."""
    stored = open_run(run)
    lineage = stored.lineage
    findings = stored.table("findings", ["conversation_id", "rule_id", "verdict"]).to_pylist()[:count]
    reviews = [
        {
            "conversation_id": row["conversation_id"],
            "rule_id": row["rule_id"],
            "rule_version": lineage.rules[row["rule_id"]],
            "rule_digest": lineage.rule_digests[row["rule_id"]],
            "machine_verdict": row["verdict"],
            "human_verdict": "miss",
            "comment": "不算",
            "reviewed_at": "2026-11-21T09:29:41",
        }
        for row in findings
    ]
    head = {"format": "qc-review/1", "run_id": lineage.run_id, "plan_digest": lineage.plan_digest}
    head |= {"rules_digest": lineage.rules_digest, "reviewer": "李班长", "session": None}
    text = json.dumps(head | {"exported_at": "2026-11-21T09:30:00", "reviews": reviews}, ensure_ascii=False)
    path.write_text(text, encoding="utf-8")
    return path


def test_an_import_killed_anywhere(machine: Machine, tonight: Night, run: Path, tmp_path: Path) -> None:
    """Imported again, every opinion is there once, and the final verdicts follow from them."""
    before = Path(shutil.copytree(run, tmp_path / "before" / run.name))
    file = _reviews(run, tmp_path / "reviews.json", 9)
    args = ["review", "import", file, "-w", tonight.workspace, "--run"]
    whole = machine.qc(*args, run)
    assert whole.code == 0, whole.said
    final = {name: open_run(run).table(name) for name in ("final_findings", "final_scores", "final_item_scores")}
    chance = random.Random(1)
    for trial in range(6):
        copy = Path(shutil.copytree(before, tmp_path / str(trial) / run.name))
        step = chance.randint(1 + trial * whole.steps // 6, (trial + 1) * whole.steps // 6)
        assert machine.qc(*args, copy, at=step).code == -9
        again = machine.qc(*args, copy)
        assert again.code == 0, again.said
        stored = open_run(copy)
        assert len(set(stored.table("reviews")["review_id"].to_pylist())) == stored.table("reviews").num_rows == 9
        for name, table in final.items():
            columns = [c for c in table.column_names if not c.endswith("_at")]
            assert stored.table(name).select(columns).equals(table.select(columns)), (step, name)
        where = folders(tonight.workspace)
        assert verify(copy, where, tonight.workspace, sample=20, progress=Silent()).trust is Trust.TRUSTED


def test_a_report_killed_anywhere(machine: Machine, tonight: Night, run: Path) -> None:
    """What stands there is whole at any time, and afterwards it is made like any other."""
    args = ["report", "run", run, "-w", tonight.workspace]
    assert machine.qc(*args).code == 0
    whole = machine.qc(*args)
    assert whole.code == 0, whole.said
    pages = {p.name: p.read_bytes() for p in (run / "report").rglob("*.html")}
    page = pages["index.html"]
    for step in (2, whole.steps // 3, whole.steps // 2, whole.steps - 6):
        assert machine.qc(*args, at=step).code == -9
        there = {p.name: p.read_bytes() for p in (run / "report").rglob("*.html")}
        assert there in ({}, pages), step
        assert machine.qc(*args).code == 0
        assert (run / "report" / "index.html").read_bytes() == page
        assert not list(run.glob("*.partial")) and not list(run.glob("*.old"))


def test_an_export_killed_anywhere(machine: Machine, run: Path, tmp_path: Path) -> None:
    """No file is half a file."""
    args = ["export", "csv", run, "--out"]
    whole = machine.qc(*args, tmp_path / "whole")
    assert whole.code == 0, whole.said
    expected = {p.name: p.read_bytes() for p in (tmp_path / "whole").iterdir() if not p.name.startswith(".")}
    for step in (2, whole.steps // 2, whole.steps - 2):
        out = tmp_path / str(step)
        assert machine.qc(*args, out, at=step).code == -9
        for path in out.glob("*.csv") if out.exists() else ():
            assert path.read_bytes() == expected[path.name]
        assert machine.qc(*args, out).code == 0
        assert {p.name: p.read_bytes() for p in out.iterdir() if not p.name.startswith(".")} == expected
