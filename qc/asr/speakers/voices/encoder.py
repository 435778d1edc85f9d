"""Voice embeddings: 256 numbers for a stretch of speech that lie close together for the same voice.

The network is the GE2E speaker encoder of Resemblyzer 0.1.4 (Wan et al., Generalized End-to-End Loss for Speaker
Verification, ICASSP 2018): three LSTM layers of 256 over mel frames, the last state projected, rectified, normalised.
Its weights are `ge2e.npz` beside this file (see NOTICE); it runs here in numpy, many stretches at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from qc.asr.sound.audio import Samples
from qc.asr.speakers.voices.mel import BANDS, mel

Floats = npt.NDArray[np.float32]

SIZE = 256
LEVEL = 10 ** (-30 / 20)
"""Stretches are brought to this RMS: the network was trained at −30 dBFS and reads powers, not their logarithms."""
_LAYERS = 3
_ORDER = np.r_[0 : 2 * SIZE, 3 * SIZE : 4 * SIZE, 2 * SIZE : 3 * SIZE]
_BATCH = 64


class _Layer(NamedTuple):
    inputs: Floats
    """[size of the input, 4 · SIZE]: input, forget and output gate, then the cell (in the file the cell is third)."""
    state: Floats
    bias: Floats


class _Network(NamedTuple):
    layers: tuple[_Layer, ...]
    linear: Floats
    bias: Floats


def embed(stretches: Sequence[Samples]) -> Floats:
    """Unit vectors float32 [len(stretches), SIZE] of stretches of speech, float32 [n] at 16 kHz, n > 0.

    Stretches are independent of each other: neighbours change nothing. From 0.4 s on they say something about the
    voice, from 1.5 s on they are reliable. Silence gives a vector of zeros.
    """
    out = np.zeros((len(stretches), SIZE), np.float32)
    order = sorted(range(len(stretches)), key=lambda i: -len(stretches[i]))
    for first in range(0, len(order), _BATCH):
        batch = order[first : first + _BATCH]
        out[batch] = _forward([mel(_levelled(stretches[i])) for i in batch])
    return out


def _levelled(samples: Samples) -> Samples:
    rms = float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))
    return np.asarray(samples * (LEVEL / rms), np.float32) if rms > 0 else samples


def _forward(spectra: Sequence[Floats]) -> Floats:
    """Frames of each stretch [frames, BANDS], the longest first → [n, SIZE]."""
    network = _network()
    lengths = np.array([len(frames) for frames in spectra])
    active = (lengths[:, None] > np.arange(lengths[0])).sum(0)  # how many are still sounding at each step
    x = np.zeros((lengths[0], len(spectra), BANDS), np.float32)
    for i, frames in enumerate(spectra):
        x[: len(frames), i] = frames
    for layer in network.layers:
        x, hidden = _lstm(x, active, layer)
    raw = np.maximum(hidden @ network.linear + network.bias, 0)
    return np.asarray(raw / np.maximum(np.linalg.norm(raw, axis=1, keepdims=True), 1e-12), np.float32)


def _lstm(x: Floats, active: npt.NDArray[np.int64], layer: _Layer) -> tuple[Floats, Floats]:
    """[frames, n, in] → the states [frames, n, SIZE], and the last of each stretch [n, SIZE]."""
    steps, n, size = x.shape
    given = (x.reshape(steps * n, size) @ layer.inputs + layer.bias).reshape(steps, n, 4 * SIZE)
    out = np.zeros((steps, n, SIZE), np.float32)
    hidden, cell = np.zeros((n, SIZE), np.float32), np.zeros((n, SIZE), np.float32)
    for t, m in enumerate(active.tolist()):
        gates = given[t, :m]
        gates += hidden[:m] @ layer.state
        wide = gates[:, : 3 * SIZE]  # input, forget and output gate: sigmoid(x) = (1 + tanh(x / 2)) / 2
        np.tanh(np.multiply(wide, 0.5, out=wide), out=wide)
        np.add(np.multiply(wide, 0.5, out=wide), 0.5, out=wide)
        cell[:m] = wide[:, SIZE : 2 * SIZE] * cell[:m] + wide[:, :SIZE] * np.tanh(gates[:, 3 * SIZE :])
        hidden[:m] = wide[:, 2 * SIZE :] * np.tanh(cell[:m])
        out[t, :m] = hidden[:m]
    return out, hidden


@cache
def _network() -> _Network:
    with files("qc.asr.speakers.voices").joinpath("ge2e.npz").open("rb") as f, np.load(f, allow_pickle=False) as arrays:
        values = {name: arrays[name].astype(np.float32) for name in arrays.files}
    layers = tuple(
        _Layer(
            np.ascontiguousarray(values[f"lstm_weight_ih_l{i}"][_ORDER].T),
            np.ascontiguousarray(values[f"lstm_weight_hh_l{i}"][_ORDER].T),
            (values[f"lstm_bias_ih_l{i}"] + values[f"lstm_bias_hh_l{i}"])[_ORDER],
        )
        for i in range(_LAYERS)
    )
    return _Network(layers, np.ascontiguousarray(values["linear_weight"].T), values["linear_bias"])
