"""Channels → turns: all channels merged in time, phrases joined into what one speaker said at a stretch."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from math import log2, log10, sqrt
from typing import TypeVar

from qc.asr.speakers.roles import Voice
from qc.domain.conversation import Mark, Phrase, Role, Turn, Word
from qc.domain.recording import ChannelTranscript, Segment

MAX_PAUSE_MS = 1000
"""A longer pause of the speaker begins a new turn: rules about silence must see it."""
MONO_PAUSE_MS = 400
"""The same where several share a channel and nobody could tell whose a phrase is: the next may well be another's."""
MAX_TURN_MS = 60_000
"""A longer turn is cut at its longest pause."""


@dataclass(frozen=True, slots=True)
class _Part:
    voice: Voice
    segments: tuple[Segment, ...]

    @property
    def start(self) -> int:
        return self.segments[0].start_ms

    @property
    def end(self) -> int:
        return self.segments[-1].end_ms


def to_turns(channels: Sequence[ChannelTranscript], roles: Mapping[Voice, Role]) -> tuple[Turn, ...]:
    """The turns of a recording in order of their start; voices without a role are UNKNOWN.

    Phrases of a voice are one turn while the pauses are under a second and nobody else speaks in them; a phrase of an
    unknown voice may be anybody's and divides too. Turns keep the times of speech detection, so that two speaking at
    once overlap. A suspected invention (confidence 0.0) stays a turn of its own: it must not colour what was really
    said.
    """
    voices: dict[Voice, list[Segment]] = {}
    for channel in channels:
        for segment in channel.segments:
            voices.setdefault((channel.audio_channel, segment.speaker), []).append(segment)
    shared = {channel for channel, speaker in voices if len(channels) == 1 or (speaker is not None and speaker >= 0)}
    parts: list[_Part] = []
    for voice, own in voices.items():
        others = [s for v, theirs in voices.items() if v != voice for s in theirs if s.confidence > 0.0]
        unknown = voice[1] is None and voice[0] in shared
        parts += _joined(voice, own, _Speech(others), MONO_PAUSE_MS if unknown else MAX_PAUSE_MS)
    parts = [piece for part in parts for piece in _cut(part)]
    parts.sort(key=lambda p: (p.start, p.end, p.voice[0], p.voice[1] is not None, p.voice[1] or 0))
    return tuple(_turn(p, roles.get(p.voice, Role.UNKNOWN)) for p in parts)


class _Speech:
    """Answers whether anybody of these speaks within a stretch of time. Inventions do not count as speaking."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        ordered = sorted(segments, key=lambda s: s.start_ms)
        self._starts = [s.start_ms for s in ordered]
        self._latest_end = list(accumulate((s.end_ms for s in ordered), max))

    def within(self, start_ms: int, end_ms: int) -> bool:
        before = bisect_left(self._starts, end_ms)
        return before > 0 and self._latest_end[before - 1] > start_ms


def _joined(voice: Voice, segments: Sequence[Segment], others: _Speech, max_pause_ms: int) -> list[_Part]:
    groups: list[list[Segment]] = []
    for segment in segments:
        last = groups[-1][-1] if groups else None
        if last is not None and _continues(last, segment, others, max_pause_ms):
            groups[-1].append(segment)
        else:
            groups.append([segment])
    return [_Part(voice, tuple(g)) for g in groups]


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
    return _cut(_Part(part.voice, part.segments[:at])) + _cut(_Part(part.voice, part.segments[at:]))


def _turn(part: _Part, role: Role) -> Turn:
    text = "".join(s.text for s in part.segments)
    weights = [len(s.text) for s in part.segments]
    begins = list(accumulate(weights, initial=0))
    confidence = sum(w * s.confidence for w, s in zip(weights, part.segments, strict=True)) / sum(weights)
    pitch_hz, pitch_range_st = _pitch(part.segments)
    return Turn(
        role=role,
        text=text[:-1] + "。" if text.endswith("，") else text,
        start_ms=part.start,
        end_ms=part.end,
        confidence=round(confidence, 4),
        audio_channel=part.voice[0],
        energy_db=_level(part.segments),
        pitch_hz=pitch_hz,
        pitch_range_st=pitch_range_st,
        phrases=tuple(
            Phrase(
                start=begin,
                end=begin + len(s.text),
                start_ms=s.start_ms,
                end_ms=max(s.end_ms, s.start_ms),
                confidence=s.confidence,
            )
            for begin, s in zip(begins, part.segments, strict=False)
        ),
        words=tuple(w for begin, s in zip(begins, part.segments, strict=False) for w in _shifted(s.words, begin)),
        marks=tuple(m for begin, s in zip(begins, part.segments, strict=False) for m in _shifted(s.marks, begin)),
    )


_Spanned = TypeVar("_Spanned", Word, Mark)


def _shifted(spans: Sequence[_Spanned], by: int) -> list[_Spanned]:
    return [replace(span, start=span.start + by, end=span.end + by) for span in spans]


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


_RANGE_SD = 2.5631
"""From the 10th to the 90th percentile of a normal distribution, in standard deviations."""


def _pitch(segments: Sequence[Segment]) -> tuple[float | None, float | None]:
    """The pitch of all segments together and its range, each segment taken as a normal distribution over semitones and
    weighted by its voiced time. None, None when no segment has any."""
    found = [
        (s.voiced_ms, 12 * log2(s.pitch_hz), s.pitch_range_st / _RANGE_SD)
        for s in segments
        if s.pitch_hz is not None and s.pitch_range_st is not None
    ]
    total = sum(weight for weight, _, _ in found)
    if not total:
        return None, None
    mean = sum(weight * middle for weight, middle, _ in found) / total
    variance = sum(weight * (sd**2 + (middle - mean) ** 2) for weight, middle, sd in found) / total
    return round(2 ** (mean / 12), 1), round(_RANGE_SD * sqrt(variance), 1)
