"""Why a finding is not the same in two transcripts of one recording, and the places that show it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from qc.domain.finding import Verdict
from qc.pipeline.asr_diff.excerpt import Excerpt, excerpt
from qc.pipeline.asr_diff.reader import Line, Place, Reader, by_role
from qc.text.error_rate import spoken

_MOST = 3
"""Pieces of evidence shown of a finding."""


class Why(StrEnum):
    """What made the difference: other words at the evidence; somebody else speaks them, or it is not known who; the
    same words, less sure; the same words at other times or in other turns; other words somewhere, for what is measured
    or missing."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """`message`: what the rule says where it hits; `reasons`: why it is undecided on either side; empty where not."""

    why: Why
    excerpts: tuple[Excerpt, ...]
    message: str
    reasons: tuple[str, str]


def tell(changed: Changed, a: Reader, b: Reader) -> Told:
    """Why, with the places that show it."""
    lines = a.lines(changed.a), b.lines(changed.b)
    found = a.finding(changed.a, changed.rule), b.finding(changed.b, changed.rule)
    excerpts = []
    for name, own, other, finding in (("a", *lines, found[0]), ("b", lines[1], lines[0], found[1])):
        hits = [hit for hit in (finding.hits if finding else ()) if hit.turn is not None and hit.text]
        excerpts += [excerpt(name, hit, own, other) for hit in hits[:_MOST]]
    return Told(
        why=_why(changed, excerpts, *lines),
        excerpts=tuple(excerpts),
        message=next((f.message for f in found if f and f.verdict is Verdict.HIT), ""),
        reasons=(found[0].reason if found[0] else "", found[1].reason if found[1] else ""),
    )


def _why(changed: Changed, excerpts: Sequence[Excerpt], a: Sequence[Line], b: Sequence[Line]) -> Why:
    if any(e.evidence_differs for e in excerpts):
        return Why.WORDS
    if any(e.other_role != e.role for e in excerpts):
        return Why.ROLE
    undecided = Verdict.UNDECIDED in (changed.before, changed.after)
    if (undecided or not excerpts) and {line.role for line in a} != {line.role for line in b}:
        return Why.ROLE
    texts = ["".join(spoken(line.text) for line in by_role(own)) for own in (a, b)]
    if not excerpts and texts[0] != texts[1]:
        return Why.ELSEWHERE
    if undecided:
        return Why.CONFIDENCE
    return Why.TIME if texts[0] == texts[1] else Why.ELSEWHERE
