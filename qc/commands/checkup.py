"""The checks behind `qc doctor`."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from qc import __version__
from qc.asr.weights import INSTALL, find_model
from qc.domain.config import Config
from qc.errors import QcError, SpecError
from qc.paths import WORKSPACE_FILE, cache_dir
from qc.pipeline.executor import worker_count
from qc.pipeline.specs import Folders, configuration, folders, load

_GIB = 1 << 30
_WORKER_GIB = 1.2
"""Measured peak of one transcribing process."""
_LEAST_FREE_GIB = 2
_ASR_MODULES = {
    "torch": "torch",
    "whisper": "openai-whisper",
    "silero_vad": "silero-vad",
    "onnxruntime": "onnxruntime",
    "av": "av",
}


class Level(IntEnum):
    GOOD = 0
    WARNING = 1
    BAD = 2


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the doctor's report."""

    level: Level
    subject: str
    message: str
    hint: str = ""


def checkup(workspace: Path | None, out: Path) -> Iterator[Result]:
    """All checks, one result each, in the order a person would ask."""
    yield Result(Level.GOOD, "qc", f"{__version__}，Python {platform.python_version()}（{sys.executable}）")
    yield _machine()
    yield _writable("结果目录", out)
    yield _writable("缓存目录", cache_dir())
    where = folders(workspace)
    config, problem = _config(where)
    yield problem or Result(Level.GOOD, "工作区", str(workspace) if workspace else f"没有 {WORKSPACE_FILE}，用内置配置")
    yield from _transcription(config)
    yield _specs(where)


def _machine() -> Result:
    cores = worker_count(0)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / _GIB
    message = f"{cores} 核，内存 {memory:.0f} GiB"
    if memory < _WORKER_GIB * cores:
        fit = max(1, int(memory / _WORKER_GIB))
        return Result(
            Level.WARNING, "本机", message, f"每个转写进程约需 {_WORKER_GIB} GiB，建议 qc run --workers {fit}。"
        )
    return Result(Level.GOOD, "本机", message)


def _writable(subject: str, path: Path) -> Result:
    existing = next(p for p in (path.absolute(), *path.absolute().parents) if p.exists())
    try:
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        return Result(Level.BAD, subject, f"不能写入 {existing}（{error.strerror}）", "检查权限，或换一个目录。")
    free = shutil.disk_usage(existing).free / _GIB
    if free < _LEAST_FREE_GIB:
        return Result(Level.WARNING, subject, f"{path}，只剩 {free:.1f} GiB", "清理磁盘，或换一个目录。")
    return Result(Level.GOOD, subject, f"{path}，可写，剩余 {free:.0f} GiB")


def _config(where: Folders) -> tuple[Config, Result | None]:
    try:
        return configuration(where), None
    except QcError as error:
        return Config(), Result(Level.BAD, "配置", f"qc.yaml 有误\n{error.render()}")


def _transcription(config: Config) -> Iterator[Result]:
    missing = [package for module, package in _ASR_MODULES.items() if importlib.util.find_spec(module) is None]
    if missing:
        yield Result(Level.WARNING, "转写", f"没有安装 {'、'.join(missing)}；会话、工单和已有转写不受影响", INSTALL)
        return
    try:
        source = find_model(config.asr.model)
    except QcError as error:
        yield Result(Level.BAD, "转写模型", error.message, error.hint)
        return
    yield Result(Level.GOOD, "转写模型", f"{source.id}，{source.origin}，校验一致")


def _specs(where: Folders) -> Result:
    try:
        specs = load(where)
    except SpecError as error:
        return Result(Level.BAD, "规则与评分表", f"有 {len(error.problems)} 处问题", "运行 qc rules lint 查看。")
    except QcError as error:
        return Result(Level.BAD, "规则与评分表", error.message, error.hint)
    return Result(
        Level.GOOD,
        "规则与评分表",
        f"{len(specs.pack.rules)} 条规则、{len(specs.pack.lexicons)} 个词表（{where.rules}），"
        f"{len(specs.cards)} 张评分表（{where.scorecards}）",
    )
