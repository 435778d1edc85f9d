"""The real text stage, as `qc rules test` uses it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from qc.matching.signals import Need, Signals, signals_of
from qc.specs.emotion import load_emotion_lexicon
from qc.specs.intents import load_intents
from qc.specs.taxonomy import load_taxonomies
from qc.text.shard import Shard
from qc.text.signals import Analyser

RULES = Path(__file__).parents[2] / "rules"


@pytest.fixture(scope="session")
def rules_folder() -> Path:
    return RULES


@pytest.fixture(scope="session")
def text_stage() -> Callable[[Shard, Need], Signals]:
    lexicon = load_emotion_lexicon(RULES / "_lexicons" / "emotion")
    analyser = Analyser(lexicon, load_taxonomies(RULES / "_topics"), load_intents(RULES / "_intents"))

    def compute(shard: Shard, need: Need) -> Signals:
        return signals_of(analyser, shard, need)

    return compute


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    """Write a rule or lexicon file; gives the rules folder."""

    def put(name: str, text: str) -> Path:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path

    return put
