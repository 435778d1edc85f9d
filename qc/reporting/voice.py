"""How the voices of a conversation went: loudness, pitch and rate of each side over time, under the panorama.

Measurements, evidence for a listener. What they say of a person's feelings was not checked on any labelled recording.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from qc.domain.language import say
from qc.reporting.charts import Label, plain, r, round_up
from qc.reporting.formatting import number, signed
from qc.reporting.labels import ROLE
from qc.reporting.panorama import Panorama
from qc.reporting.records import EmotionRow, Record, TurnRow


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measure:
    """What a strip shows. `relative`: to the speaker's own first turns. `scale`: where its axis ends at least, so that
    nothing looks like much that is little."""

    column: str
    title: str
    unit: str
    relative: bool
    scale: float


def _measures() -> tuple[_Measure, ...]:
    return (
        _Measure(column="loudness_change_db", title=say("音量"), unit=say("分贝"), relative=True, scale=6.0),
        _Measure(column="pitch_change_st", title=say("音高"), unit=say("半音"), relative=True, scale=6.0),
        _Measure(column="speech_rate", title=say("语速"), unit=say("字/分钟"), relative=False, scale=400.0),
    )


_ROLES = ("customer", "agent")
_TOP, _TALL, _APART = 16.0, 56.0, 30.0
"""Top of the first strip, height of each, and the room between them."""
_AXIS = 26.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A turn on a strip, and what a reader is told of it."""

    x: float
    y: float
    turn: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceCurve:
    role: str
    line: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """One measure over time. `zero`: where the speaker's own first turns stand; None on a scale of its own."""

    title: str
    top: float
    bottom: float
    zero: float | None
    ticks: tuple[Label, ...]
    curves: tuple[VoiceCurve, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceLine:
    """A turn in the table; `felt` None where it has no emotion (a bot's)."""

    turn: TurnRow
    felt: EmotionRow | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VoiceChart:
    """`summary` says in words what the strips show; what is not about them is the panorama's."""

    width: float
    height: float
    left: float
    right: float
    crowded: bool
    end: float
    strips: tuple[Strip, ...]
    ticks: tuple[Label, ...]
    roles: tuple[str, ...]
    lines: tuple[VoiceLine, ...]
    summary: str


def voice_chart(record: Record, panorama: Panorama | None) -> VoiceChart | None:
    """None for a conversation that was not spoken, or whose speakers were not told apart, and for a run of an earlier
    version."""
    if panorama is None or not panorama.timed:
        return None
    middles = {stay.turn: stay.box.x + stay.box.width / 2 for stay in panorama.stays}
    felt = [e for e in record.emotions if e.role in _ROLES and e.turn in middles]
    strips: list[Strip] = []
    said: list[str] = []
    for measure in _measures():
        known = [(e, value) for e in felt if (value := getattr(e, measure.column)) is not None]
        if known:
            top = _TOP + len(strips) * (_TALL + _APART)
            strips.append(_strip(measure, known, top, middles))
            said += _told(measure, known)
    if not strips:
        return None
    bottom = strips[-1].bottom
    drawn = {curve.role for strip in strips for curve in strip.curves}
    return VoiceChart(
        width=panorama.width,
        height=bottom + _AXIS,
        left=panorama.left,
        right=panorama.right,
        crowded=panorama.crowded,
        end=panorama.end,
        strips=tuple(strips),
        ticks=tuple(Label(x=t.x, y=bottom + 16, text=t.text) for t in panorama.ticks),
        roles=tuple(role for role in _ROLES if role in drawn),
        lines=_lines(record),
        summary=say("{text}。", text=say("；").join(said)),
    )


def _strip(
    measure: _Measure, known: Sequence[tuple[EmotionRow, float]], top: float, middles: Mapping[int, float]
) -> Strip:
    relative, unit = measure.relative, measure.unit
    bottom = top + _TALL
    most = round_up(max(measure.scale, *(abs(value) for _, value in known)))
    least = -most if relative else 0.0

    def y(value: float) -> float:
        return r(bottom - (value - least) / (most - least) * _TALL)

    def point(row: EmotionRow, value: float) -> Point:
        shown = f"{signed(value, 1)} {unit}" if relative else f"{number(value, 0)} {unit}"
        text = say("第 {turn} 轮 {role} {value}", turn=row.turn, role=say(ROLE[row.role]), value=shown)
        return Point(x=r(middles[row.turn]), y=y(value), turn=row.turn, text=text)

    curves = []
    for role in _ROLES:
        points = tuple(point(row, value) for row, value in known if row.role == role)
        if points:
            line = " ".join(f"{p.x},{p.y}" for p in points)
            curves.append(VoiceCurve(role=role, line=line, points=points))
    named = [(most, f"+{plain(most)}"), (0.0, say("开场")), (least, f"−{plain(most)}")]
    marks = named if relative else [(most, plain(most)), (0.0, "0")]
    return Strip(
        title=say("{title}（{unit}）", title=measure.title, unit=unit),
        top=top,
        bottom=bottom,
        zero=y(0.0) if relative else None,
        ticks=tuple(Label(x=0.0, y=y(value), text=text) for value, text in marks),
        curves=tuple(curves),
    )


def _told(measure: _Measure, known: Sequence[tuple[EmotionRow, float]]) -> list[str]:
    unit = measure.unit
    out = []
    for role in _ROLES:
        mine = [(value, row.turn) for row, value in known if row.role == role]
        if not mine:
            continue
        value, turn = max(mine, key=lambda both: (both[0], -both[1]))
        who = say(ROLE[role])
        if measure.relative:
            most = f"{signed(value, 1)} {unit}"
            text = say(
                "{role}{what}比开场最高 {most}（第 {turn} 轮）", role=who, what=measure.title, most=most, turn=turn
            )
        else:
            band = "–".join(dict.fromkeys(number(v, 0) for v in (min(mine)[0], value))) + f" {unit}"
            text = say("{role}{what} {band}，第 {turn} 轮最快", role=who, what=measure.title, band=band, turn=turn)
        out.append(text)
    return out


def _lines(record: Record) -> tuple[VoiceLine, ...]:
    felt = {e.turn: e for e in record.emotions}
    lines = (VoiceLine(turn=turn, felt=felt.get(turn.turn)) for turn in record.turns)
    return tuple(x for x in lines if x.turn.energy_db is not None or (x.felt and x.felt.speech_rate is not None))
