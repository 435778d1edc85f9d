"""Confidence as the share of characters that are right."""

from __future__ import annotations

import math

import pytest

from qc.asr.engines.calibration import TEMPERATURE, calibrated, share_right
from qc.asr.engines.transcriber import Phrase
from qc.domain.config import AsrConfig


@pytest.mark.parametrize("confidence", [0.02, 0.3, 0.62, 0.9, 0.999])
def test_log_odds_are_divided_by_the_temperature(confidence: float) -> None:
    odds = math.log(confidence / (1 - confidence))
    assert share_right(confidence) == pytest.approx(1 / (1 + math.exp(-odds / TEMPERATURE)))


def test_inventions_certainty_and_the_floor_stay_where_they_are() -> None:
    floor = AsrConfig().confidence_floor
    assert [share_right(c) for c in (0.0, floor, 1.0)] == [0.0, floor, 1.0]


def test_only_the_confidence_of_a_phrase_changes() -> None:
    phrase = Phrase(start=1, end=9, text="停电了", confidence=0.8)
    (first, second) = calibrated([[phrase], []])
    assert second == []
    assert (first[0].start, first[0].end, first[0].text) == (1, 9, "停电了")
    assert 0.88 < first[0].confidence < 0.91  # 4 to 1 is 8.4 to 1
