"""Documents → drafts: JSON values, JSON lines, chat tables and ticket tables, streaming."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from qc.errors import unreadable
from qc.ingest.draft import Draft
from qc.ingest.grid import Grid, GridError, Row, read_grid
from qc.ingest.inputs import Document
from qc.ingest.json_value import ShapeError, label, parse_json, type_names
from qc.ingest.shapes import EXPECTED, Readers
from qc.ingest.text_file import is_damaged, lines, open_text

MAX_JSON_BYTES = 64 * 2**20
FAULTS = {
    "encoding": "有无法识别的字节；文件应是 UTF-8 或 GBK",
    "too_large": "过长；单个会话不能超过 64 MiB",
    "open_quote": "引号没有闭合",
}


@dataclass(frozen=True, slots=True)
class Item:
    """One conversation of a document, or why it could not be read. `place`: path, with line (`:`) or number (`#`).

    `name`: the id to use when neither the draft nor the manifest gives one. `single`: the document holds just this.
    """

    place: str
    name: str
    found: Draft | ShapeError
    single: bool = False


@dataclass(slots=True)
class _Open:
    """A conversation whose messages are still arriving. `beside`: what they say of it as a whole; `varying`: names
    under which they do not agree (numbers of the messages themselves).
    """

    number: int
    messages: list[Mapping[str, object]] = field(default_factory=list)
    beside: dict[str, object] = field(default_factory=dict)
    varying: set[str] = field(default_factory=set)
    last: Mapping[str, object] = field(default_factory=dict)

    def add(self, message: Mapping[str, object], beside: Mapping[str, object]) -> None:
        self.messages.append(message)
        if beside == self.last:
            return
        self.last = beside
        for name, value in beside.items():
            if self.beside.get(name) in (None, ""):
                self.beside[name] = value
            elif value not in (None, "", self.beside[name]):
                self.varying.add(name)


Numbered = Iterator[tuple[int, "Mapping[str, object] | ShapeError"]]


def read_document(document: Document, readers: Readers) -> Iterator[Item]:
    """All conversations of one document in the order they end in it. Never raises for what the file contains."""
    reader = _DocumentReader(document, readers)
    try:
        match document.format:
            case "json":
                yield from reader.whole()
            case "jsonl":
                yield from reader.by_line()
            case "chat_csv":
                yield from reader.chat_table()
            case _:
                yield from reader.ticket_table()
    except OSError as error:
        yield reader.item(ShapeError("unreadable", unreadable(error)))
    except GridError as error:
        yield reader.item(ShapeError("bad_table", str(error)))


def open_table(file: Path, readers: Readers) -> tuple[Grid, str | None]:
    """A table and what it holds: chat_csv, ticket_csv, manifest, or None. Raises GridError and OSError."""
    chat, ticket, details = readers.chat, readers.ticket, readers.details

    def kind_of(headers: tuple[str, ...]) -> str | None:
        if ticket.is_ticket(list(headers)):
            return "ticket_csv"
        if chat.is_message(dict.fromkeys(headers)):
            return "chat_csv"
        found = details.columns.assign(headers)
        return "manifest" if len(found) > 1 and ("conversation_id" in found or "file" in found) else None

    grid = read_grid(file, lambda cells: kind_of(tuple(cells)) is not None)
    return grid, kind_of(grid.headers)


class _DocumentReader:
    def __init__(self, document: Document, readers: Readers) -> None:
        self.document = document
        self.file = Path(document.file)
        self.readers = readers
        self.mark = ":"
        self.id_key = lru_cache(maxsize=256)(readers.chat.id_key)

    def item(self, found: Draft | ShapeError, number: int | None = None) -> Item:
        """An item of the line or place `number`; without one, all there is in the document."""
        path, name = self.document.path, self.document.name
        if number is None:
            return Item(path, name, found, single=True)
        return Item(f"{path}{self.mark}{number}", f"{name}#{number}", found)

    def whole(self) -> Iterator[Item]:
        """A JSON document: one value, or a list of conversations or of messages."""
        self.mark = "#"
        try:
            value = self._parsed()
        except ShapeError as error:
            yield self.item(error)
            return
        if isinstance(value, list) and value and self.readers.is_message(value[0]):
            yield from self._messages(lambda: ((n, _object(v)) for n, v in enumerate(value, 1)), "chat_jsonl")
            return
        values = value if isinstance(value, list) else [value]
        found = [draft for item in values for draft in self._drafts(_object(item))]
        if not found:
            yield self.item(ShapeError("empty_conversation", "文件里没有会话"))
        elif len(found) == 1:
            yield self.item(found[0])
        else:
            yield from (self.item(draft, n) for n, draft in enumerate(found, 1))

    def _parsed(self) -> object:
        if self.file.stat().st_size > MAX_JSON_BYTES:
            raise ShapeError("too_large", "JSON 文件超过 64 MiB；请存成每行一通会话的 .jsonl")
        with open_text(self.file) as stream:
            text = stream.read().strip("\ufeff \t\r\n\x00")
        if is_damaged(text):
            raise ShapeError("encoding", FAULTS["encoding"])
        return parse_json(text)

    def _drafts(self, value: Mapping[str, object] | ShapeError) -> Iterator[Draft | ShapeError]:
        if isinstance(value, ShapeError):
            yield value
            return
        try:
            yield from self.readers.drafts(value)
        except ShapeError as error:
            yield error

    def by_line(self) -> Iterator[Item]:
        """JSON lines: conversations, tickets and transcripts, or messages."""
        first = next((v for _, v in self._values() if not isinstance(v, ShapeError)), None)
        if self.readers.is_message(first):
            yield from self._messages(self._values, "chat_jsonl")
            return
        empty = True
        for line, value in self._values():
            empty = False
            yield from (self.item(found, line) for found in self._drafts(value))
        if empty:
            yield self.item(ShapeError("empty_file", "文件里没有内容"))

    def _values(self) -> Numbered:
        for line in lines(self.file):
            text = line.text.strip("\ufeff \t\r\n\x00")
            if line.fault:
                yield line.number, ShapeError(line.fault, f"这一行{FAULTS[line.fault]}")
            elif text:
                try:
                    yield line.number, _object(parse_json(text))
                except ShapeError as error:
                    yield line.number, error

    def chat_table(self) -> Iterator[Item]:
        """A message a row."""
        grid, _ = open_table(self.file, self.readers)
        yield from self._messages(lambda: ((row.line, _cells(grid, row)) for row in grid.rows()), "chat_csv")

    def ticket_table(self) -> Iterator[Item]:
        """A ticket a row."""
        grid, _ = open_table(self.file, self.readers)
        for row in grid.rows():
            cells = _cells(grid, row)
            try:
                found = cells if isinstance(cells, ShapeError) else self.readers.ticket.draft(cells)
            except ShapeError as error:
                found = error
            yield self.item(found, row.line)

    def _messages(self, values: Callable[[], Numbered], format_: str) -> Iterator[Item]:
        """Messages gathered by conversation; where the first names none, all are of one.

        A first pass finds each conversation's last message, so that the second holds only conversations still going
        on: exports sorted by time mix few at once.
        """
        first = next((v for _, v in values() if not isinstance(v, ShapeError)), {})
        alone = self.id_key(tuple(first)) is None
        last = {} if alone else {key: n for n, value in values() if (key := self._conversation_of(value)) is not None}
        going: dict[str, _Open] = {}
        for number, value in values():
            key = self.document.name if alone else self._conversation_of(value)
            if isinstance(value, ShapeError):
                yield self.item(value, number)
            elif key is None:
                yield self.item(ShapeError("missing_id", "这条消息没有会话编号"), number)
            else:
                going.setdefault(key, _Open(number)).add(value, self.readers.chat.beside(value))
                if last.get(key) == number:
                    conversation = going.pop(key)
                    yield self.item(self._closed(conversation, format_), conversation.number)
        for conversation in going.values():
            yield self.item(self._closed(conversation, format_), None if alone else conversation.number)

    def _conversation_of(self, value: Mapping[str, object] | ShapeError) -> str | None:
        if isinstance(value, ShapeError) or (key := self.id_key(tuple(value))) is None:
            return None
        return label(value[key])

    def _closed(self, conversation: _Open, format_: str) -> Draft | ShapeError:
        reader = self.readers.details
        unsure = {name for name in conversation.varying if reader.columns.field_of(name) is None}
        try:
            details = reader.of_object(conversation.beside, frozenset(unsure))
            return self.readers.chat.draft(conversation.messages, details, format_)
        except ShapeError as error:
            return error


def _object(value: object) -> Mapping[str, object] | ShapeError:
    if isinstance(value, dict):
        return value
    return ShapeError("unknown_format", f"{EXPECTED}；这里是{type_names[type(value)]}")


def _cells(grid: Grid, row: Row) -> Mapping[str, object] | ShapeError:
    if row.fault:
        return ShapeError(row.fault, f"这一行{FAULTS[row.fault]}")
    return dict(zip(grid.headers, row.cells, strict=False))
