"""Transcript → turns: both channels merged in time, phrases joined into what one speaker said at a stretch."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import log10

from qc.domain.conversation import Role, Turn
from qc.domain.recording import Segment, Transcript

MAX_PAUSE_MS = 1000
"""A longer pause of the speaker begins a new turn: rules about silence must see it."""
MONO_PAUSE_MS = 400
"""The same on a recording of one channel, where the next phrase may well be the other speaker's."""
MAX_TURN_MS = 60_000
"""A longer turn is cut at its longest pause."""


@dataclass(frozen=True, slots=True)
class _Part:
    channel: int
    segments: tuple[Segment, ...]

    @property
    def start(self) -> int:
        return self.segments[0].start_ms

    @property
    def end(self) -> int:
        return self.segments[-1].end_ms


def to_turns(transcript: Transcript, roles: Sequence[Role]) -> tuple[Turn, ...]:
    """The turns of a recording in order of their start; `roles[i]` speaks on audio channel i, UNKNOWN beyond.

    Phrases of a channel are one turn while the pauses are under a second and nobody else speaks in them. Turns keep the
    times of speech detection, so that two speaking at once overlap. A suspected invention (confidence 0.0) stays a turn
    of its own: it must not colour what was really said.
    """
    max_pause_ms = MAX_PAUSE_MS if len(transcript.channels) > 1 else MONO_PAUSE_MS
    parts: list[_Part] = []
    for channel in transcript.channels:
        others = [s for c in transcript.channels if c is not channel for s in c.segments if s.confidence > 0.0]
        parts += _joined(channel.audio_channel, channel.segments, _Speech(others), max_pause_ms)
    parts = [piece for part in parts for piece in _cut(part)]
    parts.sort(key=lambda p: (p.start, p.end, p.channel))
    return tuple(_turn(p, roles[p.channel] if p.channel < len(roles) else Role.UNKNOWN) for p in parts)


class _Speech:
    """Answers whether anybody of these speaks within a stretch of time. Inventions do not count as speaking."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        ordered = sorted(segments, key=lambda s: s.start_ms)
        self._starts = [s.start_ms for s in ordered]
        self._latest_end = list(accumulate((s.end_ms for s in ordered), max))

    def within(self, start_ms: int, end_ms: int) -> bool:
        before = bisect_left(self._starts, end_ms)
        return before > 0 and self._latest_end[before - 1] > start_ms


def _joined(channel: int, segments: Sequence[Segment], others: _Speech, max_pause_ms: int) -> list[_Part]:
    groups: list[list[Segment]] = []
    for segment in segments:
        last = groups[-1][-1] if groups else None
        if last is not None and _continues(last, segment, others, max_pause_ms):
            groups[-1].append(segment)
        else:
            groups.append([segment])
    return [_Part(channel, tuple(g)) for g in groups]


def _continues(last: Segment, segment: Segment, others: _Speech, max_pause_ms: int) -> bool:
    pause = segment.start_ms - last.end_ms
    if pause >= max_pause_ms or bool(last.confidence) != bool(segment.confidence):
        return False
    return pause <= 0 or not others.within(last.end_ms, segment.start_ms)


def _cut(part: _Part) -> list[_Part]:
    if part.end - part.start <= MAX_TURN_MS or len(part.segments) == 1:
        return [part]
    pauses = [b.start_ms - a.end_ms for a, b in zip(part.segments, part.segments[1:], strict=False)]
    at = pauses.index(max(pauses)) + 1
    return _cut(_Part(part.channel, part.segments[:at])) + _cut(_Part(part.channel, part.segments[at:]))


def _turn(part: _Part, role: Role) -> Turn:
    text = "".join(s.text for s in part.segments)
    weights = [len(s.text) for s in part.segments]
    confidence = sum(w * s.confidence for w, s in zip(weights, part.segments, strict=True)) / sum(weights)
    return Turn(
        role=role,
        text=text[:-1] + "。" if text.endswith("，") else text,
        start_ms=part.start,
        end_ms=part.end,
        confidence=round(confidence, 4),
        audio_channel=part.channel,
        energy_db=_level(part.segments),
    )


def _level(segments: Sequence[Segment]) -> float | None:
    """The level of all segments together: their mean power by length. None when one was not measured."""
    power = length = 0.0
    for segment in segments:
        if segment.energy_db is None:
            return None
        lasts = max(segment.end_ms - segment.start_ms, 1)
        power += lasts * 10 ** (segment.energy_db / 10)
        length += lasts
    return round(10 * log10(power / length), 1)
