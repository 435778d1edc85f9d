"""Speech detection: Silero VAD over each audio channel, in blocks, with state carried across them.

The network is the one in the `silero-vad` package, run by onnxruntime; it holds on telephone band where
other detectors lose whole channels. Its code is not imported: that would load torch.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from qc.asr.models.weights import INSTALL
from qc.asr.sound.audio import RATE, Samples
from qc.asr.sound.leveller import FRAME, Leveller
from qc.errors import UsageError

_CONTEXT = 64
SILENT_PEAK = 2.0**-3
"""What stays below after the leveller's greatest gain is digital silence or the idle pattern of a codec (-72 dBFS): not
worth asking the network."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechOptions:
    """Speech begins at a probability of `threshold` and ends after `min_silence_s` below `threshold - 0.15`.
    Stretches under `min_speech_s` are dropped; those over `max_speech_s` are cut where speech is least likely."""

    threshold: float = 0.4
    min_silence_s: float = 0.3
    min_speech_s: float = 0.2
    max_speech_s: float = 25.0


@dataclass(frozen=True, slots=True)
class Span:
    """Speech from sample `start` to `end` (exclusive) at 16 kHz."""

    start: int
    end: int


class SpeechDetector:
    """Feed blocks in order, then ask for `spans`. One detector per recording."""

    def __init__(self, channels: int) -> None:
        self._session = _session()
        self._leveller = Leveller(channels)
        self._contexts = np.zeros((channels, _CONTEXT), np.float32)
        self._states = [np.zeros((2, 1, 1, 128), np.float32) for _ in range(channels)]
        self._probabilities: list[list[npt.NDArray[np.float32]]] = [[] for _ in range(channels)]
        self.samples = 0

    def feed(self, block: Samples) -> None:
        """`block`: float32 [channels, n] at 16 kHz."""
        self.samples += block.shape[1]
        for chunk in self._leveller.feed(block):
            self._run(chunk)

    def spans(self, options: SpeechOptions) -> list[tuple[Span, ...]]:
        """Speech of each channel, after the last block."""
        for chunk in self._leveller.rest(self.samples):
            self._run(chunk)
        out = []
        for parts in self._probabilities:
            probabilities = np.concatenate(parts) if parts else np.zeros(0, np.float32)
            out.append(tuple(find_spans(probabilities[: ceil(self.samples / FRAME)], self.samples, options)))
        return out

    def _run(self, chunk: Samples) -> None:
        for i, row in enumerate(chunk):
            frames = row.reshape(-1, FRAME)
            if np.abs(row).max() < SILENT_PEAK:
                self._probabilities[i].append(np.zeros(len(frames), np.float32))
                self._states[i][:] = 0
            else:
                context = np.concatenate([self._contexts[i][None], frames[:-1, -_CONTEXT:]])
                inputs = {"input": np.concatenate([context, frames], axis=1)}
                inputs |= {"h": self._states[i][0], "c": self._states[i][1]}
                values, hidden, cell = self._session.run(["speech_probs", "hn", "cn"], inputs)
                self._states[i] = np.stack([hidden, cell])
                self._probabilities[i].append(values.reshape(-1))
            self._contexts[i] = frames[-1, -_CONTEXT:]


def find_spans(probabilities: npt.NDArray[np.float32], samples: int, options: SpeechOptions) -> Iterable[Span]:
    """Hysteresis over one probability per FRAME samples → spans in samples, in order, not touching each other."""
    high = probabilities >= options.threshold
    low = probabilities < max(options.threshold - 0.15, 0.01)
    min_silence = ceil(options.min_silence_s * RATE / FRAME)
    spans: list[list[int]] = []  # frames
    speaking = False
    silence_from = -1
    for i in np.flatnonzero(high | low).tolist():
        if high[i]:
            if not speaking:
                spans.append([i, len(probabilities)])
                speaking = True
            silence_from = -1
        elif speaking:
            silence_from = i if silence_from < 0 else silence_from
            if i - silence_from >= min_silence:
                spans[-1][1] = silence_from
                speaking = False
                silence_from = -1
    if speaking and silence_from >= 0:
        spans[-1][1] = silence_from
    for start, end in spans:
        for a, b in _cut(start, end, probabilities, round(options.max_speech_s * RATE / FRAME)):
            if (b - a) * FRAME >= options.min_speech_s * RATE:
                yield Span(a * FRAME, min(b * FRAME, samples))


def _cut(start: int, end: int, probabilities: npt.NDArray[np.float32], longest: int) -> Iterable[tuple[int, int]]:
    """Cuts a stretch that is too long at the least likely frame of the second half of what fits."""
    while end - start > longest:
        half = start + longest // 2
        at = half + int(np.argmin(probabilities[half : start + longest]))
        yield start, at
        start = at
    yield start, end


@cache
def _session() -> Any:
    # onnxruntime reports its use to its makers unless told before it is loaded; qc tells nobody anything.
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    try:
        import onnxruntime
    except ImportError:
        raise UsageError("没有安装语音转写的组件。", INSTALL) from None
    spec = find_spec("silero_vad")
    root = Path(spec.origin).parent if spec and spec.origin else Path()
    model = root / "data" / "silero_vad_16k_sequence.onnx"
    if not model.is_file():
        raise UsageError("没有找到语音检测模型（silero-vad 6.2.3 或更新）。", INSTALL)
    options = onnxruntime.SessionOptions()
    options.inter_op_num_threads = options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(model), sess_options=options, providers=["CPUExecutionProvider"])
