"""Rows → figures: error rates of groups, keywords, inventions, calibration."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from qc.asr.evaluation.rows import Judged, Paired, Row, compare
from qc.text.error_rate import Errors, spoken
from qc.text.numerals import spellings

RESAMPLES = 2000
SEED = 20
"""The interval is the same every time."""
FEW_RECORDINGS = 10
"""With fewer, rows are drawn instead of recordings: an interval from five recordings says nothing."""
BINS = (0.0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
"""Borders of the calibration table; finer where confidences crowd."""
_NOISE = ((10.0, "不到 10 dB"), (20.0, "10–20 dB"), (30.0, "20–30 dB"), (float("inf"), "30 dB 以上"))
_LENGTH = ((5, "5 字以内"), (10, "6–10 字"), (20, "11–20 字"), (40, "21–40 字"), (float("inf"), "40 字以上"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyword:
    """How often a word was `said`, `found` where it was said, and `false`: written more often than said."""

    text: str
    said: int
    found: int
    false: int


@dataclass(frozen=True, slots=True)
class Bin:
    """Characters of phrases whose confidence lies in `low`..`high`: what was promised on average, what was right."""

    low: float
    high: float
    phrases: int
    characters: int
    predicted: float
    measured: float


@dataclass(frozen=True, slots=True)
class Interval:
    """A difference and the middle 95 % of what it is when recordings (or rows) are drawn anew."""

    difference: float
    low: float
    high: float
    drawn: str  # recordings | rows

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves out 0."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimension:
    """A way to group rows. `label` gives a row's group, None where it has none."""

    key: str
    title: str
    label: Callable[[Row], str | None]
    order: tuple[str, ...] = ()


def _within(bands: Sequence[tuple[float, str]], value: float) -> str:
    return next(name for limit, name in bands if value <= limit)


_ROLES = {"agent": "坐席", "customer": "客户", "bot": "机器人", "system": "系统", "unknown": "未知"}
DIMENSIONS = (
    Dimension(
        key="role",
        title="角色",
        label=lambda row: None if row.role is None else _ROLES[row.role.value],
        order=tuple(_ROLES.values()),
    ),
    Dimension(key="speaker", title="说话人", label=lambda row: row.speaker),
    Dimension(key="channel", title="声道", label=lambda row: None if row.channel is None else str(row.channel)),
    Dimension(key="project", title="业务项目", label=lambda row: row.project),
    Dimension(
        key="noise",
        title="信噪比（估计）",
        label=lambda row: None if row.noise_db is None else _within(_NOISE, row.noise_db),
        order=tuple(name for _, name in _NOISE),
    ),
    Dimension(
        key="length",
        title="长度",
        label=lambda row: _within(_LENGTH, row.alignment.errors.characters),
        order=tuple(name for _, name in _LENGTH),
    ),
)


@dataclass(frozen=True)
class Evaluation:
    """One system on all recordings. `name` and `details` say which; `failures`: recordings of which nothing was heard,
    and why."""

    name: str
    details: str
    rows: tuple[Row, ...]
    phrases: tuple[Judged, ...]
    keywords: tuple[Keyword, ...]
    failures: Mapping[str, str]

    @cached_property
    def errors(self) -> Errors:
        """All rows together."""
        return total(self.rows)

    def groups(self, dimension: Dimension) -> dict[str, Errors]:
        """Errors by label, in a fixed order; rows without a label are left out."""
        out: dict[str, Errors] = {}
        for row in self.rows:
            label = dimension.label(row)
            if label is not None:
                out[label] = out.get(label, Errors()) + row.alignment.errors
        rank = {label: i for i, label in enumerate(dimension.order)}
        return dict(sorted(out.items(), key=lambda item: (rank.get(item[0], len(rank)), item[0])))

    @property
    def invented(self) -> tuple[Judged, ...]:
        """Phrases where nothing was said, but for those already known as suspect (confidence 0)."""
        return tuple(p for p in self.phrases if p.invented and p.heard.confidence != 0.0)

    @property
    def suspected(self) -> tuple[Judged, ...]:
        """Phrases with confidence 0: suspected inventions, right or wrong."""
        return tuple(p for p in self.phrases if p.heard.confidence == 0.0)

    @property
    def keyword_total(self) -> Keyword:
        return Keyword(
            text="",
            said=sum(k.said for k in self.keywords),
            found=sum(k.found for k in self.keywords),
            false=sum(k.false for k in self.keywords),
        )

    @cached_property
    def calibration(self) -> tuple[Bin, ...]:
        """Confidence against what was right; suspected inventions are left out."""
        return calibration(
            (p.heard.confidence, p.compared, p.right) for p in self.phrases if p.heard.confidence and p.compared
        )

    @property
    def calibration_error(self) -> float | None:
        """Expected calibration error (Naeini 2015): |promised − right| over the bins, by characters. None without
        any confidence."""
        characters = sum(b.characters for b in self.calibration)
        if not characters:
            return None
        return sum(b.characters * abs(b.predicted - b.measured) for b in self.calibration) / characters

    @property
    def worst(self) -> list[Row]:
        """Rows with errors, those with most errors first."""
        listed = [row for row in self.rows if row.alignment.errors.total]
        return sorted(listed, key=lambda r: (-r.alignment.errors.total, -r.alignment.errors.rate, r.file, r.line))


def evaluate(name: str, details: str, recordings: Iterable[Paired], keywords: Sequence[str]) -> Evaluation:
    """Everything about one system."""
    rows: list[Row] = []
    phrases: list[Judged] = []
    failures: dict[str, str] = {}
    for recording in recordings:
        if recording.failure:
            failures[recording.file] = recording.failure
        for side in compare(recording):
            rows += side.rows
            phrases += side.phrases
    return Evaluation(name, details, tuple(rows), tuple(phrases), tuple(_keywords(keywords, rows)), failures)


def total(rows: Iterable[Row]) -> Errors:
    """The errors of some rows together."""
    return sum((row.alignment.errors for row in rows), Errors())


def calibration(judged: Iterable[tuple[float, int, int]]) -> tuple[Bin, ...]:
    """(confidence, characters, right ones) of phrases → bins that hold any."""
    data = np.array(list(judged), float).reshape(-1, 3)
    place = np.clip(np.digitize(data[:, 0], BINS, right=True) - 1, 0, len(BINS) - 2)
    out = []
    for i in range(len(BINS) - 1):
        confidence, characters, right = data[place == i].T
        if len(confidence):
            n = characters.sum()
            promised = float((confidence * characters).sum() / n)
            out.append(Bin(BINS[i], BINS[i + 1], len(confidence), int(n), promised, float(right.sum() / n)))
    return tuple(out)


def difference(one: Evaluation, other: Evaluation) -> Interval:
    """CER of `other` less that of `one`, on the same references: paired bootstrap (Bisani & Ney 2004)."""
    pairs = {(r.file, r.line, i): r for i, r in _numbered(one.rows)}
    counts: dict[str, list[int]] = {}
    by_file = len({row.file for row in one.rows}) >= FEW_RECORDINGS
    for i, row in _numbered(other.rows):
        mine = pairs[row.file, row.line, i]
        unit = row.file if by_file else f"{row.file}\n{row.line}\n{i}"
        own = counts.setdefault(unit, [0, 0, 0, 0])
        for at, errors in ((0, mine.alignment.errors), (2, row.alignment.errors)):
            own[at] += errors.total
            own[at + 1] += errors.characters
    table = np.array([counts[unit] for unit in sorted(counts)], float)
    draws = np.random.default_rng(SEED).multinomial(len(table), np.full(len(table), 1 / len(table)), RESAMPLES)
    sums = draws @ table
    rates = [sums[:, at] / np.maximum(sums[:, at + 1], 1) for at in (0, 2)]
    low, high = np.percentile(rates[1] - rates[0], [2.5, 97.5])
    exact = other.errors.rate - one.errors.rate
    return Interval(exact, float(low), float(high), "recordings" if by_file else "rows")


def _numbered(rows: Iterable[Row]) -> list[tuple[int, Row]]:
    """Rows with a count of those at the same place: a line of JSON may hold many."""
    seen: Counter[tuple[str, int]] = Counter()
    out = []
    for row in rows:
        out.append((seen[row.file, row.line], row))
        seen[row.file, row.line] += 1
    return out


def _keywords(words: Sequence[str], rows: Sequence[Row]) -> list[Keyword]:
    """Counted in the texts as they are compared, in every way a word's numbers may be read."""
    texts = [
        ("".join(p.reference for p in r.alignment.pieces), "".join(p.hypothesis for p in r.alignment.pieces))
        for r in rows
    ]
    out = []
    for word in dict.fromkeys(words):
        forms = {form for way in (word, *spellings(word)) if (form := spoken(way))}
        said = found = false = 0
        for reference, hypothesis in texts:
            wanted, written = (max((text.count(form) for form in forms), default=0) for text in (reference, hypothesis))
            said += wanted
            found += min(wanted, written)
            false += max(written - wanted, 0)
        out.append(Keyword(text=word, said=said, found=found, false=false))
    return out
