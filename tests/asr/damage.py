"""Recordings of many formats, broken in every way that copying, recorders and malice break files."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

SEED = 20240611
_BY_SNDFILE: dict[str, dict[str, Any]] = {
    "pcm.wav": {"subtype": "PCM_16"},
    "float.wav": {"subtype": "DOUBLE"},
    "ulaw.wav": {"subtype": "ULAW"},
    "ima.wav": {"subtype": "IMA_ADPCM"},
    "ms.wav": {"subtype": "MS_ADPCM"},
    "gsm.wav": {"subtype": "GSM610"},
    "a.flac": {},
    "a.opus": {"format": "OGG", "subtype": "OPUS"},
    "a.ogg": {"format": "OGG", "subtype": "VORBIS"},
    "a.au": {"format": "AU", "subtype": "ULAW"},
    "a.mp3": {"format": "MP3"},
    "x.vox": {"format": "RAW", "subtype": "VOX_ADPCM"},
}
BY_FFMPEG: dict[str, tuple[str, int, str | None, int | None]] = {
    # name: codec, Hz, container where the name does not say it, bits a second where the codec must be told
    "a.m4a": ("aac", 16000, None, None),
    "a.aac": ("aac", 16000, "adts", None),
    "a.amr": ("libopencore_amrnb", 8000, None, 12200),
    "a.3gp": ("libopencore_amrnb", 8000, None, 12200),
    "a.wma": ("wmav2", 16000, "asf", 32000),
    "a.webm": ("libopus", 48000, None, None),
    "a.mka": ("libopus", 48000, "matroska", None),
    "a.caf": ("pcm_mulaw", 8000, "caf", None),
    "a.avi": ("pcm_alaw", 8000, "avi", None),
    "a.g722": ("adpcm_g722", 16000, "g722", None),
    "g722.wav": ("adpcm_g722", 16000, None, None),
    "g723.wav": ("g723_1", 8000, None, 6300),
    "g726.wav": ("g726", 8000, None, 32000),
    "mp3.wav": ("libmp3lame", 8000, "wav", None),
    "alac.m4a": ("alac", 16000, None, None),
}
_FOLLOWED = {  # lists that make a player open something else
    "list.m3u8": b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
    "list.mp3": b"ffconcat version 1.0\nfile '/etc/passwd'\nfile 'pcm.wav'\n",
    "list.wav": b"[playlist]\nFile1=http://127.0.0.1:9/a.mp3\nNumberOfEntries=1\n",
    "list.m4a": b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period/></MPD>',
    "list.wma": b'<asx version="3.0"><entry><ref href="http://127.0.0.1:9/x"/></entry></asx>',
    "list.ogg": b"v=0\no=- 0 0 IN IP4 127.0.0.1\nm=audio 9 RTP/AVP 0\n",
}


def encode(
    path: Path, codec: str, rate: int, samples: Any, container: str | None = None, bits: int | None = None
) -> None:
    """Write float32 [n] at `rate` with FFmpeg's encoder `codec`."""
    import av

    with av.open(str(path), "w", format=container) as out:
        stream = out.add_stream(codec, rate=rate, layout="mono")
        if bits:
            stream.bit_rate = bits
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(samples[None], np.float32), format="fltp", layout="mono"
        )
        frame.sample_rate = rate
        buffer = av.AudioFifo()
        stream.codec_context.open(strict=False)
        resampler = av.AudioResampler(format=stream.codec_context.format, layout="mono", rate=rate)
        for converted in resampler.resample(frame):
            buffer.write(converted)
        size = stream.codec_context.frame_size or 1024
        while (piece := buffer.read(size, partial=True)) is not None:
            piece.pts = None
            out.mux(stream.encode(piece))
        out.mux(stream.encode(None))


def sound(rate: int, seconds: float = 2.0) -> Any:
    """440 Hz, float32 [n]."""
    return (0.3 * np.sin(2 * np.pi * 440 * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def whole(folder: Path) -> dict[str, bytes]:
    """Sound recordings: name → content."""
    for name, options in _BY_SNDFILE.items():
        soundfile.write(folder / name, sound(8000), 8000, **options)
    for name, (codec, rate, container, bits) in BY_FFMPEG.items():
        encode(folder / name, codec, rate, sound(rate), container, bits)
    return {name: (folder / name).read_bytes() for name in (*_BY_SNDFILE, *BY_FFMPEG)}


def broken(recordings: dict[str, bytes], count: int) -> Iterator[tuple[str, bytes]]:
    """`count` files, always the same: name (its extension may lie) and content."""
    random = np.random.default_rng(SEED)
    names = sorted(recordings)
    made = 0
    for name, content in _FOLLOWED.items():
        yield f"{made:03d}-{name}", content
        made += 1
    while made < count:
        name = names[made % len(names)]
        breaks = _BREAKS[int(random.integers(len(_BREAKS)))]
        content = breaks(bytearray(recordings[name]), random, recordings[names[int(random.integers(len(names)))]])
        if random.random() < 0.15:
            name = names[int(random.integers(len(names)))]
        yield f"{made:03d}-{breaks.__name__.strip('_')}-{name}", bytes(content)
        made += 1


_Random = np.random.Generator
_MAGIC = (
    *(b"RIFF\xff\xff\xff\xffWAVE", b"OggS\0\2", b"fLaC\0\0\0\x22", b"ID3\4\0\0", b"\0\0\0\x20ftypM4A ", b"#!AMR\n"),
    *(b"\x1aE\xdf\xa3", b"0&\xb2u\x8ef\xcf\x11", b"caff\0\1", b".snd", b"FORM\0\0\1\0AIFF", b"RF64", b""),
)


def _cut(data: bytearray, random: _Random, other: bytes) -> bytearray:
    return data[: int(random.integers(len(data)))]


def _cut_in_the_header(data: bytearray, random: _Random, other: bytes) -> bytearray:
    return data[: int(random.integers(1, 80))]


def _beheaded(data: bytearray, random: _Random, other: bytes) -> bytearray:
    return data[int(random.integers(1, len(data) // 2)) :]


def _bits_flipped(data: bytearray, random: _Random, other: bytes) -> bytearray:
    for at in random.integers(len(data), size=max(len(data) // int(random.integers(50, 2000)), 1)):
        data[at] ^= 1 << int(random.integers(8))
    return data


def _header_flipped(data: bytearray, random: _Random, other: bytes) -> bytearray:
    for at in random.integers(min(len(data), 256), size=int(random.integers(1, 12))):
        data[at] = int(random.integers(256))
    return data


def _numbers_blown_up(data: bytearray, random: _Random, other: bytes) -> bytearray:
    for _ in range(int(random.integers(1, 4))):
        at = int(random.integers(min(len(data), 400) - 8))
        value = int(random.choice([0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x00010000, 0xFFFF]))
        struct.pack_into(str(random.choice(["<I", ">I"])), data, at, value)
    return data


def _hole(data: bytearray, random: _Random, other: bytes) -> bytearray:
    at, size = int(random.integers(len(data))), int(random.integers(1, 4000))
    filler = bytes(size) if random.random() < 0.5 else random.bytes(size)
    data[at : at + size] = filler[: len(data[at : at + size])]
    return data


def _piece_lost(data: bytearray, random: _Random, other: bytes) -> bytearray:
    at = int(random.integers(len(data)))
    del data[at : at + int(random.integers(1, 3000))]
    return data


def _piece_repeated(data: bytearray, random: _Random, other: bytes) -> bytearray:
    at = int(random.integers(len(data)))
    return data[:at] + data[at : at + 2000] * int(random.integers(2, 30)) + data[at:]


def _head_of_another(data: bytearray, random: _Random, other: bytes) -> bytearray:
    at = int(random.integers(8, 200))
    return bytearray(other[:at]) + data[at:]


def _nested(data: bytearray, random: _Random, other: bytes) -> bytearray:
    inner = bytes(data) if random.random() < 0.5 else other + bytes(data)
    rate = int(random.choice([8000, 16000]))
    tag = int(
        random.choice([1, 2, 6, 7, 0x11, 0x31, 0x45, 0x50, 0x55, 0x83, 0xFF, 0x161, 0xFFFE, random.integers(65536)])
    )
    return bytearray(_wav(tag, 1, rate, int(random.choice([4, 8, 16])), len(inner)) + inner)


def _absurd_shape(data: bytearray, random: _Random, other: bytes) -> bytearray:
    rate = int(random.choice([0, 1, 7, 999, 192000, 384000, 0x7FFFFFFF, 0xFFFFFFFF]))
    channels = int(random.choice([0, 1, 2, 9, 255, 1024, 65535]))
    bits = int(random.choice([0, 1, 3, 8, 16, 24, 32, 64, 255]))
    size = int(random.choice([len(data), 0, 1, 0x7FFFFFF0, 0xFFFFFFFF]))
    return bytearray(_wav(int(random.choice([1, 3, 7, 0x31, 0x55])), channels, rate, bits, size)) + data


def _noise(data: bytearray, random: _Random, other: bytes) -> bytearray:
    magic = _MAGIC[int(random.integers(len(_MAGIC)))]
    return bytearray(magic + random.bytes(int(random.integers(20_000))))


_BREAKS: tuple[Callable[[bytearray, _Random, bytes], bytearray], ...] = (
    _cut,
    _cut_in_the_header,
    _beheaded,
    _bits_flipped,
    _header_flipped,
    _numbers_blown_up,
    _hole,
    _piece_lost,
    _piece_repeated,
    _head_of_another,
    _nested,
    _absurd_shape,
    _noise,
)


def _wav(tag: int, channels: int, rate: int, bits: int, size: int) -> bytes:
    block = max(channels * bits // 8, 1) & 0xFFFF
    form = struct.pack("<HHIIHH", tag, channels & 0xFFFF, rate, (rate * block) & 0xFFFFFFFF, block, bits)
    return (
        b"RIFF"
        + struct.pack("<I", (size + 36) & 0xFFFFFFFF)
        + b"WAVEfmt \x10\0\0\0"
        + form
        + b"data"
        + struct.pack("<I", size)
    )
