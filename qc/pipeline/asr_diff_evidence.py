"""Why a finding is not the same in two transcripts of one recording: the words at the evidence, side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise

import pyarrow.compute as pc

from qc.domain.conversation import Conversation
from qc.domain.finding import Finding, Hit, Verdict
from qc.pipeline.stored import StoredPart
from qc.pipeline.verdicts import Judge
from qc.storage.read import StoredRun
from qc.text.error_rate import Errors, Piece, align, spoken
from qc.text.marked import Difference, Stretch, marked

Place = tuple[int, int]
"""A part of a run, and a conversation in it."""
CONTEXT = 18
"""Characters shown on both sides of the evidence."""
MOST = 3
"""Pieces of evidence shown of a finding."""
_TURNS = ("turn", "role", "start_ms", "end_ms", "audio_channel", "text")
_HITS = ("conversation_id", "rule_id", "turn", "role", "char_start", "char_end", "start_ms", "end_ms", "text", "value")
_FINDINGS = ("conversation_id", "rule_id", "verdict", "reason", "message")


class Why(StrEnum):
    """What made the difference: other words at the evidence; somebody else speaks them; the same words, less sure;
    the same words at other times or in other turns; other words somewhere, for what is measured or missing."""

    WORDS = "words"
    ROLE = "role"
    CONFIDENCE = "confidence"
    TIME = "time"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """A rule that says something else of a recording in its two transcripts."""

    rule: str
    a: Place
    b: Place
    before: Verdict
    after: Verdict


@dataclass(frozen=True, slots=True)
class Shown:
    """Some characters of an excerpt: how they differ from the other text, and whether they are the evidence."""

    kind: Difference
    text: str
    evidence: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """The words around a piece of evidence in both transcripts. `found_in`: a or b, where the evidence is; `turn`,
    `role`, `start_ms` are those of that side, `other_role` what the other says of the same words."""

    found_in: str
    turn: int
    role: str
    other_role: str | None
    start_ms: int | None
    a: tuple[Shown, ...]
    b: tuple[Shown, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """`message`: what the rule says where it hits; `reasons`: why it is undecided on either side; empty where not."""

    why: Why
    excerpts: tuple[Excerpt, ...]
    message: str
    reasons: tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Line:
    """A turn."""

    number: int
    role: str
    start: int | None
    end: int | None
    channel: int | None
    text: str


class Reader:
    """One run, read part by part. `judge`: where given, findings are made by it instead of read."""

    def __init__(self, run: StoredRun, judge: Judge | None) -> None:
        self._run, self._judge = run, judge
        self._part = lru_cache(maxsize=2)(lambda number: StoredPart(run, number))
        self._turns = lru_cache(maxsize=2)(lambda number: self._part(number).table("turns", _TURNS))
        self._found = lru_cache(maxsize=2)(self._findings)

    def lines(self, place: Place) -> list[_Line]:
        """The turns of a conversation."""
        number, i = place
        first = self._part(number).columns.first_turn
        table = self._turns(number).slice(int(first[i]), int(first[i + 1] - first[i]))
        return [
            _Line(r["turn"], r["role"], r["start_ms"], r["end_ms"], r["audio_channel"], r["text"] or "")
            for r in table.to_pylist()
        ]

    def conversation(self, place: Place) -> Conversation:
        """A conversation without its turns."""
        number, i = place
        part = self._part(number)
        columns = part.columns
        return Conversation(
            id=columns.id[i],
            project=columns.project[i],
            channel=columns.channel[i],
            turns=(),
            meta=part.meta[i],
            source=columns.source[i],
        )

    def finding(self, place: Place, rule: str) -> Finding | None:
        """What a rule found in a conversation; None for a plain miss."""
        number, i = place
        return self._found(number).get((rule, i))

    def _findings(self, number: int) -> Mapping[tuple[str, int], Finding]:
        part = self._part(number)
        if self._judge is not None:
            return self._judge.judge(part).findings
        hits: dict[tuple[str, int], list[Hit]] = {}
        table = part.table("hits", _HITS)
        for i, row in zip(part.positions(table["conversation_id"]).tolist(), table.to_pylist(), strict=True):
            own = {name: row[name] for name in _HITS[2:] if name != "text"}
            hits.setdefault((row["rule_id"], i), []).append(Hit(piece="", operator="", text=row["text"] or "", **own))
        out = {}
        table = part.table("findings", _FINDINGS)
        table = table.filter(pc.not_equal(table["verdict"], Verdict.MISS.value))
        for i, row in zip(part.positions(table["conversation_id"]).tolist(), table.to_pylist(), strict=True):
            key = row["rule_id"], i
            out[key] = Finding(
                conversation_id=part.ids[i],
                rule_id=row["rule_id"],
                verdict=Verdict(row["verdict"]),
                message=row["message"] or "",
                reason=row["reason"] or "",
                hits=tuple(hits.get(key, ())),
            )
        return out


def changed_texts(a: Reader, b: Reader, places: Sequence[tuple[Place, Place]], sampled: int) -> tuple[int, Errors, int]:
    """How many recordings have other turns in B, and the errors of B's words against A's in the first `sampled`."""
    otherwise, apart = 0, Errors()
    for n, (one, other) in enumerate(places):
        lines = a.lines(one), b.lines(other)
        said = [[(line.role, line.text) for line in own] for own in lines]
        otherwise += said[0] != said[1]
        if n < sampled:
            texts = ["".join(line.text for line in _by_role(own)) for own in lines]
            apart += align(texts[0], texts[1]).errors
    return otherwise, apart, min(sampled, len(places))


def tell(changed: Changed, a: Reader, b: Reader) -> Told:
    """Why, with the places that show it."""
    lines = a.lines(changed.a), b.lines(changed.b)
    found = a.finding(changed.a, changed.rule), b.finding(changed.b, changed.rule)
    excerpts = []
    for name, own, other, finding in (("a", *lines, found[0]), ("b", lines[1], lines[0], found[1])):
        hits = [hit for hit in (finding.hits if finding else ()) if hit.turn is not None and hit.text]
        excerpts += [_excerpt(name, hit, own, other) for hit in hits[:MOST]]
    return Told(
        why=_why(changed, excerpts, *lines),
        excerpts=tuple(excerpts),
        message=next((f.message for f in found if f and f.verdict is Verdict.HIT), ""),
        reasons=(found[0].reason if found[0] else "", found[1].reason if found[1] else ""),
    )


def _why(changed: Changed, excerpts: Sequence[Excerpt], a: Sequence[_Line], b: Sequence[_Line]) -> Why:
    if any(_evidence_differs(e) for e in excerpts):
        return Why.WORDS
    if any(e.other_role != e.role for e in excerpts):
        return Why.ROLE
    if not excerpts and {line.role for line in a} != {line.role for line in b}:
        return Why.ROLE
    said = [[(line.role, spoken(line.text)) for line in _by_role(own)] for own in (a, b)]
    texts = ["".join(text for _, text in own) for own in said]
    if not excerpts and texts[0] != texts[1]:
        return Why.ELSEWHERE
    if Verdict.UNDECIDED in (changed.before, changed.after):
        return Why.CONFIDENCE
    return Why.TIME if texts[0] == texts[1] else Why.ELSEWHERE


def _evidence_differs(excerpt: Excerpt) -> bool:
    """Whether the other transcript has other words where the evidence is."""
    own = excerpt.a if excerpt.found_in == "a" else excerpt.b
    return any(s.evidence and s.kind is not Difference.SAME for s in own)


def _by_role(lines: Iterable[_Line]) -> list[_Line]:
    """Speaker after speaker: how turns of two speakers are woven depends on times, not on words."""
    return sorted(lines, key=lambda line: (line.role, line.number))


def _excerpt(found_in: str, hit: Hit, own: Sequence[_Line], other: Sequence[_Line]) -> Excerpt:
    """The turn of a hit beside what the other transcript has at that time on that channel, or, where these are not the
    words of the evidence but somebody else's are, on all channels."""
    line = next(x for x in own if x.number == hit.turn)
    found = [_beside(found_in, hit, line, against) for against in _against(line, other)]
    return next((excerpt for excerpt in found if not _evidence_differs(excerpt)), found[0])


def _beside(found_in: str, hit: Hit, line: _Line, against: Sequence[_Line]) -> Excerpt:
    text = "".join(x.text for x in against)
    alignment = align(line.text, text)
    first, end = hit.char_start or 0, hit.char_end if hit.char_end is not None else len(line.text)
    said, written = marked(alignment, line.text, text)
    begin, stop = max(first - CONTEXT, 0), min(end + CONTEXT, len(line.text))
    there = _across(alignment.pieces, first, end)
    around = _across(alignment.pieces, begin, stop)
    mine = tuple(_cut(said, begin, stop, (first, end)))
    theirs = tuple(_cut(written, *around, there))
    return Excerpt(
        found_in=found_in,
        turn=line.number,
        role=line.role,
        other_role=_role_at(against, there[0]),
        start_ms=hit.start_ms if hit.start_ms is not None else line.start,
        a=mine if found_in == "a" else theirs,
        b=theirs if found_in == "a" else mine,
    )


def _against(line: _Line, other: Sequence[_Line]) -> tuple[list[_Line], list[_Line]]:
    """The turns that overlap a turn in time: those on its channel, and all. Without times: those of its role, and
    all."""
    if line.start is None or line.end is None:
        return [x for x in other if x.role == line.role], list(other)
    end = max(line.end, line.start + 1)
    near = [x for x in other if x.start is not None and x.end is not None and x.start < end and line.start < x.end]
    return [x for x in near if x.channel == line.channel], near


def _role_at(lines: Sequence[_Line], at: int) -> str | None:
    """Who speaks the character of the joined lines; None when there is none."""
    past = 0
    for line in lines:
        past += len(line.text)
        if at < past:
            return line.role
    return lines[-1].role if lines else None


def _across(pieces: Sequence[Piece], first: int, end: int) -> Place:
    """Where characters `first`..`end` of one text stand in the other."""
    spans = []
    before = 0
    for piece in pieces:
        a, b = piece.said
        c, d = piece.written
        if b <= first and a < first:
            before = d
        low, high = max(first, a), min(end, b)
        if low < high:
            spans.append((c + low - a, c + high - a) if b - a == d - c else (c, d))
        elif a == b and first < a < end:
            spans.append((c, d))
    return (min(s for s, _ in spans), max(e for _, e in spans)) if spans else (before, before)


def _cut(stretches: Iterable[Stretch], begin: int, stop: int, evidence: Place) -> list[Shown]:
    """The part `begin`..`stop` of a text, cut where the evidence begins and ends."""
    out = []
    for s in stretches:
        borders = sorted({s.first, s.end, *(x for x in (begin, stop, *evidence) if s.first < x < s.end)})
        for a, b in pairwise(borders):
            if begin <= a and b <= stop:
                out.append(Shown(s.kind, s.text[a - s.first : b - s.first], evidence[0] <= a and b <= evidence[1]))
    return out
