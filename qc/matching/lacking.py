"""What there is to say of a piece that found nothing: what was looked for, how far it got, what was there instead."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from qc.domain.conversation import Conversation
from qc.domain.operators import (
    ENTITY_ZH,
    AnswerAfterQuestion,
    CallDuration,
    EntitySpan,
    Flow,
    Intent,
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
from qc.matching.story import PieceStory
from qc.text.normalise import normalise
from qc.text.regex import Pattern, compile_pattern

Probe = Callable[[Piece], PieceStory]
_MOST_WORDS = 8
_MOST_CHARS = 40
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
            asked = probe(rule.piece(operator.question))
            return "没有人问" if asked.truth is Truth.FALSE else "问题得到了回答，或者问完再没有别人说话"
        case EntitySpan():
            return f"要找的信息：{'、'.join(ENTITY_ZH[name] for name in operator.types)}"
        case Topic():
            return f"要找的话题：{'、'.join(operator.any)}"
        case Intent():
            return f"要找的意向：{'、'.join(operator.any)}，至少 {operator.level} 级"
    return ""


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
    longest, found = 0, ""
    for source, rest in _beginnings(pattern):
        try:
            compiled = compile_pattern(source, by_turn=True)
        except QcError:
            continue
        for number, turn in enumerate(conversation.turns, 1):
            if len(source) <= longest or (piece.frame.speaker is not None and turn.role not in piece.frame.speaker):
                continue
            _, matched = next(matches(compiled, turn.text), (0, ""))
            if len(matched) >= _TELLING:
                longest = len(source)
                found = f"正则只匹配到前一段：第 {number} 轮“{matched}”，后面还要 {rest[:_MOST_CHARS]}"
                found += "…" if len(rest) > _MOST_CHARS else ""
    return found or "没有一轮话符合这个正则"


def matches(pattern: Pattern, text: str) -> Iterator[tuple[int, str]]:
    """(first character, text) of the parts of a turn's text that match."""
    buffer = normalise(text).encode("utf-8", "replace")
    for first, last in pattern.spans(buffer):
        start = len(buffer[:first].decode("utf-8", "ignore"))
        yield start, text[start : start + len(buffer[first:last].decode("utf-8", "ignore"))]


def _beginnings(pattern: str) -> Iterator[tuple[str, str]]:
    """Proper beginnings of the alternatives of an expression and what follows each, cut outside of groups and classes,
    before an atom."""
    for whole in _alternatives(pattern):
        cuts = [at for at, depth in _depths(whole) if depth == 0 and at > 0 and whole[at] not in "*+?{)"]
        for at in cuts[:_MOST_CUTS]:
            yield whole[:at], whole[at:]


def _alternatives(pattern: str) -> Iterator[str]:
    start = 0
    for at, depth in _depths(pattern):
        if depth == 0 and pattern[at] == "|":
            yield pattern[start:at]
            start = at + 1
    yield pattern[start:]


def _depths(pattern: str) -> Iterator[tuple[int, int]]:
    """(place, depth) of every character: 0 outside of groups, classes, repetitions and escapes. What opens one of these
    is outside of it."""
    depth, in_class, in_count, escaped = 0, False, False, False
    for at, char in enumerate(pattern):
        if escaped or in_class or in_count:
            yield at, depth + 1
            in_class, in_count = in_class and (escaped or char != "]"), in_count and char != "}"
            escaped = not escaped and char == "\\"
            continue
        depth -= char == ")"
        yield at, depth + (char == ")")
        depth += char == "("
        in_class, in_count, escaped = char == "[", char == "{", char == "\\"
