"""Reference texts: a table (CSV, TSV, XLSX), JSON lines, or the chat format of qc, every problem at its line.

A table has a column for the file and one for the text; channel, role, speaker, begin, end and project may stand beside.
A JSON line is such a row, or a conversation: `file` (or `conversation_id`) and a list of `turns`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from qc.domain.conversation import Role
from qc.domain.reference import Reference
from qc.errors import Problem, SpecError, UsageError, refusal
from qc.ingest.columns import Columns, columns, unit_of
from qc.ingest.details import as_text
from qc.ingest.grid import CSV_SUFFIXES, XLSX_SUFFIXES, GridError, read_grid
from qc.ingest.json_value import MAX_MS, JsonObject, ShapeError, object_of, type_names
from qc.ingest.moments import number
from qc.ingest.roles import role_of
from qc.ingest.text_file import lines

_ALIASES: Mapping[str, str] = {
    "file": """
        录音文件 录音文件名 录音路径 录音 文件 文件名 音频 音频文件 file filename filepath path wav audio audiofile
        recording conversationid 会话编号 流水号 录音编号
    """,
    "text": "文本 参考文本 标注文本 标注 转写 内容 text reference transcript transcription sentence content",
    "channel": "声道 音轨 audiochannel channel",
    "role": "角色 role",
    "speaker": "说话人 发言人 speaker spk",
    "begin_ms": "开始毫秒 beginms startms",
    "end_ms": "结束毫秒 endms",
    "begin": "开始 开始秒 起始 begin start begins starts from",
    "end": "结束 结束秒 终止 end ends to",
    "project": "业务项目 项目 project",
}
_TURNS = ("turns", "messages", "dialogue", "话轮", "对话", "消息")
_JSON_SUFFIXES = frozenset({".jsonl", ".ndjson"})
_FAULTS = {"encoding": "有无法识别的字节；文件应是 UTF-8 或 GBK", "too_large": "过长", "open_quote": "引号没有闭合"}
_MAX_CHANNELS = 64


def read_references(file: Path) -> tuple[Reference, ...]:
    """All references of a file. Raises SpecError with every problem in it, UsageError when it cannot be read or holds
    nothing."""
    reader = _Reader(str(file), columns(_ALIASES, {}))
    try:
        found = tuple(reader.json(file) if file.suffix.lower() in _JSON_SUFFIXES else reader.grid(file))
    except (OSError, GridError) as error:
        reason = refusal(error) if isinstance(error, OSError) else str(error)
        raise UsageError(f"读不了参考文本 {file}：{reason}", "应是 CSV、TSV、XLSX 或 JSONL 文件。") from None
    reader.check_sides(found)
    if reader.problems:
        raise SpecError(sorted(reader.problems, key=lambda p: p.line))
    if not found:
        raise UsageError(f"{file} 里没有参考文本", "每行写一个录音文件和它的文本。")
    return found


@dataclass(frozen=True, slots=True)
class _Cell:
    """A value and the seconds per unit if it is a time."""

    value: object
    unit: float = 1.0


class _Reader:
    def __init__(self, path: str, known: Columns) -> None:
        self._path, self._known = path, known
        self.problems: list[Problem] = []

    def grid(self, file: Path) -> Iterator[Reference]:
        if file.suffix.lower() not in (CSV_SUFFIXES | XLSX_SUFFIXES | {".txt"}):
            raise GridError("不认识的扩展名")

        def is_header(cells: Sequence[str]) -> bool:
            return {"file", "text"} <= self._known.assign(cells).keys()

        grid = read_grid(file, is_header)
        places = self._known.assign(grid.headers)
        if missing := [name for name in ("file", "text") if name not in places]:
            what = {"file": "录音文件", "text": "文本"}
            self._wrong(
                1, f"表头里没有{'、'.join(what[m] for m in missing)}一列", "列名如：file、text、role、begin、end。"
            )
            return
        units = {name: unit_of(grid.headers[i]) for name, i in places.items()}
        for row in grid.rows():
            if row.fault:
                self._wrong(row.line, _FAULTS[row.fault])
                continue
            cells = {n: _Cell(row.cells[i], units[n]) for n, i in places.items() if i < len(row.cells)}
            yield from self._one(cells, row.line)

    def json(self, file: Path) -> Iterator[Reference]:
        for line in lines(file):
            try:
                value = object_of(line, _FAULTS)
                if value is None:
                    continue
                yield from self._object(value, line.number)
            except ShapeError as error:
                self._wrong(line.number, error.message)

    def check_sides(self, found: Sequence[Reference]) -> None:
        """Where some rows of a recording say a side and some do not, nobody knows what these are compared with."""
        sided: dict[str, bool] = {}
        for reference in found:
            has = reference.channel is not None or reference.role is not None
            if sided.setdefault(reference.file, has) != has:
                self._wrong(reference.line, "同一个录音的各行要么都写角色（或声道），要么都不写")

    def _object(self, value: JsonObject, line: int) -> Iterator[Reference]:
        key = next((k for k in _TURNS if isinstance(value.get(k), list)), None)
        if key is None:
            yield from self._one(self._cells(value), line)
            return
        shared = {n: c for n, c in self._cells(value).items() if n in ("file", "project")}
        turns = value[key]
        assert isinstance(turns, list)  # noqa: S101 - by the choice of the key
        for place, turn in enumerate(turns, 1):
            if not isinstance(turn, dict):
                raise ShapeError("bad_shape", f"{key} 的第 {place} 项应是对象，却是{type_names[type(turn)]}")
            cells = {**self._cells(turn), **shared}
            yield from self._one(cells, line, f"第 {place} 条：")

    def _cells(self, value: JsonObject) -> dict[str, _Cell]:
        names = list(value)
        return {n: _Cell(value[names[i]], unit_of(names[i])) for n, i in self._known.assign(names).items()}

    def _one(self, cells: Mapping[str, _Cell], line: int, place: str = "") -> Iterator[Reference]:
        before = len(self.problems)

        def told(message: str, hint: str = "") -> None:
            self._wrong(line, place + message, hint)

        file = _text(cells.get("file")).replace("\\", "/")
        if not file:
            told("没有写录音文件")
        if "text" not in cells or isinstance(cells["text"].value, dict | list):
            told("没有写文本", "没有人说话时写空的文本。")
        channel, role = _channel(cells.get("channel"), told), _role(cells.get("role"), told)
        start, end = _time(cells, "begin", "开始", told), _time(cells, "end", "结束", told)
        if start is not None and end is not None and end < start:
            told("结束早于开始")
        if len(self.problems) == before:
            yield Reference(
                file=file,
                text=_text(cells.get("text")),
                line=line,
                project=_text(cells.get("project")) or None,
                channel=channel,
                role=role,
                speaker=_text(cells.get("speaker")) or None,
                start_ms=start,
                end_ms=end,
            )

    def _wrong(self, line: int, message: str, hint: str = "") -> None:
        self.problems.append(Problem(path=self._path, line=line, col=1, code="A001", message=message, hint=hint))


_Told = Callable[..., None]


def _text(cell: _Cell | None) -> str:
    return "" if cell is None or isinstance(cell.value, dict | list) else as_text(cell.value).strip()


def _role(cell: _Cell | None, told: _Told) -> Role | None:
    word = _text(cell)
    if not word:
        return None
    role = role_of(word)
    if role is Role.UNKNOWN:
        told("不认识的角色", "角色写 坐席、客户、机器人 或 agent、customer、bot；人名写在“说话人”一列。")
    return role


def _channel(cell: _Cell | None, told: _Told) -> int | None:
    if not _text(cell):
        return None
    try:
        found = number(cell.value) if cell is not None else -1.0
    except ValueError:
        found = -1.0
    if found.is_integer() and 0 <= found < _MAX_CHANNELS:
        return int(found)
    told("声道应是从 0 起的整数")
    return None


def _time(cells: Mapping[str, _Cell], name: str, title: str, told: _Told) -> int | None:
    """Milliseconds; seconds where the header names no unit."""
    exact = cells.get(f"{name}_ms")
    cell = exact if _text(exact) else cells.get(name)
    if cell is None or not _text(cell):
        return None
    try:
        found = number(cell.value) * (1 if cell is exact else 1000 * cell.unit)
    except ValueError:
        found = -1.0
    if 0 <= found <= MAX_MS:
        return round(found)
    told(f"{title}时间应是秒数", "如 12.5；用毫秒时把列名写成 begin_ms、end_ms。")
    return None
