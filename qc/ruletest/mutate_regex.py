"""Regular expressions with one alternative less. A splitter of our own: RE2's syntax is not Python's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

_OPTIONAL = ("?", "*", "{0,", "{,")
"""Quantifiers after which a group may be missing altogether: the text around it usually matches without it, so that a
group with one alternative less behind them changes next to nothing."""


@dataclass(slots=True)
class _Group:
    """`first`: where the group's own text begins; `bars`: places of its own `|`."""

    first: int
    end: int = 0
    bars: list[int] = field(default_factory=list)
    inside: list[_Group] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """The expression without one alternative, and that alternative; `whole`: one of the expression itself, not of a
    group in it."""

    pattern: str
    alternative: str
    whole: bool


def without_alternatives(pattern: str) -> Iterator[Dropped]:
    """Each alternative left out once: those of the expression itself, and those of groups directly in it, unless the
    group is optional. An expression that is one group in whole is looked into."""
    top = _groups(pattern)
    while len(top.inside) == 1 and not top.bars and _is_all(pattern, top, top.inside[0]):
        top = top.inside[0]
    yield from _each(pattern, top, whole=True)
    for group in top.inside:
        if not pattern.startswith(_OPTIONAL, group.end + 1):
            yield from _each(pattern, group, whole=False)


def _is_all(pattern: str, outer: _Group, inner: _Group) -> bool:
    return pattern[outer.first : inner.first] in ("(", "(?:") and inner.end + 1 == outer.end


def _each(pattern: str, group: _Group, *, whole: bool) -> Iterator[Dropped]:
    if not group.bars:
        return
    starts = [group.first, *(bar + 1 for bar in group.bars)]
    ends = [*group.bars, group.end]
    for number, (start, end) in enumerate(zip(starts, ends, strict=True)):
        kept = pattern[:start] + pattern[end + 1 :] if number == 0 else pattern[: start - 1] + pattern[end:]
        yield Dropped(pattern=kept, alternative=pattern[start:end], whole=whole)


def _groups(pattern: str) -> _Group:
    """The expression as nested groups. Unbalanced parentheses are taken as they come: RE2 has refused them before."""
    root = _Group(0, len(pattern))
    stack = [root]
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if char == "\\":
            quoted = pattern.find("\\E", at) if pattern.startswith("\\Q", at) else at
            at = len(pattern) if quoted < 0 else quoted + 2
            continue
        if char == "[":
            at = _class_end(pattern, at)
            continue
        if char == "(":
            group = _Group(_own_text(pattern, at))
            stack[-1].inside.append(group)
            stack.append(group)
        elif char == ")" and len(stack) > 1:
            stack.pop().end = at
        elif char == "|":
            stack[-1].bars.append(at)
        at += 1
    return root


def _own_text(pattern: str, at: int) -> int:
    """Where the text of the group opened at `at` begins: behind (, (?:, (?i:, (?P<name>."""
    if not pattern.startswith("(?", at):
        return at + 1
    for end in range(at + 2, len(pattern)):
        if pattern[end] in ":>":
            return end + 1
        if pattern[end] == ")":
            return end
    return len(pattern)


def _class_end(pattern: str, at: int) -> int:
    """The place behind a character class; a ] directly behind [ or [^ is a character, and so is one in [:alpha:]."""
    at += 2 if pattern.startswith("[^", at) else 1
    first = at
    while at < len(pattern):
        if pattern.startswith("[:", at) and (end := pattern.find(":]", at)) > 0:
            at = end + 2
        elif pattern[at] == "\\":
            at += 2
        elif pattern[at] == "]" and at > first:
            return at + 1
        else:
            at += 1
    return len(pattern)
