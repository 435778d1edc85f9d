"""Everything a test writes stays out of the user's cache, and models stay within one thread.

With several processes (`pytest -n N`) the tests of a file stay together, so that what they share is made once; those
that listen to recordings are one group: none hears again what another has heard, and the model is in memory once.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("qc", deadline=None)  # a busy machine is no fault of the code
settings.load_profile("qc")

RECORDINGS = ("tests/asr/", "tests/sample/", "tests/docs/test_docs.py", "tests/docs/test_guide.py")
"""Tests that transcribe."""
BROWSER = "tests/browser/"
FAULTS = "tests/faults/"


@pytest.hookimpl(optionalhook=True)  # there may be no xdist
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            if nodeid.startswith(BROWSER):
                return "browser"  # one Chromium and one report for all of them
            if nodeid.startswith(FAULTS):
                return "faults"  # one run nobody disturbed, which all others are compared with
            return "recordings" if nodeid.startswith(RECORDINGS) else nodeid.partition("::")[0]

    return ByFile(config, log)


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One cache for the whole session, whatever process: what was transcribed once is not transcribed again."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    folder = Path(os.environ.get("QC_TEST_CACHE") or shared / "cache")
    os.environ["QC_CACHE_DIR"] = str(folder)
    os.environ["QC_KEY_FILE"] = str(shared / "pseudonyms.key")
    os.environ["OMP_NUM_THREADS"] = "1"
    yield folder
