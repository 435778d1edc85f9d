"""One picture of a conversation: mood of both sides over time and what moved it, who spoke when, silences, overlaps,
evidence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from qc.domain.language import say
from qc.reporting.charts import Box, Label, r
from qc.reporting.dialogue import Mark, Span, overlaps, silences
from qc.reporting.formatting import clock, number
from qc.reporting.labels import ROLE
from qc.reporting.mood import Course
from qc.reporting.records import Record, TurnRow

_WIDTH, _LEFT, _RIGHT = 1184.0, 64.0, 12.0
_MOOD_TOP, _MOOD_BOTTOM = 34.0, 134.0
_LANES_TOP, _LANES_ALONE, _LANE, _BAR = 162.0, 30.0, 24.0, 14.0
"""Top of the lanes under the mood, or without one (a recording whose speakers are not told apart)."""
_STEPS_MS = (5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000, 3_600_000)
_MOST_TICKS = 12
CROWDED = 400
"""With more turns a chart has no mark and no link for each, and its table lists so many: a page stays small."""
_FLAG = 15.0
"""Room a flag takes."""
_NAME = 122.0
"""Room the name of a turn that stands out takes: ▼ 此后变差 第 12 轮."""

Scale = Callable[[float], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """A turn's polarity and the mood of its speaker there, with what a reader is told of it."""

    x: float
    y: float
    turn: int
    role: str
    polarity: float
    mood: float
    level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One side's mood: `points` of the line are smoothed where the run says so, `dots` are the turns themselves."""

    role: str
    ink: str
    points: str
    dots: tuple[Dot, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Turning:
    """A turn that stands out: the customer's worst (peak), the agent's that calmed or inflamed. `x`: the turn,
    `label_x`: where its name begins above the mood."""

    x: float
    turn: int
    kind: str
    label_x: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    role: str
    y: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """A turn on its lane."""

    box: Box
    turn: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A silence or an overlap; `label` is empty when there is no room for it."""

    box: Box
    span: Span
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """Evidence above the lanes."""

    x: float
    y: float
    number: int
    ink: str
    turn: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Panorama:
    """`timed` is False where turns carry no times: then the x axis counts turns."""

    width: float
    height: float
    left: float
    right: float
    timed: bool
    crowded: bool
    """There are more than CROWDED turns."""
    end: float
    """Where `right` is: milliseconds, or turns."""
    mood_top: float
    mood_bottom: float
    zero: float
    curves: tuple[Curve, ...]
    smoothed: bool
    turnings: tuple[Turning, ...]
    lanes: tuple[Lane, ...]
    stays: tuple[Stay, ...]
    silences: tuple[Gap, ...]
    overlaps: tuple[Gap, ...]
    flags: tuple[Flag, ...]
    ticks: tuple[Label, ...]
    axis: float

    def felt(self) -> Mapping[int, Dot]:
        """Turn → its dot, of whichever side."""
        return {dot.turn: dot for curve in self.curves for dot in curve.dots}


def panorama(record: Record, marks: dict[str, Mark], course: Course | None) -> Panorama | None:
    """None for a conversation without turns."""
    if not record.turns:
        return None
    timed = any(t.start_ms is not None for t in record.turns)
    end = _end(record, timed)
    scale = (_WIDTH - _LEFT - _RIGHT) / end

    def x(moment: float) -> float:
        return _LEFT + min(max(moment, 0.0), end) * scale

    present = {t.role for t in record.turns}
    roles = [role for role in ROLE if role in present] + sorted(present - ROLE.keys())
    spans = {t.turn: _span(t, i, timed) for i, t in enumerate(record.turns)}
    curves = tuple(c for role in ("customer", "agent", "bot") if (c := _curve(record, role, spans, x)) is not None)
    top = _LANES_TOP if curves else _LANES_ALONE
    lanes = tuple(Lane(role=role, y=top + i * _LANE) for i, role in enumerate(roles))
    y_of = {lane.role: lane.y for lane in lanes}
    bottom = top + len(lanes) * _LANE
    stays = [
        Stay(
            turn=t.turn,
            box=Box(
                x=r(x(spans[t.turn][0])),
                y=r(y_of[t.role]),
                width=r(max(x(spans[t.turn][1]) - x(spans[t.turn][0]), 2.5)),
                height=_BAR,
                ink=f"role-{t.role}",
            ),
        )
        for t in record.turns
    ]

    def gap(span: Span, ink: str) -> Gap:
        wide = x(span.end_ms) - x(span.start_ms)
        box = Box(x=r(x(span.start_ms)), y=top - 4, width=r(max(wide, 2)), height=r(bottom - top), ink=ink)
        return Gap(box=box, span=span, label=say("{n} 秒", n=number(span.length_ms / 1000, 0)) if wide > 70 else "")

    return Panorama(
        width=_WIDTH,
        height=bottom + 26,
        left=_LEFT,
        right=_WIDTH - _RIGHT,
        timed=timed,
        crowded=len(record.turns) > CROWDED,
        end=end,
        mood_top=_MOOD_TOP,
        mood_bottom=_MOOD_BOTTOM,
        zero=(_MOOD_TOP + _MOOD_BOTTOM) / 2,
        curves=curves,
        smoothed=any(e.smoothed is not None for e in record.emotions),
        turnings=_turnings(course, curves),
        lanes=lanes,
        stays=tuple(stays),
        silences=tuple(gap(s, "gap-silence") for s in silences(record)),
        overlaps=tuple(gap(s, "gap-overlap") for s in overlaps(record)),
        flags=_flags(record, marks, spans, x, top - 12),
        ticks=_ticks(end, timed, x, bottom + 16),
        axis=bottom,
    )


def _end(record: Record, timed: bool) -> float:
    if not timed:
        return float(len(record.turns))
    ends = [t.end_ms or t.start_ms or 0 for t in record.turns]
    return float(max(*ends, record.meta.duration_ms or 0, 1))


def _span(turn: TurnRow, index: int, timed: bool) -> tuple[float, float]:
    if not timed:
        return index + 0.1, index + 0.9
    start = float(turn.start_ms or 0)
    return start, float(turn.end_ms if turn.end_ms is not None else start)


def _curve(record: Record, role: str, spans: dict[int, tuple[float, float]], x: Scale) -> Curve | None:
    mine = [e for e in record.emotions if e.role == role and e.turn in spans]
    if any(e.smoothed is not None for e in mine):
        mine = [e for e in mine if e.smoothed is not None]  # the others say nothing
    if not mine:
        return None
    at = [r(x(sum(spans[e.turn]) / 2)) for e in mine]
    line = [e.polarity if e.smoothed is None else e.smoothed for e in mine]
    return Curve(
        role=role,
        ink=f"curve-{role}",
        points=" ".join(f"{left},{_height(mood)}" for left, mood in zip(at, line, strict=True)),
        dots=tuple(
            Dot(x=left, y=_height(e.polarity), turn=e.turn, role=role, polarity=e.polarity, mood=mood, level=e.level)
            for left, mood, e in zip(at, line, mine, strict=True)
        ),
    )


def _height(polarity: float) -> float:
    """Where a polarity stands, 1 at the top."""
    return r((_MOOD_TOP + _MOOD_BOTTOM) / 2 - max(-1.0, min(1.0, polarity)) * (_MOOD_BOTTOM - _MOOD_TOP) / 2)


def _turnings(course: Course | None, curves: Sequence[Curve]) -> tuple[Turning, ...]:
    """What stands out, from left to right, with names that do not cover each other."""
    dots = {dot.turn: dot for curve in curves for dot in curve.dots}
    found = [] if course is None else [(dots[turn], kind) for turn, kind in course.marks if turn in dots]
    found.sort(key=lambda both: (both[0].x, both[1]))
    names = _apart([max(dot.x - _NAME / 2, _LEFT) for dot, _ in found], _NAME, _WIDTH - _RIGHT - _NAME)
    return tuple(
        Turning(x=dot.x, turn=dot.turn, kind=kind, label_x=r(name))
        for (dot, kind), name in zip(found, names, strict=True)
    )


def _flags(
    record: Record, marks: dict[str, Mark], spans: dict[int, tuple[float, float]], x: Scale, y: float
) -> tuple[Flag, ...]:
    flags: dict[tuple[int, int], Flag] = {}
    for hit in record.hits:
        mark = marks.get(hit.rule_id)
        if mark is None or hit.turn not in spans or (mark.number, hit.turn) in flags:
            continue
        flags[mark.number, hit.turn] = Flag(
            x=r(x(spans[hit.turn][0])), y=y, number=mark.number, ink=mark.ink, turn=hit.turn
        )
    return tuple(_spread(sorted(flags.values(), key=lambda f: (f.x, f.number))))


def _spread(flags: Sequence[Flag]) -> list[Flag]:
    xs = _apart([flag.x for flag in flags], _FLAG, _WIDTH - _RIGHT)
    return [replace(flag, x=r(x)) for flag, x in zip(flags, xs, strict=True)]


def _apart(wanted: Sequence[float], room: float, limit: float) -> list[float]:
    """Places moved apart until none is nearer to the one before than `room`: to the right, and back from `limit` where
    they run over it."""
    xs: list[float] = []
    for x in wanted:
        xs.append(max(x, xs[-1] + room) if xs else x)
    for i in range(len(xs) - 1, -1, -1):
        xs[i] = min(xs[i], limit)
        limit = xs[i] - room
    return xs


def _ticks(end: float, timed: bool, x: Scale, y: float) -> tuple[Label, ...]:
    if not timed:
        step = max(1, round(end / _MOST_TICKS))
        return tuple(Label(x=r(x(n - 0.5)), y=y, text=f"{n}") for n in range(1, int(end) + 1, step))
    step = next((s for s in _STEPS_MS if end / s <= _MOST_TICKS), _STEPS_MS[-1])
    return tuple(Label(x=r(x(ms)), y=y, text=clock(ms)) for ms in range(0, int(end) + 1, step))
