"""Whatever is in the file: samples, or one Chinese sentence why not; in time, in bounded memory, and alive."""

from __future__ import annotations

import multiprocessing
import re
import resource
import time
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

pytest.importorskip("av")

from tests.asr.damage import broken, whole

LIMIT_S = 60
MEMORY = 2 << 30
_KINDS = {"empty_file", "not_audio", "truncated", "corrupt", "too_long", "unsupported", "unreadable"}


def _work(results: Connection, paths: list[str]) -> None:
    """In a process of its own: decode each file, as qc does."""
    from qc.asr.sound.audio import AudioError, open_audio

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    for path in paths:
        try:
            audio = open_audio(path, 3600)
            samples = 0
            for block in audio.blocks():
                assert block.shape[0] == audio.channels
                assert abs(block).max() < float("inf")
                samples += block.shape[1]
            outcome = ("samples", str(samples))
        except AudioError as error:
            outcome = (error.kind, error.message)
        except Exception as error:
            outcome = ("escaped", f"{type(error).__name__}: {error}")
        results.send(outcome)


def _outcomes(paths: list[Path]) -> dict[str, tuple[str, str]]:
    """File name → outcome; `died` and `hangs` are outcomes too, after which a fresh process goes on."""
    context = multiprocessing.get_context("spawn")
    out: dict[str, tuple[str, str]] = {}
    while len(out) < len(paths):
        ours, theirs = context.Pipe(duplex=False)
        left = paths[len(out) :]
        worker = context.Process(target=_work, args=(theirs, [str(p) for p in left]), daemon=True)
        worker.start()
        theirs.close()
        for path in left:
            begun = time.monotonic()
            try:
                out[path.name] = ours.recv() if ours.poll(LIMIT_S) else ("hangs", f"{time.monotonic() - begun:.0f} s")
            except EOFError:
                worker.join()
                out[path.name] = ("died", f"exit code {worker.exitcode}")
            if out[path.name][0] in ("hangs", "died"):
                break
        worker.kill()
        worker.join()
    return out


def _check(folder: Path, count: int) -> dict[str, tuple[str, str]]:
    (folder / "whole").mkdir()
    paths = []
    for name, content in broken(whole(folder / "whole"), count):
        paths.append(folder / name)
        paths[-1].write_bytes(content)
    outcomes = _outcomes(paths)
    assert len(outcomes) == count
    bad = {name: o for name, o in outcomes.items() if o[0] not in _KINDS | {"samples"}}
    assert not bad
    for name, (kind, message) in outcomes.items():
        if kind != "samples":
            assert re.search("[一-鿿]{4}", message), name
            assert message.endswith("。"), name
            assert str(folder) not in message, name
    return outcomes


def test_some_broken_recordings(tmp_path: Path) -> None:
    outcomes = _check(tmp_path, 60)
    assert {"samples", "not_audio", "corrupt"} <= {kind for kind, _ in outcomes.values()}
    assert all(kind == "not_audio" for name, (kind, _) in outcomes.items() if "-list." in name)


@pytest.mark.slow
def test_five_hundred_broken_recordings(tmp_path: Path) -> None:
    outcomes = _check(tmp_path, 500)
    assert _KINDS - {"unreadable", "empty_file"} <= {kind for kind, _ in outcomes.values()}
