"""What one run shows in the workbook: the same view models as the pages of its report, made once."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

import pyarrow as pa

from qc.reporting.agents import AgentsPage, agents_page, example_ids
from qc.reporting.batch import Batch, lookup
from qc.reporting.cases import CasesPage, case_ids, cases_page
from qc.reporting.edition import Edition
from qc.reporting.indicators.page import IndicatorsPage, indicators_page
from qc.reporting.opinion import OpinionPage, opinion_ids, opinion_page
from qc.reporting.quality import QualityPage, quality_ids, quality_page
from qc.reporting.records import read_records


def quoted_ids(batch: Batch) -> tuple[str, ...]:
    """The conversations whose records the pages used here need."""
    return (*quality_ids(batch), *example_ids(batch), *opinion_ids(batch), *case_ids(batch))


class View:
    """The pages of one edition; its `records` are read here."""

    def __init__(self, edition: Edition) -> None:
        records = read_records(edition.batch.run, quoted_ids(edition.batch))
        self.edition = replace(edition, records=records)

    @property
    def batch(self) -> Batch:
        return self.edition.batch

    @cached_property
    def quality(self) -> QualityPage:
        return quality_page(self.edition)

    @cached_property
    def agents(self) -> AgentsPage:
        return agents_page(self.edition)

    @cached_property
    def opinion(self) -> OpinionPage:
        return opinion_page(self.edition)

    @cached_property
    def cases(self) -> CasesPage:
        return cases_page(self.edition)

    @cached_property
    def indicators(self) -> IndicatorsPage:
        return indicators_page(self.edition)

    def beside(self, table: pa.Table, *columns: str) -> pa.Table:
        """`table` with `columns` of its conversations before its own."""
        found = lookup(table["conversation_id"], self.batch.conversations).select(list(columns))
        own = [table.column(name) for name in table.column_names]
        return pa.table([*found.columns, *own], names=[*columns, *table.column_names])
