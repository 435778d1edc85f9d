"""The sample batch as tests see it: its manifest and what was planted in it."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "docs" / "sample"
BATCH = SAMPLE / "2026-11-20"
SCRIPTS = SAMPLE / "make" / "scripts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """A finding that must come out; `at`: some words of the turn that is its evidence."""

    conversation_id: str
    rule: str
    verdict: str
    at: str | None

    def __str__(self) -> str:
        return f"{self.conversation_id} {self.rule}"


def expected() -> dict[str, dict[str, Any]]:
    """`expected.yml` by conversation."""
    found: dict[str, dict[str, Any]] = yaml.safe_load((SAMPLE / "expected.yml").read_text(encoding="utf-8"))
    return found


def planted() -> list[Planted]:
    return [
        Planted(conversation_id=id_, rule=p["rule"], verdict=p.get("verdict", "hit"), at=p.get("at"))
        for id_, entry in expected().items()
        for p in entry.get("planted", [])
    ]


def ids_with(key: str, value: object | None = None) -> list[str]:
    """Conversations whose entry has `key` (with `value`, when given)."""
    return [id_ for id_, e in expected().items() if key in e and value in (None, e[key])]


def manifest() -> list[dict[str, str]]:
    with (BATCH / "calls.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
