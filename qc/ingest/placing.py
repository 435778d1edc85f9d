"""Manifest rows → the recordings and documents they speak of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath, PureWindowsPath

from qc.domain.failure import Failure, Stage
from qc.domain.printable import printable
from qc.ingest.inputs import PendingRow
from qc.ingest.manifest import Manifest, ManifestRow
from qc.ingest.names import stem_of


class _RowError(Exception):
    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message


class Placing:
    """Where every row of a manifest went.

    `rows`: path of a recording → its row. `pending`: rows about conversations inside documents. `failures`: the rest.
    """

    def __init__(
        self, manifest: Manifest, audio: Iterable[str], documents: Iterable[str], others: Iterable[str]
    ) -> None:
        self.rows: dict[str, ManifestRow] = {}
        self.pending: list[PendingRow] = []
        self.failures: list[Failure] = []
        self._audio = _by_name(audio)
        self._documents = _by_name(documents)
        self._others = frozenset(others)
        for row in manifest.rows:
            try:
                self._place(row)
            except _RowError as error:
                self.failures.append(row_failure(manifest.name, row, error.kind, error.message))

    def _place(self, row: ManifestRow) -> None:
        file = row.details.file
        # a call whose audio is not here may still be here as a transcript under the same name
        names = [row.details.conversation_id] if file is None else _wanted(file)
        for name in filter(None, names):
            if path := _only(self._audio, name):
                if path in self.rows:
                    raise _RowError("duplicate_row", f"与第 {self.rows[path].line} 行指向同一个录音")
                self.rows[path] = row
                return
        for name in filter(None, names):
            if path := _only(self._documents, name):
                self.pending.append(PendingRow(row=row, document=path))
                return
        if file is not None and _wanted(file)[0] in self._others:
            raise _RowError("unknown_format", f"{_wanted(file)[0]} 不是支持的录音或会话格式")
        self.pending.append(PendingRow(row=row, document=None))


def row_failure(manifest_name: str, row: ManifestRow, kind: str, message: str) -> Failure:
    """The Failure of a manifest row."""
    return Failure(
        input=f"{manifest_name}:{row.line}",
        conversation_id=row.details.conversation_id,
        stage=Stage.INGEST,
        kind=kind,
        message=printable(f"清单第 {row.line} 行：{message}。"),
    )


def missing_recording(manifest_name: str, row: ManifestRow) -> Failure:
    """The Failure of a row that no recording and no conversation answers to."""
    details = row.details
    what = f"录音 {details.file}" if details.file else f"会话 {details.conversation_id} 的录音或文本"
    return row_failure(manifest_name, row, "missing_recording", f"输入目录里没有{what}")


def _by_name(paths: Iterable[str]) -> Mapping[str, list[str]]:
    """Everything a path may be called: itself, without extension, without folders, without both."""
    names: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        pure = PurePosixPath(path)
        for name in dict.fromkeys((path, stem_of(path), pure.name, pure.stem)):
            names[name].append(path)
    return names


def _only(names: Mapping[str, list[str]], name: str) -> str | None:
    found = names.get(name, [])
    if name in found:
        return name
    if len(found) > 1:
        raise _RowError("ambiguous", f"有 {len(found)} 个文件都叫 {name}；请写相对输入目录的完整路径")
    return found[0] if found else None


def _wanted(file: str) -> tuple[str, str]:
    """A path as the manifest writes it (either slash), relative to the input folder, and the same without extension.

    Raises _RowError when it leads out of the folder.
    """
    parts = [p for p in file.replace("\\", "/").split("/") if p not in ("", ".")]
    if file.startswith(("/", "\\")) or PureWindowsPath(file).drive or ".." in parts or not parts:
        raise _RowError("outside_root", "录音文件在输入目录之外；写相对输入目录的路径，或只写文件名")
    path = "/".join(parts)
    return path, stem_of(path)
