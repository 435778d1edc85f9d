"""The course of a dialogue: who speaks when, and what follows what."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from qc.domain.operators.base import zh as _zh


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnCount:
    """Number of turns of the framed speaker."""

    key: ClassVar[str] = "turn_count"
    zh: ClassVar[str] = "语句数"
    about: ClassVar[str] = "这个人说了几轮话，在 min 与 max 之间（含）就成立。可以再用 range、window 限定范围。"

    min: int | None = field(metadata=_zh("至少几轮"), default=None)
    max: int | None = field(metadata=_zh("至多几轮"), default=None)
