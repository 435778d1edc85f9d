"""CTranslate2's whisper, through faster-whisper, as a Transcriber: no torch. The only package that imports either."""

from __future__ import annotations

from importlib import metadata

from qc.asr.engines.ct2.engine import Ct2Options, Ct2Transcriber, compute_type
from qc.asr.engines.ct2.files import find_files
from qc.asr.engines.languages import check_language
from qc.asr.engines.transcriber import AsrIdentity, Transcriber
from qc.domain.config import AsrConfig
from qc.errors import UsageError

BEAMS = {"fast": 2, "accurate": 5}
"""Beam width of each preset."""
INSTALL = "在 qc 的源码目录运行 pip install -e '.[ct2]'，或把 asr.engine 写成 auto。"


def identify(config: AsrConfig) -> AsrIdentity:
    """As `qc.asr.engines.registry.Engine` asks: without loading anything."""
    return AsrIdentity(engine=_name(), model=find_files(config.model).id, options=_options(config).id)


def open(config: AsrConfig) -> Transcriber:
    """As `qc.asr.engines.registry.Engine` asks: loads the model (a second, some 300 MB)."""
    return Ct2Transcriber(_name(), find_files(config.model), _options(config))


def _name() -> str:
    try:
        versions = [f"{package} {metadata.version(package)}" for package in ("faster-whisper", "ctranslate2")]
    except metadata.PackageNotFoundError:
        raise UsageError("没有安装转写引擎 faster-whisper。", INSTALL) from None
    return ", ".join(versions)


def _options(config: AsrConfig) -> Ct2Options:
    if config.device == "cuda":
        raise UsageError("引擎 faster-whisper 在 qc 里只用 CPU。", "用 GPU 请写 asr.engine: openai-whisper。")
    return Ct2Options(
        language=check_language(config.language),
        batch_size=config.batch_size or 8,
        compute_type=compute_type(config.precision),
        beam_size=BEAMS[config.preset],
        word_times=config.word_times,
        prompt=config.prompt,
    )
