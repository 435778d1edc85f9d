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
from importlib.metadata import version
from pathlib import Path

from qc import __version__
from qc.asr.engines import measured
from qc.asr.engines import registry as engines
from qc.asr.models.weights import INSTALL, find_model
from qc.domain.config import AsrConfig, Config, RunConfig
from qc.errors import QcError, SpecError, refusal
from qc.paths import WORKSPACE_FILE, cache_dir
from qc.pipeline.capacity import WORKER_BYTES
from qc.pipeline.executors.choose import has_ray, worker_count
from qc.pipeline.specs import Folders, configuration, folders, load

_GIB = 1 << 30
_WORKER_GIB = WORKER_BYTES / _GIB
_LEAST_FREE_GIB = 2
_MEASURE_S = 20
"""No measurement begins after so many CPU seconds; large models are too slow to measure in passing."""
_RECOGNISERS = {"whisper": "openai-whisper", "faster_whisper": "faster-whisper"}
_ASR_MODULES = {
    "silero_vad": "silero-vad",
    "onnxruntime": "onnxruntime",
    "av": "av",
}
_NO_WORKSPACE = f"没有 {WORKSPACE_FILE}，用内置的配置、规则和评分表（要改成自己的：qc init 目录）"


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


def checkup(workspace: Path | None, out: Path, *, measure: bool) -> Iterator[Result]:
    """All checks, one result each, in the order a person would ask. `measure`: hear a few seconds with each engine, and
    remember for `asr.engine: auto` which was the fastest."""
    yield Result(Level.GOOD, "qc", f"{__version__}，Python {platform.python_version()}（{sys.executable}）")
    yield _machine()
    yield _writable("结果目录", out)
    yield _writable("缓存目录", cache_dir())
    where = folders(workspace)
    config, problem = _config(where)
    yield problem or Result(Level.GOOD, "工作区", str(workspace) if workspace else _NO_WORKSPACE)
    yield _cluster(config.run)
    yield from _transcription(config.asr, measure)
    yield _specs(where)


def _machine() -> Result:
    cores = worker_count(0)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / _GIB
    message = f"{cores} 核，内存 {memory:.0f} GiB"
    if memory < _WORKER_GIB * cores:
        fit = max(1, int(memory / _WORKER_GIB))
        return Result(
            Level.WARNING, "本机", message, f"每个转写进程约需 {_WORKER_GIB:g} GiB，建议 qc run --workers {fit}。"
        )
    return Result(Level.GOOD, "本机", message)


def _writable(subject: str, path: Path) -> Result:
    existing = next(p for p in (path.absolute(), *path.absolute().parents) if p.exists())
    try:
        with tempfile.TemporaryFile(dir=existing):
            pass
    except OSError as error:
        return Result(Level.BAD, subject, f"不能写入 {existing}（{refusal(error)}）", "检查权限，或换一个目录。")
    free = shutil.disk_usage(existing).free / _GIB
    if free < _LEAST_FREE_GIB:
        return Result(Level.WARNING, subject, f"{path}，只剩 {free:.1f} GiB", "清理磁盘，或换一个目录。")
    return Result(Level.GOOD, subject, f"{path}，可写，剩余 {free:.0f} GiB")


def _config(where: Folders) -> tuple[Config, Result | None]:
    try:
        return configuration(where), None
    except QcError as error:
        return Config(), Result(Level.BAD, "配置", f"qc.yaml 有误\n{error.render()}")


def _cluster(config: RunConfig) -> Result:
    if has_ray():
        place = f"qc.yaml 写明 {config.address}" if config.address else "--executor ray --address 主机:端口"
        return Result(Level.GOOD, "集群", f"装有 Ray {version('ray')}（{place}）")
    if config.executor == "ray":
        return Result(Level.BAD, "集群", "qc.yaml 的 run.executor 是 ray，但没有安装 Ray", "pip install 'qc[ray]'")
    return Result(Level.GOOD, "集群", "没有安装 Ray；单机运行不需要（多机：pip install 'qc[ray]'）")


def _transcription(config: AsrConfig, measure: bool) -> Iterator[Result]:
    if config.engine == engines.IMPORTED:
        yield Result(Level.GOOD, "转写引擎", "imported：取录音旁已有的转写，不听录音")
        return
    missing = [package for module, package in _ASR_MODULES.items() if importlib.util.find_spec(module) is None]
    if not any(importlib.util.find_spec(module) for module in _RECOGNISERS):
        missing.append(_RECOGNISERS["whisper"])
    if missing:
        yield Result(Level.WARNING, "转写", f"没有安装 {'、'.join(missing)}；会话、工单和已有转写不受影响", INSTALL)
        return
    if config.engine in (engines.AUTO, *_RECOGNISERS.values()):
        try:
            source = find_model(config.model)
        except QcError as error:
            yield Result(Level.BAD, "转写模型", error.message, error.hint)
            return
        yield Result(Level.GOOD, "转写模型", f"{source.id}，{source.origin}，校验一致")
        if measure:
            yield from _speed(config)
    try:
        choice = engines.choose(config)
        identity = engines.identify(choice.config)
    except QcError as error:
        yield Result(Level.BAD, "转写引擎", error.message, error.hint)
        return
    yield Result(Level.GOOD, "转写引擎", f"{identity.engine}，选项 {identity.options}（{choice.reason}）")


def _speed(config: AsrConfig) -> Iterator[Result]:
    """A line for each engine and precision that could be taken; stores what was measured."""
    from qc.asr.engines import measuring

    found = []
    try:
        candidates = measuring.candidates(config)
        for one in measuring.measure(candidates, _MEASURE_S):
            found.append(one)
            hours = 1 / max(one.cost, 1e-4)
            yield Result(
                Level.GOOD,
                "转写速度",
                f"{one.engine}，精度 {one.precision}：一秒说话声用 {one.cost:.3f} 秒 CPU，"
                f"一个核一小时转写 {hours:.0f} 小时说话声（模型 {config.model}，预设 {config.preset}）",
            )
        if len(found) == len(candidates):
            measured.remember(config, found)
        else:
            yield Result(Level.GOOD, "转写速度", f"{len(candidates)} 种只测了 {len(found)} 种（太慢），不作选择的依据")
    except (QcError, OSError) as error:
        message = error.message if isinstance(error, QcError) else f"记不下测得的速度（{refusal(error)}）"
        yield Result(Level.WARNING, "转写速度", message, "不影响使用：auto 按安装的引擎选。")


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
