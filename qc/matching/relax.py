"""A piece with one of its restrictions taken away: what made it fail."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from enum import Enum
from typing import NamedTuple

from qc.domain.conversation import Role
from qc.domain.operators import Keyword, Mode, Operator, Words
from qc.domain.rule import Anchor, AnchorRelation, Piece, TimeWindow, Which

ROLE_ZH = {
    Role.AGENT: "坐席",
    Role.CUSTOMER: "客户",
    Role.BOT: "机器人",
    Role.SYSTEM: "系统",
    Role.UNKNOWN: "未分角色",
}


_MOST_CHARS = 40
"""Characters of a parameter's value that are told."""


class Nearest(Enum):
    """Which of several hits comes nearest to what was asked for."""

    FIRST = "first"
    LAST = "last"
    GREATEST = "greatest"
    """The one with the greatest value."""
    LEAST = "least"
    ANCHOR = "anchor"
    """The one nearest to a hit of the anchor's piece."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relaxed:
    """A piece without one restriction. `key` is where it is written in the rule file, `wanted` what it asks for, as a
    Chinese clause; `anchor` the anchor taken away."""

    piece: Piece
    key: str
    wanted: str
    nearest: Nearest = Nearest.FIRST
    anchor: Anchor | None = None


class _Loose(NamedTuple):
    """A value with which a parameter asks for as little as possible, and which hit then comes nearest."""

    value: object
    nearest: Nearest = Nearest.FIRST


_AT_LEAST = Nearest.GREATEST
_AT_MOST = Nearest.LEAST
_LOOSE: dict[str, dict[str, _Loose]] = {
    "regex": {"exclude": _Loose(None)},
    "near": {"within": _Loose(1e5), "ordered": _Loose(False)},
    "similar": {"min_score": _Loose(0.01, _AT_LEAST)},
    "not_in": {"unless_part_of": _Loose(Words())},
    "silence": {
        "min_s": _Loose(0.001, _AT_LEAST),
        "total_s": _Loose(0.001),
        "percent": _Loose(0.001),
        "between": _Loose("any", _AT_LEAST),
    },
    "speed": {"max": _Loose(0.0, _AT_LEAST), "min": _Loose(1e9, _AT_MOST), "min_chars": _Loose(1)},
    "interrupt": {"min_overlap_s": _Loose(0.001, _AT_LEAST), "min_chars": _Loose(0), "delay_s": _Loose(0.0)},
    "call_duration": {"min_s": _Loose(0.0), "max_s": _Loose(None)},
    "talk_ratio": {"min": _Loose(0.0), "max": _Loose(None)},
    "hold": {"min_s": _Loose(0.001, _AT_LEAST), "total_s": _Loose(0.001)},
    "response_time": {"max_s": _Loose(0.0, _AT_LEAST)},
    "hangup_gap": {"min_s": _Loose(0.0), "max_s": _Loose(None)},
    "answer_gap": {"min_s": _Loose(0.0), "max_s": _Loose(None)},
    "energy": {
        "min_db": _Loose(-120.0, _AT_LEAST),
        "max_db": _Loose(0.0, _AT_MOST),
        "rise_db": _Loose(0.001, _AT_LEAST),
        "span_db": _Loose(0.001),
    },
    "turn_count": {"min": _Loose(0), "max": _Loose(None)},
    "topic": {"min_share": _Loose(0.0)},
    "entity": {"valid_only": _Loose(False)},
    "emotion": {"min_level": _Loose(0, _AT_LEAST), "component": _Loose(None), "label": _Loose(None)},
    "repeat": {
        "score": _Loose(0.5, _AT_LEAST),
        "previous": _Loose(100),
        "min_chars": _Loose(2),
        "times": _Loose(2),
        "exclude": _Loose(Words()),
    },
    "sequence": {"max_gap": _Loose(None)},
    "answer_after_question": {"turns": _Loose(10_000)},
}
"""Operator → parameter → its loosest value. Operators without one have nothing to take away."""


def present(piece: Piece) -> Piece:
    """The piece that looks for what this one wants absent."""
    operator = piece.operator
    if isinstance(operator, Keyword) and operator.mode is Mode.NONE:
        operator = replace(operator, mode=Mode.ANY)
    return replace(piece, operator=operator, frame=replace(piece.frame, negate=False))


def relaxations(piece: Piece) -> list[Relaxed]:
    """Every restriction of a piece taken away by itself: those of the frame first, then those of the operator."""
    return [*frame_relaxations(piece), *_operator(piece)]


def frame_relaxations(piece: Piece) -> list[Relaxed]:
    """Every restriction of a piece's frame taken away by itself."""
    return list(_frame(piece))


def without_frame(piece: Piece) -> Piece:
    """The operator anywhere in the conversation, once."""
    frame = replace(
        piece.frame,
        speaker=None,
        range=None,
        window=None,
        in_clause=False,
        all_turns=False,
        count_min=1,
        count_max=None,
        anchors=(),
        unless=(),
    )
    return replace(piece, frame=frame)


def _frame(piece: Piece) -> Iterator[Relaxed]:
    frame = piece.frame

    def relaxed(key: str, wanted: str, nearest: Nearest = Nearest.FIRST, **changes: object) -> Relaxed:
        changed = replace(piece, frame=replace(frame, **changes))  # type: ignore[arg-type]
        return Relaxed(piece=changed, key=key, wanted=wanted, nearest=nearest)

    if frame.speaker is not None:
        yield relaxed("speaker", f"只看{roles_zh(frame.speaker)}的话", speaker=None)
    if frame.range is not None:
        first, last = frame.range.first, frame.range.last
        nearest = Nearest.FIRST if last > 0 else Nearest.LAST
        yield relaxed("range", f"只看第 {first}..{last} 轮", nearest, range=None)
    if frame.window is not None:
        late = frame.window.last_s is not None or frame.window.last_percent is not None
        nearest = Nearest.LAST if late else Nearest.FIRST
        yield relaxed("window", f"只看{window_zh(frame.window)}", nearest, window=None)
    for index, anchor in enumerate(frame.anchors):
        rest = (*frame.anchors[:index], *frame.anchors[index + 1 :])
        key, wanted = anchor.relation.value, f"要{anchor_zh(anchor)}"
        free = replace(piece, frame=replace(frame, anchors=rest))
        yield Relaxed(piece=free, key=key, wanted=wanted, nearest=Nearest.ANCHOR, anchor=anchor)
    if frame.in_clause:
        yield relaxed("in_clause", "要在同一个分句里", in_clause=False)
    if frame.all_turns:
        yield relaxed("all_turns", "范围里每一轮都要有", all_turns=False)
    if frame.count_min > 1 or frame.count_max is not None:
        yield relaxed("count", f"要{_count_zh(frame.count_min, frame.count_max)}", count_min=1, count_max=None)
    for index, exception in enumerate(frame.unless):
        rest = (*frame.unless[:index], *frame.unless[index + 1 :])
        anywhere = exception.relation is AnchorRelation.AROUND and exception.turns is exception.seconds is None
        wanted = f"例外：有片段 {exception.piece} 就不算" if anywhere else f"例外：{anchor_zh(exception)}的不算"
        yield relaxed("unless", wanted, unless=rest)


def _operator(piece: Piece) -> Iterator[Relaxed]:
    operator = piece.operator
    if isinstance(operator, Keyword) and (operator.mode is Mode.ALL or operator.at_least > 1):
        wanted = "每个词都要有" if operator.mode is Mode.ALL else f"至少要有 {operator.at_least} 个不同的词"
        loose = replace(operator, mode=Mode.ANY, at_least=1)
        key = "all" if operator.mode is Mode.ALL else "at_least"
        yield Relaxed(piece=replace(piece, operator=loose), key=f"keyword.{key}", wanted=wanted)
    for name, loosest in _LOOSE.get(operator.key, {}).items():
        value = getattr(operator, name, None)
        if value is None or value == loosest.value:
            continue
        changed = replace(piece, operator=replace(operator, **{name: loosest.value}))  # type: ignore[arg-type]
        written = "except" if name == "exclude" else name
        yield Relaxed(
            piece=changed,
            key=f"{operator.key}.{written}",
            wanted=_asked(operator, name, _shown(value)),
            nearest=loosest.nearest,
        )


def _asked(operator: Operator, name: str, value: str) -> str:
    """The first clause of a parameter's explanation with its value: 一段静音至少几秒 → 一段静音至少 10 秒."""
    about: str = next(f.metadata["zh"] for f in fields(operator) if f.name == name)
    clause = re.split("[，：；（]", about)[0]
    for asks in ("多少", "几"):
        if asks in clause:
            return clause.replace(asks, f" {value} ", 1).strip()
    return f"{clause}：{value}"


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, Words):
        value = (*value.words, *(f"词表 {name}" for name in value.lexicons))
    text = "、".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return text if len(text) <= _MOST_CHARS else text[:_MOST_CHARS] + "…"


def roles_zh(roles: frozenset[Role]) -> str:
    """Speakers in Chinese, in a fixed order."""
    return "、".join(ROLE_ZH[role] for role in Role if role in roles)


def window_zh(window: TimeWindow) -> str:
    """A part of the conversation in Chinese."""
    for value, text in (
        (window.first_s, "最前面 {:g} 秒"),
        (window.last_s, "最后 {:g} 秒"),
        (window.first_percent, "最前面 {:g}%"),
        (window.last_percent, "最后 {:g}%"),
    ):
        if value is not None:
            return text.format(value)
    end = "结尾" if window.to_s is None else f"第 {window.to_s:g} 秒"
    return f"第 {window.from_s or 0:g} 秒到{end}"


_RELATION = {
    AnchorRelation.AFTER: "之后",
    AnchorRelation.BEFORE: "之前",
    AnchorRelation.AROUND: "前后",
    AnchorRelation.SAME_TURN: "的同一轮",
}


def anchor_zh(anchor: Anchor) -> str:
    """Where an anchor wants a hit, in Chinese: 在片段 a 第一处之后 3 轮以内."""
    which = {Which.FIRST: "第一处", Which.LAST: "最后一处", Which.EACH: "每一处", Which.NTH: f"第 {anchor.nth} 处"}
    reach = "".join(
        text
        for text in (
            f" {anchor.turns} 轮以内" if anchor.turns is not None else "",
            f" {anchor.seconds:g} 秒以内" if anchor.seconds is not None else "",
        )
    )
    place = which.get(anchor.which, "")
    return f"在片段 {anchor.piece} {place}{_RELATION[anchor.relation]}{reach}"


def _count_zh(least: int, most: int | None) -> str:
    if most is None:
        return f"至少 {least} 处"
    return f"{least} 到 {most} 处" if least > 0 else f"至多 {most} 处"
