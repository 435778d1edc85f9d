"""`run.json` ⇄ Lineage."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, fields
from pathlib import Path

from qc.domain.run import CardLineage, Counts, Lineage, RunStatus
from qc.errors import UsageError
from qc.storage.files import write_text

LINEAGE_FILE = "run.json"
_HALF = re.compile("[\ud800-\udfff]")


def write_lineage(run: Path, lineage: Lineage) -> None:
    """Replace RUN/run.json. The bytes of a path that are no UTF-8 stand there escaped, as Python holds them."""
    text = json.dumps(asdict(lineage), ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    write_text(run / LINEAGE_FILE, _HALF.sub(lambda found: f"\\u{ord(found[0]):04x}", text))


def read_lineage(run: Path) -> Lineage:
    """RUN/run.json. Raises UsageError when it is absent or not ours."""
    path = run / LINEAGE_FILE
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        known = {f.name for f in fields(Lineage)}
        values = {k: v for k, v in data.items() if k in known}
        values["status"] = RunStatus(values["status"])
        values["counts"] = Counts(**values["counts"])
        values["scorecards"] = tuple(CardLineage(**c) for c in values["scorecards"])
        values["notes"] = tuple(values["notes"])
        return Lineage(**values)
    except FileNotFoundError:
        raise UsageError(f"{run} 不是批次目录：没有 {LINEAGE_FILE}", "请给出 qc run 打印的批次路径。") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"读不懂 {path}：{type(error).__name__}", "文件可能损坏，请重新运行 qc run。") from None
