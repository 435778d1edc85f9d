"""Digests of rules: what decides a verdict, and nothing else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum

from qc.domain import sentence
from qc.domain.operators import word_lists
from qc.domain.rule import Lexicon, Rule


def rule_digest(rule: Rule, lexicons: Mapping[str, Lexicon]) -> str:
    """SHA-256 over scope, pieces, sentences and the words of the lexicons used; not titles, tests and the like."""
    used = sorted({name for p in rule.pieces for words in word_lists(p.operator) for name in words.lexicons})
    pieces = {p.name: (type(p.operator).__name__, _plain(p.operator), _plain(p.frame)) for p in rule.pieces}
    return _sha256(
        {
            "scope": _plain(rule.scope),
            "valid": [None if day is None else day.isoformat() for day in (rule.valid.first, rule.valid.last)],
            "pieces": pieces,
            "when": sentence.show(sentence.parse(rule.when)),
            "given": None if rule.given is None else sentence.show(sentence.parse(rule.given)),
            "lexicons": {name: _plain(lexicons[name].words) for name in used if name in lexicons},
        }
    )


def pack_digest(rules: Iterable[Rule], lexicons: Iterable[Lexicon]) -> str:
    """SHA-256 over everything in a pack that can move a verdict or its severity, whatever the order of files."""
    return _sha256(
        {
            "rules": {rule.id: (rule.digest, rule.status, rule.kind, rule.severity) for rule in rules},
            "lexicons": {lexicon.id: _plain(lexicon.words) for lexicon in lexicons},
        }
    )


def _sha256(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _plain(value: object) -> object:
    """Dataclasses, sets and enums as JSON; sets in order."""
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value)}
    if isinstance(value, frozenset):
        return sorted(str(_plain(item)) for item in value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value
