"""The step after all shards: the table `complaints` of a whole run, and the inline tests of `complaints.yml`."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

from qc.domain.complaint import ComplaintOutcome, ComplaintTest, Expectation
from qc.domain.conversation import Conversation, Source
from qc.domain.rule import Severity
from qc.domain.specs import Specs
from qc.opinion.complaints import in_company
from qc.pipeline.inspect import Inspector
from qc.schema.tables import TABLES
from qc.storage.digests import PartDigest
from qc.storage.interim import read_interim
from qc.storage.read import StoredRun
from qc.storage.write import write_part


def write_complaints(run: StoredRun, shards: Iterable[int], specs: Specs | None) -> PartDigest:
    """Write the table `complaints`, one part, from the complaints of `shards`: whom else one concerns is known only
    when every shard is there. Doing it again gives the same. Without `specs` (transcripts only): no rows."""
    table = TABLES["complaints"].empty_table()
    if specs is not None:
        table = in_company(run.parts, specs.complaints, read_interim(run.path, "complaints", shards))
    return write_part(run.path, "complaints", 0, table)


def run_complaint_tests(specs: Specs, *, confidence_floor: float) -> tuple[ComplaintOutcome, ...]:
    """Every inline test, each conversation a batch of its own, judged by all rules, topics and words in force."""
    tests = specs.complaints.tests
    if not tests:
        return ()
    inspector = Inspector(specs, confidence_floor=confidence_floor, mask=True)
    table = inspector.inspect([_conversation(i, test) for i, test in enumerate(tests)], ()).tables["complaints"]
    return tuple(
        ComplaintOutcome(path=specs.complaints.path, test=test, got=_got(table, i)) for i, test in enumerate(tests)
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


def _got(table: pa.Table, number: int) -> Expectation | None:
    found = table.filter(pc.equal(table["conversation_id"], str(number))).to_pylist()
    if not found:
        return None
    (row,) = found
    return Expectation(
        severity=Severity(row["severity"]), type=row["type_id"], escalations=frozenset(row["escalations"])
    )
