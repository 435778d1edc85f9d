"""The page on topics and intentions: its examples load and pass the tests inside them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from qc.paths import packaged
from qc.specs.emotion import load_emotion_lexicon
from qc.specs.intents import load_intents
from qc.specs.taxonomy import load_taxonomies
from qc.text.intent_tests import run_intent_tests
from qc.text.topic_tests import run_topic_tests

PAGE = (Path(__file__).parents[2] / "docs" / "topics.zh-CN.md").read_text(encoding="utf-8")


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    """The examples as files, one per list."""
    for text in re.findall(r"```yaml\n(id: .*?)```", PAGE, re.DOTALL):
        folder = tmp_path / ("topics" if "keywords" in text else "intents")
        folder.mkdir(exist_ok=True)
        (folder / "a.yml").write_text(text, encoding="utf-8")
    return tmp_path


def test_the_examples_pass_their_tests(examples: Path) -> None:
    modifiers = load_emotion_lexicon(packaged("rules") / "_lexicons" / "emotion").modifiers
    results = (
        *run_topic_tests(load_taxonomies(examples / "topics")),
        *run_intent_tests(load_intents(examples / "intents"), modifiers),
    )
    assert len(results) == 4
    assert [r.test.text for r in results if not r.passed] == []


def test_the_table_of_taxonomies_is_true() -> None:
    for one in load_taxonomies(packaged("rules") / "_topics"):
        words = sum(len(t.keywords) for t in one.topics)
        counts = [len({t.parent for t in one.topics}), len(one.topics), words, len(one.tests)]
        [row] = [line for line in PAGE.splitlines() if line.startswith(f"| `{one.id}.yml`") and line.count("|") == 7]
        assert [cell.strip() for cell in row.split("|")[3:-1]] == [str(n) for n in counts]
