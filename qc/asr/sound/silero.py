"""Silero VAD on one channel: a probability of speech per frame, and what hold music made it miss heard again.

The network is the one in the `silero-vad` package, run by onnxruntime; it holds on telephone band where other
detectors lose whole channels. Its code is not imported: that would load torch.

The network goes by what it heard before: after hold music it is deaf for up to ten seconds of speech. So where it as
much as wavers after a pause, it hears the seconds before again as if the line had been quiet until then, further back
as long as more speech comes out. Where it does not waver nothing is heard again: a network that forgot all the time
would find speech in key tones (bench/speech/README.md). It reaches back to the beginning of the chunk before, 8 to
16 s.
"""

from __future__ import annotations

import os
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from qc.asr.models.weights import INSTALL
from qc.asr.sound.leveller import FRAME
from qc.errors import UsageError

THRESHOLD = 0.4
"""Speech begins at this probability."""
SILENT_PEAK = 2.0**-3
"""What stays below after the leveller's greatest gain is digital silence or the idle pattern of a codec (-72 dBFS): not
worth asking the network."""
HINT = 0.1
"""A frame this probable after a pause is looked at again."""
PAUSE = 62
"""Frames without speech (2 s) that make a pause."""
BACK = 94
"""How many frames before it (3 s) are heard again."""
AHEAD = 31
"""How many from it on (1 s) show whether more speech comes out."""
NEW = 6
"""Frames of speech (0.2 s) that must come out; for less, nothing is changed."""
STEPS_BACK = 8
"""How often it goes further back, at most: the steps may be small."""
SURE = 0.8
LEAST = 10
"""A stretch nowhere heard the first time counts if ten of its frames (0.3 s) are this probable. Music rarely is."""
_CONTEXT = 64

Frames = npt.NDArray[np.float32]
_State = tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]


class Listener:
    """Feed the levelled chunks of one channel in order. Then `probabilities` has one value per frame, and `first` what
    it was when heard the first time."""

    def __init__(self) -> None:
        session()  # says at once what is missing
        self._context = np.zeros(_CONTEXT, np.float32)
        self._state = _nothing_heard()
        self._before = np.zeros((0, _CONTEXT + FRAME), np.float32)  # the chunk before, as the network gets it
        self._found = [np.zeros(0, np.float32)]
        self._first = [np.zeros(0, np.float32)]

    @property
    def probabilities(self) -> npt.NDArray[np.float32]:
        return np.concatenate(self._found)

    @property
    def first(self) -> npt.NDArray[np.float32]:
        return np.concatenate(self._first)

    def hear(self, chunk: npt.NDArray[np.float32]) -> None:
        """`chunk`: float32 [n · FRAME]."""
        own = chunk.reshape(-1, FRAME)
        frames = np.concatenate([np.concatenate([self._context[None], own[:-1, -_CONTEXT:]]), own], axis=1)
        if np.abs(chunk).max() < SILENT_PEAK:
            self._found.append(np.zeros(len(frames), np.float32))
            self._first.append(self._found[-1])
            self._state = _nothing_heard()
        else:
            found, self._state = _ask(frames, self._state)
            self._first.append(found)
            found = np.concatenate([self._found[-1], found])
            self._hear_again(np.concatenate([self._before, frames]), found, len(self._before))
            self._found[-1:] = [found[: len(self._before)], found[len(self._before) :]]
        self._before = frames
        self._context = own[-1, -_CONTEXT:]

    def _hear_again(self, frames: Frames, found: npt.NDArray[np.float32], start: int) -> None:
        """Corrects `found` around what may begin from `start` on."""
        at = start
        while at < len(found):
            spoken = np.flatnonzero(found[:at] >= THRESHOLD)
            pause = int(spoken[-1]) + 1 if len(spoken) else 0
            if at < pause + PAUSE:
                at = pause + PAUSE
                continue
            hints = np.flatnonzero(found[at:] >= HINT)
            if not len(hints):
                break
            at += int(hints[0])
            since = _missed_since(frames, found, pause, at)
            if since is not None:
                again, self._state = _ask(frames[since:], _quiet_line())
                # before: a second opinion; from here on it is the one that goes on, and with the state that goes on
                found[since:at] = np.maximum(found[since:at], again[: at - since])
                found[at:] = again[at - since :]
            at += AHEAD


def _missed_since(frames: Frames, found: npt.NDArray[np.float32], pause: int, at: int) -> int | None:
    """The frame to hear again from, None where no more speech comes out around `at`, in the pause or soon after."""
    since, begin, end = None, at, min(at + AHEAD, len(found))
    for _ in range(STEPS_BACK):
        back = max(begin - BACK, 0)
        again, _state = _ask(frames[back:end], _quiet_line())
        new = (again >= THRESHOLD) & (found[back:end] < THRESHOLD) & (np.arange(back, end) >= pause)
        if new.sum() < NEW:
            break
        since, begin = back, back + int(np.argmax(new))
        if begin == pause:
            break
        end = begin
    return since


def _ask(frames: Frames, state: _State) -> tuple[npt.NDArray[np.float32], _State]:
    inputs = {"input": frames, "h": state[0], "c": state[1]}
    values, hidden, cell = session().run(["speech_probs", "hn", "cn"], inputs)
    return values.reshape(-1), (hidden, cell)


def _nothing_heard() -> _State:
    return np.zeros((1, 1, 128), np.float32), np.zeros((1, 1, 128), np.float32)


@cache
def _quiet_line() -> _State:
    """After 2 s of faint noise; with nothing heard at all the network misses more."""
    noise = 1e-3 * np.random.default_rng(1).standard_normal((62, _CONTEXT + FRAME))
    return _ask(noise.astype(np.float32), _nothing_heard())[1]


@cache
def session() -> Any:
    """The network in onnxruntime. Raises UsageError when one of the two is missing."""
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
