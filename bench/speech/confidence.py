"""Confidence against what was right: does an engine's 0.9 mean that 90 % of the characters are right?

usage: python -m bench.speech.confidence CORPUS [--part dev|held] [--engine E] [--preset P] [--quick] [--fit]
       [--curve A B] [--save FILE]

Hears the corpus (clean, telephone band, quiet telephone, hiss 10 and 5 dB below speech, so that low confidences occur)
and prints for every engine and preset how many of the characters of phrases at a confidence are right. `--fit` prints
(a, b) of the curve logit(share) = a + b * logit(confidence) that fits best (Platt 1999), `--curve` what one would do.
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

Curve = tuple[float, float]
ENGINES, PRESETS = ("openai-whisper", "faster-whisper"), ("fast", "accurate")
WORD = 3
RIDGE = 1.0
"""Pull towards the engine's own confidence, in characters: a curve of few phrases stays near the diagonal."""


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


def fit(judged: Sequence[Judged]) -> tuple[float, float]:
    """(a, b) of `logit(share) = a + b · logit(confidence)`, by maximum likelihood over characters (Newton's method)."""
    x = np.array([(1.0, logit(j.phrase.confidence)) for j in judged])
    n, k = np.array([j.compared for j in judged], float), np.array([j.right for j in judged], float)
    start = np.array([0.0, 1.0])
    w = start.copy()
    for _ in range(50):
        p = 1 / (1 + np.exp(-x @ w))
        gradient = x.T @ (k - n * p) - RIDGE * (w - start)
        hessian = x.T @ (x * (n * p * (1 - p))[:, None]) + RIDGE * np.eye(2)
        w = w + np.linalg.solve(hessian, gradient)
    return round(float(w[0]), 3), round(float(w[1]), 3)


def logit(confidence: float) -> float:
    """Log odds, of at most 0.99: a logit has no end."""
    own = min(max(confidence, 0.01), 0.99)
    return math.log(own / (1 - own))


def curved(confidence: float, curve: Curve) -> float:
    """A confidence as the curve would have it."""
    return 1 / (1 + math.exp(-(curve[0] + curve[1] * logit(confidence))))


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


def floors(judged: Sequence[Judged], curve: Curve | None) -> None:
    """What lies around a confidence floor: how much would be undecided, and how right the words just below it are."""
    sure = [j.phrase.confidence if curve is None else curved(j.phrase.confidence, curve) for j in judged]
    total = sum(j.compared for j in judged)
    print(f"  floor  characters below  right above | in the tenth below: right, words of {WORD} right")
    for floor in (0.3, 0.4, 0.5, 0.6, 0.7, 0.8):
        pairs = list(zip(judged, sure, strict=True))
        above, below = ([j for j, p in pairs if (p >= floor) is side] for side in (True, False))
        near = [j for j, p in pairs if floor - 0.1 <= p < floor]
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
    parser.add_argument("--curve", type=float, nargs=2, metavar=("A", "B"))
    parser.add_argument("--save", type=Path, help="phrases as JSON lines, for a closer look")
    options = parser.parse_args()
    curve = None if options.curve is None else (options.curve[0], options.curve[1])
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
            table("engine's own", [(j.phrase.confidence, j.compared, j.right) for j in judged])
            for condition in dict.fromkeys(j.condition for j in judged):
                own = [j for j in judged if j.condition == condition]
                n = sum(j.compared for j in own)
                said, was = sum(j.phrase.confidence * j.compared for j in own) / n, sum(j.right for j in own) / n
                print(f"  {condition:16} said {said * 100:5.1f}  was {was * 100:5.1f}  of {n} characters")
            floors(judged, None)
            if curve is not None:
                table("with the curve", [(curved(j.phrase.confidence, curve), j.compared, j.right) for j in judged])
                floors(judged, curve)
            if options.fit:
                print(f"  fitted on {len(judged)} phrases: {fit(judged)}")
            if options.save:
                with options.save.open("a", encoding="utf-8") as file:
                    for j in judged:
                        p = j.phrase
                        said = [engine, preset, options.part, j.condition, p.confidence, p.worst, p.end - p.start]
                        file.write(json.dumps([*said, len(p.text), j.compared, j.right, j.words, j.right_words]) + "\n")


if __name__ == "__main__":
    main()
