"""A run killed while it transcribes goes on where it was."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from qc.domain.run import RunStatus
from qc.storage.read import open_run
from tests.pipeline.batches import ROOT, chats, command, digests, only_run, qc

CALLS = ["95598/A002.wav", "95598/A005.wav", "电商/C002.ogg"]


@pytest.mark.asr
@pytest.mark.slow
def test_killed_while_transcribing(tmp_path: Path) -> None:
    source = chats(tmp_path / "in", 3)
    for call in CALLS:
        shutil.copy(ROOT / "docs" / "sample" / "2026-11-20" / call, source)
    begun = time.perf_counter()
    whole = qc("run", source, "--out", tmp_path / "whole", "--no-report", QC_CACHE_DIR=str(tmp_path / "cache"))
    assert whole.returncode == 0, whole.stderr
    length = time.perf_counter() - begun
    expected = digests(only_run(tmp_path / "whole"))

    chance = random.Random(3)
    out, cache = tmp_path / "out", {"QC_CACHE_DIR": str(tmp_path / "other cache")}
    args = ("run", source, "--out", out, "--no-report")
    for _ in range(3):
        victim = subprocess.Popen(
            command(*args),
            env=os.environ | cache,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        time.sleep(chance.uniform(0.3, 0.8) * length)
        os.killpg(victim.pid, signal.SIGKILL)
        victim.wait()
        if _finished(out):  # what was heard is kept: a later attempt may be quicker than the signal
            break
    else:
        qc(*args, **cache)
    run = only_run(out)
    assert digests(run) == expected
    assert open_run(run).lineage.counts.ok == 3 + len(CALLS)


def _finished(out: Path) -> bool:
    return any(open_run(path.parent).lineage.status is RunStatus.DONE for path in out.glob("*/run.json"))
