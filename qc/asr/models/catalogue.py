"""The models qc knows of, with what their makers say of them, and which of them are on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib import metadata, resources
from pathlib import Path

from qc.asr.models import weights
from qc.asr.models.folder import imported, is_convertible
from qc.asr.models.weights import OFFICIAL, ModelSource
from qc.errors import QcError

WHISPER = "openai-whisper"
FASTER = "faster-whisper"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What OpenAI states of a model: millions of parameters, gigabytes of GPU memory, speed relative to `large`.
    `megabytes` is the size of its checkpoint: two bytes per parameter."""

    parameters: int
    megabytes: int
    gpu_gb: int
    speed: int
    languages: int = 99


FIGURES = {
    "tiny": Figures(parameters=39, megabytes=76, gpu_gb=1, speed=10),
    "base": Figures(parameters=74, megabytes=145, gpu_gb=1, speed=7),
    "small": Figures(parameters=244, megabytes=484, gpu_gb=2, speed=4),
    "medium": Figures(parameters=769, megabytes=1528, gpu_gb=5, speed=2),
    "large-v1": Figures(parameters=1550, megabytes=3087, gpu_gb=10, speed=1),
    "large-v2": Figures(parameters=1550, megabytes=3087, gpu_gb=10, speed=1),
    "large-v3": Figures(parameters=1550, megabytes=3087, gpu_gb=10, speed=1, languages=100),
    "large-v3-turbo": Figures(parameters=809, megabytes=1618, gpu_gb=6, speed=8, languages=100),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A model as it is listed. `files`: where it lies, joined in order; none where it is not installed; `verified`:
    with what its content agrees, in Chinese; `problem`: what is wrong with it; `figures`: of official models."""

    name: str
    task: str
    licence: str
    engines: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()
    verified: str = ""
    problem: str = ""
    figures: Figures | None = None


def entries() -> Iterator[Entry]:
    """Official whisper models, those imported under other names, then what comes with them or with qc: speech
    detection, the voice encoder, the words that texts are judged by."""
    for name, figures in FIGURES.items():
        yield _whisper(name, figures)
    for name in imported():
        if name not in OFFICIAL:
            yield _whisper(name, None)
    yield _detector()
    yield _with_qc("ge2e (Resemblyzer)", "区分说话人", "Apache-2.0", "qc.asr.speakers.voices", "ge2e.npz")
    yield _with_qc("libime 词对", "转写选字", "LGPL-2.1+", "qc.asr.engines", "pairs.npz")


def _whisper(name: str, figures: Figures | None) -> Entry:
    engines = (WHISPER,) if name in OFFICIAL else ()
    licence = "MIT" if name in OFFICIAL else "见其来源"
    try:
        source = weights.look_up(name)
    except QcError as error:
        return Entry(name=name, task="转写", licence=licence, engines=engines, problem=error.message, figures=figures)
    if source is None:
        return Entry(name=name, task="转写", licence=licence, engines=engines, figures=figures)
    return Entry(
        name=name,
        task="转写",
        licence=licence,
        engines=engines_of(source),
        files=source.files,
        verified=f"{source.verified} {source.sha256[:12]}",
        figures=figures,
    )


def engines_of(source: ModelSource) -> tuple[str, ...]:
    """The engines that can use these weights."""
    if not source.packed:
        return (WHISPER,)
    parts = len(source.files) > 1  # of the packages, which are float16
    return (WHISPER, FASTER) if parts or is_convertible(source.files[0]) else (FASTER,)


def _detector() -> Entry:
    entry = Entry(name="silero-vad", task="语音检测", licence="MIT")
    try:
        found = [f for f in metadata.files("silero-vad") or () if f.name == "silero_vad_16k_sequence.onnx"]
    except metadata.PackageNotFoundError:
        return entry
    path = Path(str(found[0].locate())) if found else None
    if path is None or not path.is_file():
        return entry
    listed = found[0].hash
    kept = listed is not None and weights.base64_digest(path) == listed.value
    return replace(
        entry,
        name=f"silero-vad {metadata.version('silero-vad')}",
        files=(path,),
        verified="与软件包的安装记录一致" if kept else "",
        problem="" if kept else "文件与软件包的安装记录不一致",
    )


def _with_qc(name: str, task: str, licence: str, package: str, file: str) -> Entry:
    path = Path(str(resources.files(package) / file))
    entry = Entry(name=name, task=task, licence=licence)
    return replace(entry, files=(path,), verified="随 qc 安装") if path.is_file() else entry
