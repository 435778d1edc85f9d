"""`rules/_speech`: hot words and role cues → SpeechSpecs."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

from qc.domain.speech import SpeechSpecs
from qc.specs.hot_words import load_hot_words
from qc.specs.role_cues import load_role_cues

FOLDER = "_speech"


def load_speech(folder: Path) -> SpeechSpecs:
    """Everything in `folder`; empty when there is none. Raises SpecError with all problems."""
    words, cues = load_hot_words(folder), load_role_cues(folder)
    content = json.dumps([[asdict(w) for w in words], [asdict(c) for c in cues]], ensure_ascii=False, sort_keys=True)
    return SpeechSpecs(hot_words=words, cues=cues, digest=hashlib.sha256(content.encode()).hexdigest())
