"""What we write is its owner's, whatever the umask; a group reads it only where somebody said so."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from qc.paths import make_private
from qc.storage.files import atomic, close_tree, make_folder, write_text

CHAT = '{"conversation_id":"A1","role":"客户","text":"我要投诉","time":"2026-11-20 09:00:00"}\n'
SCRIPT = "import os, sys; os.umask(int(sys.argv.pop(1), 8)); from qc.commands import main; main(sys.argv[1:])"


def _modes(root: Path) -> set[tuple[str, str]]:
    """(kind, mode) of everything under `root`, and of itself."""
    return {_mode(p) for p in (root, *root.rglob("*")) if p.name != ".lock"}  # only who writes takes a lock


def _mode(path: Path) -> tuple[str, str]:
    return "folder" if path.is_dir() else "file", oct(stat.S_IMODE(path.stat().st_mode))


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def test_files_and_folders_are_the_owners_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    tmp_path.chmod(0o755)
    write_text(tmp_path / "runs" / "r1" / "turns" / "part-00000.parquet", "您好")
    assert _modes(tmp_path / "runs") == {("folder", "0o700"), ("file", "0o600")}


def test_a_folder_that_was_there_keeps_its_mode(tmp_path: Path, umask: int) -> None:
    given = tmp_path / "given"
    given.mkdir()
    given.chmod(0o775)
    write_text(given / "a.csv", "您好")
    make_folder(given)
    assert stat.S_IMODE(given.stat().st_mode) == 0o775
    assert stat.S_IMODE((given / "a.csv").stat().st_mode) == 0o600


def test_a_group_reads_what_comes_into_a_folder_made_for_it(tmp_path: Path, umask: int) -> None:
    run = make_folder(tmp_path / "runs" / "r1", shared=True)
    write_text(run / "report" / "index.html", "<html>")
    assert _modes(run) == {("folder", "0o2750"), ("file", "0o640")}


@pytest.mark.parametrize("mode", [0o2755, 0o2777, 0o0750, 0o2700, 0o0777])
def test_no_other_folder_is_taken_for_one_made_for_a_group(tmp_path: Path, mode: int) -> None:
    folder = tmp_path / "x"
    folder.mkdir()
    folder.chmod(mode)
    write_text(folder / "inner" / "a", "您好")
    assert _modes(folder / "inner") == {("folder", "0o700"), ("file", "0o600")}


def test_a_library_that_puts_its_own_file_in_the_place_opens_nothing(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with atomic(tmp_path / "a") as temporary:
            temporary.unlink()
            temporary.write_text("您好", encoding="utf-8")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600


def test_the_cache_is_its_owners_from_the_top(tmp_path: Path, umask: int) -> None:
    make_private(tmp_path / "cache" / "qc" / "transcripts")
    make_private(tmp_path / "cache" / "qc" / "transcripts")
    assert _modes(tmp_path / "cache") == {("folder", "0o700")}


def test_a_tree_is_closed_as_a_whole(tmp_path: Path, umask: int) -> None:
    (tmp_path / "draft" / "pages").mkdir(parents=True)
    (tmp_path / "draft" / "pages" / "a.html").write_text("您好", encoding="utf-8")
    close_tree(tmp_path / "draft")
    assert _modes(tmp_path / "draft") == {("folder", "0o700"), ("file", "0o600")}


@pytest.mark.slow
@pytest.mark.parametrize(("umask", "shared"), [("000", False), ("077", True)], ids=["owner", "group"])
def test_everything_a_run_writes(tmp_path: Path, umask: str, shared: bool) -> None:
    """Run, report, exports, reviews, answers, the log and the cache, by real processes."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "chat.jsonl").write_text(CHAT, encoding="utf-8")
    work = tmp_path / "work"
    work.mkdir(mode=0o755)
    (work / "qc.yaml").write_text(f"run:\n  group_readable: {'true' if shared else 'false'}\n", encoding="utf-8")
    environment = os.environ | {"QC_CACHE_DIR": str(tmp_path / "cache")}

    def qc(*words: str) -> None:
        command = [sys.executable, "-c", SCRIPT, umask, *words]
        done = subprocess.run(command, cwd=work, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    qc("run", str(tmp_path / "in"), "--out", "runs", "--run-id", "r1", "--quiet")
    qc("report", "conversation", "A1", "--run", "runs/r1")
    qc("export", "xlsx", "runs/r1")
    qc("export", "csv", "runs/r1", "--out", "runs/r1/csv")
    qc("review", "sample", "runs/r1", "--n", "1", "--out", "runs/r1/sheet.xlsx")
    qc("query", "select 1", "runs/r1", "--json", "runs/r1/a.json")
    expected = {("folder", "0o2750"), ("file", "0o640")} if shared else {("folder", "0o700"), ("file", "0o600")}
    run = work / "runs" / "r1"
    assert {str(p): _mode(p) for p in run.rglob("*") if _mode(p) not in expected and p.name != ".lock"} == {}
    assert _mode(run) in expected
    assert _modes(tmp_path / "cache") & {("file", "0o644"), ("file", "0o666"), ("file", "0o640")} == set()
