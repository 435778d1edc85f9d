"""All indicators, by subject, in the order in which they are shown."""

from __future__ import annotations

from qc.reporting.indicators.answering import ANSWERING
from qc.reporting.indicators.automation import AUTOMATION
from qc.reporting.indicators.indicator import Family, Indicator
from qc.reporting.indicators.outcome import OUTCOME
from qc.reporting.indicators.quality import QUALITY
from qc.reporting.indicators.workload import WORKLOAD

FAMILIES: tuple[Family, ...] = (QUALITY, OUTCOME, ANSWERING, WORKLOAD, AUTOMATION)
INDICATORS: tuple[Indicator, ...] = tuple(i for family in FAMILIES for i in family.indicators)
