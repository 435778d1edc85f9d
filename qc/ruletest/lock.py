"""The last gate: content that changed needs a version that says so.

Semantic versions of content: what costs people points moved (severity, points, 一票否决) is major; what hits moved is
minor; what is read moved is patch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path

from qc.domain.operators import word_lists
from qc.domain.rule import Rule, RulePack, RuleStatus
from qc.domain.scorecard import Scorecard
from qc.matching.signals import Need
from qc.ruletest.changes import need_of
from qc.ruletest.gate import Annotation, Case, GateResult, cell
from qc.ruletest.lock_content import Lock, LockedCard, lock_of
from qc.specs.document import read

TITLE = "内容版本"
_UPDATE = "请运行 qc rules lock，把 rules.lock 一起提交。"
_SIGNALS = {
    "emotion": (Need.EMOTIONS, "情绪词表"),
    "topics": (Need.TOPICS, "话题"),
    "intents": (Need.INTENTS, "意向"),
}
_BUMP = "请改 version；或运行 qc rules lock --bump，由它来改。"


class Bump(IntEnum):
    """Which part of a version must rise."""

    NONE = 0
    PATCH = 1
    MINOR = 2
    MAJOR = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdue:
    """A rule or scorecard that changed and kept its version, or did not raise it enough."""

    path: str
    id: str
    version: str
    locked: str
    suggested: str
    bump: Bump
    reasons: tuple[str, ...]

    @property
    def message(self) -> str:
        """What changed and what the version should be, in one sentence."""
        if self.bump is Bump.NONE:
            return f"{self.id} 的内容没有改，版本却从 {self.locked} 降到了 {self.version}，应写回 {self.locked}"
        why = "；".join(self.reasons)
        return f"{self.id} 改了（{why}），版本应从 {self.locked} 升到 {self.suggested}（{self.bump.name.lower()}）"


@dataclass(frozen=True, slots=True, kw_only=True)
class LockReport:
    """`current` is the lock of the files as they are; `overdue` versions; `stale`: what the stored lock lacks."""

    current: Lock
    overdue: tuple[Overdue, ...] = ()
    stale: tuple[str, ...] = ()
    path: str = ""

    @property
    def passed(self) -> bool:
        return not self.overdue and not self.stale

    @property
    def summary(self) -> str:
        """Counts, in one line."""
        text = f"{len(self.current.rules)} 条规则、{len(self.current.scorecards)} 张评分表"
        if self.passed:
            return f"{text}，与 rules.lock 一致"
        parts = [f"{len(self.overdue)} 处改动没有升版本"] if self.overdue else []
        parts += [f"rules.lock 有 {len(self.stale)} 处没有更新"] if self.stale else []
        return f"{text}：{'，'.join(parts)}"

    def lines(self) -> Iterator[str]:
        """Everything that is wrong and what to do, then the counts."""
        for one in self.overdue:
            yield f"[失败] {one.path}: {one.message}"
        if self.overdue:
            yield f"提示：{_BUMP}"
        for text in self.stale:
            yield f"[失败] {self.path}: {text}"
        if self.stale:
            yield f"提示：{_UPDATE}"
        yield f"{self.summary}。"

    def gate(self) -> GateResult:
        """The report as a gate, with remarks at the versions."""
        notes = [
            Annotation(
                path=one.path,
                line=_version_line(one.path),
                level="error",
                title="版本没有升",
                message=f"{one.message}\n提示：{_BUMP}",
            )
            for one in self.overdue
        ]
        notes += [
            Annotation(path=self.path, level="error", title="rules.lock 没有更新", message=f"{text}\n提示：{_UPDATE}")
            for text in self.stale
        ]
        listed = [f"- {cell(one.message)}" for one in self.overdue] + [f"- {cell(text)}" for text in self.stale]
        cases = [Case(suite="lock", name=one.id, passed=False, message=one.message) for one in self.overdue]
        cases += [Case(suite="lock", name=f"rules.lock {text}", passed=False, message=text) for text in self.stale]
        return GateResult(
            key="lock",
            title=TITLE,
            passed=self.passed,
            summary=self.summary,
            markdown="\n".join(listed),
            annotations=tuple(notes),
            cases=tuple(cases),
        )


def _version_line(path: str) -> int:
    return read(Path(path)).where(("version",)).line


def compare(
    pack: RulePack,
    cards: Sequence[Scorecard],
    signals: Mapping[str, str],
    stored: Lock | None,
    *,
    base: Lock | None = None,
    path: str = "",
) -> LockReport:
    """Compare rules, scorecards and `signals` (see `lock_of`) with the stored lock (None: there is none) and with the
    lock of the revision a change is based on, so that a lock written anew does not hide what changed."""
    current = lock_of(pack, cards, signals)
    overdue: dict[str, Overdue] = {}
    for old in (base, stored):
        if old is not None:
            for one in _overdue(pack, cards, old, current):
                overdue.setdefault(one.path, one)
    stale = ("还没有这个文件",) if stored is None else tuple(_stale(stored, current))
    return LockReport(current=current, overdue=tuple(overdue[name] for name in sorted(overdue)), stale=stale, path=path)


def _overdue(pack: RulePack, cards: Sequence[Scorecard], old: Lock, new: Lock) -> Iterator[Overdue]:
    for rule in pack.rules:
        if rule.id in old.rules:
            found = _rule(rule, pack, old, new)
            yield from _judge(rule.path, rule.id, old.rules[rule.id].version, rule.version, found)
    for card in cards:
        if card.id in old.scorecards:
            was, now = old.scorecards[card.id], new.scorecards[card.id]
            yield from _judge(card.path, f"评分表 {card.id}", was.version, now.version, _card(was, now))


@dataclass(slots=True)
class _Changes:
    bump: Bump = Bump.NONE
    reasons: list[str] = field(default_factory=list)

    def note(self, bump: Bump, reason: str) -> None:
        self.bump = max(self.bump, bump)
        self.reasons.append(reason)


def _rule(rule: Rule, pack: RulePack, old: Lock, new: Lock) -> _Changes:
    before, after, found = old.rules[rule.id], new.rules[rule.id], _Changes()
    if RuleStatus.DRAFT in (before.status, after.status):
        return found  # a draft has no effect yet: it may change as it likes
    for name in ("severity", "kind", "error_class"):
        if getattr(before, name) != getattr(after, name):
            found.note(Bump.MAJOR, f"{name} 从 {getattr(before, name)} 改成 {getattr(after, name)}")
    if before.status != after.status:
        found.note(Bump.MINOR, f"status 从 {before.status} 改成 {after.status}")
    if before.verdict != after.verdict:
        shared = [f"词表 {name}" for name in _lexicons(rule) if old.lexicons.get(name) != new.lexicons.get(name)]
        shared += [f"片段 {p.id}" for p in pack.patterns if rule.id in p.rules and _differs(p.id, old, new)]
        found.note(Bump.MINOR, f"用到的{'、'.join(shared)} 改了，命中会变" if shared else "判定条件改了，命中会变")
    for signal, (need, zh) in _SIGNALS.items():
        if need in need_of(rule) and old.signals.get(signal, new.signals.get(signal)) != new.signals.get(signal):
            found.note(Bump.MINOR, f"用到的{zh}改了，命中会变")
    if before.text != after.text:
        found.note(Bump.PATCH, "标题、提示等文字改了")
    return found


def _lexicons(rule: Rule) -> list[str]:
    return sorted({name for p in rule.pieces for words in word_lists(p.operator) for name in words.lexicons})


def _differs(pattern: str, old: Lock, new: Lock) -> bool:
    return old.patterns.get(pattern) != new.patterns.get(pattern)


def _card(was: LockedCard, now: LockedCard) -> _Changes:
    found = _Changes()
    if was.points != now.points:
        found.note(Bump.MAJOR, "分值、一票否决、等级或适用范围改了，得分会变")
    if was.text != now.text:
        found.note(Bump.PATCH, "标题改了")
    return found


def _judge(path: str, name: str, locked: str, version: str, found: _Changes) -> Iterator[Overdue]:
    suggested = raised(locked, found.bump)
    if _number(version) < _number(suggested):
        yield Overdue(
            path=path,
            id=name,
            version=version,
            locked=locked,
            suggested=suggested,
            bump=found.bump,
            reasons=tuple(found.reasons),
        )


def raised(version: str, bump: Bump) -> str:
    """The next version of that kind."""
    major, minor, patch = _number(version)
    if bump is Bump.NONE:
        return version
    if bump is Bump.MAJOR:
        return f"{major + 1}.0.0"
    return f"{major}.{minor + 1}.0" if bump is Bump.MINOR else f"{major}.{minor}.{patch + 1}"


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


_NAMES = {
    "rules": "规则",
    "scorecards": "评分表",
    "lexicons": "词表",
    "patterns": "片段",
    "signals": "信号词",
}


def _stale(stored: Lock, current: Lock) -> Iterator[str]:
    for part, zh in _NAMES.items():
        old: Mapping[str, object] = getattr(stored, part)
        new: Mapping[str, object] = getattr(current, part)
        for name in sorted(old.keys() | new.keys()):
            if name not in old:
                yield f"没有{zh} {name}"
            elif name not in new:
                yield f"{zh} {name} 已经没有了"
            elif old[name] != new[name]:
                yield f"{zh} {name} 与文件不同"
