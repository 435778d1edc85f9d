"""Label files: sentences with the class people gave them, as a table (CSV, TSV, XLSX) or JSON lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from qc.domain.labelled import LabelledTurn
from qc.errors import Problem, SpecError, UsageError, refusal
from qc.ingest.columns import columns
from qc.ingest.details import as_text
from qc.ingest.grid import CSV_SUFFIXES, XLSX_SUFFIXES, GridError, read_grid
from qc.ingest.json_value import ShapeError, object_of
from qc.ingest.text_file import lines

_ALIASES: Mapping[str, str] = {
    "text": """
        text sentence content utterance 文本 句子 内容 原文 话 客户说 客户的话 客户原话 话术 消息 消息内容 一句话
    """,
    "label": """
        label class tag category emotion sentiment intent labeldes 标签 标注 类别 分类 情绪 情感 情绪标签 意图 意向
        标注结果
    """,
}
_NAMES = {"text": "文本", "label": "标签"}
_JSON_SUFFIXES = frozenset({".jsonl", ".ndjson"})
_FAULTS = {
    "encoding": "有无法识别的字节；请另存为 UTF-8（GBK 也能读，但一个文件里不能混用）",
    "too_large": "这一行过长",
    "open_quote": "引号没有闭合",
}
_MOST_PROBLEMS = 20


def read_labelled(file: Path) -> tuple[LabelledTurn, ...]:
    """All rows that have a label; the encoding (UTF-8, GBK, UTF-16) is found out. A row without a text keeps an empty
    one: whoever trains decides.

    Raises SpecError with the rows that cannot be read, UsageError when the file cannot, or has no such columns.
    """
    suffix = file.suffix.lower()
    reader = _Reader(str(file))
    try:
        if suffix in _JSON_SUFFIXES:
            found = tuple(reader.json(file))
        elif suffix in CSV_SUFFIXES | XLSX_SUFFIXES | {".txt"}:
            found = tuple(reader.grid(file))
        else:
            raise GridError(f"不认识的扩展名 {suffix or '（没有扩展名）'}")
    except (OSError, GridError) as error:
        reason = refusal(error) if isinstance(error, OSError) else str(error)
        raise UsageError(f"读不了标注文件 {file}：{reason}", "应是 CSV、TSV、XLSX 或 JSONL 文件。") from None
    if reader.problems:
        raise SpecError(reader.problems[:_MOST_PROBLEMS])
    if not found:
        raise UsageError(f"{file} 里没有标注", "每行写一句话和它的标签，表头写 text,label 或 文本,标签。")
    return found


class _Reader:
    def __init__(self, path: str) -> None:
        self._path = path
        self._known = columns(_ALIASES, {})
        self.problems: list[Problem] = []

    def grid(self, file: Path) -> Iterator[LabelledTurn]:
        def is_header(cells: Sequence[str]) -> bool:
            return set(_NAMES) <= self._known.assign(cells).keys()

        grid = read_grid(file, is_header)
        places = self._known.assign(grid.headers)
        if missing := [_NAMES[name] for name in _NAMES if name not in places]:
            raise UsageError(  # what stands in the first row may be what a customer said
                f"{file} 的表头里没有{'、'.join(missing)}一列（第一行有 {len(grid.headers)} 列）",
                "第一行写表头：text,label，或 文本,标签。",
            )
        for row in grid.rows():
            if row.fault:
                self._wrong(row.line, _FAULTS[row.fault])
                continue
            cells = {name: as_text(row.cells[i]).strip() for name, i in places.items() if i < len(row.cells)}
            yield from self._one(row.line, cells.get("text", ""), cells.get("label", ""))

    def json(self, file: Path) -> Iterator[LabelledTurn]:
        for line in lines(file):
            try:
                value = object_of(line, _FAULTS)
                if value is None:
                    continue
                names = list(value)
                places = self._known.assign(names)
                if missing := [_NAMES[name] for name in _NAMES if name not in places]:
                    raise ShapeError("bad_shape", f"没有{'、'.join(missing)}（text、label）")
                text, label = (value[names[places[name]]] for name in _NAMES)
                if isinstance(text, dict | list) or isinstance(label, dict | list):
                    raise ShapeError("bad_shape", "text 与 label 应是文字")
                yield from self._one(line.number, as_text(text).strip(), as_text(label).strip())
            except ShapeError as error:
                self._wrong(line.number, error.message)

    def _one(self, line: int, text: str, label: str) -> Iterator[LabelledTurn]:
        """Rows nobody labelled yet are no mistake: sheets are labelled bit by bit."""
        if label:
            yield LabelledTurn(line=line, text=text, label=label)

    def _wrong(self, line: int, message: str) -> None:
        self.problems.append(Problem(path=self._path, line=line, col=1, code="A002", message=message))
