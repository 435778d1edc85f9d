"""Transcription against stock openai-whisper (`transcribe`, greedy, no conditioning) with the same weights, in one
run on one machine: CPU seconds per second of audio and, where reference texts are given, character error rate.

usage: OMP_NUM_THREADS=1 python bench/transcription.py [--precision auto|fp32] [--reference TEXTS.tsv] AUDIO …

TEXTS.tsv has a line per file: file name, tab, what is said in it (all channels, in time order). Character error rate is
counted after NFKC, traditional → simplified, no punctuation, no spaces; recordings with several channels are joined
channel by channel, so references of stereo calls must be too.
"""

from __future__ import annotations

import argparse
import sys
import time
import unicodedata
from collections.abc import Callable
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from qc.asr.audio import open_audio  # noqa: E402
from qc.asr.service import open_transcriber, transcribe  # noqa: E402
from qc.asr.weights import find_model  # noqa: E402
from qc.asr.whisper_engine.load import load  # noqa: E402
from qc.domain.config import AsrConfig  # noqa: E402
from qc.domain.conversation import CallMeta, Channel, Source  # noqa: E402
from qc.domain.recording import Recording  # noqa: E402
from qc.text.normalise import normalise  # noqa: E402

_LONGEST_S = 4 * 3600


def main() -> None:
    args = _arguments()
    references = _references(args.reference)
    transcriber = open_transcriber(AsrConfig(precision=args.precision))
    stock = load(find_model("base"), "fp32").whisper
    engines: dict[str, Callable[[Path], str]] = {
        "qc": lambda path: _ours(path, transcriber),
        "stock whisper": lambda path: _stock(path, stock),
    }
    seconds = dict.fromkeys(engines, 0.0)
    errors, characters, audio = dict.fromkeys(engines, 0), 0, 0.0
    for path in args.audio:
        blocks = list(open_audio(path, _LONGEST_S).blocks())
        audio += sum(block.shape[1] for block in blocks) / 16_000
        said = _plain(references.get(path.name, ""))
        characters += len(said)
        for name, engine in engines.items():
            begun = time.process_time()
            heard = engine(path)
            seconds[name] += time.process_time() - begun
            errors[name] += _distance(said, _plain(heard)) if said else 0
    print(f"{len(args.audio)} recordings, {audio:.0f} s of audio, {characters} reference characters")
    for name in engines:
        rate = f"CER {100 * errors[name] / characters:.1f} %" if characters else ""
        print(f"{name:14}{seconds[name]:8.1f} CPU s  {seconds[name] / audio:.3f} per s of audio  {rate}")
    print(f"ratio {seconds['stock whisper'] / seconds['qc']:.1f} ×")


def _ours(path: Path, transcriber: object) -> str:
    recording = Recording(
        conversation_id=path.stem,
        file=str(path),
        project="",
        channel=Channel.VOICE_INBOUND,
        meta=CallMeta(),
        source=Source(path=path.name, format="audio", sha256=""),
    )
    channels = transcribe(recording, transcriber, _LONGEST_S).channels
    return "".join(s.text for c in channels for s in c.segments if s.confidence > 0)


def _stock(path: Path, model: object) -> str:
    samples = np.concatenate(list(open_audio(path, _LONGEST_S).blocks()), axis=1)
    options = {"language": "zh", "fp16": False, "condition_on_previous_text": False}
    return "".join(model.transcribe(np.ascontiguousarray(channel), **options)["text"] for channel in samples)


def _plain(text: str) -> str:
    text = normalise(unicodedata.normalize("NFKC", text))
    return "".join(c for c in text if c.isalnum())


def _distance(a: str, b: str) -> int:
    """Levenshtein distance."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (x != y))
    return row[-1]


def _references(path: Path | None) -> dict[str, str]:
    if path is None:
        return {}
    lines = path.read_text(encoding="utf-8").splitlines()
    return dict(line.split("\t", 1) for line in lines if "\t" in line)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("audio", nargs="+", type=Path)
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--reference", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()
