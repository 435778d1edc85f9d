"""The step after all shards: the table `complaints` of a whole run, and the inline tests of `complaints.yml`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from qc.domain.complaint import ComplaintOutcome, ComplaintTest, Expectation
from qc.domain.conversation import Conversation, Source
from qc.domain.rule import Severity
from qc.domain.specs import Specs
from qc.opinion.complaints import assess
from qc.pipeline.inspect import Inspector
from qc.schema.tables import TABLES
from qc.storage.digests import PartDigest
from qc.storage.read import open_run
from qc.storage.write import write_part

COMPLAINTS = "complaints"


def write_complaints(run: Path, specs: Specs | None) -> PartDigest:
    """Write RUN/complaints, one part: whom else a complaint concerns is known only when every shard is there.

    It is made of the stored tables alone; doing it again gives the same. Without `specs` (transcripts only): no rows.
    """
    table = TABLES[COMPLAINTS].empty_table() if specs is None else assess(open_run(run).parts, specs.complaints)
    return write_part(run, COMPLAINTS, 0, table)


def run_complaint_tests(specs: Specs, *, confidence_floor: float) -> tuple[ComplaintOutcome, ...]:
    """Every inline test, each conversation a batch of its own, judged by all rules, topics and words in force."""
    tests = specs.complaints.tests
    if not tests:
        return ()
    inspector = Inspector(specs, confidence_floor=confidence_floor, mask=True)
    tables = inspector.inspect([_conversation(i, test) for i, test in enumerate(tests)], ()).tables
    return tuple(
        ComplaintOutcome(path=specs.complaints.path, test=test, got=_got(tables, i, specs))
        for i, test in enumerate(tests)
    )


def _conversation(number: int, test: ComplaintTest) -> Conversation:
    return Conversation(
        id=str(number),
        project=test.project,
        channel=test.channel,
        turns=test.turns,
        meta=test.meta,
        source=Source(path="test", format="qc", sha256=""),
    )


def _got(tables: dict[str, pa.Table], number: int, specs: Specs) -> Expectation | None:
    def alone(name: str, columns: Sequence[str]) -> Iterator[pa.Table]:
        table = tables[name]
        yield table.filter(pc.equal(table["conversation_id"], str(number))).select(list(columns))

    # How many customers a thing concerns is no matter of one conversation.
    found = assess(alone, replace(specs.complaints, scopes=())).to_pylist()
    if not found:
        return None
    (row,) = found
    return Expectation(
        severity=Severity(row["severity"]), type=row["type_id"], escalations=frozenset(row["escalations"])
    )
