"""The accepted-hits file of `qc rules baseline`: reading it, and adding to its end.

Codes beside those of `qc.specs.document`: B010 the same finding twice.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field

from qc.domain.baseline import Accepted
from qc.errors import UsageError, refusal
from qc.specs.document import Problems, parse, read
from qc.specs.model import Spec

_Text = Annotated[str, Field(min_length=1, max_length=500)]
_HEAD = "# 干净语料上已看过、可以留着的命中，由 qc rules baseline --accept --reason 添加。\naccepted:\n"


class AcceptedSpec(Spec):
    """一条已接受的命中。"""

    rule: _Text = Field(description="规则编号")
    conversation: _Text = Field(description="会话编号")
    quote: str = Field(pattern=r"^[0-9a-f]{16}$", description="证据文字的摘要，由 qc 写入")
    reason: Annotated[str, Field(min_length=2, max_length=500)] = Field(description="为什么可以留着")
    by: _Text = Field(description="谁看过")
    date: datetime.date = Field(description="哪天，如 2026-01-31")


class AcceptedFileSpec(Spec):
    """干净语料上已接受的命中。"""

    accepted: tuple[AcceptedSpec, ...] | None = Field(default=None, description="一条命中一项")


def load_accepted(path: Path) -> tuple[Accepted, ...]:
    """The entries of the file, none when there is no file. Raises SpecError with every problem at its place."""
    if not path.exists():
        return ()
    document, problems = read(path), Problems()
    spec = problems.check(document, AcceptedFileSpec)
    found: dict[tuple[str, str, str], Accepted] = {}
    for index, entry in enumerate((spec.accepted or ()) if spec is not None else ()):
        accepted = Accepted(
            rule=entry.rule,
            conversation=entry.conversation,
            quote=entry.quote,
            reason=entry.reason,
            by=entry.by,
            date=entry.date.isoformat(),
            line=document.where(("accepted", index)).line,
        )
        key = (entry.rule, entry.conversation, entry.quote)
        if key in found:
            problems.add(document, ("accepted", index), "B010", f"与第 {found[key].line} 行重复", "请只留一项。")
        found.setdefault(key, accepted)
    problems.raise_if_errors()
    return tuple(found.values())


def append_accepted(path: Path, entries: Sequence[Accepted]) -> None:
    """Add entries to the end of the file, which keeps its comments; it is made when there is none.

    Raises SpecError when the file is broken, UsageError when it cannot be written.
    """
    load_accepted(path)
    try:
        text = path.read_text(encoding="utf-8-sig") if path.exists() else _HEAD
        text = "\n".join(
            "accepted:" if line.split("#")[0].split() == ["accepted:", "[]"] else line for line in text.splitlines()
        )
        text = (text if "accepted:" in text else _HEAD).rstrip("\n") + "\n" + "".join(map(_entry, entries))
        parse(text, str(path))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"写不了 {path}：{refusal(error)}", "请检查权限，或用 --accepted 换一个位置。") from None


def _entry(entry: Accepted) -> str:
    """One item; text in double quotes as JSON writes it, which YAML reads the same."""
    names = ("rule", "conversation", "quote", "reason", "by")
    lines = [f"{name}: {json.dumps(getattr(entry, name), ensure_ascii=False)}" for name in names]
    return "  - " + "\n    ".join([*lines, f"date: {entry.date}"]) + "\n"
