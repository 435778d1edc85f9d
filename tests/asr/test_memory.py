"""What a worker keeps of the memory it used."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import numpy as np
import pytest

from qc.asr.engines.whisper.memory import REMEMBERED, give_back, remember_less


def test_what_stands_in_the_environment_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "ONEDNN_PRIMITIVE_CACHE_CAPACITY"
    monkeypatch.delenv(name, raising=False)
    remember_less()
    assert os.environ[name] == str(REMEMBERED)
    monkeypatch.setenv(name, "7")
    remember_less()
    assert os.environ[name] == "7"


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="others do not keep it")
def test_freed_memory_goes_back_to_the_system() -> None:
    pieces = [np.ones(100_000, np.uint8) for _ in range(2000)]  # each too small to be mapped by itself
    del pieces[:-1]  # the last one holds the heap together
    before = _resident()
    give_back()
    assert before - _resident() > 100 * 2**20
    assert pieces[0].all()


def _resident() -> int:
    """Bytes of this process in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
