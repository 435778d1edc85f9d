"""Calibration: an engine's confidence becomes the share of characters that are right."""

from __future__ import annotations

import pytest

from qc.asr.confidence import CURVES, calibrated, family_of
from qc.asr.transcriber import Phrase


def heard(confidence: float) -> Phrase:
    return Phrase(start=0, end=16_000, text="您好", confidence=confidence)


NAMES = {
    ("openai-whisper 20250625", "zh,bauto,int8-bf16,greedy,v3"): "openai-whisper greedy",
    ("openai-whisper 20250625", "zh,b8,cuda,fp16,beam5,words,v3"): "openai-whisper beam",
    ("faster-whisper 1.2.1, ctranslate2 4.8.5", "zh,b8,int8,beam1,v1"): "faster-whisper greedy",
}


@pytest.mark.parametrize(("engine", "family"), NAMES.items())
def test_each_engine_and_search_has_its_curve(engine: tuple[str, str], family: str) -> None:
    assert family_of(*engine) == family
    assert family in CURVES
    (found,) = calibrated([heard(0.7)], *engine)
    assert found.confidence != 0.7


@pytest.mark.parametrize("engine", [("funasr 1", "o"), ("", ""), (" ", "beam5"), ("imported 1", "given")])
def test_engines_without_a_curve_are_taken_at_their_word(engine: tuple[str, str]) -> None:
    phrases = [heard(0.7), heard(0.0)]
    assert calibrated(phrases, *engine) == phrases


@pytest.mark.parametrize("engine", NAMES)
def test_order_stays_and_so_do_suspected_inventions(engine: tuple[str, str]) -> None:
    steps = [i / 100 for i in range(1, 100)]
    found = [p.confidence for p in calibrated([heard(c) for c in steps], *engine)]
    assert found == sorted(found)
    assert len(set(found)) == len(found)
    assert 0.0 < found[0] < 0.1
    assert 0.95 < found[-1] < 1.0
    ends = [p.confidence for p in calibrated([heard(0.0), heard(1e-9), heard(1.0)], *engine)]
    assert ends == [0.0, found[0], found[-1]]
