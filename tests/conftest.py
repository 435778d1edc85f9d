"""Everything a test writes stays out of the user's cache, and models stay within one thread."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One cache for the whole session: what was transcribed once is not transcribed again."""
    folder = Path(os.environ.get("QC_TEST_CACHE") or tmp_path_factory.mktemp("cache"))
    os.environ["QC_CACHE_DIR"] = str(folder)
    os.environ["OMP_NUM_THREADS"] = "1"
    yield folder
