"""One stored run for all tests that only read it, copied with its workspace for each."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from qc.pipeline.executors.serial import Serial
from qc.storage.read import StoredRun, open_run
from tests.backtest.stored import Centre, centre, talks


@dataclass(frozen=True)
class Setting:
    """A workspace, a run of it, and room for more."""

    centre: Centre
    run: StoredRun
    room: Path


@pytest.fixture(scope="session", autouse=True)
def _in_this_process() -> Iterator[None]:
    """No worker processes: they cost seconds and are tested elsewhere."""
    with pytest.MonkeyPatch.context() as patch:
        for module in ("qc.pipeline.run", "qc.pipeline.backtest"):
            patch.setattr(f"{module}.choose_executor", lambda *args, **others: Serial())
        yield


@pytest.fixture(scope="session")
def _made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    room = tmp_path_factory.mktemp("backtest")
    centre(room / "ws").run(talks(room / "in"), room / "runs")
    return room


@pytest.fixture
def setting(_made: Path, tmp_path: Path) -> Setting:
    room = tmp_path / "room"
    shutil.copytree(_made, room)
    (run,) = (room / "runs").iterdir()
    return Setting(Centre(room / "ws"), open_run(run), room)
