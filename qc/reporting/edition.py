"""What all pages of one report are made from, and which pages there are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import pyarrow as pa

from qc.domain.config import ReportConfig
from qc.opinion.contacts import contacts
from qc.opinion.day import DayReport
from qc.reporting.batch import Batch
from qc.reporting.records import Record
from qc.reporting.selection import Line
from qc.storage.read import StoredRun


@dataclass(frozen=True, kw_only=True)  # no slots: `contacts` is kept once made
class Edition:
    """`earlier` runs are what topics, words and figures are compared with, oldest first; `recent` ones those in which
    contacts may have been repeated; `again`: the run before, where it judged the same inputs, else None. `day`: the day
    of the run against the days before it, with its alerts; None where nobody asked. `listed` conversations have a page
    of their own, most important first. `records` holds every conversation that some page quotes."""

    batch: Batch
    earlier: Sequence[StoredRun] = ()
    recent: Sequence[StoredRun] = ()
    again: StoredRun | None = None
    day: DayReport | None = None
    settings: ReportConfig = field(default_factory=ReportConfig)
    listed: tuple[Line, ...] = ()
    records: Mapping[str, Record] = field(default_factory=dict)

    @cached_property
    def contacts(self) -> pa.Table:
        """What customers came with, in this run and the recent ones (`qc.opinion.contacts`)."""
        return contacts([*self.recent, self.batch.run])


def _none(batch: Batch) -> Iterable[str]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One page of a report: NAME.html, drawn by the template of that name. `title` as the navigation calls it, in
    Chinese; `page` makes what the template shows; `quoted` names the conversations whose records it needs."""

    name: str
    title: str
    page: Callable[[Edition], object]
    quoted: Callable[[Batch], Iterable[str]] = _none

    @property
    def file(self) -> str:
        return f"{self.name}.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """Many pages of one kind, FOLDER/FILE each, drawn by the template NAME.html. `files` names the file of every key;
    `pages` makes (file, what the template shows), one at a time; `quoted` as of a sheet."""

    name: str
    folder: str
    files: Callable[[Batch], Mapping[str, str]]
    pages: Callable[[Edition], Iterable[tuple[str, object]]]
    quoted: Callable[[Batch], Iterable[str]] = _none
