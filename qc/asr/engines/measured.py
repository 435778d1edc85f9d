"""How fast the engines are on this machine, as `qc doctor` measured it: what `auto` goes by."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

from qc.asr.models.weights import find_model
from qc.domain.config import AsrConfig
from qc.errors import QcError
from qc.paths import cache_dir, make_private

_FILE = "asr-choice.json"
OPENAI = "openai-whisper"
ALIKE = 1.2
"""Another engine must be so many times cheaper than openai-whisper, which makes fewer errors: noise in a measurement
shall not decide who hears a night."""
_PACKAGES = ("openai-whisper", "torch", "faster-whisper", "ctranslate2")
_CPU_INFO = Path("/proc/cpuinfo")
_GPU_DRIVER = Path("/proc/driver/nvidia/version")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """`engine` in `precision` (a word of `asr.precision`) takes `cost` CPU seconds for a second of speech."""

    engine: str
    precision: str
    cost: float


def fastest(config: AsrConfig, engines: Iterable[str]) -> Measured | None:
    """The cheapest measured way among these engines that `config` allows, or openai-whisper's where that is about as
    cheap; None where nothing was measured for this machine, these packages, this model and preset."""
    allowed = set(engines)
    found = [m for m in recall(config) if m.engine in allowed and config.precision in ("auto", m.precision)]
    least = min((m.cost for m in found), default=0.0)
    alike = [m for m in found if m.cost <= ALIKE * least]
    return min(alike, key=lambda m: (m.engine != OPENAI, m.cost, m.engine, m.precision), default=None)


def recall(config: AsrConfig) -> list[Measured]:
    """What was measured, empty when nothing or when the file is damaged."""
    try:
        stored = json.loads(_file().read_bytes())[_key(config)]
        return [Measured(engine=str(m["engine"]), precision=str(m["precision"]), cost=float(m["cost"])) for m in stored]
    except (OSError, ValueError, LookupError, TypeError, OverflowError, RecursionError, QcError):
        return []


def remember(config: AsrConfig, found: Sequence[Measured]) -> Path:
    """Stores the measurements beside those of other models and presets; returns the file. Raises OSError."""
    path = _file()
    try:
        stored = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        stored = {}
    stored = stored if isinstance(stored, dict) else {}
    stored[_key(config)] = [asdict(m) for m in found]
    make_private(path.parent)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
    with os.fdopen(handle, "w", encoding="utf-8") as f:
        json.dump(stored, f, ensure_ascii=False, indent=1, sort_keys=True)
    Path(temporary).replace(path)
    return path


def has_gpu() -> bool:
    """Whether an NVIDIA driver runs here: known without loading torch."""
    return _GPU_DRIVER.exists()


def _file() -> Path:
    return cache_dir() / _FILE


def _key(config: AsrConfig) -> str:
    """A digest of all that speed depends on: processor, packages, model, preset. Raises QcError without a model."""
    parts = [platform.machine(), *_processor(), find_model(config.model).id, config.preset]
    for package in _PACKAGES:
        try:
            parts.append(f"{package} {metadata.version(package)}")
        except metadata.PackageNotFoundError:
            continue
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _processor() -> list[str]:
    try:
        lines = _CPU_INFO.read_text("utf-8", "replace").splitlines()
    except OSError:
        return [platform.processor()]
    wanted = ("model name", "flags", "Features")
    return [next((line for line in lines if line.startswith(name)), "") for name in wanted]
