"""Whisper weights in CTranslate2's `model.bin` → the names and shapes of an openai-whisper checkpoint. numpy only.

Format (binary version 6): u32 version, string spec, u32 revision, u32 count, then per variable: string name, u8 rank,
u32 dims, u8 type, u32 bytes, data; then aliases. Strings are u16 length (with the final NUL) and bytes. Little-endian.
CTranslate2 fuses the query, key and value projections into one matrix; whisper's key projection has no bias.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from mmap import mmap
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]

_TYPES: dict[int, np.dtype[Any]] = {
    0: np.dtype("<f4"),
    1: np.dtype("<i1"),
    2: np.dtype("<i2"),
    3: np.dtype("<i4"),
    4: np.dtype("<f2"),
    5: np.dtype("<u2"),  # bfloat16, which numpy does not know
}
_READABLE = (0, 4)
"""Types that `convert` reads: others take CTranslate2 itself."""
_VERSION = 6
HEAD_SIZE = 64
"""Every whisper model has attention heads of 64."""


class FormatError(ValueError):
    """The bytes are not a Whisper model as CTranslate2 writes it."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What `whisper.load_model` reads: `dims` by name and `state` by parameter name."""

    dims: Mapping[str, int]
    state: Mapping[str, Array]


def convert(data: bytearray) -> Checkpoint:
    """The checkpoint held by a `model.bin`, its arrays views of `data`. Raises FormatError."""
    try:
        return _converted(data)
    except FormatError:
        raise
    except (ValueError, LookupError, OverflowError):  # numpy's words on shapes that do not fit
        raise FormatError("shapes do not fit") from None


def _converted(data: bytearray) -> Checkpoint:
    v = _variables(data)
    try:
        state: dict[str, Array] = {}
        for side in ("encoder", "decoder"):
            layers = sum(name.startswith(f"{side}/layer_") and name.endswith("ffn/linear_0/weight") for name in v)
            for i in range(layers):
                state |= _block(v, f"{side}/layer_{i}/", f"{side}.blocks.{i}.", cross=side == "decoder")
            state[f"{side}.positional_embedding"] = v[f"{side}/position_encodings/encodings"]
        for conv in ("conv1", "conv2"):
            state |= _pair(v, f"encoder/{conv}", f"encoder.{conv}")
        state |= _norm(v, "encoder/layer_norm", "encoder.ln_post") | _norm(v, "decoder/layer_norm", "decoder.ln")
        state["decoder.token_embedding.weight"] = v["decoder/embeddings/weight"]
    except KeyError as e:
        raise FormatError(f"variable {e} is missing") from None
    audio_ctx, width = state["encoder.positional_embedding"].shape
    text_ctx, text_width = state["decoder.positional_embedding"].shape
    dims = {
        "n_mels": state["encoder.conv1.weight"].shape[1],
        "n_audio_ctx": audio_ctx,
        "n_audio_state": width,
        "n_audio_head": width // HEAD_SIZE,
        "n_audio_layer": sum(n.startswith("encoder.") and n.endswith(".attn_ln.weight") for n in state),
        "n_vocab": state["decoder.token_embedding.weight"].shape[0],
        "n_text_ctx": text_ctx,
        "n_text_state": text_width,
        "n_text_head": text_width // HEAD_SIZE,
        "n_text_layer": sum(n.startswith("decoder.") and n.endswith(".attn_ln.weight") for n in state),
    }
    return Checkpoint(dims, state)


def _block(v: Mapping[str, Array], src: str, dst: str, *, cross: bool) -> dict[str, Array]:
    out = _norm(v, src + "self_attention/layer_norm", dst + "attn_ln")
    out |= _split(v, src + "self_attention/linear_0", dst + "attn.", ("query", "key", "value"))
    out |= _pair(v, src + "self_attention/linear_1", dst + "attn.out")
    if cross:
        out |= _norm(v, src + "attention/layer_norm", dst + "cross_attn_ln")
        out |= _pair(v, src + "attention/linear_0", dst + "cross_attn.query")
        out |= _split(v, src + "attention/linear_1", dst + "cross_attn.", ("key", "value"))
        out |= _pair(v, src + "attention/linear_2", dst + "cross_attn.out")
    out |= _norm(v, src + "ffn/layer_norm", dst + "mlp_ln")
    return out | _pair(v, src + "ffn/linear_0", dst + "mlp.0") | _pair(v, src + "ffn/linear_1", dst + "mlp.2")


def _split(v: Mapping[str, Array], src: str, dst: str, parts: tuple[str, ...]) -> dict[str, Array]:
    """A fused projection → one weight and bias per part; the key's bias is zero and has no place in a checkpoint."""
    weights = np.split(v[src + "/weight"], len(parts))
    biases = np.split(v[src + "/bias"], len(parts))
    out: dict[str, Array] = {}
    for part, weight, bias in zip(parts, weights, biases, strict=True):
        out[f"{dst}{part}.weight"] = weight
        if part != "key":
            out[f"{dst}{part}.bias"] = bias
        elif np.any(bias):
            raise FormatError(f"{src} has a key bias")
    return out


def _pair(v: Mapping[str, Array], src: str, dst: str) -> dict[str, Array]:
    return {dst + ".weight": v[src + "/weight"], dst + ".bias": v[src + "/bias"]}


def _norm(v: Mapping[str, Array], src: str, dst: str) -> dict[str, Array]:
    return {dst + ".weight": v[src + "/gamma"], dst + ".bias": v[src + "/beta"]}


def vocabulary_size(data: bytearray | mmap) -> int:
    """Tokens the model in a `model.bin` knows, whatever precision it is stored in. Raises FormatError."""
    entry = next((e for e in _entries(data) if e.name == "decoder/embeddings/weight" and e.shape), None)
    if entry is None:
        raise FormatError("variable decoder/embeddings/weight is missing")
    return entry.shape[0]


def is_convertible(data: bytearray | mmap) -> bool:
    """Whether the weights of a `model.bin` are stored in a precision that `convert` reads. Raises FormatError."""
    return all(e.kind in _READABLE for e in _entries(data) if e.name.endswith("/weight"))


class _Entry(NamedTuple):
    name: str
    shape: tuple[int, ...]
    kind: int
    offset: int
    size: int


def _variables(data: bytearray) -> dict[str, Array]:
    out: dict[str, Array] = {}
    for name, shape, kind, offset, size in _entries(data):
        if kind in _READABLE:
            values = np.frombuffer(data, _TYPES[kind], size // _TYPES[kind].itemsize, offset)
            out[name] = values.reshape(shape)
    return out


def _entries(data: bytearray | mmap) -> Iterator[_Entry]:
    at = 0

    def take(layout: str) -> int:
        nonlocal at
        try:
            (value,) = struct.unpack_from("<" + layout, data, at)
        except struct.error:
            raise FormatError("file ends early") from None
        at += struct.calcsize("<" + layout)
        return int(value)

    def string() -> str:
        nonlocal at
        length = take("H")
        at += length
        return bytes(data[at - length : at]).rstrip(b"\0").decode("utf-8", "replace")

    if take("I") != _VERSION:
        raise FormatError("not a CTranslate2 model of binary version 6")
    if string() != "WhisperSpec":
        raise FormatError("not a Whisper model")
    take("I")
    for _ in range(take("I")):
        name = string()
        shape = tuple(take("I") for _ in range(take("B")))
        kind = take("B")
        size = take("I")
        whole = kind in _TYPES and size == prod(shape) * _TYPES[kind].itemsize
        if not whole or at + size > len(data):
            raise FormatError(f"variable {name} cannot be read")
        yield _Entry(name, shape, kind, at, size)
        at += size
