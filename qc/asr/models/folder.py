"""qc's model folder: weights a person fetched or imported, each beside the digest that was taken of it then.

    NAME.pt             an openai-whisper checkpoint
    NAME/model.bin      a CTranslate2 model with its tokenizer and configuration
    NAME.sha256         digest of the weights, two spaces, their file: as `sha256sum -c` reads it

A file appears whole or not at all. Nothing in here is ever executed: checkpoints are read as plain tensors.
"""

from __future__ import annotations

import hashlib
import mmap
import re
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from qc.asr.models import ct2_weights
from qc.errors import UsageError
from qc.paths import models_dir

MULTILINGUAL = 51865
"""Tokens of a multilingual whisper model; English ones know one less."""
MAGIC = b"\x06\0\0\0"
"""How CTranslate2's model.bin begins."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_NEEDED = ("config.json", "tokenizer.json")
_VOCABULARIES = ("vocabulary.json", "vocabulary.txt")
_BESIDE = (*_NEEDED, *_VOCABULARIES, "preprocessor_config.json")
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Weights in the folder: their file, whether in CTranslate2's format, and the digest written down with them."""

    file: Path
    packed: bool
    sha256: str


def find(name: str) -> Found | None:
    """The weights of that name in the folder, not verified."""
    if not _NAME.fullmatch(name):
        return None
    for file, packed in ((models_dir() / f"{name}.pt", False), (models_dir() / name / "model.bin", True)):
        if file.is_file():
            return Found(file=file, packed=packed, sha256=_written(name))
    return None


def imported() -> list[str]:
    """The names of the models in the folder."""
    root = models_dir()
    found = {p.stem for p in root.glob("*.pt")} | {p.parent.name for p in root.glob("*/model.bin")}
    return sorted(name for name in found if _NAME.fullmatch(name))


def add(source: Path, name: str | None, official: dict[str, str], check: Callable[[Path], int]) -> tuple[str, Found]:
    """Copy a checkpoint, a model.bin or the folder it lies in → (its name, where it is now).

    `official`: name → digest of the official checkpoints; only these may bear such a name, and without `name` they do.
    `check(path)`: the number of tokens of a checkpoint, read without executing anything; raises UsageError.
    Raises UsageError when it is no multilingual whisper model or another one has the name.
    """
    file = weights_of(source)
    packed = is_packed(file)
    if file.stat().st_size == 0:
        raise UsageError(f"{file} 是空文件。", "可能没有拷贝完，请重新拷贝。")
    tokens = _packed_tokens(file) if packed else check(file)
    if tokens < MULTILINGUAL:
        raise UsageError(f"{file.name} 只懂英语。", "换用多语言模型，例如 base、small（名字里没有 .en 的）。")
    if packed and (lacking := _lacking(file.parent)):
        raise UsageError(f"{file.parent} 里没有 {'、'.join(lacking)}。", "请导入完整的 CTranslate2 模型目录。")
    root = models_dir()
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root, prefix=".import-") as work:
        digest = _copied(file, Path(work) / file.name)
        given = name or next((n for n, known in official.items() if known == digest), None) or _own_name(file, packed)
        _allowed(given, digest, official)
        known = find(given)
        if known is not None:
            if (known.sha256, known.packed) == (digest, packed):
                return given, known
            raise UsageError(
                f"模型目录里已有名为 {given} 的另一个模型（{known.file}）。", "用 --name 换一个名字，或先删除它。"
            )
        if packed:
            for beside in _BESIDE:
                if (file.parent / beside).is_file():
                    shutil.copyfile(file.parent / beside, Path(work) / beside)
            (Path(work) / file.name).rename(Path(work) / "model.bin")
        target = root / given / "model.bin" if packed else root / f"{given}.pt"
        write_down(given, digest, target)
        if packed:
            target.parent.mkdir(exist_ok=True)  # of an import that was cut off
            for copied in sorted(Path(work).iterdir(), key=lambda p: p.name == "model.bin"):  # the weights last
                copied.replace(target.parent / copied.name)
        else:
            (Path(work) / file.name).replace(target)
    return given, Found(file=target, packed=packed, sha256=digest)


def write_down(name: str, digest: str, file: Path) -> None:
    """Keep the digest of weights that are about to be put at `file`."""
    root = models_dir()
    root.mkdir(parents=True, exist_ok=True)
    (root / f"{name}.sha256").write_text(f"{digest}  {file.relative_to(root).as_posix()}\n", "utf-8")


def weights_of(source: Path) -> Path:
    """The file of weights that a person means by a file or a folder. Raises UsageError."""
    if source.is_file():
        if source.suffix == ".safetensors":
            raise UsageError(f"{source.name} 不是 openai-whisper 或 CTranslate2 的格式。", _CONVERT)
        return source
    packed, checkpoints = source / "model.bin", sorted(source.glob("*.pt"))
    if packed.is_file():
        return packed
    if len(checkpoints) == 1:
        return checkpoints[0]
    if any(source.glob("*.safetensors")) or (source / "pytorch_model.bin").is_file():
        raise UsageError(f"{source} 是 transformers 格式的模型。", _CONVERT)
    raise UsageError(f"{source} 里没有 model.bin，也没有唯一的 .pt 文件。", "请指明模型文件或 CTranslate2 模型目录。")


_CONVERT = "先用 ct2-transformers-converter --model 目录 --output_dir 新目录 --copy_files tokenizer.json 转换。"


def is_packed(file: Path) -> bool:
    """Whether a file begins as CTranslate2's do."""
    with file.open("rb") as f:
        return f.read(len(MAGIC)) == MAGIC


def is_convertible(file: Path) -> bool:
    """Whether openai-whisper can use a model.bin as well: quantised weights only CTranslate2 can."""
    with file.open("rb") as f, mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return ct2_weights.is_convertible(data)


def _lacking(beside: Path) -> list[str]:
    """Files that do not stand beside a model.bin though it needs them."""
    lacking = [name for name in _NEEDED if not (beside / name).is_file()]
    return lacking if any((beside / n).is_file() for n in _VOCABULARIES) else [*lacking, " 或 ".join(_VOCABULARIES)]


def _packed_tokens(file: Path) -> int:
    with file.open("rb") as f, mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            return ct2_weights.vocabulary_size(data)
        except ct2_weights.FormatError as e:
            raise UsageError(f"{file} 不是 CTranslate2 的 Whisper 模型（{e}）。", "文件可能没有拷贝完。") from None


def _copied(file: Path, target: Path) -> str:
    sha = hashlib.sha256()
    with file.open("rb") as f, target.open("wb") as out:
        while block := f.read(_BLOCK):
            sha.update(block)
            out.write(block)
    return sha.hexdigest()


def _own_name(file: Path, packed: bool) -> str:
    return file.resolve().parent.name if packed else file.stem


def _allowed(name: str, digest: str, official: dict[str, str]) -> None:
    if not _NAME.fullmatch(name):
        raise UsageError(f"“{name}”不能作模型名。", "用 --name 起一个名字：字母、数字、点、横线，最多 64 个字符。")
    if name in official and official[name] != digest:
        raise UsageError(
            f"这不是官方的 {name}：SHA-256 是 {digest}，官方是 {official[name]}。",
            f"若确实要用它，换一个名字导入：--name {name}-ours。",
        )


def _written(name: str) -> str:
    try:
        return (models_dir() / f"{name}.sha256").read_text("utf-8").split()[0]
    except (OSError, ValueError, IndexError):
        return ""
