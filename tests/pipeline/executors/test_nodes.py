"""What each machine of a cluster is asked before work goes there. Another machine is this one after a change."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from qc.pipeline.executors.nodes import home, look, witnesses


@pytest.fixture
def shared(tmp_path: Path) -> tuple[Path, Path]:
    (tmp_path / "in" / "a").mkdir(parents=True)
    (tmp_path / "in" / "a" / "call.wav").write_bytes(b"RIFF")
    return tmp_path / "in", tmp_path / "out"


def test_one_and_the_same_everywhere(shared: tuple[Path, Path]) -> None:
    source, out = shared
    with witnesses([source], [out]) as seen:
        assert len(seen) == 2
        assert look(home({}), seen) == []
    assert list(out.iterdir()) == []  # nothing stays behind


def test_a_folder_that_is_not_there_is_named(shared: tuple[Path, Path]) -> None:
    source, out = shared
    with witnesses([source], [out]) as seen:
        source.rename(source.with_name("elsewhere"))
        for file in out.iterdir():
            file.unlink()
        assert look(home({}), seen) == [
            f"看不到 {source}（没有挂载，或挂在别处）",
            f"看不到 {out}（没有挂载，或挂在别处）",
        ]


def test_another_folder_at_the_same_path_is_told(shared: tuple[Path, Path]) -> None:
    source, out = shared
    with witnesses([source], [out]) as seen:
        (source / "a" / "call.wav").write_bytes(b"yesterday")
        assert look(home({}), seen) == [f"的 {source} 是另一个目录（内容不同）"]


def test_other_software_is_told(tmp_path: Path) -> None:
    here = home({})
    elsewhere = replace(here, software={**here.software, "pyarrow": "1.0"})
    (problem,) = look(elsewhere, [])
    assert "pyarrow" in problem
    assert "这里是 1.0" in problem


def test_paths_and_settings_are_those_of_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "chat.jsonl").write_text("{}")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("QC_MODELS_DIR", "/srv/models")
    with witnesses([Path("in")], []) as seen:
        start = home({"QC_CACHE_DIR": "/srv/cache"})
        monkeypatch.chdir("/")
        monkeypatch.delenv("QC_MODELS_DIR")
        monkeypatch.setenv("QC_CACHE_DIR", "")
        assert look(start, seen) == []
    assert (os.environ["QC_MODELS_DIR"], os.environ["QC_CACHE_DIR"]) == ("/srv/models", "/srv/cache")
    assert Path.cwd() == tmp_path
