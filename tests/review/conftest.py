"""One run for all tests, a copy for each."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.review.centre import Centre, chats, judge, write_workspace


@pytest.fixture(scope="session")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("centre") / "质检"
    write_workspace(home)
    judge(home, "r1", chats(home / "chats"))
    return home


@pytest.fixture
def centre(judged: Path, tmp_path: Path) -> Centre:
    home = tmp_path / "质检"
    shutil.copytree(judged, home)
    return Centre(home=home, path=home / "runs" / "r1")
