"""Which directory a run goes to: a new one, or the unfinished one of the same plan."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from qc.domain.run import Lineage, RunStatus
from qc.errors import UsageError
from qc.pipeline.plan import start
from qc.storage.lineage import LINEAGE_FILE, DamagedRunError, write_lineage

PLANNED = Lineage(run_id="", plan_digest="a" * 64)


def test_an_unfinished_run_of_the_same_plan_goes_on(tmp_path: Path) -> None:
    first = start(tmp_path, PLANNED, run_id=None, fresh=False)
    again = start(tmp_path, PLANNED, run_id=None, fresh=False)
    assert (again.run, again.resumed) == (first.run, True)
    assert start(tmp_path, PLANNED, run_id=None, fresh=True).run != first.run
    other = start(tmp_path, replace(PLANNED, plan_digest="b" * 64), run_id=None, fresh=False)
    assert not other.resumed


@pytest.mark.parametrize("name", ["", ".", "..", "../x", "a/b", "/tmp/x", ".hidden"])
def test_a_run_id_cannot_leave_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="不能用作目录名"):
        start(tmp_path / "out", PLANNED, run_id=name, fresh=False)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("status", "digest", "fresh", "said"),
    [
        (RunStatus.DONE, "a" * 64, False, "已经完成"),
        (RunStatus.RUNNING, "b" * 64, False, "别的输入"),
        (RunStatus.RUNNING, "a" * 64, True, "--fresh"),
    ],
)
def test_a_named_run_is_never_overwritten(
    tmp_path: Path, status: RunStatus, digest: str, fresh: bool, said: str
) -> None:
    write_lineage(tmp_path / "one", replace(PLANNED, run_id="one", status=status, plan_digest=digest))
    with pytest.raises(UsageError, match=said):
        start(tmp_path, PLANNED, run_id="one", fresh=fresh)


def test_a_named_run_that_is_damaged_is_no_folder_to_move_away(tmp_path: Path) -> None:
    write_lineage(tmp_path / "one", replace(PLANNED, run_id="one", status=RunStatus.DONE))
    (tmp_path / "one" / LINEAGE_FILE).write_text("{")
    with pytest.raises(DamagedRunError, match="不是完整的 JSON"):
        start(tmp_path, PLANNED, run_id="one", fresh=False)
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "notes.txt").write_text("x")
    with pytest.raises(UsageError, match="不是批次目录"):
        start(tmp_path, PLANNED, run_id="two", fresh=False)
