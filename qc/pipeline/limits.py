"""How long work may take and how much memory it may hold, and what is said of an input that is over it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from qc.domain.config import RunConfig
from qc.pipeline.executors.executor import Cause

KIND = {Cause.DIED: "crashed", Cause.TIME: "timeout", Cause.MEMORY: "memory"}
"""The kind of a Failure."""
_SHARE_OF_MEMORY = 0.8
"""Beyond it the kernel would soon end a process, perhaps another one."""
_TOGETHER = 100
"""Of what one may take alone, each of many takes at most a hundredth. Those who together take longer are only tried
apart, so this may be nearer to the truth than a limit that sets aside."""
_GROUP_SHARE = 0.25
"""The same for recordings, which are as long as they are."""
_CGROUPS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Those of a run; infinite seconds and None: no limit."""

    hear_times: float
    hear_floor_s: float
    judge_s: float
    memory_mb: int | None

    def hear_s(self, lengths_s: Sequence[float]) -> float:
        """Seconds in which recordings of these lengths must be heard: a quarter of their limits where they are several,
        for then one that is over it costs nobody but time."""
        share = 1 if len(lengths_s) == 1 else _GROUP_SHARE
        return max(self.hear_floor_s, share * self.hear_times * sum(lengths_s))

    def judge_together_s(self, conversations: int) -> float:
        """Seconds in which so many must be judged together."""
        return self.judge_s * max(1.0, conversations / _TOGETHER)

    def unheard(self, cause: Cause, length_s: float) -> str:
        """Why a recording has no transcript (Chinese)."""
        match cause:
            case Cause.TIME:
                return (
                    f"转写这个录音（约 {length_s:.0f} 秒）超过 {self.hear_s([length_s]):.0f} 秒还没有完成"
                    "（qc.yaml 的 run.hear_limit），可能使解码或识别卡住，已隔离"
                )
            case Cause.MEMORY:
                return f"转写这个录音时进程占用的内存超过 {self.memory_mb} MB（qc.yaml 的 run.memory_mb），已隔离"
            case Cause.DIED:
                return "转写这个录音时进程被杀死（可能内存不足，或文件使解码器崩溃、卡死），已隔离"

    def unjudged(self, cause: Cause) -> str:
        """Why a conversation has no verdicts (Chinese)."""
        match cause:
            case Cause.TIME:
                return f"判定这个会话超过 {self.judge_s:g} 秒还没有完成（qc.yaml 的 run.judge_limit_s），已隔离"
            case Cause.MEMORY:
                return f"判定这个会话时进程占用的内存超过 {self.memory_mb} MB（qc.yaml 的 run.memory_mb），已隔离"
            case Cause.DIED:
                return "质检这个会话时进程被杀死（可能内存不足），已隔离"


def limits_of(config: RunConfig) -> Limits:
    """The limits that `qc.yaml` sets."""
    none = float("inf")
    unlimited = not config.hear_limit
    return Limits(
        hear_times=0.0 if unlimited else config.hear_limit,
        hear_floor_s=none if unlimited else config.hear_floor_s,
        judge_s=config.judge_limit_s or none,
        memory_mb=_most_of_the_machine() if config.memory_mb is None else config.memory_mb or None,
    )


def _most_of_the_machine() -> int | None:
    """Of what this machine has, or the container may take."""
    known: list[int] = []
    with suppress(ValueError, OSError):
        known.append(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    for path in _CGROUPS:
        with suppress(ValueError, OSError):
            known.append(int(Path(path).read_text()))
    return int(min(known) * _SHARE_OF_MEMORY) // 2**20 if known else None
