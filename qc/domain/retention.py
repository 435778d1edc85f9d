"""How long a centre keeps what (`qc.yaml`, section `retention`)."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum


class Kept(StrEnum):
    """What a run holds, by how long it may be kept. RESULTS are all rows of a conversation; TEXT what was said and
    every quotation of it; AUDIO where its recording lies; REPORTS the pages made of the run; TRANSCRIPTS what the cache
    has of its recording."""

    AUDIO = "audio"
    TEXT = "text"
    RESULTS = "results"
    REPORTS = "reports"
    TRANSCRIPTS = "transcripts"


TITLES = {
    Kept.AUDIO: "录音路径",
    Kept.TEXT: "文字",
    Kept.RESULTS: "结果",
    Kept.REPORTS: "报表",
    Kept.TRANSCRIPTS: "转写缓存",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """So many calendar months and days."""

    months: int = 0
    days: int = 0

    def before(self, today: date) -> date:
        """The first day that is still kept. A month back from the 31st is the last day of a shorter one."""
        month = today.year * 12 + today.month - 1 - self.months
        year, number = divmod(month, 12)
        if year < 1:
            return date.min
        day = min(today.day, monthrange(year, number + 1)[1])
        try:
            return date(year, number + 1, day) - timedelta(days=self.days)
        except OverflowError:
            return date.min


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """`default` and, by project, what differs from it: None is for ever. `keep`: runs nothing is taken from (legal
    hold)."""

    default: Mapping[Kept, Period | None] = field(default_factory=dict)
    projects: Mapping[str, Mapping[Kept, Period | None]] = field(default_factory=dict)
    keep: tuple[str, ...] = ()

    def period(self, kind: Kept, project: str | None) -> Period | None:
        """How long `kind` of a project's conversations is kept; None: for ever."""
        own = self.projects.get(project or "", {})
        return own[kind] if kind in own else self.default.get(kind)

    @property
    def empty(self) -> bool:
        """Whether everything is kept for ever."""
        return not any(p is not None for kinds in (self.default, *self.projects.values()) for p in kinds.values())
