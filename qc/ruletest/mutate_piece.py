"""One piece of a rule, changed in one place in every way we know."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from enum import Enum
from typing import TypeVar

from qc.domain.conversation import Role
from qc.domain.operators import TEXTUAL, Emotion, EmotionAt, Keyword, Mode, Regex, Words, measures_whole
from qc.domain.rule import Frame, Piece, TimeWindow, TurnRange
from qc.ruletest.mutate_regex import without_alternatives
from qc.ruletest.mutate_value import shifts
from qc.text.normalise import normalise
from qc.text.regex import compile_pattern

Option = TypeVar("Option")

ROLE_ZH = {
    Role.AGENT: "坐席",
    Role.CUSTOMER: "客户",
    Role.BOT: "机器人",
    Role.SYSTEM: "系统",
    Role.UNKNOWN: "不明说话人",
}
_OTHER = {Role.AGENT: Role.CUSTOMER, Role.CUSTOMER: Role.AGENT, Role.BOT: Role.CUSTOMER, Role.SYSTEM: Role.AGENT}


_EXCLUDING = frozenset({"exclude", "unless_part_of"})
"""Word lists of what does not count: with a word less the piece holds more often."""


class Effect(Enum):
    """What a change does to the piece: it holds less often, more often, or now here, now there."""

    NARROWER = -1
    EITHER = 0
    WIDER = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A changed piece. `what` was done, and the `case` (一个…的测试) that would tell, in Chinese; `needle` is the text
    of the file it is about."""

    piece: Piece
    what: str
    case: str
    effect: Effect = Effect.EITHER
    needle: str = ""


MOST = 8
"""Of one list of words, and of one expression's alternatives, so many are tried: first those the tests say, then
others. A rule need not have a test for every word, only for enough of them; and a word more never lowers a score."""


def changes(piece: Piece, said: str, most: int) -> Iterator[Change]:
    """Every changed version of the piece; some may say the same in other words. `said`: what its speaker says in the
    tests, normalised, one turn a line; `most`: see MOST."""
    yield _framed(piece, "取反", "有它和没有它两种情况", Effect.EITHER, negate=not piece.frame.negate)
    yield from _operator(piece, said, most)
    yield from _speakers(piece)
    yield from _frame(piece)


def without_words(piece: Piece, lexicon: str, word: str, reduced: str) -> Iterator[Change]:
    """The piece with the lexicon `reduced`, which lacks `word`, in the place of `lexicon`."""
    for name, words in _lists(piece):
        if lexicon in words.lexicons:
            lexicons = tuple(reduced if other == lexicon else other for other in words.lexicons)
            what, case = f"从词表 {lexicon} 里去掉“{word}”", f"只说“{word}”"
            yield _worded(piece, name, replace(words, lexicons=lexicons), what, case, lexicon)


def _operator(piece: Piece, said: str, most: int) -> Iterator[Change]:
    special: set[str] = set()
    for name, words in _lists(piece):
        special.add(name)
        spoken = [word for word in words.words if normalise(word) in said]
        for word in _first([*spoken, *words.words], most):
            if len(words.words) > 1 or words.lexicons or name in _EXCLUDING:
                less = replace(words, words=tuple(other for other in words.words if other != word))
                yield _worded(piece, name, less, f"去掉词“{word}”", f"只说“{word}”", word)
        for number, lexicon in enumerate(words.lexicons):
            if len(words.lexicons) > 1 or words.words or name in _EXCLUDING:
                less = replace(words, lexicons=words.lexicons[:number] + words.lexicons[number + 1 :])
                yield _worded(piece, name, less, f"去掉词表 {lexicon}", f"只说到词表 {lexicon} 里的词", lexicon)
        for shift in shifts(words, frozenset({"words", "lexicons"})):
            yield _changed(piece, name, shift.changed, shift.what, shift.case, Effect.EITHER)
    if isinstance(piece.operator, Regex):
        special |= {"pattern", "exclude"}
        yield from _regex(piece, piece.operator, said, most)
    for shift in shifts(piece.operator, frozenset(special)):
        changed = replace(piece, operator=shift.changed)
        yield Change(piece=changed, what=shift.what, case=shift.case)


def _lists(piece: Piece) -> Iterator[tuple[str, Words]]:
    for field in fields(piece.operator):
        value = getattr(piece.operator, field.name)
        if isinstance(value, Words):
            yield field.name, value


def _worded(piece: Piece, name: str, words: Words, what: str, case: str, needle: str) -> Change:
    every = isinstance(piece.operator, Keyword) and piece.operator.mode is Mode.ALL
    if every:
        case = f"别的词都说了、只差“{needle}”"
    elif name in _EXCLUDING:
        case = f"靠“{needle}”才放过"
    effect = Effect.WIDER if every or name in _EXCLUDING else Effect.NARROWER
    return _changed(piece, name, words, what, case, effect, needle)


def _changed(piece: Piece, name: str, value: object, what: str, case: str, effect: Effect, needle: str = "") -> Change:
    operator = replace(piece.operator, **{name: value})  # type: ignore[arg-type]
    return Change(piece=replace(piece, operator=operator), what=what, case=case, effect=effect, needle=needle)


def _regex(piece: Piece, operator: Regex, said: str, most: int) -> Iterator[Change]:
    """Alternatives of the expression are sayings of their own; those of a group in it are words of a list, and as with
    lexicons only those are tried without which some turn of the tests would not match."""
    dropped = list(without_alternatives(operator.pattern))
    turns = _matching(operator.pattern, said.split("\n")) if dropped else []
    tested = [
        one for one in dropped if _matching(one.alternative, turns) and len(_matching(one.pattern, turns)) < len(turns)
    ]
    whole = _first([one for one in (*tested, *dropped) if one.whole], most)
    for one in (*whole, *(one for one in tested if not one.whole)):
        shown = _short(one.alternative)
        what, case = f"去掉正则里的分支“{shown}”", f"只有分支“{shown}”才匹配得上"
        yield _changed(piece, "pattern", one.pattern, what, case, Effect.NARROWER, one.alternative)
    if operator.exclude is not None:
        yield _changed(piece, "exclude", None, "去掉 except", "靠 except 才放过", Effect.WIDER, "except")


def _matching(pattern: str, turns: Sequence[str]) -> list[str]:
    """The turns in which the expression matches."""
    compiled = compile_pattern(pattern, by_turn=True)
    return [turn for turn in turns if compiled.search(turn.encode())]


def _first(options: Iterable[Option], most: int) -> list[Option]:
    """The first `most` different ones."""
    return list(dict.fromkeys(options))[:most]


def _short(text: str, most: int = 24) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _speakers(piece: Piece) -> Iterator[Change]:
    speaker = piece.frame.speaker
    emotion = piece.operator if isinstance(piece.operator, Emotion) else None
    if speaker is None or measures_whole(piece.operator) or (emotion is not None and emotion.soothed is not None):
        return
    said = "或".join(ROLE_ZH[role] for role in sorted(speaker))
    if len(speaker) == 1:
        [role] = speaker
        if role in _OTHER:
            other = _OTHER[role]
            what = f"把 speaker 从 {role.value} 换成 {other.value}"
            yield _framed(piece, what, f"由{said}说", Effect.EITHER, "speaker", speaker=frozenset({other}))
    else:
        for role in sorted(speaker):
            what, case = f"从 speaker 里去掉 {role.value}", f"由{ROLE_ZH[role]}说"
            yield _framed(piece, what, case, Effect.NARROWER, "speaker", speaker=speaker - {role})
    if type(piece.operator) in TEXTUAL and (emotion is None or emotion.at is not EmotionAt.REACTION):
        what, case = "不管谁说都算（speaker: any）", f"由{said}以外的人说同样的话"
        yield _framed(piece, what, case, Effect.WIDER, "speaker", speaker=None)


def _frame(piece: Piece) -> Iterator[Change]:
    frame = piece.frame
    if frame.range is not None:
        yield from _range(piece, frame.range)
    if frame.window is not None:
        yield from _window(piece, frame.window)
    if frame.count_min != 1 or frame.count_max is not None:
        what = f"去掉 count（{frame.count_min} 到 {'不限' if frame.count_max is None else frame.count_max}）"
        yield _framed(piece, what, "处数不够或太多", Effect.EITHER, "count", count_min=1, count_max=None)
    for shift in shifts(frame, _COMPOUND):
        yield Change(piece=replace(piece, frame=shift.changed), what=shift.what, case=shift.case)
    for number, anchor in enumerate(frame.anchors):
        others = frame.anchors[:number], frame.anchors[number + 1 :]
        where = f"{anchor.relation.value}: {anchor.piece}"
        yield _framed(
            piece,
            f"去掉 {where}",
            f"有 {piece.name} 而不在 {anchor.piece} 的{_PLACE[anchor.relation.value]}",
            Effect.WIDER,
            anchor.relation.value,
            anchors=(*others[0], *others[1]),
        )
        for shift in shifts(anchor, frozenset({"relation", "piece"})):
            changed = (*others[0], shift.changed, *others[1])
            yield _framed(piece, f"{where}，{shift.what}", shift.case, Effect.EITHER, "", anchors=changed)
    for number, anchor in enumerate(frame.unless):
        others = frame.unless[:number], frame.unless[number + 1 :]
        case = f"因为 {anchor.piece} 才放过"
        yield _framed(
            piece, f"去掉 unless: {anchor.piece}", case, Effect.WIDER, "unless", unless=(*others[0], *others[1])
        )
        for shift in shifts(anchor, frozenset({"relation", "piece"})):
            changed = (*others[0], shift.changed, *others[1])
            what = f"unless: {anchor.piece}，{shift.what}"
            yield _framed(piece, what, shift.case, Effect.EITHER, "unless", unless=changed)


_COMPOUND = frozenset({"speaker", "range", "window", "negate", "on_empty", "anchors", "unless"})
_PLACE = {"after": "后面", "before": "前面", "around": "前后", "same_turn": "同一轮"}


def _range(piece: Piece, given: TurnRange) -> Iterator[Change]:
    """The open end moves by one: the end that is farther from the conversation's edge the range is counted from."""
    text = f"{given.first}..{given.last}"
    moved = [replace(given, last=given.last + step) for step in (1, -1)]
    if given.first < 0 and given.last < 0:
        moved = [replace(given, first=given.first + step) for step in (-1, 1)]
    for other in moved:
        wrong_order = (other.first > 0) == (other.last > 0) and other.first > other.last
        if 0 in (other.first, other.last) or wrong_order:
            continue
        shown = f"{other.first}..{other.last}"
        effect = Effect.WIDER if other is moved[0] else Effect.NARROWER
        inner, outer = (text, shown) if effect is Effect.WIDER else (shown, text)
        case = f"证据在 {outer} 之内、{inner} 之外"
        yield _framed(piece, f"把 range 从 {text} 改成 {shown}", case, effect, "range", range=other)


def _window(piece: Piece, given: TimeWindow) -> Iterator[Change]:
    for shift in shifts(given):
        yield _framed(piece, f"window 里{shift.what}", shift.case, Effect.EITHER, "window", window=shift.changed)


def _framed(piece: Piece, what: str, case: str, effect: Effect, needle: str = "", **fields_: object) -> Change:
    frame: Frame = replace(piece.frame, **fields_)  # type: ignore[arg-type]
    return Change(piece=replace(piece, frame=frame), what=what, case=case, effect=effect, needle=needle)
