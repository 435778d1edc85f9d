"""Weights on disk → a whisper model in memory, in the precision asked for."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from qc.asr.engines.whisper.memory import remember_less
from qc.asr.engines.whisper.precision import FP16, INT8, INT8_BF16, fine_int8_product, to_half, to_int8
from qc.asr.models import ct2_weights
from qc.asr.models.weights import ModelSource
from qc.errors import UsageError


@dataclass(frozen=True, slots=True)
class Model:
    """A loaded model. `whisper`: the torch module; `lm_head`: decoder states [.., d] → logits [.., vocabulary];
    `device`: cpu or cuda."""

    whisper: Any
    lm_head: Callable[[Any], Any]
    device: str


def load(source: ModelSource, precision: str, device: str = "cpu") -> Model:
    """`precision`: as `precision.resolve` gives it for that device.

    Raises UsageError when the file is not a multilingual whisper model.
    """
    remember_less()
    import torch
    import torch.nn.functional as functional

    torch.set_num_threads(1)  # one worker process per core: measured 2.4 times faster than threads
    whisper = _read(source)
    if not whisper.is_multilingual:
        raise UsageError(f"转写模型 {source.name} 只懂英语。", "换用多语言模型，例如 base 或 small。")
    whisper.eval().requires_grad_(False)
    if precision == FP16:
        to_half(whisper, torch.float16)
    elif precision == INT8_BF16:
        to_half(whisper.encoder, torch.bfloat16)
    if device == "cuda":
        torch.cuda.set_device(_own_gpu(torch.cuda.device_count()))
    whisper.to(device)
    embedding = whisper.decoder.token_embedding.weight
    if precision not in (INT8, INT8_BF16):
        return Model(whisper, lambda x: functional.linear(x, embedding), device)
    to_int8(whisper.decoder)
    return Model(whisper, fine_int8_product(embedding), device)


def _own_gpu(count: int) -> int:
    """Which of `count` GPUs is this process's. Worker processes are numbered as they start: neighbours take turns."""
    number = multiprocessing.current_process().name.rpartition("-")[2]
    return int(number) % count if number.isdigit() else 0


def _read(source: ModelSource) -> Any:
    import torch
    import whisper
    from whisper.model import ModelDimensions, Whisper

    if not source.packed:
        try:
            return whisper.load_model(str(source.files[0]), device="cpu")
        except Exception as e:  # torch and pickle raise anything on a foreign file
            raise UsageError(
                f"读不出转写模型 {source.name}（{type(e).__name__}）。", "它应当是 openai-whisper 的 .pt 文件。"
            ) from e
    try:
        checkpoint = ct2_weights.convert(bytearray().join(file.read_bytes() for file in source.files))
    except ct2_weights.FormatError as e:
        raise UsageError(f"读不出转写模型 {source.name}（{e}）。", "它应当是 CTranslate2 的 Whisper model.bin。") from e
    model = Whisper(ModelDimensions(**checkpoint.dims))
    model.load_state_dict({name: torch.from_numpy(values) for name, values in checkpoint.state.items()})
    if source.name in whisper._ALIGNMENT_HEADS:
        model.set_alignment_heads(whisper._ALIGNMENT_HEADS[source.name])
    return model
