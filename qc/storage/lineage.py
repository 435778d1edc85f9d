"""`run.json` ⇄ Lineage."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import asdict, fields
from datetime import datetime
from pathlib import Path
from typing import Any

from qc.domain.run import CardLineage, Counts, Lineage, Purged, RunStatus
from qc.errors import UsageError
from qc.schema.tables import SCHEMA_VERSION
from qc.storage.files import write_text

LINEAGE_FILE = "run.json"
_HALF = re.compile("[\ud800-\udfff]")


def write_lineage(run: Path, lineage: Lineage) -> None:
    """Replace RUN/run.json. The bytes of a path that are no UTF-8 stand there escaped, as Python holds them."""
    text = json.dumps(asdict(lineage), ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    write_text(run / LINEAGE_FILE, _HALF.sub(lambda found: f"\\u{ord(found[0]):04x}", text))


def read_lineage(run: Path) -> Lineage:
    """RUN/run.json; what an earlier version did not write has its default. Raises UsageError when it is absent, not
    ours, or of a later version of the tables, in which what we know may mean something else."""
    path = run / LINEAGE_FILE
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        _known(run, str(data.get("schema_version", "")))
        known = {f.name for f in fields(Lineage)}
        values = {k: v for k, v in data.items() if k in known}
        values["status"] = RunStatus(values["status"])
        values["counts"] = Counts(**values["counts"])
        values["scorecards"] = tuple(CardLineage(**c) for c in values["scorecards"])
        values["notes"] = tuple(values["notes"])
        values["purged"] = tuple(Purged(**p) for p in values.get("purged", ()))
        return _sound(Lineage(**values))
    except FileNotFoundError:
        raise UsageError(f"{run} 不是批次目录：没有 {LINEAGE_FILE}", "请给出 qc run 打印的批次路径。") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UsageError(f"读不懂 {path}：{type(error).__name__}", "文件可能损坏，请重新运行 qc run。") from None


def _known(run: Path, version: str) -> None:
    if _number(version) > _number(SCHEMA_VERSION):
        raise UsageError(
            f"{run} 是更新版本的 qc 写的（表结构 {version}，本机的 qc 只读到 {SCHEMA_VERSION}）",
            "升级本机的 qc；在写它的那台机器上用 qc export parquet 导出也可以。",
        )


def _number(version: str) -> tuple[int, ...]:
    """1.4 as numbers; what nobody can read stands first."""
    found = re.fullmatch(r"([0-9]{1,6})\.([0-9]{1,6})", version)
    return tuple(map(int, found.groups())) if found else ()


def _texts(value: object) -> bool:
    return isinstance(value, tuple | list) and all(isinstance(v, str) for v in value)


def _map_of(kind: type) -> Callable[[object], bool]:
    return lambda value: isinstance(value, dict) and all(isinstance(v, kind) for v in value.values())


_KINDS: dict[str, Callable[[object], bool]] = {
    "str": lambda value: isinstance(value, str),
    "str | None": lambda value: value is None or isinstance(value, str),
    "int": lambda value: isinstance(value, int),
    "float | None": lambda value: value is None or isinstance(value, int | float),
    "tuple[str, ...]": _texts,
    "Mapping[str, str]": _map_of(str),
    "Mapping[str, int]": _map_of(int),
}
"""By how a field is declared: what JSON may hold for it."""


def _sound(lineage: Lineage) -> Lineage:
    """`lineage` whose fields are what they should be, and whose id leads nowhere else. Raises TypeError, ValueError."""
    parts: list[Any] = [lineage, lineage.counts, *lineage.scorecards, *lineage.purged]
    for part in parts:
        for field in fields(part):
            fits = _KINDS.get(str(field.type))
            if fits is not None and not fits(getattr(part, field.name)):
                raise TypeError(field.name)
    if Path(lineage.run_id).name != lineage.run_id or "\\" in lineage.run_id or "\0" in lineage.run_id:
        raise ValueError(lineage.run_id)
    for moment in (lineage.started_at, lineage.finished_at):
        if moment:
            datetime.fromisoformat(moment)
    return lineage
