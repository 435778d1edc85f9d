"""What engines that decode like whisper share."""

from __future__ import annotations

import pytest

from qc.asr.engines.rescue import Heard
from qc.asr.engines.tokens import doubted
from qc.asr.engines.transcriber import Phrase

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
