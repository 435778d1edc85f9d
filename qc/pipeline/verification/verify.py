"""`qc verify`: every check of a stored run, in order; reads only, in memory that does not grow with the run's texts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from qc.domain.run import RunStatus
from qc.errors import UsageError
from qc.pipeline.progress import Progress
from qc.pipeline.specs import Folders
from qc.pipeline.verification.check import Check, State, Verified
from qc.pipeline.verification.files import check_files, check_lineage, check_purged, check_sources, check_vault
from qc.pipeline.verification.reviews import check_reviews
from qc.pipeline.verification.rules import known_rules
from qc.pipeline.verification.tables import check_tables
from qc.pipeline.verification.verdicts import check_complaints, check_verdicts, sample_of
from qc.storage.digests import sha256_of
from qc.storage.lineage import LINEAGE_FILE, DamagedRunError
from qc.storage.read import StoredRun, open_run


def verify(
    path: Path,
    where: Folders,
    workspace: Path | None,
    *,
    sample: int,
    revision: str | None = None,
    source: Path | None = None,
    progress: Progress,
) -> Verified:
    """Check the run at `path`: `sample` conversations are judged again with the rules in force, or of `revision`; with
    `source` the inputs are compared too. Raises UsageError when `path` is no run or `source` cannot be read."""
    try:
        run = open_run(path)
    except DamagedRunError as error:
        return Verified(run_id=path.absolute().name, checks=tuple(_without_record(path, error)))
    began = _record(path)
    try:
        checks = tuple(_checks(run, where, workspace, sample, revision, source, progress))
    except (UsageError, OSError):
        if _record(path) == began:
            raise
    if _record(path) != began:
        told = "核对期间批次被改动（另一个 qc 命令在重做、重试或清除它）：等它结束，再核对一次"
        checks = (Check(id="status", title="做完", state=State.FAILED, told=told),)
    return Verified(run_id=run.lineage.run_id, checks=checks)


def _record(run: Path) -> str:
    """What `run.json` is now: every command that changes a run's own tables writes it anew, before and after."""
    try:
        return sha256_of(run / LINEAGE_FILE)
    except OSError:
        return ""


def _without_record(run: Path, error: DamagedRunError) -> Iterator[Check]:
    """What can be said of a run nobody knows the making of."""
    told = f"{error.message}。{error.hint}"
    yield Check(id="record", title=LINEAGE_FILE, state=State.FAILED, told=told)
    yield check_files(run, None)


def _checks(
    run: StoredRun,
    where: Folders,
    workspace: Path | None,
    sample: int,
    revision: str | None,
    source: Path | None,
    progress: Progress,
) -> Iterator[Check]:
    yield check_lineage(run.path)
    if run.lineage.status is not RunStatus.DONE:
        told = "批次没有做完：再运行一次当初的命令，把它做完，再核对"
        yield Check(id="status", title="做完", state=State.FAILED, told=told)
        return
    yield check_files(run.path, run.lineage.parts_digest)
    if run.lineage.purged:  # what is left was renewed with its digests
        yield (purged := check_purged(run.lineage))
        if purged.state is not State.PASSED:  # what was taken cannot be judged again
            return
    if run.lineage.vault:
        yield check_vault(run)
    yield from check_tables(run, progress)
    if run.lineage.rules_digest:
        try:
            drawn = sample_of(run, sample)
        except UsageError as error:  # a damaged file, told of above
            yield Check(id="verdicts", title="抽样重判", state=State.UNCHECKED, told=error.message)
        else:
            known = known_rules(run.lineage, where, workspace, revision)
            yield from check_verdicts(run, known, drawn, progress)
            yield check_complaints(run, known)
            yield check_reviews(run, known)
    if source is not None:
        yield check_sources(run, source, progress)
