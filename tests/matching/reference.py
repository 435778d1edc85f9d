"""The language of frames, said slowly: one conversation at a time, in the words of its definition.

Everything is certain here: every turn has a role and times, and was heard. `qc.matching` must come to the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from qc.domain.conversation import Role, Turn
from qc.domain.operators import Keyword, Mode
from qc.domain.rule import Anchor, AnchorRelation, Frame, OnEmpty, Piece, Which

CLAUSE_MARKS = "，。！？；"


@dataclass(frozen=True)
class Occurrence:
    """A word from character `start` of turn `turn` (counted from 0) to character `end` of turn `last`."""

    turn: int
    start: int
    last: int
    end: int
    word: str
    unit: object


@dataclass
class Result:
    """`hits`: the occurrences that count, in groups that count as one; `empty`: no turn was looked at."""

    true: bool
    na: bool = False
    whole: bool = False
    empty: bool = False
    hits: list[list[Occurrence]] = field(default_factory=list)
    excused: set[str] = field(default_factory=set)


def verdict(pieces: Sequence[Piece], turns: Sequence[Turn]) -> tuple[str, Result]:
    """What `when: p` says, and p with `empty` where it or a piece it refers to, which come before it, looked at no
    turn."""
    done = _judge(pieces, turns)
    done["p"] = replace(done["p"], empty=any(result.empty for result in done.values()))
    said = _said(done["p"])
    if said == "miss":
        bare = [replace(p, frame=replace(p.frame, unless=())) for p in pieces]
        if _said(_judge(bare, turns)["p"]) == "hit":
            return "excused", done["p"]
    return said, done["p"]


def _said(result: Result) -> str:
    return "not_applicable" if result.na else "hit" if result.true else "miss"


def _judge(pieces: Sequence[Piece], turns: Sequence[Turn]) -> dict[str, Result]:
    done: dict[str, Result] = {}
    for piece in pieces:
        done[piece.name] = piece_on(piece, turns, done)
    return done


def piece_on(piece: Piece, turns: Sequence[Turn], done: Mapping[str, Result]) -> Result:
    operator, frame = piece.operator, piece.frame
    assert isinstance(operator, Keyword)
    negate = frame.negate != (operator.mode is Mode.NONE)
    inside = selected(frame, turns)
    each = None
    for anchor in frame.anchors:
        if anchor.which is Which.EACH:
            each = anchor
        else:
            reach = reached(anchor, done[anchor.piece], turns)
            inside = [i for i in inside if i in reach]
    hits = occurrences(operator, frame, inside, turns)
    excused = set()
    if not negate:
        for exception in frame.unless:
            other = done[exception.piece]
            free = set(range(len(turns))) if other.whole and _holds(other) else reached(exception, other, turns)
            kept = [group for group in hits if not any(o.turn in free or o.last in free for o in group)]
            if len(kept) < len(hits):
                excused.add(exception.piece)
            hits = kept
    if each is None:
        result = decided(frame, negate, inside, hits)
    else:
        result = at_each(frame, negate, each, inside, hits, done[each.piece], turns)
    if negate:
        excused = {x.piece for x in frame.unless if _holds(done[x.piece])}
        result.true = result.true and not excused
    result.whole, result.excused = negate, excused
    return result


def _holds(result: Result) -> bool:
    return result.true and not result.na


def at_each(
    frame: Frame,
    negate: bool,
    anchor: Anchor,
    inside: list[int],
    hits: list[list[Occurrence]],
    other: Result,
    turns: Sequence[Turn],
) -> Result:
    places = standing(other)
    near = [_reach(anchor, [group], turns) for group in places]
    if not any(i in reach for reach in near for i in inside):
        return decided(frame, negate, [], [])
    every = []
    for reach in near:
        at = decided(frame, negate, [i for i in inside if i in reach], [g for g in hits if g[0].turn in reach])
        every.append(at.true or at.na)
    union = set().union(*near)
    return Result(true=all(every), hits=[g for g in hits if g[0].turn in union])


def decided(frame: Frame, negate: bool, inside: list[int], hits: list[list[Occurrence]]) -> Result:
    if not inside:
        return Result(true=frame.on_empty is OnEmpty.HIT, na=frame.on_empty is OnEmpty.NA, empty=True)
    if frame.all_turns:
        true = all(any(o.turn == i for group in hits for o in group) for i in inside)
    else:
        true = frame.count_min <= len(hits) and (frame.count_max is None or len(hits) <= frame.count_max)
    return Result(true=true != negate, hits=hits)


def selected(frame: Frame, turns: Sequence[Turn]) -> list[int]:
    """The turns of the speaker, range and window."""
    mine = [i for i, turn in enumerate(turns) if frame.speaker is None or turn.role in frame.speaker]
    if frame.range is not None:
        first, last = frame.range.first, frame.range.last
        low = first - 1 if first > 0 else max(len(mine) + first, 0)
        high = last if last > 0 else len(mine) + last + 1
        mine = mine[low : max(high, 0)]
    if frame.window is not None:
        window, end = frame.window, max((t.end_ms for t in turns), default=0)
        lo, hi = 0.0, float("inf")
        if window.first_s is not None:
            hi = window.first_s * 1000
        if window.last_s is not None:
            lo = end - window.last_s * 1000
        if window.from_s is not None:
            lo = window.from_s * 1000
        if window.to_s is not None:
            hi = window.to_s * 1000
        mine = [i for i in mine if turns[i].start_ms < hi and max(turns[i].end_ms, turns[i].start_ms + 1) > lo]
    return mine


def occurrences(operator: Keyword, frame: Frame, inside: list[int], turns: Sequence[Turn]) -> list[list[Occurrence]]:
    """Where the words stand in the turns, in groups that count as one hit."""
    places = [(i, n) for i in inside for n in range(len(turns[i].text))]
    text = "".join(turns[i].text[n] for i, n in places)
    found = []
    for word in operator.words.words:
        for at in range(len(text) - len(word) + 1):
            (turn, start), (last, end) = places[at], places[at + len(word) - 1]
            if not text.startswith(word, at) or (turn != last and not frame.joined):
                continue
            clause = sum(mark in CLAUSE_MARKS for mark in turns[turn].text[:start])
            unit: object = "all" if frame.joined else (turn, clause) if frame.in_clause else turn
            found.append(((at, at + len(word)), Occurrence(turn, start, last, end + 1, word, unit)))
    needed = len(set(operator.words.words)) if operator.mode is Mode.ALL else operator.at_least
    if needed <= 1:
        spans = [span for span, _ in found]
        return [[o] for span, o in sorted(found, key=lambda f: f[0]) if not _inside_another(span, spans)]
    units: dict[object, list[Occurrence]] = {}
    for _, occurrence in sorted(found, key=lambda f: f[0]):
        units.setdefault(occurrence.unit, []).append(occurrence)
    return [group for group in units.values() if len({o.word for o in group}) >= needed]


def _inside_another(span: tuple[int, int], spans: Sequence[tuple[int, int]]) -> bool:
    return any(a <= span[0] and span[1] <= b and (a, b) != span for a, b in spans)


def standing(other: Result) -> list[list[Occurrence]]:
    """Hits others can stand near to: an absence stands nowhere, and a piece that is not true has none."""
    return other.hits if other.true and not other.whole else []


def reached(anchor: Anchor, other: Result, turns: Sequence[Turn]) -> set[int]:
    groups = standing(other)
    match anchor.which:
        case Which.FIRST:
            groups = groups[:1]
        case Which.LAST:
            groups = groups[-1:]
        case Which.NTH:
            assert anchor.nth is not None
            groups = groups[anchor.nth - 1 : anchor.nth]
    return _reach(anchor, groups, turns)


def _reach(anchor: Anchor, groups: Sequence[Sequence[Occurrence]], turns: Sequence[Turn]) -> set[int]:
    return {i for group in groups for hit in group for i in range(len(turns)) if _near(anchor, hit, i, turns)}


def _near(anchor: Anchor, hit: Occurrence, i: int, turns: Sequence[Turn]) -> bool:
    if anchor.relation is AnchorRelation.SAME_TURN:
        return hit.turn <= i <= hit.last
    if anchor.relation is AnchorRelation.AFTER and i <= hit.last:
        return False
    if anchor.relation is AnchorRelation.BEFORE and i >= hit.turn:
        return False
    near = True
    if anchor.turns is not None:
        near = hit.turn - anchor.turns <= i <= hit.last + anchor.turns
    if anchor.seconds is not None:
        reach = round(anchor.seconds * 1000)
        began, ended = said_at(turns[hit.turn], hit.start), said_at(turns[hit.last], hit.end)
        near = near and turns[i].start_ms <= ended + reach and turns[i].end_ms >= began - reach
    return near


def said_at(turn: Turn, char: int) -> int:
    """When a character was said, in ms."""
    assert turn.start_ms is not None
    assert turn.end_ms is not None
    return turn.start_ms + (turn.end_ms - turn.start_ms) * char // max(len(turn.text), 1)


ROLES = (Role.AGENT, Role.CUSTOMER)
