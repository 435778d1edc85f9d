"""Commands that make, change or hand out what is stored write a line into the audit log of the folder of runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qc.errors import EXIT_OK, EXIT_PARTIAL, QcError

if TYPE_CHECKING:
    from qc.domain.run import Lineage
    from qc.storage.read import StoredRun

_OUTCOMES = {EXIT_OK: "done", EXIT_PARTIAL: "partial"}
_NO_MATTER = "结果不受影响：要写的都写好了。"
_ANYWAY = {
    "failed": "这次操作本来就没有成功，原因见下面的错误；日志里也没有它这一行。",
    "interrupted": "这次操作本来就被中断了；日志里也没有它这一行。",
}
"""What a log without its line means for what was to be done, by how that ended."""


@dataclass(slots=True, kw_only=True)
class Act:
    """What a command did, gathered while it does it."""

    runs: list[str] = field(default_factory=list)
    digests: dict[str, str] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    files: list[Path] = field(default_factory=list)
    note: str = ""
    outcome: str = "done"

    def made(self, run: Path, lineage: Lineage) -> None:
        """A run was finished."""
        self.runs.append(lineage.run_id)
        digests = {
            "input": lineage.input_digest,
            "plan": lineage.plan_digest,
            "rules": lineage.rules_digest,
            "parts": lineage.parts_digest,
        }
        self.digests |= {name: digest for name, digest in digests.items() if digest}
        counts = lineage.counts
        self.counts |= {
            "input": counts.input,
            "ok": counts.ok,
            "failed": counts.failed,
            "quarantined": counts.quarantined,
        }
        self.wrote(run / "run.json")

    def wrote(self, path: Path) -> None:
        """A file was written, or a folder of them."""
        self.files += [p for p in path.rglob("*") if p.is_file()] if path.is_dir() else [path]


def roots_of(runs: Iterable[StoredRun]) -> list[Path]:
    """The folders that hold `runs`, each with a log of its own."""
    return [run.path.absolute().parent for run in runs]


@contextmanager
def audited(roots: Path | Iterable[Path], action: str, *, only_failures: bool = False) -> Iterator[Act]:
    """Record what happens in the block in the logs of `roots`, folders of runs, however it ends. A log that cannot be
    written costs no result: it is said on stderr. What failed before there was a folder of runs is in no log.
    `only_failures`: the block itself records what went well, before it does what must not happen unrecorded."""
    act = Act()
    try:
        yield act
    except (KeyboardInterrupt, click.Abort):
        act.outcome = "interrupted"
        raise
    except click.exceptions.Exit as stop:
        act.outcome = _OUTCOMES.get(stop.exit_code, "failed")
        raise
    except QcError as error:
        act.outcome, act.note = "failed", f"{act.note}\n{error.message}".strip()
        raise
    except BaseException as error:
        act.outcome, act.note = "failed", f"{act.note}\n{type(error).__name__}".strip()
        raise
    finally:
        folders = [roots] if isinstance(roots, Path) else list(roots)
        if act.outcome == "done" and only_failures:
            folders = []
        for root in dict.fromkeys(folder.absolute() for folder in folders):
            _recorded(root, action, act)


def _recorded(root: Path, action: str, act: Act) -> None:
    from qc.storage.audit import UnrecordedError, record

    if act.outcome != "done" and not root.is_dir():
        return
    try:
        record(
            root,
            action,
            outcome=act.outcome,
            runs=act.runs,
            digests=act.digests,
            counts=act.counts,
            files=act.files,
            note=act.note,
        )
    except UnrecordedError as error:
        click.echo(f"{'!' * 60}\n{error.render()}\n{_ANYWAY.get(act.outcome, _NO_MATTER)}\n{'!' * 60}", err=True)


def record_first(root: Path, action: str, undone: str, **told: Any) -> None:
    """Record, as `qc.storage.audit.record` does, what cannot be undone or unseen, before it is done. Raises
    UnrecordedError, which says that it was not (`undone`), when it cannot be recorded."""
    from qc.storage.audit import UnrecordedError, record

    try:
        record(root, action, **told)
    except UnrecordedError as error:
        raise UnrecordedError(
            f"{undone}。{error.message}",
            "这样的操作要先记进日志才做。检查日志所在的磁盘空间与权限，再运行同一条命令。",
        ) from None
