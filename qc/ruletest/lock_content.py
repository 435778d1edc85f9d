"""What `rules.lock` holds: the content version of every rule, scorecard, lexicon and shared pattern.

One line each, sorted, so that a review sees what a change changed. Digests are the first 16 hexadecimal digits of a
SHA-256 over what was written; a parameter left at its default is not part of it, so that a newer qc with one
parameter more comes to the same digests.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, field, fields, is_dataclass
from datetime import date
from enum import Enum

from qc.domain import sentence
from qc.domain.operators import word_lists
from qc.domain.rule import Lexicon, Rule, RulePack
from qc.domain.scorecard import AutoFail, Effect, Item, Per, Scorecard
from qc.specs.document import Document

NAME = "rules.lock"
_VERSION = re.compile(r"\d{1,9}(\.\d{1,9}){2}")
_PLAIN = re.compile(r"[a-z_]+|\d+\.\d+\.\d+")
"""Text that YAML reads back as text without quotes."""
_HEAD = """\
# 规则内容的版本，由 qc rules lock 生成，不要手改，放进 git。
# verdict：决定判定的内容；text：标题、提示等文字；points：在评分表里怎样计分；signals：情绪、话题、意向的词。
format: 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedRule:
    """A rule. `verdict` digests what decides its verdicts, `text` what people read; `points` says how scorecards count
    it."""

    version: str
    verdict: str
    text: str
    kind: str
    severity: str
    error_class: str
    status: str
    points: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedCard:
    """A scorecard. `points` digests all that moves a score, `text` its titles."""

    version: str
    points: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """The content of `rules.lock`; lexicons, patterns and signals (the words of `emotion`, `topics` and `intents`) have
    a digest and no version."""

    rules: Mapping[str, LockedRule] = field(default_factory=dict)
    scorecards: Mapping[str, LockedCard] = field(default_factory=dict)
    lexicons: Mapping[str, str] = field(default_factory=dict)
    patterns: Mapping[str, str] = field(default_factory=dict)
    signals: Mapping[str, str] = field(default_factory=dict)


def lock_of(pack: RulePack, cards: Sequence[Scorecard], signals: Mapping[str, str]) -> Lock:
    """The lock of rules and scorecards as they are; `signals`: the digests of the words of `emotion`, `topics` and
    `intents`."""
    lexicons = {lexicon.id: lexicon for lexicon in pack.lexicons}
    return Lock(
        rules={rule.id: _rule(rule, lexicons, cards) for rule in pack.rules},
        scorecards={card.id: _card(card) for card in cards},
        lexicons={lexicon.id: _digest(lexicon.words) for lexicon in pack.lexicons},
        patterns={pattern.id: _digest(pattern.pattern) for pattern in pack.patterns},
        signals={name: _digest(digest) for name, digest in signals.items()},
    )


def dump(lock: Lock) -> str:
    """The lock as YAML, in order of id."""
    lines = [_HEAD]
    for name in ("rules", "scorecards"):
        entries: Mapping[str, LockedRule | LockedCard] = getattr(lock, name)
        lines += _block(name, {key: _flow(entries[key]) for key in entries})
    for name in ("lexicons", "patterns", "signals"):
        digests: Mapping[str, str] = getattr(lock, name)
        lines += _block(name, {key: json.dumps(digests[key]) for key in digests})
    return "".join(lines)


def read_lock(document: Document) -> Lock | None:
    """The lock a document holds; None when it is not one (written by hand, or by a newer qc)."""
    data = document.data
    if not isinstance(data, dict) or data.get("format") != 1:
        return None
    try:
        lock = Lock(
            rules={
                key: LockedRule(**{**entry, "points": tuple(entry.get("points", ()))})
                for key, entry in (data.get("rules") or {}).items()
            },
            scorecards={key: LockedCard(**entry) for key, entry in (data.get("scorecards") or {}).items()},
            lexicons=dict(data.get("lexicons") or {}),
            patterns=dict(data.get("patterns") or {}),
            signals=dict(data.get("signals") or {}),
        )
    except (TypeError, AttributeError, ValueError):
        return None
    return lock if _is_sound(lock) else None


def _is_sound(lock: Lock) -> bool:
    """Whether versions are versions and all else is text: whoever writes a lock by hand may have slipped."""
    texts = [*lock.lexicons.values(), *lock.patterns.values(), *lock.signals.values()]
    versions: list[str] = []
    entries: list[LockedRule | LockedCard] = [*lock.rules.values(), *lock.scorecards.values()]
    for entry in entries:
        plain = asdict(entry)
        versions.append(plain.pop("version"))
        points = plain.pop("points")
        texts += [*plain.values(), *([points] if isinstance(points, str) else points)]
    return all(isinstance(t, str) for t in texts) and all(
        isinstance(v, str) and _VERSION.fullmatch(v) for v in versions
    )


def _block(name: str, entries: Mapping[str, str]) -> Iterator[str]:
    if entries:
        yield f"{name}:\n"
        yield from (f"  {key}: {entries[key]}\n" for key in sorted(entries))


def _flow(entry: LockedRule | LockedCard) -> str:
    values = ((f.name, getattr(entry, f.name)) for f in fields(entry))
    return "{" + ", ".join(f"{name}: {_value(value)}" for name, value in values if value != ()) + "}"


def _value(value: str | tuple[str, ...]) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(_value(one) for one in value) + "]"
    return value if _PLAIN.fullmatch(value) else json.dumps(value, ensure_ascii=False)


def _rule(rule: Rule, lexicons: Mapping[str, Lexicon], cards: Collection[Scorecard]) -> LockedRule:
    used = sorted({name for p in rule.pieces for words in word_lists(p.operator) for name in words.lexicons})
    verdict = {
        "scope": rule.scope,
        "valid": rule.valid,
        "pieces": {p.name: (p.operator.key, p.operator, p.frame) for p in rule.pieces},
        "when": sentence.show(sentence.parse(rule.when)),
        "given": None if rule.given is None else sentence.show(sentence.parse(rule.given)),
        "lexicons": {name: lexicons[name].words for name in used if name in lexicons},
    }
    text = (rule.title, rule.message, rule.advice, rule.owner, rule.basis, rule.exceptions)
    return LockedRule(
        version=rule.version,
        verdict=_digest(verdict),
        text=_digest(text),
        kind=rule.kind.value,
        severity=rule.severity.value,
        error_class=rule.error_class.value,
        status=rule.status.value,
        points=tuple(
            f"{card.id}/{item.id} {_points(item)}"
            for card in sorted(cards, key=lambda c: c.id)
            for section in card.sections
            for item in section.items
            if rule.id in item.rules
        ),
    )


def _points(item: Item) -> str:
    text = f"{'加' if item.effect is Effect.AWARD else '扣'} {item.points:g}"
    if item.per is Per.HIT:
        text += " 每次" + ("" if item.cap is None else f"至多 {item.cap:g}")
    return text + {AutoFail.NONE: "", AutoFail.CARD: " 一票否决", AutoFail.SECTION: " 部分否决"}[item.auto_fail]


def _card(card: Scorecard) -> LockedCard:
    titles = [card.title]
    for section in card.sections:
        titles += [section.title, *(item.title for item in section.items)]
    points = _plain(card, without=frozenset({"title", "path", "digest", "version"}))
    return LockedCard(version=card.version, points=_sha(points), text=_digest(tuple(titles)))


def _digest(value: object) -> str:
    return _sha(_plain(value))


def _sha(plain: object) -> str:
    text = json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _plain(value: object, without: Collection[str] = ()) -> object:
    """As JSON, without the fields named and those at their default; sets in order."""
    match value:
        case Enum():
            return value.value
        case date():
            return value.isoformat()
        case frozenset():
            return sorted(str(_plain(one)) for one in value)
        case tuple() | list():
            return [_plain(one, without) for one in value]
        case dict():
            return {key: _plain(one, without) for key, one in value.items()}
    if is_dataclass(value):
        given = ((f, getattr(value, f.name)) for f in fields(value) if f.name not in without)
        return {f.name: _plain(one, without) for f, one in given if f.default is MISSING or one != f.default}
    return value
