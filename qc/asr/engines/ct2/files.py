"""The files of a CTranslate2 whisper model: of the installed packages, or of a folder. Read into memory, where
CTranslate2 takes them from: a model that is packed in parts needs no second copy on the disk."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from qc.asr.models.weights import ModelSource, find_model
from qc.errors import UsageError

MODEL = "model.bin"
_BESIDE = ("config.json", "tokenizer.json")
_VOCABULARIES = ("vocabulary.json", "vocabulary.txt")
_OPTIONAL = "preprocessor_config.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ct2Files:
    """`source`: model.bin, whole or in parts; `beside`: file name → the small files that belong to it."""

    source: ModelSource
    beside: Mapping[str, Path]

    @property
    def id(self) -> str:
        """What lineage holds: `base@d01c3014881c` and the first digits of the digest of the files beside it."""
        digest = hashlib.sha256()
        for name, path in sorted(self.beside.items()):
            digest.update(f"{name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
        return f"{self.source.id}+{digest.hexdigest()[:8]}"

    def read(self) -> dict[str, bytes]:
        """File name → content."""
        return {MODEL: b"".join(f.read_bytes() for f in self.source.files)} | {
            name: path.read_bytes() for name, path in self.beside.items()
        }


def find_files(model: str) -> Ct2Files:
    """The files for `model`: `base` of the installed packages, or the path of a CTranslate2 folder or its model.bin.

    Raises UsageError, saying what to do, when they are absent, incomplete or in another format.
    """
    source = find_model(model)
    if not source.packed:
        raise UsageError(
            f"引擎 faster-whisper 读不了 {source.name}：它是 openai-whisper 的权重（{source.files[0]}）。",
            "asr.engine 写 openai-whisper；或者拿到这个模型的 CTranslate2 文件夹（在能联网的机器上运行 "
            f"python -c \"import faster_whisper as f; f.download_model('{source.name}', 'ct2-{source.name}')\"），"
            "拷过来后 asr.model 写它的路径。",
        )
    folder = source.files[0].parent
    beside = {name: folder / name for name in (*_BESIDE, *_VOCABULARIES, _OPTIONAL) if (folder / name).is_file()}
    missing = [name for name in _BESIDE if name not in beside]
    if not any(name in beside for name in _VOCABULARIES):
        missing.append(" 或 ".join(_VOCABULARIES))
    if missing:
        raise UsageError(f"转写模型 {folder} 缺文件：{'、'.join(missing)}。", "把 CTranslate2 模型的文件夹整个拷来。")
    return Ct2Files(source=source, beside=beside)
