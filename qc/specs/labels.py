"""Labelled verdicts: a CSV or JSON-lines file of conversation, rule and what the rule should have said.

Codes: B001 the file cannot be read, B002 a column is missing, B003 a line is wrong, B004 two lines contradict.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from qc.domain.budget import Label
from qc.domain.finding import Verdict
from qc.errors import Problem, SpecError, refusal

_MOST_BYTES = 50_000_000
_NAMES = {
    "conversation_id": ("conversation_id", "会话编号", "会话"),
    "rule_id": ("rule_id", "规则编号", "规则"),
    "verdict": ("verdict", "判定", "标注"),
}
_WORDS = {
    **dict.fromkeys(("hit", "命中", "违规", "1", "true", "是"), Verdict.HIT),
    **dict.fromkeys(("miss", "未命中", "达标", "0", "false", "否"), Verdict.MISS),
    **dict.fromkeys(("not_applicable", "不适用"), Verdict.NOT_APPLICABLE),
}
_MOST_PROBLEMS = 50


def read_labels(path: Path) -> tuple[Label, ...]:
    """The labels of a file, each once. Raises SpecError with the problems of all lines (the first 50)."""
    text = _text(path)
    problems: list[Problem] = []
    found: dict[tuple[str, str], Label] = {}
    for line, row in _rows(path, text, problems):
        values = {name: _value(row, names) for name, names in _NAMES.items()}
        verdict = _WORDS.get(values["verdict"].lower())
        if not values["conversation_id"] or not values["rule_id"]:
            problems.append(_problem(path, line, "B003", "缺会话编号或规则编号", "每行写会话编号、规则编号、判定。"))
        elif verdict is None:
            hint = "判定写 hit（命中、违规）、miss（未命中、达标）或 not_applicable（不适用）。"
            problems.append(_problem(path, line, "B003", "判定看不懂" if values["verdict"] else "缺判定", hint))
        else:
            label = Label(conversation_id=values["conversation_id"], rule_id=values["rule_id"], verdict=verdict)
            key = (label.conversation_id, label.rule_id)
            if found.setdefault(key, label) != label:
                problems.append(_problem(path, line, "B004", "与前面同一会话、同一规则的标注矛盾", "请只留一行。"))
        if len(problems) >= _MOST_PROBLEMS:
            break
    if not found and not problems:
        problems.append(_problem(path, 1, "B001", "标注文件里一行也没有", "第一行写表头，下面每行一个标注。"))
    if problems:
        raise SpecError(problems)
    return tuple(found.values())


def _text(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            raw = stream.read(_MOST_BYTES + 1)
    except OSError as error:
        reason = refusal(error)
        raise SpecError([_problem(path, 1, "B001", f"读不了标注文件（{reason}）", "请检查路径与权限。")]) from None
    if len(raw) > _MOST_BYTES:
        raise SpecError([_problem(path, 1, "B001", "标注文件超过 50 MB", "请只留要用的标注。")])
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        message = "文件不是 UTF-8 编码，多半是 GBK"
        raise SpecError([_problem(path, line, "B001", message, "请另存为 UTF-8（CSV UTF-8）。")]) from None


def _rows(path: Path, text: str, problems: list[Problem]) -> Iterator[tuple[int, Mapping[str, object]]]:
    if path.suffix.lower() in (".jsonl", ".ndjson"):
        for number, line in enumerate(text.split("\n"), 1):
            if not line.strip():
                continue
            try:
                value = json.loads(line)
            except (ValueError, RecursionError):
                value = None
            if isinstance(value, dict):
                yield number, value
            else:
                problems.append(_problem(path, number, "B003", "这一行不是 JSON 对象", '写作 {"conversation_id": …}。'))
        return
    reader = csv.DictReader(io.StringIO(text, newline=""))
    begins = 1  # a quoted value may go over lines: a row is named by its first
    try:
        header = [name.strip() for name in reader.fieldnames or ()]
        missing = [names[0] for names in _NAMES.values() if not set(names) & set(header)]
        if missing:
            hint = "表头要有 conversation_id、rule_id、verdict（或 会话编号、规则编号、判定）。"
            problems.append(_problem(path, 1, "B002", f"缺少列：{'、'.join(missing)}", hint))
            return
        reader.fieldnames = header
        begins = reader.line_num + 1
        for row in reader:
            named = {k: v for k, v in row.items() if k is not None}
            yield reader.line_num - sum(v.count("\n") for v in named.values() if v), named
            begins = reader.line_num + 1
    except csv.Error:
        problems.append(_problem(path, begins, "B003", "这一行不是合格的 CSV", "请检查引号与换行。"))


def _value(row: Mapping[str, object], names: tuple[str, ...]) -> str:
    value = next((row[name] for name in names if row.get(name) is not None), "")
    if isinstance(value, bool):
        return str(int(value))
    return str(value).strip() if isinstance(value, str | int) else ""


def _problem(path: Path, line: int, code: str, message: str, hint: str) -> Problem:
    return Problem(path=str(path), line=line, col=1, code=code, message=message, hint=hint)
