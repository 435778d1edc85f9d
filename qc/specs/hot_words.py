"""`_speech/words/*.yml` → hot words."""

from __future__ import annotations

from pathlib import Path

from qc.domain.speech import HotWord


def load_hot_words(folder: Path) -> tuple[HotWord, ...]:
    """Hot words in order of file and line. Raises SpecError with all problems."""
    return ()
