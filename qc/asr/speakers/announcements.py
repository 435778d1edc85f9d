"""Recorded announcements (queue, recording notice, menus, rating) told from people by what they say, on any channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from qc.asr.speakers.cues import Cue, CueFinder
from qc.domain.conversation import Role
from qc.domain.recording import ChannelTranscript, Segment

ANNOUNCER = -1
"""The `speaker` of announcements, beside the voices counted from 0."""
ENOUGH, ENOUGH_LATER = 4.0, 6.0
"""Weight of cues that makes a run of phrases an announcement: before anybody talked, and after, where an agent who
gives the recording notice must not be taken for a machine."""
MOSTLY = 0.25
"""The share of its characters that must be cues."""
_NEAR_MS = 1500
_BETWEEN = 2
"""Phrases without any cue that may lie inside an announcement."""


def without_announcements(channels: Sequence[ChannelTranscript], finder: CueFinder) -> tuple[ChannelTranscript, ...]:
    """The channels with `speaker` ANNOUNCER for the segments of announcements."""
    out = []
    for channel in channels:
        cues = finder.find([s.text for s in channel.segments])
        announced = {i for first, last in _announcements(channel.segments, cues) for i in range(first, last + 1)}
        segments = tuple(replace(s, speaker=ANNOUNCER) if i in announced else s for i, s in enumerate(channel.segments))
        out.append(replace(channel, segments=segments) if announced else channel)
    return tuple(out)


def _announcements(segments: Sequence[Segment], cues: Sequence[Cue]) -> list[tuple[int, int]]:
    """First and last segment of each announcement."""
    system = [0.0] * len(segments)
    people = [0.0] * len(segments)
    letters = [0] * len(segments)
    for cue in cues:
        mine = system if cue.role == Role.SYSTEM else people
        mine[cue.text] += cue.weight
        letters[cue.text] += cue.length if cue.role == Role.SYSTEM else 0
    found = []
    talked = False
    at = 0
    while at < len(segments):
        if system[at] > people[at]:
            last = _end(segments, system, people, at)
            score = sum({c.words: c.weight for c in cues if at <= c.text <= last and c.role == Role.SYSTEM}.values())
            said = sum(sum(map(str.isalnum, segments[i].text)) for i in range(at, last + 1))
            enough = score >= (ENOUGH_LATER if talked else ENOUGH)
            if enough and sum(letters[at : last + 1]) >= MOSTLY * said:
                found.append((at, last))
            at = last + 1
        else:
            talked = talked or people[at] > 0
            at += 1
    return found


def _end(segments: Sequence[Segment], system: Sequence[float], people: Sequence[float], first: int) -> int:
    """The last segment of the run of announcing phrases that begins at `first`."""
    last = first
    for i in range(first + 1, len(segments)):
        near = segments[i].start_ms - segments[i - 1].end_ms < _NEAR_MS
        if not near or i - last > _BETWEEN + 1 or people[i] >= max(system[i], 0.5):
            break
        if system[i] > 0:
            last = i
    return last
