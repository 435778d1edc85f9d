"""All targets by name, and what to begin with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.fuzz import pages, private, reading, rows, said, stored, workspace
from tests.fuzz.target import Target

ROOT = Path(__file__).resolve().parents[2]
CORPUS = Path(__file__).parent / "corpus"
"""A folder of seeds per target; what once broke a parser stands there as `broke-…`."""
TARGETS: Mapping[str, Target] = {
    target.name: target
    for module in (reading, said, workspace, pages, stored, rows, private)
    for target in module.TARGETS
}
_SHIPPED = {
    "json": "tests/ingest/golden/*.input.json",
    "jsonl": "tests/ingest/golden/*.input.jsonl",
    "table": "tests/ingest/golden/*.input.csv",
    "manifest": "tests/ingest/golden/calls.input.csv",
    "rules": "rules/service/*.yml",
    "script": "reports/tables.js",
    "style": "reports/style.css",
    "given": "tests/ingest/golden/*.input.json",
    "known_table": "tests/ingest/golden/*.input.csv",
    "lexicon": "rules/_lexicons/a*.yml",
    "pattern": "rules/_patterns/*.yml",
    "scorecard": "scorecards/*.yml",
    "complaints": "rules/_opinion/complaints.yml",
    "alerts": "rules/_opinion/alerts.yml",
    "intents": "rules/_intents/[cu]*.yml",
    "emotion": "rules/_lexicons/emotion/customer.yml",
    "emotion_modifiers": "rules/_lexicons/emotion/modifiers.yml",
    "taxonomy": "rules/_topics/property.yml",
    "hot_words": "rules/_speech/words/*.yml",
    "role_cues": "rules/_speech/roles.yml",
    "accepted": "rules/_baseline/accepted.yml",
    "catalogue": "reports/lang/en/charts.json",
}
"""Files of the repository that are seeds as they are."""
_MOST = 5


def seeds(name: str) -> list[Path]:
    """The seeds of a target: its folder of the corpus, then at most five shipped files, in order of name."""
    return [*sorted(p for p in (CORPUS / name).glob("*") if p.is_file()), *_shipped(name)]


def _shipped(name: str) -> Iterator[Path]:
    if name in _SHIPPED:
        found = sorted(ROOT.glob(_SHIPPED[name]), key=lambda p: (p.stat().st_size, p.name))
        yield from found if "golden" in _SHIPPED[name] else found[:_MOST]
