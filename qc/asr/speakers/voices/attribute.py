"""What was heard → whose it is: segments of a channel that several share get their speaker, and are cut where the voice
changes inside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from qc.asr.speakers.voices.talk import Spoken
from qc.domain.recording import Segment

SHORTEST_MS = 350
"""A shorter run of another voice inside a segment is a matter of where the border was put."""
MAJORITY = 0.75
"""A segment of two voices that cannot be cut is the one's who speaks for this share of it, else nobody's."""
REACH = 3
"""Where characters have no times of their own, a cut may lie so many characters from where the voice changed."""
_BORDERS = frozenset(" ，。？！；：、,.?!;:")


def attributed(segments: Sequence[Segment], spoken: Sequence[Spoken]) -> list[Segment]:
    """Segments in time order with their `speaker`, None where nobody can tell; as they were when `spoken` is empty.

    A segment in which the voice changes is cut there: at the border of a word where words have times, else at a mark or
    space within REACH characters of the place in proportion. Its text stays the same all together.
    """
    if not spoken:
        return list(segments)
    return [part for segment in segments for part in _cut(segment, _runs(segment, spoken))]


def _runs(segment: Segment, spoken: Sequence[Spoken]) -> list[Spoken]:
    """The voices of a segment, in order, without those too short to matter, neighbours differing."""
    inside = [
        Spoken(max(s.start_ms, segment.start_ms), min(s.end_ms, segment.end_ms), s.speaker)
        for s in spoken
        if s.start_ms < segment.end_ms and s.end_ms > segment.start_ms
    ]
    longest = max((s.end_ms - s.start_ms for s in inside), default=0)
    runs: list[Spoken] = []
    for s in inside:
        if s.end_ms - s.start_ms < min(SHORTEST_MS, longest):
            continue
        if runs and runs[-1].speaker == s.speaker:
            runs[-1] = Spoken(runs[-1].start_ms, s.end_ms, s.speaker)
        else:
            runs.append(s)
    return runs


def _cut(segment: Segment, runs: Sequence[Spoken]) -> list[Segment]:
    out: list[Segment] = []
    rest = segment
    for before, after in pairwise(runs):
        at = _place(rest, (before.end_ms + after.start_ms) // 2)
        if at is None:
            return [*out, replace(rest, speaker=_mostly(runs[len(out) :]))]
        first, rest = _divided(rest, *at)
        out.append(replace(first, speaker=before.speaker))
    return [*out, replace(rest, speaker=runs[-1].speaker if runs else None)]


def _mostly(runs: Sequence[Spoken]) -> int | None:
    length: dict[int | None, int] = {}
    for s in runs:
        length[s.speaker] = length.get(s.speaker, 0) + s.end_ms - s.start_ms
    most = max(length, key=lambda speaker: length[speaker])
    return most if length[most] >= MAJORITY * sum(length.values()) else None


def _place(segment: Segment, ms: int) -> tuple[int, int] | None:
    """The character before which to cut for a change at `ms`, and its time; None where there is no border near."""
    if segment.words:
        word = min(segment.words[1:], key=lambda w: abs(w.start_ms - ms), default=None)
        return None if word is None else (word.start, word.start_ms)
    length = segment.end_ms - segment.start_ms
    wanted = (ms - segment.start_ms) * len(segment.text) / max(length, 1)
    borders = [i for i in range(1, len(segment.text)) if segment.text[i - 1] in _BORDERS]
    near = min(borders, key=lambda i: abs(i - wanted), default=None)
    return None if near is None or abs(near - wanted) > REACH else (near, ms)


def _divided(segment: Segment, at: int, ms: int) -> tuple[Segment, Segment]:
    first = replace(segment, text=segment.text[:at], end_ms=ms, words=tuple(w for w in segment.words if w.end <= at))
    moved = tuple(replace(w, start=w.start - at, end=w.end - at) for w in segment.words if w.start >= at)
    return first, replace(segment, text=segment.text[at:], start_ms=ms, words=moved)
