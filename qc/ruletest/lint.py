"""Lint: what a rule that can be loaded had better not say. Codes R100–R199; levels error and warning.

Loading (`qc.specs.rules`) already refuses files that do not read, unknown fields, pieces and lexicons, duplicate ids
and empty ranges.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from qc.domain import sentence
from qc.domain.conversation import VOICE_CHANNELS, Channel
from qc.domain.finding import Verdict
from qc.domain.operators import (
    AnswerGap,
    Energy,
    Flow,
    HangupGap,
    Intent,
    Interrupt,
    Operator,
    Sequence,
    Silence,
    Speed,
    TalkRatio,
    Topic,
    measures_whole,
    word_lists,
)
from qc.domain.rule import ErrorClass, Piece, Rule, RuleKind, RulePack, RuleStatus
from qc.errors import Problem
from qc.matching.compile import is_absence, refers_to
from qc.matching.findings import MEASURES, PLACEHOLDERS
from qc.ruletest.lint_logic import lint_logic, lint_pairs
from qc.ruletest.lint_regex import lint_patterns, lint_regex
from qc.ruletest.lint_steps import lint_steps
from qc.ruletest.lint_words import lint_lexicons, lint_words
from qc.ruletest.places import Notes
from qc.specs.document import Loc
from qc.specs.suggest import suggest

_OF_SPEECH = (Speed, Interrupt, TalkRatio, HangupGap, AnswerGap, Energy)
"""Operators over stretches of speech or its sound."""
_BRACES = re.compile(r"\{([^{}]*)\}")


def lint(
    pack: RulePack,
    *,
    topics: Collection[str] | None = None,
    intents: Collection[str] | None = None,
    whole: bool = True,
) -> list[Problem]:
    """Every problem of the pack's rules and lexicons, in order of file and line. Retired rules are not looked at.

    With `topics` and `intents`, the ids of all there are, unknown ones are errors too. Unless the pack is `whole`, a
    lexicon that none of its rules uses is not noted: one that could not be loaded may use it.
    """
    notes = Notes()
    rules = [rule for rule in pack.rules if rule.status is not RuleStatus.RETIRED]
    for rule in rules:
        pieces = {piece.name: piece for piece in rule.pieces}
        _tests(rule, notes)
        _unused(rule, pieces, notes)
        lint_logic(rule, pieces, notes)
        _message(rule, pieces, notes)
        _kind(rule, notes)
        for piece in rule.pieces:
            _frame(rule, piece, pieces, notes)
            _percents(rule, piece, notes)
            _channels(rule, piece, notes)
            _topics(rule, piece, topics, notes)
            _intents(rule, piece, intents, notes)
            lint_words(rule, piece, notes)
            lint_regex(rule, piece, notes)
            lint_steps(rule, piece, pieces, notes)
    lint_pairs(rules, pack.lexicons, notes)
    lint_patterns(pack.patterns, notes, whole=whole)
    used = {name for r in pack.rules for p in r.pieces for words in word_lists(p.operator) for name in words.lexicons}
    lint_lexicons(pack.lexicons, used if whole else {lexicon.id for lexicon in pack.lexicons}, notes)
    return sorted(notes.found, key=lambda p: (p.path, p.line, p.col, p.code, p.message))


def _tests(rule: Rule, notes: Notes) -> None:
    """At least one test that hits and one that misses; a draft is only reminded."""
    note = notes.warning if rule.status is RuleStatus.DRAFT else notes.error
    expected = {test.expect for test in rule.tests}
    for verdict, code, word in ((Verdict.HIT, "R101", "hit"), (Verdict.MISS, "R102", "miss")):
        if verdict not in expected:
            note(rule.path, ("tests",), code, f"没有期望 {word} 的测试", f"请在 tests 里补一段 expect: {word} 的对话。")
    names = [test.name for test in rule.tests]
    for number, name in enumerate(names):
        if name in names[:number]:
            notes.warning(rule.path, ("tests", number, "name"), "R103", f"测试名“{name}”重复")


def _unused(rule: Rule, pieces: Mapping[str, Piece], notes: Notes) -> None:
    """Every piece is used."""
    spoken = [rule.when] if rule.given is None else [rule.when, rule.given]
    used = {name.name for text in spoken for name, _ in sentence.names(sentence.parse(text))}
    waiting = list(used)
    while waiting:
        near = set(refers_to(pieces[waiting.pop()])) - used
        used |= near
        waiting += near
    for name in pieces:
        if name not in used:
            notes.warning(
                rule.path, ("find", name), "R105", f"片段 {name} 没有用到", "请写进 when，或删掉它。", key=True
            )


def _message(rule: Rule, pieces: Mapping[str, Piece], notes: Notes) -> None:
    """Placeholders exist, and some piece can fill them."""
    spoken = [rule.when] if rule.given is None else [rule.when, rule.given]
    speaking = [
        pieces[name.name].operator
        for text in spoken
        for name, positive in sentence.names(sentence.parse(text))
        if positive != is_absence(pieces[name.name])
    ]
    in_turns = any(not measures_whole(operator) for operator in speaking)
    for name in _BRACES.findall(rule.message):
        if name not in PLACEHOLDERS:
            hint = suggest(name, PLACEHOLDERS)
            notes.error(rule.path, ("message",), "R106", f"message 里没有 {{{name}}} 这个占位符", hint)
        elif (
            (name in ("turn", "text", "start") and not in_turns)
            or (name == "value" and not _measured(speaking))
            or (name == "step" and not any(isinstance(operator, Flow | Sequence) for operator in speaking))
        ):
            notes.warning(
                rule.path,
                ("message",),
                "R107",
                f"message 里的 {{{name}}} 没有片段可以填",
                "命中时没有这样的证据，会显示成“—”或空白。",
            )


def _measured(operators: Collection[Operator]) -> bool:
    return any(isinstance(operator, MEASURES) for operator in operators)


def _kind(rule: Rule, notes: Notes) -> None:
    if rule.kind is not RuleKind.VIOLATION and rule.error_class is not ErrorClass.NONE:
        hint = "亮点和信号不是差错，请写 none 或删掉。"
        notes.warning(rule.path, ("error_class",), "R108", f"kind: {rule.kind} 却写了 error_class", hint)


def _frame(rule: Rule, piece: Piece, pieces: Mapping[str, Piece], notes: Notes) -> None:
    """Counts that cannot be, absence in what may be empty, anchors without a place."""
    frame, loc = piece.frame, ("find", piece.name)
    whole = measures_whole(piece.operator)
    if whole and frame.count_min > 1:
        text = f"{piece.operator.key} 一通只有一个结果，不可能达到 {frame.count_min} 处"
        notes.error(rule.path, (*loc, "count"), "R109", text, "请去掉 count。")
    if whole and frame.all_turns:
        text = f"{piece.operator.key} 看的是整通会话，没有逐轮的结果"
        notes.error(rule.path, (*loc, "all_turns"), "R109", text, "请去掉 all_turns。")
    if frame.count_min == 0 and frame.count_max is None:
        notes.error(
            rule.path, (*loc, "count"), "R110", "count 从 0 起又没有上限，永远成立", "要表示没有，请用 negate。"
        )
    elif frame.count_max == 0:
        notes.warning(rule.path, (*loc, "count"), "R110", "至多 0 处就是没有", "请改用 negate: true。")
    bounded = frame.range is not None or frame.window is not None or bool(frame.anchors)
    if is_absence(piece) and bounded and frame.on_empty is None and not whole:
        hint = "请写 on_empty: miss（不成立）、hit（成立）或 na（规则不适用）。"
        notes.warning(rule.path, loc, "R111", "范围里一轮也没有时算什么，没有写明", hint, key=True)
    for anchor in frame.anchors:
        other = pieces[anchor.piece]
        anchor_loc: Loc = (*loc, anchor.relation.value, "piece")
        if measures_whole(other.operator):
            text = f"{other.operator.key} 看的是整通会话，没有位置，不能作前置条件"
            notes.error(rule.path, anchor_loc, "R112", text)
        elif is_absence(other):
            notes.error(
                rule.path,
                anchor_loc,
                "R112",
                f"片段 {other.name} 要求没有出现，没有位置，不能作前置条件",
                "请改用 when 里的 not。",
            )


def _percents(rule: Rule, piece: Piece, notes: Notes) -> None:
    """Percent that look like fractions: 0.8 for 80."""
    operator, window = piece.operator, piece.frame.window
    given: dict[Loc, float | None] = {}
    if isinstance(operator, TalkRatio):
        given |= {("talk_ratio", "min"): operator.min, ("talk_ratio", "max"): operator.max}
    if isinstance(operator, Silence):
        given["silence", "percent"] = operator.percent
    if window is not None:
        given |= {("window", key): getattr(window, key) for key in ("first_percent", "last_percent")}
    for loc, value in given.items():
        if value is not None and 0 < value < 1:
            hint = f"要百分之 {value * 100:g}，请写 {value * 100:g}。"
            notes.warning(rule.path, ("find", piece.name, *loc), "R124", f"写成了百分之 {value:g}", hint)


def _channels(rule: Rule, piece: Piece, notes: Notes) -> None:
    """Speech is measured only where there is any."""
    silent = sorted((rule.scope.channels or set(Channel)) - VOICE_CHANNELS)
    if isinstance(piece.operator, _OF_SPEECH) and silent:
        notes.warning(
            rule.path,
            ("find", piece.name),
            "R113",
            f"{'、'.join(silent)} 渠道没有语音，{piece.operator.key} 在那里总是无法判定",
            "请用 scope.channels 限定语音渠道。",
            key=True,
        )


def _intents(rule: Rule, piece: Piece, intents: Collection[str] | None, notes: Notes) -> None:
    """An id with a dot is one of a list; others may be labels of a trained model."""
    if isinstance(piece.operator, Intent) and intents is not None:
        for intent in piece.operator.any:
            if "." in intent and intent not in intents:
                hint = suggest(intent, intents, "意向写在 _intents 文件夹里，编号是 文件编号.意向编号。")
                notes.error(rule.path, ("find", piece.name, "intent", "any"), "R115", f"没有意向 {intent}", hint)


def _topics(rule: Rule, piece: Piece, topics: Collection[str] | None, notes: Notes) -> None:
    if isinstance(piece.operator, Topic) and topics is not None:
        for topic in piece.operator.any:
            if topic not in topics:
                hint = suggest(topic, topics, "话题写在 _topics 文件夹里，编号是 文件编号.话题编号。")
                notes.error(rule.path, ("find", piece.name, "topic", "any"), "R115", f"没有话题 {topic}", hint)
