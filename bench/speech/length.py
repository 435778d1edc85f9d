"""Cost and memory against the length of a recording and the number of recordings: linear and flat.

usage: OMP_NUM_THREADS=1 python bench/speech/length.py CORPUS [--part held] [--minutes 1 10 60 180]
       [--heard-minutes 1 10] [--recordings 1 4 16]

A stereo call of the corpus, repeated, at 8 kHz µ-law. For each length, each in a process of its own: CPU seconds per
second of the recording for everything but the recogniser (decoding twice, detection, windows, levels) and the greatest
memory of the process; with the recogniser (and its model in memory) for `--heard-minutes` and for many one-minute
recordings.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import soundfile

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

from bench.speech import corpus  # noqa: E402

_RATE = 8000
_LONGEST_S = 4 * 3600


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--part", choices=("dev", "held"), default="dev")
    parser.add_argument("--minutes", type=float, nargs="*", default=[1, 10, 60, 180])
    parser.add_argument("--heard-minutes", type=float, nargs="*", default=[1, 10])
    parser.add_argument("--recordings", type=int, nargs="*", default=[1, 4, 16])
    args = parser.parse_args()
    call = corpus.telephone(corpus.call(corpus.read(args.corpus, args.part)).samples)[:, ::2].T
    print(f"{'':34}{'CPU s per s':>12}{'peak MB':>10}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "call.wav"
        for minutes in args.minutes:
            _write(path, call, minutes)
            _report(f"{minutes:g} min, without the recogniser", minutes, *_apart(_prepare, path, 1))
        for minutes in args.heard_minutes:
            _write(path, call, minutes)
            _report(f"{minutes:g} min, transcribed", minutes, *_apart(_hear, path, 1))
        _write(path, call, 1)
        for count in args.recordings:
            _report(f"{count} × 1 min, transcribed", count, *_apart(_hear, path, count))


def _write(path: Path, call: np.ndarray, minutes: float) -> None:
    left = round(minutes * 60 * _RATE)
    with soundfile.SoundFile(path, "w", _RATE, 2, subtype="ULAW") as f:
        while left:
            f.write(call[:left])
            left -= min(left, len(call))


def _report(what: str, minutes: float, seconds: float, peak_mb: float) -> None:
    print(f"{what:34}{seconds / minutes / 60:12.4f}{peak_mb:10.0f}", flush=True)


def _apart(work: Callable[[Path, int], float], path: Path, count: int) -> tuple[float, float]:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_measured, work, path, count).result()


def _measured(work: Callable[[Path, int], float], path: Path, count: int) -> tuple[float, float]:
    seconds = work(path, count)
    status = Path("/proc/self/status").read_text()  # getrusage would tell the parent's peak where that is higher
    peak_kb = next(line for line in status.splitlines() if line.startswith("VmHWM:")).split()[1]
    return seconds, int(peak_kb) / 1024


def _prepare(path: Path, count: int) -> float:
    """Everything around the recogniser; windows are made and dropped."""
    from qc.asr.pack import windows
    from qc.asr.service import _speech
    from qc.asr.sound.audio import open_audio

    begun = time.process_time()
    audio = open_audio(path, _LONGEST_S)
    spans, *_ = _speech(audio)
    for _window in windows(audio.blocks(), spans):
        pass
    return time.process_time() - begun


def _hear(path: Path, count: int) -> float:
    from qc.asr.engines.registry import open_transcriber
    from qc.asr.service import transcribe
    from qc.domain.config import AsrConfig
    from qc.domain.conversation import CallMeta, Channel, Source
    from qc.domain.recording import Recording

    transcriber = open_transcriber(AsrConfig())
    source = Source(path=path.name, format="audio", sha256="0" * 64)
    meta = {"project": "", "channel": Channel.VOICE_INBOUND, "meta": CallMeta()}
    begun = time.process_time()
    for i in range(count):
        recording = Recording(conversation_id=f"call-{i}", file=str(path), source=source, **meta)
        transcribe(recording, transcriber, _LONGEST_S)
    return time.process_time() - begun


if __name__ == "__main__":
    main()
