"""What openai-whisper knows of its checkpoints, and a look into one that executes nothing."""

from __future__ import annotations

import warnings
import zipfile
from pathlib import Path

from qc.asr.models.weights import INSTALL
from qc.errors import UsageError


def address(name: str) -> str:
    """Where openai-whisper itself would download the model of that name. Raises UsageError."""
    try:
        import whisper
    except ImportError:
        raise UsageError("没有安装 openai-whisper，不知道从哪里下载。", INSTALL) from None
    url: str = whisper._MODELS[name]
    return url


def vocabulary_size(file: Path) -> int:
    """Tokens of an openai-whisper checkpoint. Raises UsageError when it is none.

    As `whisper.load_model` does, it is read with `weights_only`: a pickle that would run code is refused.
    """
    try:
        import torch
    except ImportError:
        raise UsageError("没有安装 torch，检查不了 .pt 文件。", INSTALL) from None
    try:
        mapped = zipfile.is_zipfile(file)  # the format since torch 1.6: tensors stay on disk
        with warnings.catch_warnings(action="ignore"):  # torch's remarks on a foreign file are for programmers
            held = torch.load(file, map_location="cpu", weights_only=True, mmap=mapped)
        dims, state = held["dims"], held["model_state_dict"]
        tokens, width = state["decoder.token_embedding.weight"].shape
        audio = state["encoder.positional_embedding"].shape
        agrees = (tokens, width, *audio) == tuple(
            int(dims[k]) for k in ("n_vocab", "n_text_state", "n_audio_ctx", "n_audio_state")
        )
    except Exception as e:  # torch and pickle raise anything on a foreign file
        raise UsageError(
            f"{file} 不是 openai-whisper 的权重文件（{type(e).__name__}）。",
            "它应当是 whisper 自己的 .pt（含 dims 与 model_state_dict），只含张量；含程序代码的 pickle 一律不读。",
        ) from None
    if not agrees:
        raise UsageError(f"{file} 的尺寸前后不一致。", "文件可能被改动过，请换一份。")
    return int(tokens)
