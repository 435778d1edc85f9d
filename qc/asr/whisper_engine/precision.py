"""Less arithmetic for nearly the same text: bfloat16 encoder, 8-bit decoder.

Measured on 532 s of read and free Mandarin: character error rate 12.9 % instead of 12.1 %, on telephone band 15.1 %
instead of 15.8 % (both within chance), with about half of the processor time.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from qc.errors import UsageError

FP32, INT8, INT8_BF16 = "fp32", "int8", "int8-bf16"
_CPU_INFO = Path("/proc/cpuinfo")


def resolve(asked: str) -> str:
    """`auto | fp32 | fast` of the configuration → what this processor shall compute in: FP32, INT8 (decoder only) or
    INT8_BF16 (and the encoder in bfloat16). Does not need torch. `auto` is fast only where both have instructions
    of their own; elsewhere they gain little and 8-bit sums may differ from machine to machine.

    Raises UsageError for another word.
    """
    flags = _flags()
    vnni = bool(flags & {"avx512_vnni", "avx_vnni"})
    bf16 = bool(flags & {"avx512_bf16", "amx_bf16"})
    if asked == "fp32" or (asked == "auto" and not (vnni and bf16)):
        return FP32
    if asked in ("auto", "fast"):
        return INT8_BF16 if bf16 else INT8
    raise UsageError(f"不认识的转写精度 {asked}。", "asr.precision 可写 auto、fp32、fast。")


def _flags() -> set[str]:
    try:
        lines = _CPU_INFO.read_text("utf-8", "replace").splitlines()
    except OSError:
        return set()
    return next((set(line.partition(":")[2].split()) for line in lines if line.startswith("flags")), set())


def to_bfloat16(encoder: Any) -> None:
    """Weights of matrix products and convolutions to bfloat16; layer norms stay float32, as whisper computes them."""
    from torch import nn

    for module in encoder.modules():
        if isinstance(module, nn.Linear | nn.Conv1d):
            module.bfloat16()


def to_int8(module: Any) -> None:
    """Replaces every linear layer inside `module` by its 8-bit form."""
    from torch import nn

    for name, child in module.named_children():
        if isinstance(child, nn.Linear):
            setattr(module, name, _layer(int8_product(child.weight, child.bias)))
        else:
            to_int8(child)


def int8_product(weight: Any, bias: Any) -> Callable[[Any], Any]:
    """x → x @ weight.T + bias with 8-bit weights, one scale per output, and activations quantised as they come."""
    import torch

    scales = weight.abs().amax(1).clamp_min(1e-8) / 127
    zeros = torch.zeros(len(scales), dtype=torch.int64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # announced to go in some future torch; qc[asr] pins the releases it works with
        quantised = torch.quantize_per_channel(weight, scales, zeros, 0, torch.qint8)
    operators: Any = torch.ops.quantized
    packed = operators.linear_prepack(quantised, bias)
    return lambda x: operators.linear_dynamic(x, packed)


def _layer(function: Callable[[Any], Any]) -> Any:
    from torch import nn

    layer = nn.Module()
    layer.forward = function
    return layer
