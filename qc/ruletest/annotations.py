"""Gate results as what CI systems show beside the changed lines: GitHub workflow commands, GitLab Code Quality."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from qc.ruletest.gate import Annotation, GateResult

_SEVERITIES = {"error": "major", "warning": "minor", "notice": "info"}


def github(results: Sequence[GateResult], root: Path) -> Iterator[str]:
    """`::error file=…,line=…,col=…,title=…::message`, one line each; paths relative to `root`, the repository."""
    for note in _notes(results):
        place = f"file={_property(shown(note.path, root))},line={note.line},col={note.col}"
        yield f"::{note.level} {place},title={_property(note.title)}::{_data(note.message)}"


def gitlab(results: Sequence[GateResult], root: Path) -> str:
    """A Code Quality report: a JSON list with a fingerprint per remark that stays the same while the remark does."""
    issues: list[dict[str, object]] = []
    seen: dict[str, int] = {}
    for result in results:
        for note in result.annotations:
            path = shown(note.path, root)
            text = f"{note.title}：{note.message}" if note.title else note.message
            identity = "\x1f".join((result.key, path, note.level, text))
            seen[identity] = seen.get(identity, 0) + 1
            issues.append(
                {
                    "description": text,
                    "check_name": f"qc.{result.key}",
                    "fingerprint": hashlib.sha256(f"{identity}\x1f{seen[identity]}".encode()).hexdigest(),
                    "severity": _SEVERITIES[note.level],
                    "location": {"path": path, "lines": {"begin": note.line}},
                }
            )
    return json.dumps(issues, ensure_ascii=False, indent=2) + "\n"


def shown(path: str, root: Path) -> str:
    """The path from the root of the repository, with /, as both systems want it."""
    relative = os.path.relpath(Path(path).resolve(), root.resolve())
    return Path(relative).as_posix() if not relative.startswith("..") else path


def _notes(results: Sequence[GateResult]) -> Iterator[Annotation]:
    for result in results:
        yield from result.annotations


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
