"""`qc` in which some inputs break what works on them: `python -c "…; faulty.main()" ARGS`, told by the environment.

QC_TEST_BREAKS: ids of conversations and names of recordings, each with what happens (`C0003=killed`), in order. Workers
are started by spawning and inherit it.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from qc.domain.config import Config
from qc.domain.conversation import Conversation
from qc.domain.failure import Failure
from qc.domain.recording import Recording, Transcript
from qc.pipeline import judging, transcribe
from qc.pipeline.inspect import Inspector, ShardTables
from tests.pipeline.batches import ROOT

COMMAND = [sys.executable, "-c", "from tests.pipeline import faulty; faulty.main()"]


def environment(breaks: str = "", log: Path | None = None, **more: str) -> dict[str, str]:
    """What the process needs. `log`: where the name of each recording that is heard goes."""
    told = {"QC_TEST_BREAKS": breaks, "QC_TEST_LOG": "" if log is None else str(log), "PYTHONPATH": str(ROOT)}
    return os.environ | told | more


def main() -> None:
    judging._prepare = prepared
    transcribe._open = opened
    from qc.commands import main as command

    command()


def happen(name: str) -> None:
    """What the environment says of `name`."""
    match dict(one.split("=") for one in os.environ["QC_TEST_BREAKS"].split()).get(name):
        case "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        case "loops":
            while True:
                pass
        case "hog":
            held = bytearray(2**20) * 3000
            time.sleep(600)
            del held
        case "raises":
            raise RuntimeError(name)


class _Breaking(Inspector):
    def inspect(self, conversations: Sequence[Conversation], failures: Sequence[Failure]) -> ShardTables:
        for conversation in conversations:
            happen(conversation.id)
        return super().inspect(conversations, failures)


_prepare, _open = judging._prepare, transcribe._open


def prepared(settings: judging.Settings) -> judging._Worker:
    inspector = _Breaking(settings.specs, confidence_floor=settings.confidence_floor, mask=settings.mask)
    return replace(_prepare(settings), inspector=inspector)


def opened(*args: object) -> transcribe._Worker:
    worker = _open(*args)  # type: ignore[arg-type]

    def hear(recording: Recording) -> Transcript | Failure:
        if os.environ["QC_TEST_LOG"]:
            with Path(os.environ["QC_TEST_LOG"]).open("a") as log:
                log.write(f"{recording.conversation_id}\n")
        happen(recording.conversation_id)
        return worker.hear(recording)

    return replace(worker, hear=hear)


__all__ = ["COMMAND", "Config", "environment", "main"]
