"""What a confidence is worth: of phrases at 0.9, nine characters of ten are right.

The mean probability of its tokens says too little of what whisper heard, most of all between 0.6 and 0.9. Temperature
scaling of its log odds (Platt 1999; Guo et al. 2017) puts that right. It keeps the order of phrases, 0 (a suspected
invention) and 0.5, so that it moves nothing across a `confidence_floor` there.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

from qc.asr.engines.transcriber import Phrase

TEMPERATURE = 0.65
"""Fitted with `bench/speech/confidence.py` on the base model: 0.61 to 0.66 for both engines and presets."""


def calibrated(found: Iterable[Iterable[Phrase]]) -> list[list[Phrase]]:
    """The phrases of each window with the share of characters that are right for such a confidence."""
    return [[replace(p, confidence=share_right(p.confidence)) for p in phrases] for phrases in found]


def share_right(confidence: float) -> float:
    """1 / (1 + exp(−logit(confidence) / TEMPERATURE)), also of 0 and 1."""
    right = math.pow(confidence, 1 / TEMPERATURE)
    wrong = math.pow(1 - confidence, 1 / TEMPERATURE)
    return right / (right + wrong)
