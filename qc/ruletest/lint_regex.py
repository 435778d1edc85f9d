"""Lint of regular expressions: what does not compile, matches nothing, or can never match normalised text."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import NamedTuple

from qc.domain.operators import Regex
from qc.domain.rule import Piece, Rule, SharedPattern
from qc.ruletest.lint_words import QUOTED
from qc.ruletest.places import Notes
from qc.specs.document import Loc
from qc.text.normalise import normalise
from qc.text.regex import RegexError, compile_pattern

_REFUSED = re.compile(r"\\[AzC]")
_SYNTAX = re.compile(r"\\.|\(\?[a-zA-Z<>:P=!-]*|\[\[:\^?\w+:\]|\{\d*,\d*\}", re.DOTALL)
_PROBES = ("", "一", "a 1，啊")
_LARGE = 8000
"""Instructions of a compiled expression beyond which it is slow and takes much memory: `.{0,900}` has as many. The
largest of the shipped rules has some 2,700."""


class _Complaint(NamedTuple):
    code: str
    level: str
    message: str
    hint: str
    at: int | None = None


def lint_regex(rule: Rule, piece: Piece, notes: Notes) -> None:
    """The pattern and the exception of a regex piece, as they are written in its file. Shared patterns that stand in
    their place are told in files of their own."""
    if not isinstance(piece.operator, Regex):
        return
    loc: Loc = ("find", piece.name, "regex")
    for key, source in (("pattern", piece.operator.pattern), ("except", piece.operator.exclude)):
        found = [] if source is None else list(_complaints(source))
        if source is None or not found:
            continue
        own = notes.written(rule.path, (*loc, key)) or notes.written(rule.path, loc)
        if own is None and notes.written(rule.path, ("id",)) is not None:  # only shared patterns
            found = [one for one in found if one.code == "R134"]
        elif own is not None and own != source:  # joined with shared patterns
            found = list(_complaints(own)) or [one for one in found if one.code == "R134"]
        _tell(rule.path, (*loc, key), own or source, found, notes)


def lint_patterns(patterns: Collection[SharedPattern], notes: Notes, *, whole: bool = True) -> None:
    """Shared patterns: the expressions, their tests, and, when the pack is `whole`, whether any rule names them."""
    for shared in patterns:
        found = list(_complaints(shared.pattern))
        _tell(shared.path, ("pattern",), shared.pattern, found, notes)
        if whole and not shared.rules:
            hint = "请在规则里写 regex: {use: " + shared.id + "}，或删掉这个文件。"
            notes.warning(shared.path, ("id",), "R140", f"共用正则 {shared.id} 没有被任何规则用到", hint)
        if any(one.level == "error" for one in found):
            continue
        pattern = compile_pattern(shared.pattern, by_turn=True)
        for key, texts, wanted in (("match", shared.tests.match, True), ("not", shared.tests.not_match, False)):
            for number, text in enumerate(texts):
                if pattern.search(normalise(text).encode("utf-8", "replace")) is not wanted:
                    message = "这句话应当找得到，却没有找到" if wanted else "这句话不应当找到，却找到了"
                    notes.error(shared.path, ("tests", key, number), "R141", message, "请改正则，或改这个测试。")


def _tell(path: str, loc: Loc, source: str, found: Collection[_Complaint], notes: Notes) -> None:
    for one in found:
        if one.level == "error":
            at = ("", 0) if one.at is None else (source, one.at)
            notes.error(path, loc, one.code, one.message, one.hint, at=at)
        else:
            notes.warning(path, loc, one.code, one.message, one.hint)


def _complaints(source: str) -> Iterator[_Complaint]:
    try:
        pattern = compile_pattern(source, by_turn=True)
    except RegexError as error:
        yield _Complaint("R130", "error", error.message, error.hint, error.at)
        return
    refused = _REFUSED.search(source)
    if refused:
        yield _Complaint("R131", "error", f"不支持 {refused[0]}", "开头用 ^，结尾用 $。")
    elif any(pattern.matches_empty(probe.encode()) for probe in _PROBES):
        hint = "请把 * 改成 +，或去掉可有可无的部分。"
        yield _Complaint("R132", "error", "这个正则能匹配空白，等于没有条件", hint)
    literal = _SYNTAX.sub("", source)
    changed = sorted({c for c in literal if normalise(c) != c.lower() and c not in "?"})
    if changed:
        became = "、".join(f"{c} → {normalise(c)}" for c in changed[:8])
        message = f"匹配前文字会统一写法，这些字符永远遇不到：{became}"
        yield _Complaint("R133", "warning", message, "请改成箭头右边的写法。")
    if QUOTED.fullmatch(source):
        yield _Complaint("R123", "warning", "正则两头的引号是全角的，会当作字来找", "请改成半角单引号。")
    if pattern.size > _LARGE:
        message = f"这个正则展开后有 {pattern.size} 步，又慢又占内存"
        yield _Complaint("R134", "warning", message, "请把 {0,900} 这样的大范围改小，或改用 near。")
