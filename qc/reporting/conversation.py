"""The page of one conversation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import starmap

from qc.reporting.dialogue import FLOOR, Bubble, dialogue, overlaps, silences
from qc.reporting.mood import Course, course
from qc.reporting.panorama import Panorama, panorama
from qc.reporting.records import MetaRow, Record, TopicRow
from qc.reporting.reviewing import JudgedRule, Reviewing, reviewing
from qc.reporting.sentences import fact
from qc.reporting.sheet import CardSheet, Judgement, judgements, marks, sheets
from qc.reporting.sound import Sound
from qc.reporting.voice import VoiceChart, voice_chart


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A line of 随录参数."""

    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationPage:
    meta: MetaRow
    judgements: tuple[Judgement, ...]
    sheets: tuple[CardSheet, ...]
    panorama: Panorama | None
    voice: VoiceChart | None
    course: Course | None
    dialogue: tuple[Bubble, ...]
    topics: tuple[TopicRow, ...]
    extra: tuple[Fact, ...]
    silences: int
    overlaps: int
    traces: frozenset[str]
    """The kinds of traces that transcription left in the dialogue."""
    sound: Sound | None
    """None: no recording to play."""
    reviewing: Reviewing


def conversation_page(
    record: Record, floor: float | None = None, *, sound: Sound | None = None, rules: Sequence[JudgedRule] = ()
) -> ConversationPage:
    """Compute the page from the rows of one conversation. `floor`: the run's confidence floor; `rules`: what it
    judged by."""
    found = judgements(record)
    numbered = marks(found)
    felt = course(record)
    bubbles = dialogue(record, numbered, FLOOR if floor is None else floor)
    picture = panorama(record, numbered, felt)
    return ConversationPage(
        meta=record.meta,
        judgements=found,
        sheets=sheets(record, found),
        panorama=picture,
        voice=voice_chart(record, picture),
        course=felt,
        dialogue=bubbles,
        topics=tuple(sorted(record.topics, key=lambda t: (t.rank, t.topic_id))),
        extra=tuple(Fact(name=name, value=value) for name, value in starmap(fact, sorted(record.meta.extra or ()))),
        silences=len(silences(record)),
        overlaps=len(overlaps(record)),
        traces=frozenset(trace.kind for bubble in bubbles for piece in bubble.pieces for trace in piece.traces),
        sound=sound,
        reviewing=reviewing(record, rules),
    )
