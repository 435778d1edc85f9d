"""With which runs beside it a run is compared."""

from __future__ import annotations

from pathlib import Path

from qc.domain.run import Lineage, RunStatus
from qc.pipeline.report import earlier_runs, judged_before
from qc.storage.lineage import write_lineage
from qc.storage.read import open_run


def night(folder: Path, name: str, at: str, digest: str, *, rules: str = "r", done: bool = True) -> None:
    status = RunStatus.DONE if done else RunStatus.RUNNING
    lineage = Lineage(run_id=name, started_at=at, input_digest=digest, rules_digest=rules, status=status)
    write_lineage(folder / name, lineage)


def test_a_night_that_was_judged_several_times_is_compared_with_once(tmp_path: Path) -> None:
    night(tmp_path, "first", "2026-11-18T22:00:00", "a")
    night(tmp_path, "second", "2026-11-19T22:00:00", "b")
    night(tmp_path, "first again", "2026-11-20T09:00:00", "a")
    night(tmp_path, "heard only", "2026-11-20T10:00:00", "c", rules="")
    night(tmp_path, "broken off", "2026-11-20T11:00:00", "d", done=False)
    night(tmp_path, "this one before", "2026-11-20T21:00:00", "e")
    night(tmp_path, "this one", "2026-11-20T22:00:00", "e")
    night(tmp_path, "second again", "2026-11-21T09:00:00", "b")
    found = earlier_runs(open_run(tmp_path / "this one"))
    assert [run.lineage.run_id for run in found] == ["second", "first again"]
    again = judged_before(open_run(tmp_path / "this one"))
    assert again is not None and again.lineage.run_id == "this one before"
    for name in ("first", "first again"):  # nothing before it; another night between
        assert judged_before(open_run(tmp_path / name)) is None


def test_runs_that_do_not_say_what_they_judged_are_nights_of_their_own(tmp_path: Path) -> None:
    for day in (1, 2):
        night(tmp_path, f"{day}", f"2026-11-0{day}T22:00:00", "")
    last = open_run(tmp_path / "2")
    assert [run.lineage.run_id for run in earlier_runs(last)] == ["1"] and judged_before(last) is None
