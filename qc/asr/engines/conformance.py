"""What every engine promises, as functions: run them over an engine before trusting it.

    from qc.asr.engines import conformance
    conformance.check(my_engine, AsrConfig(engine="my-engine"))

The audio is 14 s of a synthesised telephone call that comes with qc, packed as in a real run.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import numpy as np

from qc.asr.engines.registry import Engine
from qc.asr.engines.transcriber import AsrIdentity, Phrase, Piece, Transcriber, Window
from qc.asr.pack import windows
from qc.asr.sound.audio import RATE, Samples, open_audio
from qc.asr.sound.detect import SpeechDetector, SpeechOptions
from qc.domain.config import AsrConfig

CALL = Path(__file__).parent / "sample" / "call.ogg"
"""14 s of a stereo call at 8 kHz: the agent greets and speaks again (left), the customer reports a power cut."""


class BrokenPromiseError(AssertionError):
    """An engine does not keep a promise; the message says which, in English: it is for programmers."""


@dataclass(frozen=True)
class Trial:
    """An opened engine and what it heard, once for all promises. `config` lends its confidence floor."""

    transcriber: Transcriber
    config: AsrConfig

    @cached_property
    def heard(self) -> list[list[Phrase]]:
        """The sample call."""
        return self.hear(speech())

    @cached_property
    def of_no_speech(self) -> dict[str, tuple[Window, list[Phrase]]]:
        """Silence, noise, and 50 ms of speech, which is shorter than any word."""
        noise = np.random.default_rng(1).normal(0.0, 0.02, 5 * RATE).astype(np.float32)
        given = {
            "silence": _whole(np.zeros(3 * RATE, np.float32)),
            "noise": _whole(noise),
            "blink": _whole(speech()[0].samples[: RATE // 20].copy()),
        }
        found = self.hear(list(given.values()))
        return {name: (window, own) for (name, window), own in zip(given.items(), found, strict=True)}

    def hear(self, given: Sequence[Window]) -> list[list[Phrase]]:
        """As many lists of phrases as windows."""
        found = self.transcriber.transcribe(given)
        _promised(len(found) == len(given), f"{len(given)} windows gave {len(found)} lists of phrases")
        return found


def check(engine: Engine, config: AsrConfig) -> Transcriber:
    """Opens the engine and tries all promises; returns what was opened.

    Raises BrokenPromiseError at the first not kept, UsageError when the engine cannot be opened.
    """
    identity = engine.identify(config)
    transcriber = engine.open(config)
    identity_is_known_before_loading(identity, transcriber)
    trial = Trial(transcriber, config)
    for promise in PROMISES:
        promise(trial)
    return transcriber


def identity_is_known_before_loading(identity: AsrIdentity, transcriber: Transcriber) -> None:
    """Cache keys are made before a model is loaded, transcripts after."""
    opened = AsrIdentity(engine=transcriber.name, model=transcriber.model_id, options=transcriber.options_id)
    _promised(identity == opened, f"identify() says {identity}, what open() gives says {opened}")
    _promised(all((opened.engine, opened.model, opened.options)), "name, model_id and options_id must not be empty")


def phrases_lie_inside_their_window_in_order(trial: Trial) -> None:
    """Times are samples of the window; no phrase begins before the one before it has ended."""
    for window, found in (*zip(speech(), trial.heard, strict=True), trial.of_no_speech["blink"]):
        for phrase in found:
            inside = 0 <= phrase.start < phrase.end <= len(window.samples)
            _promised(inside, f"a phrase at {phrase.start}..{phrase.end} of {len(window.samples)} samples")
            for word in phrase.words:
                _promised(0 <= word.first < word.last <= len(phrase.text), "a word outside the text of its phrase")
                _promised(0 <= word.start <= word.end <= len(window.samples), "a word outside its window")
        ordered = all(a.end <= b.start for a, b in itertools.pairwise(found))
        _promised(ordered, "phrases overlap or are out of order")


def confidence_is_a_probability(trial: Trial) -> None:
    """0..1."""
    for phrase in (p for found in trial.heard for p in found):
        _promised(0.0 <= phrase.confidence <= 1.0, f"a confidence of {phrase.confidence}")


def speech_has_words(trial: Trial) -> None:
    """Two people speak clearly: both are heard, and believed."""
    for window, found in zip(speech(), trial.heard, strict=True):
        text = "".join(p.text for p in found)
        _promised(sum(c.isalnum() for c in text) >= 10, f"channel {window.audio_channel}: not ten characters heard")
        believed = any(p.confidence >= trial.config.confidence_floor for p in found)
        _promised(believed, f"channel {window.audio_channel}: nothing above the confidence floor")


def silence_and_noise_are_not_believed(trial: Trial) -> None:
    """No words, or none that could cost an agent points."""
    for name in ("silence", "noise"):
        for phrase in trial.of_no_speech[name][1]:
            below = phrase.confidence < trial.config.confidence_floor
            _promised(below, f"{name} gave words with a confidence of {phrase.confidence}")


def the_same_again(trial: Trial) -> None:
    """The same windows in the same call give the same phrases."""
    _promised(trial.heard == trial.hear(speech()), "the same windows gave other phrases")


def nothing_gives_nothing(trial: Trial) -> None:
    """A call without windows."""
    _promised(trial.hear([]) == [], "no windows gave phrases")


PROMISES: tuple[Callable[[Trial], None], ...] = (
    phrases_lie_inside_their_window_in_order,
    confidence_is_a_probability,
    speech_has_words,
    silence_and_noise_are_not_believed,
    the_same_again,
    nothing_gives_nothing,
)


@cache
def speech() -> tuple[Window, ...]:
    """The sample call: a window for each of the two speakers."""
    call = np.concatenate(list(open_audio(CALL).blocks()), axis=1)
    detector = SpeechDetector(len(call))
    detector.feed(call)
    return tuple(windows([call], detector.spans(SpeechOptions())))


def _whole(samples: Samples) -> Window:
    piece = Piece(offset=0, start=0, length=len(samples))
    return Window(audio_channel=0, samples=samples, pieces=(piece,))


def _promised(kept: bool, otherwise: str) -> None:
    if not kept:
        raise BrokenPromiseError(otherwise)
