"""Confidence against what was right: does an engine's 0.9 mean that 90 % of the characters are right?

usage: python -m bench.speech.confidence CORPUS [--part dev|held] [--engine E] [--preset P] [--quick] [--fit]
       [--save FILE]

Hears the corpus (clean, telephone band, quiet telephone, hiss 10 and 5 dB below speech, so that low confidences occur)
and prints for every engine and preset how many of the characters of phrases at a confidence are right. `--fit` prints
the temperature that would fit these phrases better than what is applied (`qc/asr/engines/calibration.py`): 1 is none.
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import soundfile
from scipy.optimize import minimize_scalar

from bench.speech import corpus
from qc.asr.engines.registry import open_transcriber
from qc.asr.engines.transcriber import Phrase, Transcriber, Window
from qc.asr.evaluation.measure import calibration
from qc.asr.pack import place
from qc.asr.service import transcribe
from qc.domain.config import AsrConfig
from qc.domain.conversation import CallMeta, Channel, Source
from qc.domain.recording import Recording
from qc.text.error_rate import align

ENGINES, PRESETS = ("openai-whisper", "faster-whisper"), ("fast", "accurate")
WORD = 3


@dataclass(frozen=True, slots=True)
class Judged:
    """A phrase as the engine gave it, and how many of its characters count and are right; the same of `words`, any
    WORD characters of it in a row: such are what rules look for."""

    condition: str
    phrase: Phrase
    compared: int
    right: int
    words: int = 0
    right_words: int = 0


class Overheard:
    """A transcriber that keeps what it says."""

    name = "overheard"

    def __init__(self, inner: Transcriber) -> None:
        self._inner = inner
        self.model_id, self.options_id = inner.model_id, inner.options_id
        self.heard: list[tuple[int, Phrase]] = []

    def transcribe(self, windows: Sequence[Window]) -> list[list[Phrase]]:
        found = self._inner.transcribe(windows)
        for window, own in zip(windows, found, strict=True):
            self.heard += [(place(window, [p])[0].start_ms, p) for p in own]
        return found


def conditions(samples: corpus.Samples, quick: bool) -> Iterator[tuple[str, corpus.Samples]]:
    """The ways in which a stream is heard."""
    power = float(np.mean(samples**2))
    noise = np.random.default_rng(3).standard_normal(samples.shape).astype(np.float32)
    telephone = corpus.telephone(samples)
    yield "clean", samples
    yield "telephone", telephone
    yield "hiss 5 dB", samples + noise * np.float32(np.sqrt(power * 10 ** (-5 / 10)))
    if not quick:
        yield "quiet telephone", corpus.quiet(telephone)
        yield "hiss 10 dB", samples + noise * np.float32(np.sqrt(power * 10 ** (-10 / 10)))


def judge(transcriber: Transcriber, utterances: Sequence[corpus.Utterance], quick: bool) -> list[Judged]:
    """Every phrase heard of the utterances."""
    out = []
    for stream in corpus.dense(utterances):
        for condition, samples in conditions(stream.samples, quick):
            overheard = Overheard(transcriber)
            with tempfile.NamedTemporaryFile(suffix=".wav") as file:
                soundfile.write(file.name, samples.T, corpus.RATE, subtype="FLOAT")
                recording = Recording(
                    conversation_id=stream.name,
                    file=file.name,
                    project="",
                    channel=Channel.VOICE_INBOUND,
                    meta=CallMeta(),
                    source=Source(path=stream.name, format="audio", sha256=""),
                )
                transcribe(recording, overheard, 3600)
            phrases = [p for _, p in sorted(overheard.heard, key=lambda x: x[0])]
            right = align(stream.text(0), "".join(p.text for p in phrases)).right
            at = 0
            for phrase in phrases:
                own = [r for r in right[at : at + len(phrase.text)] if r is not None]
                at += len(phrase.text)
                words = [all(own[i : i + WORD]) for i in range(len(own) - WORD + 1)]
                out.append(Judged(condition, phrase, len(own), sum(own), len(words), sum(words)))
    return out


def fit(judged: Sequence[Judged]) -> float:
    """The temperature by which log odds would still have to be divided, by maximum likelihood over characters."""
    odds = np.array([logit(j.phrase.confidence) for j in judged])
    n, k = np.array([j.compared for j in judged], float), np.array([j.right for j in judged], float)

    def unlikely(temperature: float) -> float:
        share = 1 / (1 + np.exp(-odds / temperature))
        return float(-(k * np.log(share) + (n - k) * np.log(1 - share)).sum())

    return float(minimize_scalar(unlikely, bounds=(0.2, 5.0), method="bounded").x)


def logit(confidence: float) -> float:
    """Log odds, of at most 0.99: a logit has no end."""
    own = min(max(confidence, 0.01), 0.99)
    return math.log(own / (1 - own))


def table(name: str, triples: Sequence[tuple[float, int, int]]) -> None:
    """Prints a reliability table and its expected calibration error."""
    bins = calibration(triples)
    total = sum(b.characters for b in bins)
    error = sum(b.characters * abs(b.predicted - b.measured) for b in bins) / max(total, 1)
    print(f"{name}: {total} characters, calibration error {error * 100:.1f} %")
    for b in bins:
        said, was = f"{b.predicted * 100:5.1f}", f"{b.measured * 100:5.1f}"
        print(
            f"  {b.low:.1f}-{b.high:.1f}  {b.phrases:4d} phrases {b.characters:5d} characters  said {said}  was {was}"
        )


def floors(judged: Sequence[Judged]) -> None:
    """What lies around a confidence floor: how much would be undecided, and how right the words just below it are."""
    total = sum(j.compared for j in judged)
    print(f"  floor  characters below  right above | in the tenth below: right, words of {WORD} right")
    for floor in (0.3, 0.4, 0.5, 0.6, 0.7, 0.8):
        above, below = ([j for j in judged if (j.phrase.confidence >= floor) is side] for side in (True, False))
        near = [j for j in below if floor - 0.1 <= j.phrase.confidence]
        rates = (_rate(below, total), _right(above), _right(near), _words(near))
        print(f"  {floor:.1f}   " + "  ".join(f"{rate * 100:6.1f} %" for rate in rates))


def _rate(judged: Sequence[Judged], total: int) -> float:
    return sum(j.compared for j in judged) / max(total, 1)


def _right(judged: Sequence[Judged]) -> float:
    return sum(j.right for j in judged) / max(sum(j.compared for j in judged), 1)


def _words(judged: Sequence[Judged]) -> float:
    return sum(j.right_words for j in judged) / max(sum(j.words for j in judged), 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--part", choices=("dev", "held"), default="dev")
    parser.add_argument("--engine", choices=ENGINES, action="append")
    parser.add_argument("--preset", choices=PRESETS, action="append")
    parser.add_argument("--fit", action="store_true")
    parser.add_argument("--quick", action="store_true", help="three of the five conditions")
    parser.add_argument("--save", type=Path, help="phrases as JSON lines, for a closer look")
    options = parser.parse_args()
    utterances = corpus.read(options.corpus, options.part)
    for engine in options.engine or ENGINES:
        for preset in options.preset or PRESETS:
            config = replace(AsrConfig(), engine=engine, preset=preset)
            transcriber = open_transcriber(config)
            name, settings = transcriber.name, transcriber.options_id
            print(f"== {options.part}: {name}, {transcriber.model_id}, {settings}")
            judged = [
                j for j in judge(transcriber, utterances, options.quick) if j.compared and j.phrase.confidence > 0.0
            ]
            table("confidence", [(j.phrase.confidence, j.compared, j.right) for j in judged])
            for condition in dict.fromkeys(j.condition for j in judged):
                own = [j for j in judged if j.condition == condition]
                n = sum(j.compared for j in own)
                said, was = sum(j.phrase.confidence * j.compared for j in own) / n, sum(j.right for j in own) / n
                print(f"  {condition:16} said {said * 100:5.1f}  was {was * 100:5.1f}  of {n} characters")
            floors(judged)
            if options.fit:
                print(f"  {len(judged)} phrases, temperature {fit(judged):.2f}")
            if options.save:
                with options.save.open("a", encoding="utf-8") as file:
                    for j in judged:
                        p = j.phrase
                        said = [engine, preset, options.part, j.condition, p.confidence, p.end - p.start]
                        file.write(json.dumps([*said, len(p.text), j.compared, j.right, j.words, j.right_words]) + "\n")


if __name__ == "__main__":
    main()
