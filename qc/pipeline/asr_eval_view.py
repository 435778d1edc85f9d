"""Evaluations as tables ready to show, on a page, in a terminal or as JSON; personal data masked."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from qc import __version__
from qc.asr.evaluation.measure import DIMENSIONS, Evaluation, Interval, Keyword, difference
from qc.asr.evaluation.rows import Judged, Row
from qc.domain.run import Lineage
from qc.reporting.render import Renderer, Site
from qc.text.digits import DIGIT
from qc.text.entities import find_in
from qc.text.error_rate import Errors
from qc.text.marked import Stretch, marked
from qc.text.masking import MASK, mask, mask_value

FORMAT, VERSION = "qc.asr.eval", 1
_DIGITS = re.compile(rf"[{DIGIT}]{{3,}}")


@dataclass(frozen=True, slots=True)
class Table:
    """Errors by the labels of one dimension; `lines`: label and the errors of each system, None where it has none."""

    key: str
    title: str
    lines: tuple[tuple[str, tuple[Errors | None, ...]], ...]


@dataclass(frozen=True, slots=True)
class Version:
    """What one system wrote for a row, with its differences from the reference marked in both."""

    system: str
    errors: Errors
    said: tuple[Stretch, ...]
    written: tuple[Stretch, ...]
    confidence: float | None


@dataclass(frozen=True, slots=True)
class Case:
    """A row in the list of the worst, as all systems wrote it."""

    file: str
    line: int
    role: str | None
    start_ms: int | None
    noise_db: float | None
    versions: tuple[Version, ...]


@dataclass(frozen=True, slots=True)
class Invention:
    """A phrase where nothing was said."""

    file: str
    start_ms: int | None
    text: str
    confidence: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All that is shown. `systems[0]` is the one in question, the others are compared with it (`intervals`)."""

    systems: tuple[Evaluation, ...]
    intervals: tuple[Interval, ...]
    tables: tuple[Table, ...]
    worst: tuple[Case, ...]
    inventions: tuple[tuple[Invention, ...], ...]
    notes: tuple[str, ...]
    masked: bool

    @property
    def keywords(self) -> list[tuple[Keyword, ...]]:
        """Words that were said or written at all, with the counts of each system."""
        rows = list(zip(*(s.keywords for s in self.systems), strict=True))
        return [row for row in rows if any(k.said or k.false for k in row)]


def report(systems: Sequence[Evaluation], notes: Sequence[str], *, worst: int, keep: bool) -> Report:
    """`worst`: how many of the worst rows; `keep`: personal data is shown."""
    first, *others = systems
    tables = []
    for dimension in DIMENSIONS:
        groups = [system.groups(dimension) for system in systems]
        labels = dict.fromkeys(label for own in groups for label in own)
        if labels and (len(labels) > 1 or dimension.key in ("role", "noise")):
            lines = tuple((_shown(label, keep), tuple(own.get(label) for own in groups)) for label in labels)
            tables.append(Table(dimension.key, dimension.title, lines))
    places = [_placed(system.rows) for system in systems]
    return Report(
        systems=tuple(systems),
        intervals=tuple(difference(first, other) for other in others),
        tables=tuple(tables),
        worst=tuple(_case(row, systems, places, keep) for row in first.worst[:worst]),
        inventions=tuple(tuple(_invention(p, keep) for p in system.invented) for system in systems),
        notes=tuple(notes),
        masked=not keep,
    )


def page(shown: Report, templates: Sequence[Path]) -> str:
    """A page that stands alone. Raises UsageError when a template is missing or broken."""
    name = "、".join(system.name for system in shown.systems)
    renderer = Renderer(templates, Site(lineage=Lineage(run_id=name, qc_version=__version__), names={}, single=True))
    return renderer.render("asr_eval.html", page=shown)


def document(shown: Report) -> str:
    """JSON for programs: `format` and `version` say its form, `version` counts up when a field changes its meaning."""
    out = {
        "format": FORMAT,
        "version": VERSION,
        "masked": shown.masked,
        "notes": list(shown.notes),
        "systems": [_system(s, i) for s, i in zip(shown.systems, shown.inventions, strict=True)],
        "differences": [
            {"system": s.name, **asdict(i), "clear": i.is_clear}
            for s, i in zip(shown.systems[1:], shown.intervals, strict=True)
        ],
        "groups": {
            table.key: [
                {"label": label, "systems": [None if e is None else _errors(e) for e in own]}
                for label, own in table.lines
            ]
            for table in shown.tables
        },
        "worst": [asdict(case) for case in shown.worst],
    }
    return json.dumps(out, ensure_ascii=False, indent=1) + "\n"


def _system(system: Evaluation, inventions: Sequence[Invention]) -> dict[str, Any]:
    return {
        "name": system.name,
        "details": system.details,
        "rows": len(system.rows),
        **_errors(system.errors),
        "keywords": [asdict(k) for k in system.keywords],
        "calibration": [asdict(b) for b in system.calibration],
        "calibration_error": system.calibration_error,
        "inventions": [asdict(i) for i in inventions],
        "suspected_phrases": len(system.suspected),
        "failures": dict(system.failures),
    }


def _errors(errors: Errors) -> dict[str, Any]:
    return {**asdict(errors), "cer": errors.rate, "homophone_share": errors.homophone_share}


_Place = tuple[str, int, int]


def _placed(rows: Sequence[Row]) -> dict[_Place, Row]:
    """Rows by file, line and number in the line."""
    out: dict[_Place, Row] = {}
    for row in rows:
        number = 0
        while (row.file, row.line, number) in out:
            number += 1
        out[row.file, row.line, number] = row
    return out


def _case(row: Row, systems: Sequence[Evaluation], places: Sequence[dict[_Place, Row]], keep: bool) -> Case:
    place = next(place for place, own in places[0].items() if own is row)
    versions = []
    for system, own in zip(systems, places, strict=True):
        other = own[place]
        reference, hypothesis = (
            (other.reference, other.hypothesis) if keep else _both(other.reference, other.hypothesis)
        )
        said, written = marked(other.alignment, reference, hypothesis)
        versions.append(Version(system.name, other.alignment.errors, said, written, other.confidence))
    role = None if row.role is None else row.role.value
    return Case(_named(row.file, keep), row.line, role, row.start_ms, row.noise_db, tuple(versions))


def _invention(phrase: Judged, keep: bool) -> Invention:
    heard = phrase.heard
    return Invention(_named(phrase.file, keep), heard.start_ms, _shown(heard.text, keep), heard.confidence)


def _shown(text: str, keep: bool) -> str:
    return text if keep else mask(text, find_in(text))


def _both(reference: str, hypothesis: str) -> tuple[str, str]:
    """Both masked. A number misheard is no telephone number any more: where one side hides something, rows of digits
    are hidden on both."""
    shown = _shown(reference, False), _shown(hypothesis, False)
    if shown == (reference, hypothesis):
        return shown
    return _DIGITS.sub(_hidden, shown[0]), _DIGITS.sub(_hidden, shown[1])


def _hidden(digits: re.Match[str]) -> str:
    return MASK * len(digits[0])


def _named(file: str, keep: bool) -> str:
    return file if keep else mask_value(file)
