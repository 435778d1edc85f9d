"""The shipped lexicon and taxonomies."""

from __future__ import annotations

import pytest

from qc.domain.emotion import EmotionLexicon
from qc.domain.topic import Taxonomy
from qc.paths import packaged
from qc.specs.emotion import load_emotion_lexicon
from qc.specs.taxonomy import load_taxonomies
from qc.text.emotion import EmotionScorer


@pytest.fixture(scope="session")
def lexicon() -> EmotionLexicon:
    return load_emotion_lexicon(packaged("rules") / "_lexicons" / "emotion")


@pytest.fixture(scope="session")
def scorer(lexicon: EmotionLexicon) -> EmotionScorer:
    return EmotionScorer(lexicon)


@pytest.fixture(scope="session")
def taxonomies() -> tuple[Taxonomy, ...]:
    return load_taxonomies(packaged("rules") / "_topics")
