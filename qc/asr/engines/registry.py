"""The recognisers on this machine, and which of them is to hear.

An engine is any object with the two functions of `Engine`, mostly a module. Ours are named below; others announce
themselves in the entry point group `qc.transcribers` of their package (docs/engines.zh-CN.md shows one).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import import_module, metadata
from importlib.util import find_spec
from typing import Protocol

from qc.asr.engines import measured
from qc.asr.engines.measured import OPENAI as OPENAI
from qc.asr.engines.transcriber import AsrIdentity, Transcriber
from qc.asr.engines.whisper.precision import resolve_device
from qc.asr.models.weights import INSTALL
from qc.domain.config import AsrConfig
from qc.errors import QcError, UsageError, origin

AUTO, IMPORTED = "auto", "imported"
FASTER = "faster-whisper"
GROUP = "qc.transcribers"
_OURS = {OPENAI: "qc.asr.engines.whisper", FASTER: "qc.asr.engines.ct2", IMPORTED: "qc.asr.engines.imported"}
_NEEDS = {OPENAI: "whisper", FASTER: "faster_whisper"}
"""Engine → the module without which it does not work."""


class Engine(Protocol):
    """A recogniser before it is loaded."""

    def identify(self, config: AsrConfig) -> AsrIdentity:
        """What `open(config)` would be, quickly and without loading a model: cache keys and lineage are made of it.
        Raises UsageError when something is missing or `config` asks for what the engine cannot do."""
        ...

    def open(self, config: AsrConfig) -> Transcriber:
        """Loads the model, once per worker process; its name, model_id and options_id are those of `identify`.
        Raises UsageError."""
        ...


@dataclass(frozen=True, slots=True)
class Choice:
    """`config` with the engine named and, where this machine was measured, its precision; `reason` in Chinese."""

    config: AsrConfig
    reason: str


def choose(config: AsrConfig) -> Choice:
    """What `auto` stands for on this machine: the same until something is installed or `qc doctor` measures again.

    Raises UsageError when no engine is installed or the one asked for is unknown.
    """
    if config.engine != AUTO:
        engine_of(config.engine)
        return _precise(config, f"qc.yaml 写明 {config.engine}")
    able = [name for name in _NEEDS if is_able(name, config)]
    if not able:
        raise _nobody(config)
    if OPENAI in able and resolve_device(config.device) == "cuda":
        return Choice(replace(config, engine=OPENAI), "有 GPU")
    fastest = measured.fastest(config, able)
    if fastest is not None:
        return _precise(replace(config, engine=fastest.engine), "按 qc doctor 在本机的测速")
    if OPENAI in able:
        return Choice(replace(config, engine=OPENAI), "随转写组件安装；本机没有测过")
    return Choice(replace(config, engine=FASTER), "本机只装了它")


def identify(config: AsrConfig) -> AsrIdentity:
    """The identity of what `open_transcriber(config)` would make, without loading it. Raises UsageError."""
    chosen = choose(config).config
    with _theirs(chosen.engine):
        return engine_of(chosen.engine).identify(chosen)


def open_transcriber(config: AsrConfig) -> Transcriber:
    """Loads the model (seconds, some 500 MB). Raises UsageError, saying what to do."""
    chosen = choose(config).config
    with _theirs(chosen.engine):
        return engine_of(chosen.engine).open(chosen)


def most_workers(config: AsrConfig) -> int | None:
    """How many processes may hear at once: one per GPU where one is used; None: as many as there are cores."""
    chosen = choose(config).config
    limit = getattr(engine_of(chosen.engine), "most_workers", None)
    return None if limit is None else limit(chosen)


def engine_of(name: str) -> Engine:
    """Raises UsageError for a name nobody answers to, or a package that does not load."""
    if name in _OURS:
        ours: Engine = import_module(_OURS[name])
        return ours
    others = _others()
    if name not in others:
        known = "、".join([AUTO, *_OURS, *sorted(others)])
        raise UsageError(f"不认识的转写引擎 {name}。", f"asr.engine 可写 {known}；怎样增加见 docs/engines.zh-CN.md。")
    try:
        engine: Engine = others[name].load()
    except Exception as e:
        raise UsageError(
            f"转写引擎 {name} 装了但载入失败（{type(e).__name__}）。", f"检查 {others[name].value}。"
        ) from e
    if not (callable(getattr(engine, "identify", None)) and callable(getattr(engine, "open", None))):
        raise UsageError(f"转写引擎 {name} 不完整：缺 identify 或 open。", f"检查 {others[name].value}。")
    return engine


def is_able(name: str, config: AsrConfig) -> bool:
    """Whether an engine of ours is installed and can read the model of `config`."""
    if find_spec(_NEEDS[name]) is None:
        return False
    try:
        engine_of(name).identify(replace(config, engine=name))
    except QcError:
        return False
    return True


@contextmanager
def _theirs(name: str) -> Iterator[None]:
    """Whatever somebody else's engine raises, the user must know whose it is."""
    try:
        yield
    except QcError:
        raise
    except Exception as e:
        if name in _OURS:
            raise
        raise UsageError(
            f"转写引擎 {name} 出错（{type(e).__name__}，{origin(e)}）。", "它不是 qc 的一部分，请找它的作者。"
        ) from e


def _others() -> Mapping[str, metadata.EntryPoint]:
    return {entry.name: entry for entry in metadata.entry_points(group=GROUP) if entry.name not in (AUTO, *_OURS)}


def _precise(config: AsrConfig, reason: str) -> Choice:
    """With the precision that was fastest here, where the configuration leaves it open. Measured is the processor."""
    on_gpu = config.engine == OPENAI and resolve_device(config.device) == "cuda"
    fastest = measured.fastest(config, [config.engine]) if config.precision == "auto" and not on_gpu else None
    return Choice(config if fastest is None else replace(config, precision=fastest.precision), reason)


def _nobody(config: AsrConfig) -> UsageError:
    """Why no engine of ours can hear."""
    for name, module in _NEEDS.items():
        if find_spec(module) is not None:
            try:
                engine_of(name).identify(replace(config, engine=name))
            except UsageError as e:
                return e
    return UsageError("没有安装语音转写的组件。", INSTALL)
