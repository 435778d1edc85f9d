"""What engines that decode like whisper share."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from qc.asr.engines.rescue import Heard
from qc.asr.engines.tokens import doubted, told
from qc.asr.engines.transcriber import Phrase
from qc.asr.sound.audio import RATE

PROMPT = "95598，电e宝、退保"


def _heard(text: str, no_speech: float = 0.9) -> Heard:
    phrases = (Phrase(start=0, end=100, text=text, confidence=0.8),) if text else ()
    return Heard(phrases=phrases, logprob=-0.2, no_speech=no_speech, complete=True)


@pytest.mark.parametrize(
    ("text", "no_speech", "prompt", "confidences"),
    [
        ("电e宝，退保。", 0.9, PROMPT, [0.0]),
        ("电e宝，退保。", 0.1, PROMPT, [0.8]),  # somebody speaks: it may be what was said
        ("我要退保", 0.9, PROMPT, [0.8]),
        ("退保", 0.9, "", [0.8]),
        ("", 0.9, PROMPT, []),
    ],
)
def test_a_prompt_that_comes_back_is_an_invention(
    text: str, no_speech: float, prompt: str, confidences: list[float]
) -> None:
    assert [p.confidence for p in doubted(_heard(text, no_speech), prompt).phrases] == confidences


BEGIN = 1000
"""The first timestamp of a made-up tokenizer: 0.00 s, each further one 20 ms."""


@pytest.mark.parametrize(
    ("tokens", "complete", "believed", "until_s"),
    [
        ([BEGIN, 5, 6, BEGIN + 50], True, 4, 1.0),
        ([BEGIN, 5, BEGIN + 50, BEGIN + 60], True, 4, 1.2),
        ([BEGIN, 5, BEGIN + 50, BEGIN + 50, 6], True, 5, None),  # where the last text ends is not said
        ([BEGIN, 5, BEGIN + 50, BEGIN + 50, 6, 6, 6, 6], False, 3, 1.0),  # lost itself behind what was good
        ([BEGIN, 6, 6, 6, 6], False, 5, None),  # lost from the beginning
        ([BEGIN], True, 1, None),
        ([], True, 0, None),
    ],
)
def test_what_stands_before_a_loop_is_told(
    tokens: list[int], complete: bool, believed: int, until_s: float | None
) -> None:
    until = None if until_s is None else round(until_s * RATE)
    found = told(tokens, complete, SimpleNamespace(timestamp_begin=BEGIN))
    assert found == (tokens[:believed], complete or until is not None, until)
