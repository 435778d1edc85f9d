"""References and what was heard → rows: each reference with the words that stand against it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from qc.domain.conversation import Role
from qc.domain.reference import Reference
from qc.text.error_rate import Alignment, align, divide

MIN_INVENTED = 2
"""Characters: a single one too many is a slip, not an invention."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A phrase of a transcript. Times in ms from the start of the recording, `confidence` 0..1; None: not known."""

    text: str
    role: Role = Role.UNKNOWN
    channel: int | None = None
    start_ms: int | None = None
    end_ms: int | None = None
    confidence: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """A recording with its references and what was heard, in time order. `failure`: why nothing was. `noise_db`: the
    estimated signal-to-noise ratio by audio channel, where it was measured."""

    file: str
    project: str
    references: tuple[Reference, ...]
    heard: tuple[Heard, ...]
    failure: str = ""
    noise_db: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A reference and what was heard for it; `hypothesis` is cut out of the transcript at the reference's borders.
    `confidence`: by characters, of what was heard."""

    file: str
    line: int
    project: str
    role: Role | None
    channel: int | None
    speaker: str | None
    start_ms: int | None
    noise_db: float | None
    reference: str
    hypothesis: str
    alignment: Alignment
    confidence: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A phrase of a transcript and how much of it is right. `compared`: characters that count, `right` of them;
    `invented`: nothing was said there."""

    file: str
    heard: Heard
    compared: int
    right: int
    invented: bool


@dataclass(frozen=True, slots=True)
class Side:
    """The rows and phrases of one side of a recording."""

    rows: tuple[Row, ...]
    phrases: tuple[Judged, ...]


def compare(recording: Paired) -> Iterator[Side]:
    """A recording side by side: rows that name a role or channel are compared with what was heard of it, others with
    everything. The texts of a side are aligned as a whole, so that rows need no times."""
    sides: dict[tuple[int | None, Role | None], list[Reference]] = {}
    for reference in recording.references:
        sides.setdefault((reference.channel, reference.role), []).append(reference)
    for (channel, role), references in sides.items():
        if all(r.start_ms is not None for r in references):
            references.sort(key=lambda r: (r.start_ms, r.line))
        heard = [
            h for h in recording.heard if (channel is None or h.channel == channel) and (role is None or h.role is role)
        ]
        yield _side(recording, references, heard)


def _side(recording: Paired, references: Sequence[Reference], heard: Sequence[Heard]) -> Side:
    text = "".join(h.text for h in heard)
    ends = divide([r.text for r in references], [h.text for h in heard])
    begins = [0, *accumulate(len(h.text) for h in heard)]
    rows: list[Row] = []
    right: list[bool | None] = []
    invented: set[int] = set()
    for reference, first, end in zip(references, [0, *ends], ends, strict=False):
        own = [h for h, a, b in zip(heard, begins, begins[1:], strict=False) if a < end and first < b]
        alignment = align(reference.text, text[first:end])
        right += alignment.right
        for piece in alignment.pieces:
            if not piece.reference:
                invented.update(range(first + piece.written[0], first + piece.written[1]))
        rows.append(_row(recording, reference, text[first:end], alignment, own))
    spoken = [(r.start_ms, r.end_ms) for r in references if r.start_ms is not None and r.end_ms is not None]
    timed = len(spoken) == len(references)
    phrases = []
    for phrase, first, end in zip(heard, begins, begins[1:], strict=False):
        marks = [i for i in range(first, end) if right[i] is not None]
        too_much = all(i in invented for i in marks) or (timed and _beside(phrase, spoken))
        phrases.append(
            Judged(
                file=recording.file,
                heard=phrase,
                compared=len(marks),
                right=sum(bool(right[i]) for i in marks),
                invented=len(marks) >= MIN_INVENTED and too_much,
            )
        )
    return Side(tuple(rows), tuple(phrases))


def _row(recording: Paired, reference: Reference, hypothesis: str, alignment: Alignment, heard: Sequence[Heard]) -> Row:
    channel = reference.channel
    if channel is None:
        channels = {h.channel for h in heard if h.channel is not None}
        channel = channels.pop() if len(channels) == 1 else None
    begin = reference.start_ms
    if begin is None:
        begin = min((h.start_ms for h in heard if h.start_ms is not None), default=None)
    noise = recording.noise_db
    known = [(len(h.text), h.confidence) for h in heard if h.confidence is not None]
    letters = sum(n for n, _ in known)
    return Row(
        file=recording.file,
        line=reference.line,
        project=reference.project or recording.project,
        role=reference.role,
        channel=channel,
        speaker=reference.speaker,
        start_ms=begin,
        noise_db=noise.get(channel) if channel is not None else min(noise.values(), default=None),
        reference=reference.text,
        hypothesis=hypothesis,
        alignment=alignment,
        confidence=sum(n * c for n, c in known) / letters if letters else None,
    )


def _beside(heard: Heard, spoken: Sequence[tuple[int, int]]) -> bool:
    """Whether a phrase lies where nobody spoke."""
    if heard.start_ms is None or heard.end_ms is None:
        return False
    first, end = heard.start_ms, max(heard.end_ms, heard.start_ms + 1)
    return not any(a < end and first < b for a, b in spoken)
