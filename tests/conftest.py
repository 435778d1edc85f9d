"""Everything a test writes stays out of the user's cache, and models stay within one thread.

With several processes (`pytest -n N --dist loadgroup`) the tests of a file stay together, so that what they share is
made once; those that listen to recordings are one group: none hears again what another has heard, and the model is in
memory once.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        hears = item.get_closest_marker("asr") is not None
        item.add_marker(pytest.mark.xdist_group("asr" if hears else item.path.as_posix()))


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One cache for the whole session, whatever process: what was transcribed once is not transcribed again."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    folder = Path(os.environ.get("QC_TEST_CACHE") or shared / "cache")
    os.environ["QC_CACHE_DIR"] = str(folder)
    os.environ["OMP_NUM_THREADS"] = "1"
    yield folder
