"""Batch: everything found in an input folder, before anything is transcribed or read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

from qc.domain.config import Config, FolderConfig
from qc.domain.failure import Failure
from qc.domain.recording import Recording
from qc.ingest.manifest import ManifestRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A file of conversations. `path` is relative to the input folder, `file` the path to open.

    `format`: json (one value), jsonl (a value a line), chat_csv (a message a row), ticket_csv (a ticket a row).
    `name` is the conversation id of a document that holds one conversation and does not name it.
    """

    path: str
    file: str
    format: str
    sha256: str
    name: str


@dataclass(frozen=True, slots=True)
class Earlier:
    """What a file, or a folder, was when it was found before: its content (SHA-256), or why there was none to be had
    (`failed`: as `Failure.kind`)."""

    sha256: str | None = None
    failed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingRow:
    """A manifest row about a conversation inside a document: the one it names in `document`, or any, by its id."""

    row: ManifestRow
    document: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The inputs of a run, in a fixed order.

    `failures`: inputs already known to be unusable. `notes`: Chinese sentences worth reading that are no failures.
    `pending`: manifest rows that wait for a conversation in `documents`. `digest`: SHA-256 over all inputs.
    """

    config: Config
    recordings: tuple[Recording, ...]
    documents: tuple[Document, ...]
    failures: tuple[Failure, ...]
    notes: tuple[str, ...]
    pending: tuple[PendingRow, ...]
    manifest_name: str
    digest: str


def folder_of(path: str, config: Config) -> FolderConfig:
    """What `qc.yaml` says of the deepest configured folder holding `path`."""
    for parent in PurePosixPath(path).parents:
        if (found := config.folders.get(str(parent))) is not None:
            return found
    return FolderConfig()
