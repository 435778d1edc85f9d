"""Lint of regular expressions: what does not compile, matches nothing, or can never match normalised text."""

from __future__ import annotations

import re

from qc.domain.operators import Regex
from qc.domain.rule import Piece, Rule
from qc.ruletest.places import Notes
from qc.specs.document import Loc
from qc.text.normalise import normalise
from qc.text.regex import RegexError, compile_pattern

_REFUSED = re.compile(r"\\[AzC]")
_SYNTAX = re.compile(r"\\.|\(\?[a-zA-Z<>:P=!-]*|\[\[:\^?\w+:\]|\{\d*,\d*\}", re.DOTALL)
_PROBES = ("", "一", "a 1，啊")


def lint_regex(rule: Rule, piece: Piece, notes: Notes) -> None:
    """The pattern and the exception of a regex piece."""
    if not isinstance(piece.operator, Regex):
        return
    loc: Loc = ("find", piece.name, "regex")
    for key, source in (("pattern", piece.operator.pattern), ("except", piece.operator.exclude)):
        if source is not None:
            _lint(rule.path, (*loc, key), source, notes)


def _lint(path: str, loc: Loc, source: str, notes: Notes) -> None:
    try:
        pattern = compile_pattern(source, by_turn=True)
    except RegexError as error:
        notes.error(path, loc, "R130", error.message, error.hint, at=(source, error.at))
        return
    refused = _REFUSED.search(source)
    if refused:
        notes.error(path, loc, "R131", f"不支持 {refused[0]}", "开头用 ^，结尾用 $。")
    elif any(pattern.matches_empty(probe.encode()) for probe in _PROBES):
        notes.error(path, loc, "R132", "这个正则能匹配空白，等于没有条件", "请把 * 改成 +，或去掉可有可无的部分。")
    literal = _SYNTAX.sub("", source)
    changed = sorted({c for c in literal if normalise(c) != c.lower() and c not in "?"})
    if changed:
        became = "、".join(f"{c} → {normalise(c)}" for c in changed[:8])
        notes.warning(
            path, loc, "R133", f"匹配前文字会统一写法，这些字符永远遇不到：{became}", "请改成箭头右边的写法。"
        )
