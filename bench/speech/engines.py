"""Transcription engines against each other on the same audio and the same base weights, in one run: CPU seconds of this
process and character error rate.

usage: OMP_NUM_THREADS=1 python bench/speech/engines.py CORPUS [--part held|dev] [--material call,dense,spontaneous]
           [--band clean,telephone] [--seconds N] [--runs N] [--engines NAME,…]

CORPUS: a folder as corpus.py describes it. Materials are the streams of corpus.py: `call`, the groups of read speech,
and `misc`, spontaneous talk; of each the first N seconds. Rivals hear each channel by itself, ours the file through
everything that `qc transcribe` does (decoding, detection, packing, levels). Of `--runs` the median counts, but the
whisper command line and stock greedy decoding run once: they take minutes.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import soundfile

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

from bench.speech import corpus  # noqa: E402
from qc.asr.models.weights import find_model  # noqa: E402
from qc.asr.service import open_transcriber, transcribe  # noqa: E402
from qc.domain.config import AsrConfig  # noqa: E402
from qc.domain.conversation import CallMeta, Channel, Source  # noqa: E402
from qc.domain.recording import Recording  # noqa: E402
from qc.text.error_rate import Errors, errors  # noqa: E402

CLI, FASTER, BATCHED = "whisper CLI", "faster-whisper", "faster-whisper batched"
ONCE = (CLI, "whisper greedy")
"""They take minutes, and stray by a few percent."""
SPONTANEOUS = "misc"
_BANDS = {"clean": lambda samples: samples, "telephone": corpus.telephone}
_BARS = (  # engine, rival, material, CPU seconds of the rival divided by ours at least
    ("qc fast", CLI, "call", 11),
    ("qc fast", CLI, "dense", 6),
    ("qc accurate", CLI, "call", 8),
    ("qc accurate", CLI, "dense", 4),
    ("qc ct2 accurate", CLI, "call", 14),
    ("qc ct2 accurate", CLI, "dense", 5),
    ("qc ct2 fast", CLI, "call", 14),
    ("qc ct2 fast", CLI, "dense", 5),
    ("qc ct2 fast", BATCHED, "call", 1 / 1.2),
    ("qc ct2 fast", BATCHED, "dense", 1 / 1.2),
)

Engine = Callable[[corpus.Stream], list[str]]
"""A stream → the text of each channel."""


@dataclass(slots=True)
class Result:
    """Of one engine on one material and band."""

    errors: Errors
    seconds: list[float]

    @property
    def cpu_s(self) -> float:
        return statistics.median(self.seconds)


def main() -> None:
    args = _arguments()
    engines = _engines(args.engines.split(",") if args.engines else None)
    results: dict[tuple[str, str, str], Result] = {}
    for material, streams in _materials(corpus.read(args.corpus, args.part), args.seconds).items():
        if material not in args.material.split(","):
            continue
        for band in args.band.split(","):
            heard = [replace(s, samples=_BANDS[band](s.samples)) for s in streams]
            for name, engine in engines.items():
                results[name, material, band] = _measure(engine, heard, 1 if name in ONCE else args.runs)
            _table(results, material, band, sum(s.seconds for s in streams), list(engines))
    _bars(results)


def _measure(engine: Engine, streams: Sequence[corpus.Stream], runs: int) -> Result:
    begin = streams[0].samples[:, : 5 * corpus.RATE]
    engine(corpus.Stream("warm-up", begin, ()))  # what is only done the first time: imports, the detector, kernels
    result = Result(Errors(), [])
    for run in range(runs):
        begun = time.process_time()
        texts = [engine(stream) for stream in streams]
        result.seconds.append(time.process_time() - begun)
        if not run:
            for stream, channels in zip(streams, texts, strict=True):
                for channel, text in enumerate(channels):
                    result.errors += errors(stream.text(channel), text)
    return result


def _materials(utterances: Sequence[corpus.Utterance], seconds: float | None) -> dict[str, list[corpus.Stream]]:
    groups = {s.name: s for s in corpus.dense(utterances)}
    talk = groups.pop(SPONTANEOUS, None)
    made = {"call": [corpus.call(utterances)], "dense": list(groups.values()), "spontaneous": [talk] if talk else []}
    return {name: list(_first(streams, seconds)) for name, streams in made.items() if streams}


def _first(streams: Sequence[corpus.Stream], seconds: float | None) -> Iterator[corpus.Stream]:
    """The streams up to so many seconds together, each to the end of an utterance."""
    left = float("inf") if seconds is None else seconds
    for stream in streams:
        said = tuple(s for s in stream.said if s.end <= left * corpus.RATE)
        if said:
            end = max(s.end for s in said)
            yield corpus.Stream(stream.name, stream.samples[:, :end], said)
            left -= end / corpus.RATE


def _table(
    results: dict[tuple[str, str, str], Result], material: str, band: str, audio_s: float, engines: Sequence[str]
) -> None:
    of = {name: results[name, material, band] for name in engines}
    characters = next(iter(of.values())).errors.characters
    print(f"\n{material}, {band}: {audio_s:.0f} s of audio, {characters} reference characters")
    rivals = [name for name in (CLI, FASTER, BATCHED) if name in of]
    print(f"{'':24}{'CPU s':>8}{'per s':>8}{'CER %':>8}  " + "".join(f"{'× ' + name:>26}" for name in rivals))
    for name, r in of.items():
        ratios = "".join(f"{of[rival].cpu_s / r.cpu_s:26.1f}" for rival in rivals)
        print(f"{name:24}{r.cpu_s:8.1f}{r.cpu_s / audio_s:8.3f}{100 * r.errors.rate:8.1f}  {ratios}", flush=True)


def _bars(results: dict[tuple[str, str, str], Result]) -> None:
    print("\nRatios the project sets itself, CPU seconds of the rival over ours, and CER beside")
    for ours, rival, material, least in _BARS:
        for band in _BANDS:
            a, b = results.get((ours, material, band)), results.get((rival, material, band))
            if a and b:
                ratio = b.cpu_s / a.cpu_s
                word = "reached" if ratio >= least else "MISSED"
                print(
                    f"{ours:16} on {material}, {band:10}{ratio:6.1f} × {rival} (at least {least:.2g}: {word}), "
                    f"CER {100 * a.errors.rate:.1f} against {100 * b.errors.rate:.1f} %"
                )


def _engines(wanted: Sequence[str] | None) -> dict[str, Engine]:
    """Name → engine, loaded."""
    makers: dict[str, Callable[[], Engine]] = {
        CLI: lambda: _stock(beam_size=5, best_of=5, temperature=(0.0, 0.2, 0.4, 0.6, 0.8, 1.0)),
        "whisper greedy": lambda: _stock(temperature=0.0, condition_on_previous_text=False),
        FASTER: lambda: _faster(batched=False),
        BATCHED: lambda: _faster(batched=True),
        "qc fast": lambda: _ours("openai-whisper", "fast"),
        "qc accurate": lambda: _ours("openai-whisper", "accurate"),
        "qc ct2 fast": lambda: _ours("faster-whisper", "fast"),
        "qc ct2 accurate": lambda: _ours("faster-whisper", "accurate"),
    }
    if unknown := set(wanted or ()) - set(makers):
        sys.exit(f"unknown engines {sorted(unknown)}; there are: {', '.join(makers)}")
    return {name: make() for name, make in makers.items() if wanted is None or name in wanted}


def _stock(**options: Any) -> Engine:
    import torch

    from qc.asr.engines.whisper.load import load

    model = load(find_model("base"), "fp32").whisper
    torch.set_num_threads(1)

    def hear(stream: corpus.Stream) -> list[str]:
        heard = (model.transcribe(channel, language="zh", fp16=False, **options) for channel in stream.samples)
        return [str(result["text"]) for result in heard]

    return hear


def _faster(batched: bool) -> Engine:
    from faster_whisper import BatchedInferencePipeline, WhisperModel

    from qc.asr.engines.ct2.files import find_files

    files = find_files("base")
    model = WhisperModel(files.source.name, device="cpu", compute_type="int8", cpu_threads=1, files=files.read())
    engine = BatchedInferencePipeline(model) if batched else model

    def hear(stream: corpus.Stream) -> list[str]:
        heard = (engine.transcribe(channel, language="zh")[0] for channel in stream.samples)
        return ["".join(segment.text for segment in segments) for segments in heard]

    return hear


def _ours(engine: str, preset: str) -> Engine:
    transcriber = open_transcriber(AsrConfig(engine=engine, preset=preset, device="cpu"))

    def hear(stream: corpus.Stream) -> list[str]:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "call.wav"
            soundfile.write(path, stream.samples.T, corpus.RATE, subtype="PCM_16")
            recording = Recording(
                conversation_id="call",
                file=str(path),
                project="",
                channel=Channel.VOICE_INBOUND,
                meta=CallMeta(),
                source=Source(path=path.name, format="audio", sha256=""),
            )
            channels = transcribe(recording, transcriber, 24 * 3600).channels
        return ["".join(s.text for s in c.segments if s.confidence > 0) for c in channels]

    return hear


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--part", choices=["held", "dev"], default="held")
    parser.add_argument("--material", default="call,dense,spontaneous")
    parser.add_argument("--band", default="clean,telephone")
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--engines")
    return parser.parse_args()


if __name__ == "__main__":
    main()
