"""Conversations of a batch's documents, one after the other, joined with what the manifest says of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path

from qc.domain.conversation import Channel, Conversation, Role, Source, Turn
from qc.domain.failure import Failure, Stage
from qc.errors import UsageError
from qc.ingest.documents import Item, read_document
from qc.ingest.draft import Draft, in_order
from qc.ingest.inputs import Batch, Document, PendingRow, folder_of
from qc.ingest.json_value import ShapeError
from qc.ingest.manifest import ManifestRow
from qc.ingest.names import Departure, departure
from qc.ingest.placing import missing_recording
from qc.ingest.shapes import Readers


class ChangedInputError(UsageError):
    """A file changed, or went out of reach, while it was read: what was read of it is of neither state."""


def read_conversations(batch: Batch) -> Iterator[Conversation | Failure]:
    """Every conversation in the documents, or its Failure, in a fixed order and holding one document's open
    conversations at a time; then a Failure for each manifest row whose conversation was not among them.

    A document that is not what it was when the batch was planned is one Failure. Raises ChangedInputError when one
    changes while it is read.
    """
    reading = _Reading(batch)
    readers = Readers(batch.config)
    for document in batch.documents:
        if (gone := departure(Path(document.file), document.sha256)) is not None:
            yield reading.departed(document, gone)
            continue
        for item in read_document(document, readers):
            yield reading.finished(item, document)
        if (gone := departure(Path(document.file), document.sha256)) is not None:
            raise ChangedInputError(f"{document.path} 读到一半，{gone.told}；批次停下，没有做完", f"{gone.at_once}。")
    yield from reading.unmatched()


class _Reading:
    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self.config = batch.config
        self._folder_of = lru_cache(maxsize=8)(partial(folder_of, config=batch.config))
        self.places = {r.conversation_id: r.source.path for r in batch.recordings}
        self.by_id: dict[str, PendingRow] = {}
        self.by_document: dict[str, PendingRow] = {}
        self.used: set[int] = set()
        for pending in batch.pending:
            if pending.row.details.conversation_id is not None:
                self.by_id.setdefault(pending.row.details.conversation_id, pending)
            if pending.document is not None:
                self.by_document.setdefault(pending.document, pending)

    def finished(self, item: Item, document: Document) -> Conversation | Failure:
        """The conversation of `item`, or the failure it is."""
        draft = item.found
        if isinstance(draft, ShapeError):
            return self._failure(item, document, None, draft.kind, draft.message)
        row = self._row(item, draft, document)
        details = draft.details if row is None else row.details.or_else(draft.details)
        key = None if item.single else draft.key
        conversation_id = details.conversation_id or key or item.name
        if (earlier := self.places.get(conversation_id)) is not None:
            message = f"会话编号与 {earlier} 的重复，只用先出现的"
            return self._failure(item, document, conversation_id, "duplicate_id", message)
        try:
            turns = in_order(draft.turns, self.config.run.max_turn_chars)
        except ShapeError as error:
            return self._failure(item, document, conversation_id, error.kind, error.message)
        self.places[conversation_id] = item.place
        folder = self._folder_of(document.path)
        project = details.project or folder.project or self.config.default_project
        channel = details.channel or folder.channel or draft.channel or self.config.default_channel
        return Conversation(
            id=conversation_id,
            project=project,
            channel=Channel.BOT_VOICE if channel is Channel.BOT_TEXT and draft.channel is None else channel,
            turns=self._with_roles(turns, project),
            meta=details.meta,
            source=Source(path=document.path, format=draft.format, sha256=document.sha256, in_manifest=row is not None),
        )

    def _with_roles(self, turns: tuple[Turn, ...], project: str) -> tuple[Turn, ...]:
        """Turns known only by their audio channel get the role configured for it."""
        roles = self.config.audio.project_roles.get(project, self.config.audio.roles)
        return tuple(
            replace(t, role=roles[t.audio_channel])
            if t.role is Role.UNKNOWN and t.audio_channel is not None and t.audio_channel < len(roles)
            else t
            for t in turns
        )

    def _row(self, item: Item, draft: Draft, document: Document) -> ManifestRow | None:
        """The manifest row of a conversation: the one naming its file when that holds nothing else; else the one
        with its id, completed by a row that names the file without an id and so speaks for all of it.
        """
        naming = self.by_document.get(document.path)
        if naming is not None and item.single:
            self.used.add(naming.row.line)
            return naming.row
        pending = self.by_id.get(draft.details.conversation_id or draft.key or item.name)
        row = None if pending is None or pending.document not in (None, document.path) else pending.row
        if row is not None:
            self.used.add(row.line)
        if naming is not None and naming.row.details.conversation_id is None:
            self.used.add(naming.row.line)
            row = naming.row if row is None else replace(row, details=row.details.or_else(naming.row.details))
        return row

    def departed(self, document: Document, gone: Departure) -> Failure:
        """The document changed, or is out of reach, since the batch was planned."""
        return Failure(
            input=document.path,
            conversation_id=None,
            stage=Stage.INGEST,
            kind=gone.kind,
            message=f"文件{gone.told}，没有采用；{gone.after}。",
            retryable=True,
            sha256=document.sha256,
        )

    def unmatched(self) -> Iterator[Failure]:
        """Manifest rows that no conversation answered to."""
        for pending in self.batch.pending:
            if pending.row.line not in self.used:
                yield missing_recording(self.batch.manifest_name, pending.row)

    def _failure(self, item: Item, document: Document, key: str | None, kind: str, message: str) -> Failure:
        return Failure(
            input=item.place,
            conversation_id=key,
            stage=Stage.INGEST,
            kind=kind,
            message=f"{message}。",
            retryable=kind == "unreadable",
            sha256=document.sha256,
        )
