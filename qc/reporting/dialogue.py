"""The transcript as a dialogue: bubbles whose evidence is marked, silences and overlaps between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from qc.domain.conversation import VOICE_CHANNELS
from qc.reporting.mood import Feeling, feelings
from qc.reporting.records import HitRow, Record, TurnRow
from qc.reporting.traces import Trace, of_stretch, traces

SILENCE_MS = 3_000
"""A shorter gap is ordinary turn-taking."""
OVERLAP_MS = 300
"""Shorter overlaps are the imprecision of the times."""
FLOOR = 0.35
"""The confidence below which words are not certain, where the run does not say which it took."""
_LONG_TURN = 1_500
_KEPT_HEAD, _KEPT_TAIL = 240, 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A stretch of text under the same evidence. `judgements` are the numbers it proves, `closing` those that the next
    stretch does not prove any more; `ink` is the gravest of them; `traces`: what transcription left in all of it;
    `skipped` characters without evidence were left out between `text` and `rest`."""

    text: str
    judgements: tuple[int, ...] = ()
    closing: tuple[int, ...] = ()
    ink: str = ""
    traces: tuple[Trace, ...] = ()
    skipped: int = 0
    rest: str = ""
    start_ms: int | None = None
    """When its evidence is said; None without evidence or times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bubble:
    """One turn. `whole`: judgements about the turn as such (speed, silence before it). `silence_ms`: nobody spoke
    before it for so long; `overlap_ms`: it began while the other side was still speaking."""

    turn: int
    role: str
    start_ms: int | None
    end_ms: int | None
    pieces: tuple[Piece, ...]
    whole: tuple[int, ...]
    feeling: Feeling | None
    """None: neutral."""
    doubt: str
    """invented: suspected invention of the recogniser; faint: low confidence; else empty."""
    silence_ms: int | None
    overlap_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A judgement's number and the ink of its evidence."""

    number: int
    ink: str
    rank: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of time in milliseconds before or during `turn`."""

    turn: int
    start_ms: int
    end_ms: int

    @property
    def length_ms(self) -> int:
        return self.end_ms - self.start_ms


def dialogue(record: Record, marks: Mapping[str, Mark], floor: float) -> tuple[Bubble, ...]:
    """Bubbles in order. `marks`: rule id → its judgement; `floor`: the confidence below which words are not certain."""
    hits: dict[int, list[HitRow]] = {}
    for hit in record.hits:
        if hit.turn is not None and hit.rule_id in marks:
            hits.setdefault(hit.turn, []).append(hit)
    moods = feelings(record.emotions)
    quiet = {s.turn: s.length_ms for s in silences(record)}
    over = {s.turn: s.length_ms for s in overlaps(record)}
    bubbles = []
    for turn in record.turns:
        mine = hits.get(turn.turn, [])
        spoken = [h for h in mine if _has_span(h, turn)]
        whole = sorted({marks[h.rule_id].number for h in mine if not _has_span(h, turn)})
        bubbles.append(
            Bubble(
                turn=turn.turn,
                role=turn.role,
                start_ms=turn.start_ms,
                end_ms=turn.end_ms,
                pieces=_said_at(
                    cut(turn.text, [_span(h, marks[h.rule_id]) for h in spoken], traces(turn, floor)), spoken
                ),
                whole=tuple(whole),
                feeling=moods.get(turn.turn),
                doubt=_doubt(turn, floor),
                silence_ms=quiet.get(turn.turn),
                overlap_ms=over.get(turn.turn),
            )
        )
    return tuple(bubbles)


def cut(text: str, spans: Sequence[tuple[int, int, Mark]], heard: Sequence[Trace] = ()) -> tuple[Piece, ...]:
    """Cut `text` at the ends of all spans and of what was `heard`, so that overlapping evidence needs no nested marks.

    Spans are character offsets inside `text`. Long stretches without evidence are folded away.
    """
    ends = [*((start, end) for start, end, _ in spans), *((t.start, t.end) for t in heard)]
    edges = sorted({0, len(text), *(edge for both in ends for edge in both)})
    pieces = []
    for start, end in pairwise(edges):
        over = {m.number: m for a, b, m in spans if a <= start and end <= b}
        following = {m.number for a, b, m in spans if a <= end < b}
        gravest = min(over.values(), key=lambda m: (m.rank, m.number), default=None)
        pieces.append(
            Piece(
                text=text[start:end],
                judgements=tuple(sorted(over)),
                closing=tuple(sorted(over.keys() - following)),
                ink=gravest.ink if gravest else "",
                traces=of_stretch(heard, start, end),
            )
        )
    if len(text) > _LONG_TURN:
        pieces = [_fold(p) for p in pieces]
    return tuple(pieces)


def _said_at(pieces: Sequence[Piece], hits: Sequence[HitRow]) -> tuple[Piece, ...]:
    """The pieces with the time at which the first of their `hits` begins."""
    timed, at = [], 0
    for piece in pieces:
        end = at + len(piece.text) + piece.skipped + len(piece.rest)
        over = (h for h in hits if (h.char_start or 0) <= at and end <= (h.char_end or 0))
        starts = [h.start_ms for h in over if h.start_ms is not None]
        timed.append(replace(piece, start_ms=min(starts)) if piece.judgements and starts else piece)
        at = end
    return tuple(timed)


def silences(record: Record) -> tuple[Span, ...]:
    """Gaps in which nobody speaks, at least SILENCE_MS long, between turns of a call; `turn` is the one after."""
    spans, until = [], None
    for turn in _timed(record):
        start, end = turn.start_ms or 0, turn.end_ms or 0
        if until is not None and start - until >= SILENCE_MS:
            spans.append(Span(turn=turn.turn, start_ms=until, end_ms=start))
        until = end if until is None else max(until, end)
    return tuple(spans)


def overlaps(record: Record) -> tuple[Span, ...]:
    """Turns of a call that begin while the other side is still speaking, by at least OVERLAP_MS."""
    spans = []
    speaking: dict[str, int] = {}
    for turn in _timed(record):
        start, end = turn.start_ms or 0, turn.end_ms or 0
        until = max((e for role, e in speaking.items() if role != turn.role), default=start)
        if min(until, end) - start >= OVERLAP_MS:
            spans.append(Span(turn=turn.turn, start_ms=start, end_ms=min(until, end)))
        speaking[turn.role] = max(speaking.get(turn.role, 0), end)
    return tuple(spans)


def _timed(record: Record) -> list[TurnRow]:
    if record.meta.channel not in VOICE_CHANNELS:
        return []  # in a chat a gap is somebody typing
    timed = [t for t in record.turns if t.start_ms is not None and t.end_ms is not None and t.end_ms > t.start_ms]
    return sorted(timed, key=lambda t: (t.start_ms or 0, t.end_ms or 0, t.turn))


def _has_span(hit: HitRow, turn: TurnRow) -> bool:
    if hit.char_start is None or hit.char_end is None:
        return False
    return 0 <= hit.char_start < hit.char_end <= len(turn.text)


def _span(hit: HitRow, mark: Mark) -> tuple[int, int, Mark]:
    return hit.char_start or 0, hit.char_end or 0, mark


def _doubt(turn: TurnRow, floor: float) -> str:
    if turn.confidence is None or turn.confidence >= floor:
        return ""
    return "invented" if turn.confidence == 0 else "faint"


def _fold(piece: Piece) -> Piece:
    if piece.judgements or len(piece.text) <= _KEPT_HEAD + _KEPT_TAIL:
        return piece
    return replace(
        piece,
        text=piece.text[:_KEPT_HEAD],
        skipped=len(piece.text) - _KEPT_HEAD - _KEPT_TAIL,
        rest=piece.text[-_KEPT_TAIL:],
    )
