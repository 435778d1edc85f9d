"""A table that cannot be read says why and what brings it back."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from qc.errors import UsageError
from qc.storage import read
from tests.reporting.conftest import RunBuilder, Talk


def _spoilt(path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    if not number:
        path.write_bytes(b"PAR1 and nothing else")
        return

    def refused(*_: object) -> None:
        raise OSError(number, "in English", str(path))

    monkeypatch.setattr(read, "_read", refused)


@pytest.mark.parametrize(
    ("number", "told", "todo"),
    [
        (0, "内容坏了", "qc verify"),
        (errno.ENOENT, "不见了", "从备份恢复"),
        (errno.EACCES, "没有权限", "读写权限"),
        (errno.EIO, "网络盘出错", "恢复之后再试"),
    ],
)
def test_why_and_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, told: str, todo: str) -> None:
    build = RunBuilder(tmp_path / "runs" / "one")
    build.add(Talk("A1"))
    stored = build.write()
    part = sorted((stored.path / "scores").glob("*.parquet"))[0]
    reading = stored.parts("scores", ["score"])
    _spoilt(part, monkeypatch, number)
    with pytest.raises(UsageError) as refused:
        list(reading)
    assert str(part) in refused.value.message and told in refused.value.message
    assert todo in refused.value.hint and "English" not in refused.value.message


def test_a_run_of_another_user_is_not_passed_over_in_silence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Made by hand as root one morning, its folder is root's alone: the reports of the night's user lack it."""
    for name in ("one", "two"):
        build = RunBuilder(tmp_path / name)
        build.add(Talk("A1"))
        build.write()
    assert read.left_out(tmp_path / "none") == read.left_out(tmp_path) == []
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "two" and access(path, mode))
    monkeypatch.setattr(read, "run_folders", lambda root: [root / "one"])  # as a pattern finds them
    assert read.left_out(tmp_path) == ["目录 two 打不开：没有权限（多半是别的用户运行的）"]
