"""An engine's own confidence → the share of characters that are right.

Engines give the mean probability of their tokens, which promises nothing: where greedy whisper says 0.75, 0.84 of the
characters are right. A logistic curve for each engine and kind of search (Platt 1999, on characters instead of labels)
turns it into the share of a phrase's characters that were right on recordings with reference texts:

    logit(share) = a + b · logit(confidence)

Fitted by bench/speech/confidence.py on the development half of its corpus (read and spontaneous Mandarin; clean,
telephone band, quiet, hiss) with whisper base. The least likely token, the length of a phrase and its speed were tried
beside the confidence: none of them told anything more. Other sizes of whisper take the same curve, unmeasured: their
tokens are trained on the same loss. Engines without a curve keep their own confidence; 0.0, a suspected invention,
stays 0.0.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from qc.asr.transcriber import Phrase

CURVES: Mapping[str, tuple[float, float]] = {
    "openai-whisper greedy": (0.347, 1.202),
    "openai-whisper beam": (0.159, 1.33),
    "faster-whisper greedy": (0.531, 0.967),
}
"""Engine and kind of search → (a, b)."""
_LEAST, _MOST = 0.01, 0.99
"""The engine's confidence is taken to lie in between: a logit has no end."""


def calibrated(phrases: Sequence[Phrase], engine: str, options: str) -> list[Phrase]:
    """The phrases with confidences that mean the share of right characters. `engine`, `options`: name and options_id
    of the transcriber."""
    curve = curve_of(engine, options)
    if curve is None:
        return list(phrases)
    return [p if p.confidence == 0.0 else replace(p, confidence=_share(p.confidence, curve)) for p in phrases]


def curve_of(engine: str, options: str) -> tuple[float, float] | None:
    """The curve for an engine with these options; None when there is none."""
    return CURVES.get(family_of(engine, options))


def family_of(engine: str, options: str) -> str:
    """Engine, without its version, and how it searches: `openai-whisper greedy`, `faster-whisper beam`."""
    name = next(iter(engine.split()), "").rstrip(",")
    beam = any(part.startswith("beam") and part != "beam1" for part in options.split(","))
    return f"{name} {'beam' if beam else 'greedy'}"


def logit(confidence: float) -> float:
    """What the curve is a line over."""
    own = min(max(confidence, _LEAST), _MOST)
    return math.log(own / (1 - own))


def _share(confidence: float, curve: tuple[float, float]) -> float:
    return round(1 / (1 + math.exp(-(curve[0] + curve[1] * logit(confidence)))), 4)
