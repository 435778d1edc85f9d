from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.machine import Machine
from tests.faults.night import Night, night
from tests.pipeline.batches import digests, only_run


@pytest.fixture(scope="session")
def tonight(tmp_path_factory: pytest.TempPathFactory) -> Night:
    return night(tmp_path_factory.mktemp("night"))


@pytest.fixture(scope="session")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    folder = tmp_path_factory.mktemp("machine")
    with Machine(folder, QC_CACHE_DIR=str(folder / "cache")) as made:
        yield made


@pytest.fixture(scope="session")
def undisturbed(machine: Machine, tonight: Night, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """A run that nobody disturbed, with nothing in the cache, and the durable steps it took."""
    out = tmp_path_factory.mktemp("undisturbed")
    ended = machine.qc(*tonight.run(out / "runs"), QC_CACHE_DIR=str(out / "cache"))
    assert ended.code == 0, ended.said
    return only_run(out / "runs"), ended.steps


@pytest.fixture(scope="session")
def expected(undisturbed: tuple[Path, int]) -> dict[str, str]:
    return digests(undisturbed[0])
