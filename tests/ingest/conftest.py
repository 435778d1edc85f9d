from __future__ import annotations

from pathlib import Path

import pytest

from tests.ingest.folders import Inputs


@pytest.fixture
def inputs(tmp_path: Path) -> Inputs:
    """An empty input folder."""
    root = tmp_path / "in"
    root.mkdir()
    return Inputs(root)
