"""`run.json` ⇄ Lineage."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from datetime import date, datetime
from pathlib import Path
from typing import Any

from qc.domain.retention import Kept
from qc.domain.run import CardLineage, Counts, Lineage, Purged, RunStatus
from qc.errors import UsageError, refusal, remedy
from qc.schema.tables import SCHEMA_VERSION
from qc.storage.digests import PARTS_FILE
from qc.storage.files import write_text

LINEAGE_FILE = "run.json"
_HALF = re.compile("[\ud800-\udfff]")
_DIGEST = "digest"
"""What `run.json` says of itself."""


class DamagedRunError(UsageError):
    """A run whose `run.json` is lost or cannot be read: its tables may still be there."""

    def __init__(self, what: str) -> None:
        super().__init__(
            what,
            f"从备份恢复 {LINEAGE_FILE}；没有备份就再运行当初的命令，会另开一个批次（转写过的不会重来）。"
            "qc verify 批次目录 会说还有什么是好的。",
        )


def write_lineage(run: Path, lineage: Lineage) -> None:
    """Replace RUN/run.json, with the digest of all it says. The bytes of a path that are no UTF-8 stand there escaped,
    as Python holds them."""
    data = asdict(lineage)
    data[_DIGEST] = _digest(data)
    text = json.dumps(data, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    write_text(run / LINEAGE_FILE, _HALF.sub(lambda found: f"\\u{ord(found[0]):04x}", text))


def read_lineage(run: Path) -> Lineage:
    """RUN/run.json; what an earlier version did not write has its default. Raises DamagedRunError when it is lost or
    not ours; UsageError when there is no run, it may not be read, or is of a later version of the tables, in which what
    we know may mean something else."""
    try:
        data = _read(run)
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
        if (run / PARTS_FILE).exists():
            raise DamagedRunError(f"批次 {run} 的 {LINEAGE_FILE} 不见了，结果表还在") from None
        raise UsageError(f"{run} 不是批次目录：没有 {LINEAGE_FILE}", "请给出 qc run 打印的批次路径。") from None
    except OSError as error:
        raise UsageError(f"读不了 {run / LINEAGE_FILE}：{refusal(error)}", remedy(error)) from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DamagedRunError(f"读不懂 {run / LINEAGE_FILE}：{_fault(run, error)}") from None


def lineage_kept(run: Path) -> bool | None:
    """Whether RUN/run.json, which can be read, is what was written; None where it bears no digest (runs of before)."""
    data = _read(run)
    said = data.pop(_DIGEST, None)
    return None if said is None else bool(said == _digest(data))


def _read(run: Path) -> dict[str, Any]:
    data = json.loads((run / LINEAGE_FILE).read_text(encoding="utf-8"))
    if not isinstance(data, dict):
        raise TypeError
    return data


def _digest(data: Mapping[str, Any]) -> str:
    """SHA-256 over everything in it, whatever its order and layout; also over what a later version may add."""
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()


def _fault(run: Path, error: Exception) -> str:
    """What is wrong with the file (Chinese), without what stands in it."""
    if not (run / LINEAGE_FILE).stat().st_size:
        return "文件是空的"
    match error:
        case UnicodeDecodeError():
            return f"第 {error.start + 1} 个字节起不是 UTF-8"
        case json.JSONDecodeError():
            return f"不是完整的 JSON（第 {error.lineno} 行第 {error.colno} 个字）"
        case RecursionError():
            return "JSON 嵌套太深"
        case KeyError() | TypeError() if (name := str(error).strip("'")).isidentifier():
            return f"缺少字段 {name}，或它的值不对"
        case _:
            return "里面不是一个批次的记录"


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
    for purged in lineage.purged:
        Kept(purged.kind)
        date.fromisoformat(purged.before)
    return lineage
