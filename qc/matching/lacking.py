"""What there is to say of a piece that found nothing: what was looked for, how far it got, what was there instead."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from qc.domain.conversation import Conversation
from qc.domain.operators import (
    AnswerAfterQuestion,
    CallDuration,
    EntitySpan,
    Flow,
    Keyword,
    Meta,
    Near,
    Regex,
    RoleIs,
    Sequence,
    Silence,
    Topic,
    Words,
)
from qc.domain.rule import Piece, Rule, Truth
from qc.errors import QcError
from qc.matching.meta import field_value
from qc.matching.relax import ROLE_ZH
from qc.text.normalise import normalise
from qc.text.regex import compile_pattern

if TYPE_CHECKING:
    from qc.matching.explain import PieceStory

Probe = Callable[[Piece], "PieceStory"]
_MOST_WORDS = 8
_MOST_CUTS = 300
"""Beginnings of an expression that are tried."""
_TELLING = 2
"""Characters a beginning must match: one alone is found anywhere."""


def lacking(piece: Piece, rule: Rule, conversation: Conversation, probe: Probe) -> str:
    """A Chinese sentence; empty when there is nothing to add."""
    operator = piece.operator
    match operator:
        case Keyword():
            return f"要找的词：{_words(operator.words)}"
        case Near():
            return f"第一组词：{_words(operator.a)}；第二组词：{_words(operator.b)}"
        case Regex():
            return _longest(operator.pattern, piece, conversation)
        case Silence():
            return "" if any(turn.start_ms is not None for turn in conversation.turns) else "会话没有时间信息"
        case Meta():
            value = field_value(conversation.meta, operator.name)
            return f"随录参数 {operator.name} " + ("没有值" if value is None else f"是 {value}")
        case RoleIs():
            return _speaker(operator, conversation)
        case CallDuration():
            return "" if conversation.turns else "会话里一轮话也没有"
        case Sequence():
            return _how_far(operator, piece, probe)
        case Flow():
            return "规定的步骤都做到了"
        case AnswerAfterQuestion():
            asked = probe(_named(rule, operator.question))
            return "没有人问" if asked.truth is Truth.FALSE else "问题得到了回答，或者问完再没有别人说话"
        case EntitySpan():
            return f"要找的信息：{'、'.join(operator.types)}"
        case Topic():
            return f"要找的话题：{'、'.join(operator.any)}"
    return ""


def _named(rule: Rule, name: str) -> Piece:
    return next(piece for piece in rule.pieces if piece.name == name)


def _words(words: Words) -> str:
    shown = "、".join(words.words[:_MOST_WORDS])
    if len(words.words) > _MOST_WORDS:
        shown += f"等 {len(words.words)} 个"
    listed = "、".join(f"词表 {name}" for name in words.lexicons)
    return "，".join(part for part in (shown, listed) if part)


def _speaker(operator: RoleIs, conversation: Conversation) -> str:
    turns, k = conversation.turns, operator.turn
    if not 1 <= abs(k) <= len(turns):
        return f"会话只有 {len(turns)} 轮"
    index = k - 1 if k > 0 else k
    return f"{'倒数' if k < 0 else ''}第 {abs(k)} 轮是{ROLE_ZH[turns[index].role]}说的"


def _how_far(operator: Sequence, piece: Piece, probe: Probe) -> str:
    """The first step at which the course ends."""
    for count in range(1, len(operator.steps)):
        steps = operator.steps[: count + 1]
        story = probe(replace(piece, operator=replace(operator, steps=steps)))
        if story.truth is Truth.FALSE:
            done = "、".join(operator.steps[:count])
            return f"第 {count + 1} 步 {steps[-1]} 没有跟在 {done} 之后"
    return ""


def _longest(pattern: str, piece: Piece, conversation: Conversation) -> str:
    """The longest beginning of an expression that matches a turn of the framed speakers. Only places between two parts
    of the expression are tried: where a beginning is an expression of its own."""
    best = ("", 0, "")
    for source in _beginnings(pattern):
        try:
            compiled = compile_pattern(source, by_turn=True)
        except QcError:
            continue
        for number, turn in enumerate(conversation.turns, 1):
            if piece.frame.speaker is not None and turn.role not in piece.frame.speaker:
                continue
            buffer = normalise(turn.text).encode("utf-8", "replace")
            span = next(compiled.spans(buffer), None)
            if span is None or len(source) <= len(best[0]):
                continue
            found = len(buffer[: span[0]].decode("utf-8", "ignore"))
            length = len(buffer[span[0] : span[1]].decode("utf-8", "ignore"))
            if length >= _TELLING:
                best = (source, number, turn.text[found : found + length])
                break
    if not best[0]:
        return "没有一轮话符合这个正则"
    return f"正则最长只匹配到开头的 {best[0]}：第 {best[1]} 轮“{best[2]}”"


def _beginnings(pattern: str) -> Iterator[str]:
    """Proper beginnings of the alternatives of an expression, cut outside of groups and classes, before an atom."""
    depth, in_class, escaped, start, tried = 0, False, False, 0, 0
    for at, char in enumerate(pattern):
        if depth == 0 and not in_class and not escaped and at > start and char not in "*+?{|)" and tried < _MOST_CUTS:
            tried += 1
            yield pattern[start:at]
        if escaped:
            escaped = False
        elif char == "\\":
            escaped = True
        elif in_class:
            in_class = char != "]"
        elif char == "[":
            in_class = True
        elif char in "()":
            depth += 1 if char == "(" else -1
        elif char == "|" and depth == 0:
            if at > start:
                yield pattern[start:at]
            start = at + 1
