"""The one door for audio libraries: any recording → blocks of float32 at 16 kHz, channel by channel.

soundfile (libsndfile) reads the formats it knows by their first bytes, PyAV the others: MP3 and telephone formats that
libsndfile lacks (AMR, AAC, G.726 …) come from FFmpeg's own libraries inside the PyAV wheel, never from a program on
the machine. A file is read in blocks and may be read again, so that a three-hour recording costs no more memory than a
short one.
"""

from __future__ import annotations

import codecs
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from av import AudioFrame, Packet
    from av.audio.stream import AudioStream

Samples = npt.NDArray[np.float32]

RATE = 16_000
BLOCK_S = 16
MAX_CHANNELS = 8
MIN_PRESENT = 0.9
"""A WAV file with less than this share of the audio its header promises is an interrupted copy, not a recording."""
HEADERLESS = {  # no header: the extension says it all
    ".ulaw": "ULAW",
    ".ul": "ULAW",
    ".mulaw": "ULAW",
    ".pcmu": "ULAW",
    ".alaw": "ALAW",
    ".al": "ALAW",
    ".pcma": "ALAW",
    ".vox": "VOX_ADPCM",
}
HEADERLESS_RATE = 8000
# What FFmpeg may open. Play lists and manifests stay out: they make it read other files and addresses.
CONTAINERS = (
    "aac,aiff,amr,amrnb,amrwb,asf,au,avi,caf,flac,g722,g726,g726le,g729,gsm,"
    "matroska,webm,mov,mp4,m4a,3gp,mp3,ogg,w64,wav"
)


class AudioError(Exception):
    """A recording that cannot be read. `kind`: empty_file, not_audio, truncated, corrupt, too_long, unsupported,
    unreadable. `message`: one Chinese sentence. `retryable`: the file may be complete another time."""

    def __init__(self, kind: str, message: str, *, retryable: bool = False) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.retryable = retryable


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
            raise AudioError("unreadable", "文件打不开：文件已被移走。", retryable=True)
        read = _read_soundfile(self) if self.library == "soundfile" else _read_av(self)
        resample = _Resampler(self.source_rate, self.channels)
        total = 0
        for block in chain(read, [None]):
            # Hostile floats (NaN, infinity) would poison everything after them.
            out = resample(None if block is None else np.nan_to_num(block, posinf=0.0, neginf=0.0))
            total += out.shape[1]
            if total > self.max_duration_s * RATE:
                raise _too_long(self.max_duration_s)
            if out.shape[1]:
                yield out
        if total == 0:
            raise AudioError("corrupt", "解不出任何声音：录音时长为 0，或文件已损坏。", retryable=True)


def open_audio(path: str | Path, max_duration_s: float = 4 * 3600) -> Audio:
    """Opens a recording and reads its header. Raises AudioError with the reason in Chinese."""
    path = Path(path)
    _check_file(path)
    found = _open_soundfile(path) if _is_sndfile(path) else None
    found = found or _open_av(path)
    if found is None:
        raise _not_recognised(path)
    library, rate, channels, codec, duration_s = found
    if not 1 <= channels <= MAX_CHANNELS:
        raise AudioError("unsupported", f"有 {channels} 个声道，最多支持 {MAX_CHANNELS} 个。")
    if not 4000 <= rate <= 384_000:
        raise AudioError("unsupported", f"采样率 {rate} Hz 不合理，支持 4000 到 384000 Hz。")
    if max_duration_s < duration_s < _UNKNOWN_S:
        raise _too_long(max_duration_s)
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
    with path.open("rb") as f:
        return path.suffix.lower() in HEADERLESS or f.read(4) in (b"RIFF", b"RF64", b"fLaC", b"OggS", b".snd", b"FORM")


def _open_soundfile(path: Path) -> _Header | None:
    import soundfile

    try:
        with soundfile.SoundFile(path, **_headerless(path)) as f:
            if f.subtype.startswith("MPEG"):
                return None
            return "soundfile", f.samplerate, f.channels, f.subtype.lower(), f.frames / f.samplerate
    except (soundfile.SoundFileError, OSError):
        return None


def _read_soundfile(audio: Audio) -> Iterator[Samples]:
    import soundfile

    with soundfile.SoundFile(audio.path, **_headerless(audio.path)) as f:
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
                return None
            context = container.streams.audio[0].codec_context
            if not (context.channels and context.sample_rate):
                return None
            seconds = float(container.duration / av.time_base) if container.duration else 0.0
            return "av", context.sample_rate, context.channels, context.codec.canonical_name, seconds
    except (av.FFmpegError, OSError, ValueError):
        return None


def _read_av(audio: Audio) -> Iterator[Samples]:
    import av

    with av.open(str(audio.path), options=_AV_OPTIONS) as container:
        stream = container.streams.audio[0]
        layout = stream.codec_context.layout.name
        converters: dict[tuple[str, str, int], av.AudioResampler] = {}  # spliced files change format on the way
        parts: list[Samples] = []
        length = 0
        for frame in _frames(container.demux(stream)):
            key = (frame.format.name, frame.layout.name, frame.sample_rate)
            if key not in converters:
                converters[key] = av.AudioResampler(format="fltp", layout=layout, rate=audio.source_rate)
            for planar in converters[key].resample(frame):
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


_REASONS: dict[type[OSError], str] = {
    FileNotFoundError: "文件不存在",
    PermissionError: "没有读取权限",
    IsADirectoryError: "这是一个目录",
}


def _check_file(path: Path) -> None:
    """What can be said before any decoder looks at the file."""
    try:
        size = path.stat().st_size
        with path.open("rb") as f:
            head = f.read(4096)
            promised, present = _wav_bytes(f, head, size)
    except OSError as e:
        reason = _REASONS.get(type(e), e.strerror or type(e).__name__)
        raise AudioError("unreadable", f"文件打不开：{reason}。", retryable=True) from None
    if size == 0:
        raise AudioError("empty_file", "文件是空的（0 字节）。", retryable=True)
    if path.suffix.lower() not in HEADERLESS and _is_text(head):
        web = b"<html" in head[:1024].lower() or b"<!doctype" in head[:1024].lower()
        raise AudioError("not_audio", f"不是录音：内容是{'网页' if web else '文本'}，请检查下载或导出。")
    if promised and present < promised * MIN_PRESENT:
        raise AudioError(
            "truncated", f"录音不完整：只有文件头所写的 {present * 100 // promised}%，请重新拷贝。", retryable=True
        )


def _wav_bytes(f: BinaryIO, head: bytes, size: int) -> tuple[int, int]:
    """(bytes of audio promised, bytes present) of a RIFF WAV; (0, 0) when the header makes no promise. Recorders that
    write a stream do not know the length and put 0 or a huge number."""
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        return 0, 0
    at = 12
    while at + 8 <= size:
        f.seek(at)
        name, length = struct.unpack("<4sI", f.read(8))
        if name == b"data":
            return (length, size - at - 8) if 0 < length < 0x7FFF_0000 else (0, 0)
        at += 8 + length + length % 2
    return 0, 0


def _is_text(head: bytes) -> bool:
    if not head or b"\0" in head:
        return False
    for encoding in ("utf-8", "gb18030"):
        try:  # incremental: the last character may be cut
            text = codecs.getincrementaldecoder(encoding)().decode(head)
        except UnicodeDecodeError:
            continue
        return sum(c.isprintable() or c in "\r\n\t\ufeff" for c in text) > 0.97 * len(text)
    return False


def _too_long(max_duration_s: float) -> AudioError:
    return AudioError("too_long", f"录音超过 {max_duration_s / 3600:g} 小时的上限（qc.yaml 的 audio.max_duration_s）。")


def _not_recognised(path: Path) -> AudioError:
    with path.open("rb") as f:
        head = f.read(16)
    if b"#!SILK" in head:
        return AudioError("unsupported", "微信 SILK 语音不支持，请先转换为 WAV。")
    if head[:4] == b"RIFF" or head[:4] in (b"OggS", b"fLaC") or head[:3] == b"ID3" or head[4:8] == b"ftyp":
        return AudioError("corrupt", "文件头像录音，但内容已损坏或不完整，解不出声音。", retryable=True)
    return AudioError("not_audio", "无法识别为录音：不是任何已知的音频格式。")
