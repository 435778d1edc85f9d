"""The manifest (随录清单): one row per call with its metadata, as CSV, XLSX or Parquet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from qc.domain.config import ManifestConfig
from qc.domain.failure import Failure, Stage
from qc.errors import Problem, UsageError, refusal, remedy
from qc.ingest.columns import CALL, columns
from qc.ingest.details import DetailReader, Details, clean
from qc.ingest.grid import CSV_SUFFIXES, XLSX_SUFFIXES, Grid, GridError, Row, read_grid
from qc.ingest.names import DOCUMENT_SUFFIXES, content_hash

SUFFIXES = CSV_SUFFIXES | XLSX_SUFFIXES | {".parquet", ".txt"}
_KEYS = ("conversation_id", "file")
_FAULTS = {
    "encoding": "有无法识别的字节；请把清单存成 UTF-8 或 GBK",
    "too_large": "这一行过长",
    "open_quote": "引号没有闭合",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestRow:
    """A usable row: it has a conversation id, a file, or both. `line` counts from 1 as an editor shows it."""

    line: int
    details: Details


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """`rows` have unique keys. `failures`: rows that could not be used. `problems`: cells that could not be read,
    whose rows are kept with that field empty.
    """

    name: str
    sha256: str
    rows: tuple[ManifestRow, ...]
    failures: tuple[Failure, ...]
    problems: tuple[Problem, ...]


def read_manifest(path: Path, config: ManifestConfig) -> Manifest:
    """Read and check the manifest.

    Raises UsageError when it cannot be read, changes meanwhile, or has no column naming the recording or the
    conversation.
    """
    reader = DetailReader.configured(config)

    def is_header(cells: Sequence[str]) -> bool:
        return any(key in reader.columns.assign(cells) for key in _KEYS)

    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(f"清单 {path.name} 的格式不支持", "清单可以是 .csv、.xlsx 或 .parquet。")
    if path.is_fifo() or path.is_socket() or path.is_char_device():
        raise UsageError(f"清单 {path.name} 不是普通文件", "先存成文件再给。")
    try:
        before = content_hash(path)
        grid = read_grid(path, is_header, encoding=config.encoding, sheet=config.sheet)
        manifest = _Reading(path, config, reader, grid).manifest(before)
        if content_hash(path) != before:
            raise UsageError(f"清单 {path} 在读的时候被改动了", "等它写完后再运行同一条命令。")
        return manifest
    except GridError as error:
        hint = "清单应是有表头的 CSV、XLSX 或 Parquet；用 Excel 打开另存一份再试。"
        raise UsageError(f"清单 {path.name} 读不了：{error}", hint) from error
    except OSError as error:
        raise UsageError(f"清单 {path} 打不开：{refusal(error)}", remedy(error)) from error
    except LookupError as error:
        raise UsageError(
            f"qc.yaml 的 manifest.encoding 不是编码名：{config.encoding}", "可用 utf-8、gb18030；留空则自动识别。"
        ) from error


class _Reading:
    """One pass over the rows of one manifest."""

    def __init__(self, path: Path, config: ManifestConfig, reader: DetailReader, grid: Grid) -> None:
        self.path = path
        self.reader = reader
        self.grid = grid
        self.headers = _unique_headers(grid.headers)
        self.fields = {index: name for name, index in reader.columns.assign(grid.headers).items()}
        self.rows: list[ManifestRow] = []
        self.failures: list[Failure] = []
        self.problems: list[Problem] = []
        self.first_line: dict[tuple[str, str], int] = {}
        if not any(key in self.fields.values() for key in _KEYS):
            raise _no_key(path.name, grid.headers)
        self._check_mapped(config)

    def manifest(self, sha256: str) -> Manifest:
        for row in self.grid.rows():
            self._take(row)
        return Manifest(
            name=self.path.name,
            sha256=sha256,
            rows=tuple(self.rows),
            failures=tuple(self.failures),
            problems=tuple(self.problems),
        )

    def _take(self, row: Row) -> None:
        if row.fault:
            self._fail(row.line, None, row.fault, _FAULTS[row.fault])
            return
        cells = row.cells[: len(self.headers)]
        details, bad = self.reader.read((self.headers[i], self.fields.get(i), v) for i, v in enumerate(cells))
        keys = [(key, value) for key in _KEYS if (value := getattr(details, key)) is not None]
        if not keys:
            self._fail(row.line, None, "missing_key", "会话编号与录音文件都是空的")
            return
        for key in keys:
            if (earlier := self.first_line.get(key)) is not None and not _repeatable(key, details):
                name = "会话编号" if key[0] == "conversation_id" else "录音文件"
                self._fail(
                    row.line,
                    details.conversation_id,
                    "duplicate_row",
                    f"{name}与第 {earlier} 行相同，只用第 {earlier} 行",
                )
                return
        for key in keys:
            self.first_line.setdefault(key, row.line)
        for cell in bad:
            self._note(row.line, self.headers.index(cell.header) + 1, "M01", f"{cell.header}: {cell.message}")
        if any(c not in (None, "") for c in row.cells[len(self.headers) :]):
            self._note(row.line, len(self.headers) + 1, "M02", "比表头多出几格，多出的没有读；内容里有分隔符时要加引号")
        self.rows.append(ManifestRow(line=row.line, details=details))

    def _check_mapped(self, config: ManifestConfig) -> None:
        for name, headers in config.columns.items():
            wanted = columns(CALL, {name: headers}).assign(headers)
            if wanted and not any(field in self.fields.values() for field in wanted):
                self._note(1, 1, "M03", f"qc.yaml 把 {name} 对应到“{'、'.join(headers)}”，清单里没有这一列")

    def _fail(self, line: int, conversation_id: str | None, kind: str, message: str) -> None:
        self.failures.append(
            Failure(
                input=f"{self.path.name}:{line}",
                conversation_id=conversation_id,
                stage=Stage.INGEST,
                kind=kind,
                message=f"清单第 {line} 行：{message}。",
            )
        )

    def _note(self, line: int, col: int, code: str, message: str) -> None:
        self.problems.append(
            Problem(path=self.path.name, line=line, col=col, code=code, message=message, level="warning")
        )


def _repeatable(key: tuple[str, str], details: Details) -> bool:
    """Several rows may name one chat export, each with its own conversation id."""
    suffix = Path(key[1]).suffix.lower()
    return key[0] == "file" and details.conversation_id is not None and suffix in DOCUMENT_SUFFIXES


def _unique_headers(headers: Sequence[str]) -> list[str]:
    """Headers as keys of `extra`: an empty one is named after its column, a repeated one numbered."""
    unique: list[str] = []
    for index, header in enumerate(headers, 1):
        name = clean(header) or f"列{index}"
        unique.append(name if name not in unique else f"{name}_{index}")
    return unique


def _no_key(name: str, headers: Sequence[str]) -> UsageError:
    shown = "、".join(clean(h)[:20] for h in headers[:30] if h.strip())
    return UsageError(
        f"清单 {name} 里没有能找到录音或会话的列。表头有：{shown}",
        "在 qc.yaml 里写明哪一列是录音文件（file）或会话编号（conversation_id），例如：\n"
        "  manifest:\n    columns:\n      file: [你的表头]",
    )
