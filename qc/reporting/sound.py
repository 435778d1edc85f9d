"""How the page of a conversation reaches its recording: where it lies, from a copy inside the report, or not at all.

Only a file below the run's input folder whose content is what was judged is ever pointed at or copied: a recording that
was replaced since is no evidence. Nothing is converted; what a browser cannot play, the page says.
"""

from __future__ import annotations

import glob
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote_from_bytes

from qc.reporting.records import MetaRow
from qc.storage.digests import sha256_of
from qc.storage.files import atomic
from qc.storage.read import StoredRun

COPIES = "audio"
"""The folder of a report that holds copies."""
_SUFFIX = re.compile(r"\.[0-9A-Za-z]{1,8}")
_MASK = "*"
"""What stands for a masked character of a path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """`address`: the recording as the page reaches it, relative and percent-encoded; empty when it cannot be played,
    and then `problem` says why: missing (not where it was), changed (no longer what was judged), outside (the stored
    path leaves the input folder) or masked (its name holds personal data, which a link would show)."""

    address: str
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recordings:
    """The recordings of `run` for the pages of one folder. `kept`: link, copy or none, as `ReportConfig.audio`.

    `pages` is where the pages will be opened, `copies` where copies are written now, and `shelf` what the pages call
    that folder (`../audio`): a report is written beside its place and then moved there.
    """

    run: StoredRun
    kept: str
    pages: Path
    copies: Path
    shelf: str

    def of(self, meta: MetaRow, name: str) -> Sound | None:
        """The recording of a conversation; `name` (safe on every file system) is what a copy is called. None for what
        is no recording, and where the report plays none. Raises OSError when a copy cannot be written."""
        if meta.source_format != "audio" or self.kept == "none":
            return None
        masked = _MASK in meta.source_path or _MASK in self.run.lineage.input_path
        if masked and self.kept == "link":
            return Sound(address="", problem="masked")
        found, problem = judged_recording(self.run, meta.source_path, meta.source_sha256)
        if found is None:
            return Sound(address="", problem=problem)
        if self.kept == "link":
            return self._link(found)
        suffix = Path(meta.source_path).suffix
        target = self.copies / (name + (suffix.lower() if _SUFFIX.fullmatch(suffix) else ""))
        _copy(found, target)
        return Sound(address=f"{self.shelf}/{_encoded(target.name)}")

    def _link(self, original: Path) -> Sound:
        """Relative, so that it holds where both folders are mounted elsewhere; browsers resolve `..` by the words of
        the address, so links of the file system are not followed."""
        try:
            way = os.path.relpath(os.path.abspath(original), os.path.abspath(self.pages))  # noqa: PTH100 not resolved
        except ValueError:  # another drive
            return Sound(address="", problem="missing")
        return Sound(address=_encoded(Path(way).as_posix()))


def judged_recording(run: StoredRun, stored: str, sha256: str) -> tuple[Path | None, str]:
    """The file at the path `stored` in a run's tables, when it is the one that was judged; else what is wrong (the
    problems of `Sound`)."""
    problem = "missing"
    for root in _roots(run):
        for candidate in _candidates(root, stored):
            try:
                if not candidate.resolve().is_relative_to(root.resolve()):
                    return None, "outside"
                if not candidate.is_file():
                    continue
                if sha256_of(candidate) == sha256:
                    return candidate, ""
            except (OSError, RuntimeError, ValueError):  # unreadable, a loop of links, a name no file can have
                continue
            problem = "changed"
    return None, problem


def _roots(run: StoredRun) -> Iterator[Path]:
    """Where the input folder may be: as the run was told, from here or from the folder that holds its runs."""
    told = run.lineage.input_path
    if not told:
        return
    seen: list[Path] = []
    for root in (*_standing_for(Path(told)), *_standing_for(run.path.absolute().parent.parent / told)):
        folder = root.parent if root.is_file() else root
        if folder not in seen and folder.is_dir():
            seen.append(folder)
            yield folder


def _standing_for(folder: Path) -> Iterator[Path]:
    """`folder`, or those that its name may stand for where characters of it are masked."""
    told = str(folder)
    yield from map(Path, sorted(glob.glob(_pattern(told))) if _MASK in told else [told])  # noqa: PTH207 may be absolute


def _pattern(masked: str) -> str:
    return glob.escape(masked).replace(f"[{_MASK}]", "?")


def _candidates(root: Path, stored: str) -> Iterator[Path]:
    """The file of that path; where characters of it are masked (masks keep the length), every file it may stand for."""
    if _MASK not in stored:
        yield root / stored
        return
    try:
        yield from sorted(root.glob(_pattern(stored)))
    except (ValueError, NotImplementedError):  # an absolute path
        return


def _copy(original: Path, target: Path) -> None:
    """Whole or not at all; who may read the page may hear it."""
    with atomic(target) as temporary:
        shutil.copyfile(original, temporary)


def _encoded(way: str) -> str:
    return quote_from_bytes(os.fsencode(way), safe="/")
