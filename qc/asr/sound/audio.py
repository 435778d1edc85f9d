"""The one door for audio libraries: any recording → blocks of float32 at 16 kHz, channel by channel.

soundfile (libsndfile) reads the formats it knows by their first bytes, PyAV the others: MP3 and telephone formats that
libsndfile lacks (AMR, AAC, G.726 …) come from FFmpeg's own libraries inside the PyAV wheel, never from a program on
the machine. A file is read in blocks and may be read again, so that a three-hour recording costs no more memory than a
short one.
"""

from __future__ import annotations

import faulthandler
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from qc.asr.engines.refusal import HEADERLESS, check_file, not_recognised, too_long
from qc.asr.engines.refusal import AudioError as AudioError

if TYPE_CHECKING:
    from av import AudioFrame, Packet
    from av.audio.stream import AudioStream

Samples = npt.NDArray[np.float32]

RATE = 16_000
BLOCK_S = 16
MAX_CHANNELS = 8
HEADERLESS_RATE = 8000
# What FFmpeg may open. Play lists and manifests stay out: they make it read other files and addresses.
CONTAINERS = (
    "aac,aiff,amr,amrnb,amrwb,asf,au,avi,caf,flac,g722,g726,g726le,g729,gsm,"
    "matroska,webm,mov,mp4,m4a,3gp,mp3,ogg,w64,wav"
)


STUCK_S = 30.0
"""Longer than any decoder needs for a header or the next 16 s."""
_watched = False


def watch_decoders() -> None:
    """From now on a decoder that is stuck ends this process, as one that crashes does. For worker processes, whose end
    costs one recording; the clock is one of Python's own in C, which needs no cooperation from whoever is stuck."""
    global _watched
    _watched = True


@contextmanager
def _in_time() -> Iterator[None]:
    if not _watched:
        yield
        return
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123 - its traceback would only be noise
        faulthandler.dump_traceback_later(STUCK_S, exit=True, file=nowhere)
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()


@dataclass(frozen=True, slots=True, kw_only=True)
class Audio:
    """An opened recording. `source_rate` in Hz, `codec` as its library names it (ulaw, pcm_16, opus, aac …);
    `promised_s`: seconds according to the header, 0.0 where it does not say."""

    path: Path
    source_rate: int
    channels: int
    codec: str
    library: str  # soundfile | av
    promised_s: float
    max_duration_s: float

    def blocks(self) -> Iterator[Samples]:
        """The samples in time order as float32 [channels, n] at 16 kHz, at most about 16 s each; may be called again.

        Raises AudioError: too_long as soon as `max_duration_s` is passed, corrupt when nothing at all can be decoded,
        unreadable when the file has gone.
        What a damaged file holds before and after the damage is delivered.
        """
        if not self.path.is_file():
            raise _gone()
        read = _read_soundfile(self) if self.library == "soundfile" else _read_av(self)
        resample = _Resampler(self.source_rate, self.channels)
        total = 0
        while True:
            with _in_time():
                block = next(read, None)
            # Hostile floats (NaN, infinity) would poison everything after them.
            out = resample(None if block is None else np.nan_to_num(block, posinf=0.0, neginf=0.0))
            total += out.shape[1]
            if total > self.max_duration_s * RATE:
                raise too_long(self.max_duration_s)
            if out.shape[1]:
                yield out
            if block is None:
                break
        if total == 0:
            raise AudioError("corrupt", "解不出任何声音：录音时长为 0，或文件已损坏。", retryable=True)


def open_audio(path: str | Path, max_duration_s: float = 4 * 3600) -> Audio:
    """Opens a recording and reads its header. Raises AudioError with the reason in Chinese."""
    path = Path(path)
    check_file(path)
    with _in_time():
        found = _open_soundfile(path) if _is_sndfile(path) else None
        found = found or _open_av(path)
    if found is None:
        raise not_recognised(path)
    library, rate, channels, codec, duration_s = found
    if not 1 <= channels <= MAX_CHANNELS:
        raise AudioError("unsupported", f"有 {channels} 个声道，最多支持 {MAX_CHANNELS} 个；文件头可能已损坏。")
    if not 4000 <= rate <= 384_000:
        raise AudioError("unsupported", f"采样率 {rate} Hz 不合理，支持 4000 到 384000 Hz；文件头可能已损坏。")
    if max_duration_s < duration_s < _UNKNOWN_S:
        raise too_long(max_duration_s)
    return Audio(
        path=path,
        source_rate=rate,
        channels=channels,
        codec=codec,
        library=library,
        promised_s=duration_s if 0 < duration_s < _UNKNOWN_S else 0.0,
        max_duration_s=max_duration_s,
    )


_UNKNOWN_S = 1e9
"""Decoders that do not know the length say something larger."""
_Header = tuple[str, int, int, str, float]  # library, rate, channels, codec, seconds (0: not known)


def _is_sndfile(path: Path) -> bool:
    """Whether libsndfile is the one to ask. It is not for MP3: its decoder writes complaints to the terminal."""
    if path.suffix.lower() in HEADERLESS:
        return True
    with path.open("rb") as f:
        head = f.read(256)
    at = head.find(b"fmt ")
    is_mpeg = head[:4] == b"RIFF" and at > 0 and head[at + 8 : at + 10] in (b"\x50\0", b"\x55\0")
    return head[:4] in (b"RIFF", b"RF64", b"fLaC", b"OggS", b".snd", b"FORM") and not is_mpeg


def _open_soundfile(path: Path) -> _Header | None:
    import soundfile

    try:
        with soundfile.SoundFile(path, **_headerless(path)) as f:
            if f.subtype.startswith("MPEG") or not f.frames:  # FFmpeg reads on where a recorder left the length 0
                return None
            return "soundfile", f.samplerate, f.channels, f.subtype.lower(), f.frames / f.samplerate
    except (soundfile.SoundFileError, OSError):
        return None


def _read_soundfile(audio: Audio) -> Iterator[Samples]:
    import soundfile

    try:
        f = soundfile.SoundFile(audio.path, **_headerless(audio.path))
    except (soundfile.SoundFileError, OSError):
        raise _gone() from None
    with f:
        while True:
            try:
                block = f.read(BLOCK_S * audio.source_rate, dtype="float32", always_2d=True)
            except soundfile.SoundFileError:
                return  # damage in the middle: what came before counts
            if not len(block):
                return
            yield block.T


def _open_av(path: Path) -> _Header | None:
    import av

    try:
        with av.open(str(path), options=_AV_OPTIONS) as container:
            if not container.streams.audio:
                if container.streams.video:
                    raise AudioError("unsupported", "文件里只有画面，没有声音。")
                return None
            context = container.streams.audio[0].codec_context
            if context is None:
                raise AudioError("unsupported", "录音用了不支持的音频编码，请先转换为 WAV。")
            if not (context.channels and context.sample_rate):
                return None
            seconds = float(container.duration / av.time_base) if container.duration else 0.0
            return "av", context.sample_rate, context.channels, context.codec.canonical_name, seconds
    except (av.FFmpegError, OSError, ValueError):
        return None


def _read_av(audio: Audio) -> Iterator[Samples]:
    import av

    try:
        container = av.open(str(audio.path), options=_AV_OPTIONS)
    except (av.FFmpegError, OSError, ValueError):
        raise _gone() from None
    with container:
        stream = container.streams.audio[0]
        layout = stream.codec_context.layout.name
        converters: dict[tuple[str, str, int], av.AudioResampler] = {}  # spliced files change format on the way
        parts: list[Samples] = []
        length = 0
        for frame in _frames(container.demux(stream)):
            key = (frame.format.name, frame.layout.name, frame.sample_rate)
            if key not in converters:
                converters[key] = av.AudioResampler(format="fltp", layout=layout, rate=audio.source_rate)
            try:
                converted = converters[key].resample(frame)
            except (av.FFmpegError, ValueError):  # damage that made the decoder see a shape which does not exist
                continue
            for planar in converted:
                parts.append(np.asarray(planar.to_ndarray(), np.float32))
                length += parts[-1].shape[1]
            if length >= BLOCK_S * audio.source_rate:
                yield np.concatenate(parts, axis=1)
                parts, length = [], 0
        if parts:
            yield np.concatenate(parts, axis=1)


def _frames(packets: Iterator[Packet[AudioStream]]) -> Iterator[AudioFrame]:
    """A damaged packet is left out, the next may be sound; anything worse ends the file."""
    import av

    while True:
        try:
            frames = next(packets).decode()
        except av.InvalidDataError:
            continue
        except (StopIteration, av.FFmpegError):
            return
        yield from frames


_AV_OPTIONS = {"format_whitelist": CONTAINERS, "protocol_whitelist": "file"}


class _Resampler:
    """Any rate → 16 kHz by FFmpeg's polyphase resampler: measured images and aliases below -100 dB, no delay, and
    the output is exactly as long as the input. Call with None to flush."""

    def __init__(self, source_rate: int, channels: int) -> None:
        import av

        self._source_rate = source_rate
        self._channels = [av.AudioResampler(format="fltp", layout="mono", rate=RATE) for _ in range(channels)]

    def __call__(self, block: Samples | None) -> Samples:
        import av

        if self._source_rate == RATE:
            return np.zeros((len(self._channels), 0), np.float32) if block is None else block
        rows = []
        for i, resampler in enumerate(self._channels):
            frame = None
            if block is not None:
                frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(block[i : i + 1]), format="fltp", layout="mono")
                frame.sample_rate = self._source_rate
            out = [f.to_ndarray()[0] for f in resampler.resample(frame)]
            rows.append(np.concatenate(out) if out else np.zeros(0, np.float32))
        return np.stack(rows)


def _headerless(path: Path) -> dict[str, str | int]:
    subtype = HEADERLESS.get(path.suffix.lower())
    if subtype is None:
        return {}
    return {"format": "RAW", "subtype": subtype, "samplerate": HEADERLESS_RATE, "channels": 1}


def _gone() -> AudioError:
    what = "文件打不开：它在读的时候被移走、删除或改动了；等它写完、放回原处之后再试。"
    return AudioError("unreadable", what, retryable=True)
