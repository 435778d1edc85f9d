"""Names from outside do not drive the terminal: seen through a real one."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from qc.commands.terminal import inert

ROOT = Path(__file__).resolve().parents[2]
TITLE, CLIPBOARD, LINK = "\x1b]0;pwned\x07", "\x1b]52;c;cm0gLXJm\x07", "\x1b]8;;http://evil\x1b\\点这里\x1b]8;;\x1b\\"
HOSTILE = f"甲{TITLE}{CLIPBOARD}{LINK}\x1b[2J\x1b[1A\x9b31m\u202e乙\x08\x07"


def on_terminal(*command: str, cwd: Path) -> str:
    """What a command writes when stdout and stderr are a terminal."""
    ours, theirs = pty.openpty()
    done = subprocess.Popen([sys.executable, ROOT / "cli.py", *command], stdout=theirs, stderr=theirs, cwd=cwd)
    os.close(theirs)
    told = b""
    while True:
        try:
            block = os.read(ours, 4096)
        except OSError:  # the other side is closed
            break
        if not block:
            break
        told += block
    done.wait(60)
    os.close(ours)
    return told.decode("utf-8", "replace")


def drives(text: str) -> set[str]:
    return {c for c in text if (c < " " and c not in "\r\n\t") or "\x7f" <= c <= "\x9f" or c in "\u202e\u2066"}


@pytest.mark.parametrize("text", [HOSTILE, TITLE, CLIPBOARD, LINK, "\x1bc", "\x1b[6n", "\x90q\x9c", "\rabc"])
def test_nothing_is_left_that_drives_a_terminal(text):
    assert drives(inert(text)) == set()
    assert "\r" not in inert(text)


def test_colours_and_lines_of_our_own_stay():
    for ours in ("\x1b[31m红\x1b[0m\n", "\r\x1b[K质检 3/5", "甲\t乙\r\n", "👨\u200d👩 好"):
        assert inert(ours) == ours


def test_a_file_name_in_an_error_does_not_drive_the_terminal(tmp_path):
    hostile = tmp_path / HOSTILE.replace("/", "")
    told = on_terminal("run", str(hostile), cwd=tmp_path)
    assert "打不开" in told or "不存在" in told
    assert drives(told) <= {"\x1b"}
    assert "\x1b]" not in told and "\x1b[2J" not in told and "\u202e" not in told
