"""The audit log: nothing in it can be changed, removed, moved or cut without being told where."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qc.errors import UsageError
from qc.storage.audit import HEAD, LOG, UnrecordedError, entries, record, verify

WRITER = """
import sys
from pathlib import Path
from qc.storage.audit import record
for n in range(int(sys.argv[3])):
    record(Path(sys.argv[1]), "run", runs=[f"{sys.argv[2]}-{n}"])
"""


def _log(out: Path, lines: int = 5) -> list[bytes]:
    for n in range(lines):
        record(out, "run", runs=[f"r{n}"], counts={"ok": n})
    return (out / LOG).read_bytes().splitlines(keepends=True)


def test_a_line_says_who_what_and_on_what(tmp_path: Path) -> None:
    page = tmp_path / "r1" / "report" / "index.html"
    page.parent.mkdir(parents=True)
    page.write_text("<html>", encoding="utf-8")
    record(tmp_path, "report", runs=["r1"], digests={"plan": "ab"}, counts={"ok": 3}, files=[page], note="因投诉复查")
    (entry,) = entries(tmp_path)
    assert (entry.action, entry.outcome, entry.runs, entry.line) == ("report", "done", ("r1",), 1)
    assert entry.files == {"r1/report/index.html": hashlib.sha256(b"<html>").hexdigest()}
    assert entry.user
    assert entry.host
    assert entry.at[:4].isdigit()
    assert entry.note == "因投诉复查"


def test_what_somebody_asked_is_masked(tmp_path: Path) -> None:
    record(tmp_path, "query", note="select * from turns where text like '%13812345678%'")
    assert "13812345678" not in (tmp_path / LOG).read_text(encoding="utf-8")
    assert "138****5678" in (tmp_path / LOG).read_text(encoding="utf-8")


def test_the_account_is_not_what_the_environment_claims(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LOGNAME", "USER", "USERNAME"):
        monkeypatch.setenv(name, "somebody-else")
    record(tmp_path, "run")
    assert next(entries(tmp_path)).user != "somebody-else"


def test_many_files_stand_as_one_digest(tmp_path: Path) -> None:
    files = [tmp_path / f"{n}.html" for n in range(300)]
    for path in files:
        path.write_text(path.name, encoding="utf-8")
    record(tmp_path, "report", files=files)
    one = next(entries(tmp_path)).files
    assert list(one) == ["300 个文件"]
    files[7].write_text("changed", encoding="utf-8")
    record(tmp_path, "report", files=files)
    assert list(entries(tmp_path))[1].files != one


def test_an_untouched_log_is_sound(tmp_path: Path) -> None:
    _log(tmp_path)
    verdict = verify(tmp_path)
    assert (verdict.sound, verdict.lines, verdict.remarks) == (True, 5, ())
    assert verify(tmp_path, noted=verdict.head).sound


@settings(max_examples=30)
@given(data=st.data())
def test_any_change_of_any_byte_is_told(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    out = tmp_path_factory.mktemp("log")
    whole = b"".join(_log(out, 4))
    at = data.draw(st.integers(0, len(whole) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda b: b != whole[at]))
    (out / LOG).write_bytes(whole[:at] + bytes([byte]) + whole[at + 1 :])
    assert not verify(out).sound


@settings(max_examples=30)
@given(order=st.permutations(range(5)), keep=st.integers(0, 5))
def test_removed_moved_or_cut_lines_are_told(
    tmp_path_factory: pytest.TempPathFactory, order: list[int], keep: int
) -> None:
    out = tmp_path_factory.mktemp("log")
    lines = _log(out)
    (out / LOG).write_bytes(b"".join(lines[n] for n in order[:keep]))
    assert verify(out).sound == (order == list(range(5)) and keep == 5)


def test_it_says_which_line(tmp_path: Path) -> None:
    lines = _log(tmp_path)
    changed = lines[2].replace(b'"r2"', b'"r9"')
    (tmp_path / LOG).write_bytes(b"".join([*lines[:2], changed, *lines[3:]]))
    (problem,) = verify(tmp_path).problems
    assert "第 3 行与第 4 行接不上" in problem
    assert "第 3 行被改过" in problem


def test_a_cut_tail_is_told_by_the_head(tmp_path: Path) -> None:
    lines = _log(tmp_path)
    (tmp_path / LOG).write_bytes(b"".join(lines[:3]))
    assert verify(tmp_path).problems == ("日志末尾少了 2 行：应有 5 行，只有 3 行",)
    (tmp_path / HEAD).unlink()
    assert verify(tmp_path).problems == ("没有 audit.head.json：不能断定末尾没有被截去",)
    (tmp_path / LOG).unlink()
    with pytest.raises(UsageError, match="没有审计日志"):
        verify(tmp_path)


@pytest.mark.parametrize("harm", ["cut", "emptied", "last line changed", "removed"])
def test_later_acts_do_not_heal_what_was_done_to_the_log(tmp_path: Path, harm: str) -> None:
    lines = _log(tmp_path)
    changed = [*lines[:4], lines[4].replace(b'"r4"', b'"r9"')]
    left = {"cut": lines[:3], "last line changed": changed}.get(harm, [])
    (tmp_path / LOG).write_bytes(b"".join(left))
    if harm == "removed":
        (tmp_path / LOG).unlink()
    for _ in range(2):
        record(tmp_path, "run")
        assert not verify(tmp_path).sound


def test_a_deleted_log_is_told(tmp_path: Path) -> None:
    _log(tmp_path)
    (tmp_path / LOG).unlink()
    assert "日志不见了" in verify(tmp_path).problems[0]


def test_a_history_written_anew_does_not_hold_the_head_noted_before(tmp_path: Path) -> None:
    _log(tmp_path)
    noted = verify(tmp_path).head
    (tmp_path / LOG).unlink()
    (tmp_path / HEAD).unlink()
    record(tmp_path, "report")
    _log(tmp_path, 7)
    assert verify(tmp_path).sound
    assert "当时记下的那一段历史已被改写" in verify(tmp_path, noted=noted).problems[0]


def test_a_line_torn_by_a_power_failure_stays_and_the_chain_goes_on(tmp_path: Path) -> None:
    _log(tmp_path)
    with (tmp_path / LOG).open("ab") as log:
        log.write(b'{"line": 6, "at": "2026-')
    assert verify(tmp_path).sound
    record(tmp_path, "run", runs=["next"])
    verdict = verify(tmp_path)
    assert (verdict.sound, verdict.lines) == (True, 7)
    assert verdict.remarks == ("第 6 行没有写完或读不懂",)
    assert [e.line for e in entries(tmp_path)] == [1, 2, 3, 4, 5, 7]


def test_writers_at_once_lose_no_line(tmp_path: Path) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), str(n), "25"], stderr=subprocess.PIPE)
        for n in range(3)
    ]
    assert [(w.communicate()[1], w.returncode) for w in writers] == [(b"", 0)] * 3
    recorded = sorted(run for entry in entries(tmp_path) for run in entry.runs)
    assert recorded == sorted(f"{w}-{n}" for w in range(3) for n in range(25))
    assert verify(tmp_path).sound


def test_a_full_disk_leaves_the_log_whole_and_is_told(tmp_path: Path) -> None:
    _log(tmp_path)
    before = (tmp_path / LOG).read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 40, hard))
    try:
        with pytest.raises(UnrecordedError, match=r"没有记进审计日志 .*：文件大小超过限制"):
            record(tmp_path, "purge", runs=["r1"])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (tmp_path / LOG).read_bytes() == before
    assert verify(tmp_path).sound
    record(tmp_path, "run")
    assert verify(tmp_path).sound


def test_a_log_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "elsewhere"
    target.write_text("", encoding="utf-8")
    out = tmp_path / "runs"
    out.mkdir()
    (out / LOG).symlink_to(target)
    with pytest.raises(UnrecordedError):
        record(out, "run")
    assert target.read_bytes() == b""


def test_who_may_read_it(tmp_path: Path) -> None:
    record(tmp_path / "own", "run")
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o2750)
    record(shared, "run")
    modes = {p: [(out / p).stat().st_mode & 0o7777 for out in (tmp_path / "own", shared)] for p in (LOG, HEAD)}
    assert modes == {LOG: [0o600, 0o660], HEAD: [0o600, 0o660]}, "who may read shared runs can be recorded"


def test_garbage_is_a_bad_log_and_no_crash(tmp_path: Path) -> None:
    _log(tmp_path)
    for junk in (b"\xff\xfe\x00\n", b"[]\n", b'{"line": "x"}\n', b"[" * 100_000 + b"\n", b"null\n"):
        (tmp_path / LOG).write_bytes(junk)
        assert not verify(tmp_path).sound
        list(entries(tmp_path))
    (tmp_path / HEAD).write_bytes(json.dumps([1]).encode())
    assert not verify(tmp_path).sound


@pytest.mark.skipif(os.getuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(UnrecordedError):
        record(tmp_path, "run")
    tmp_path.chmod(0o700)
