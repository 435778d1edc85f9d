"""The written material: ``phrases.txt`` (templates, one a line) and ``words.txt`` (words put together at random)."""

from __future__ import annotations

from pathlib import Path


def _sections(file: str) -> dict[str, list[str]]:
    sections: dict[str, list[str]] = {}
    for line in (Path(__file__).parent / file).read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            current = sections.setdefault(line.strip("[]"), [])
        elif line and not line.startswith("#"):
            current.append(line)
    return sections


LINES = _sections("phrases.txt") | {"models": _sections("words.txt")["models"]}
WORDS = {section: " ".join(lines).split() for section, lines in _sections("words.txt").items()}
WORDS["surnames"] = list("".join(WORDS["surnames"]))
