"""Real audio for the ASR tests: generated in every format, and the beginning of a synthesised call (the sample batch's
A001, see docs/sample/make) where speech is needed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from qc.asr.engines.conformance import CALL
from qc.asr.engines.transcriber import Transcriber
from qc.asr.sound.audio import Samples, open_audio
from qc.domain.config import AsrConfig
from qc.domain.conversation import CallMeta, Channel, Source
from qc.domain.recording import Recording

MakeRecording = Callable[..., Recording]


@pytest.fixture(scope="session")
def call_path() -> Path:
    """14 s of a stereo call at 8 kHz: the agent greets and speaks again (left), the customer reports a power cut."""
    return CALL


@pytest.fixture(scope="session")
def call(call_path: Path) -> Samples:
    """That call, float32 [2, n] at 16 kHz."""
    return np.concatenate(list(open_audio(call_path).blocks()), axis=1)


@pytest.fixture(scope="session")
def make_recording() -> MakeRecording:
    """(path, sha256) → Recording."""

    def make(path: Path, sha256: str = "0" * 64) -> Recording:
        return Recording(
            conversation_id=path.stem,
            file=str(path),
            project="95598",
            channel=Channel.VOICE_INBOUND,
            meta=CallMeta(),
            source=Source(path=path.name, format="audio", sha256=sha256),
        )

    return make


@pytest.fixture
def tone() -> Callable[..., Samples]:
    """(seconds, rate, channels) → 440 Hz, float32 [n, channels]; the second channel is half as loud."""

    def make(seconds: float = 2.0, rate: int = 8000, channels: int = 2) -> Samples:
        wave = 0.3 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * rate)) / rate)
        return np.stack([wave / (i + 1) for i in range(channels)], axis=1).astype(np.float32)

    return make


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """(name, samples [n, channels], rate, **soundfile options) → path."""

    def make(name: str, samples: Samples, rate: int = 8000, **options: str) -> Path:
        path = tmp_path / name
        soundfile.write(path, samples, rate, **options)
        return path

    return make


@pytest.fixture(scope="session")
def transcriber() -> Transcriber:
    from qc.asr.service import open_transcriber

    return open_transcriber(AsrConfig(engine="openai-whisper"))
