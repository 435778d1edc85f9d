"""Why a file is not a recording, or not a usable one: in one Chinese sentence, before any decoder looks at it."""

from __future__ import annotations

import codecs
import struct
from pathlib import Path
from typing import BinaryIO

from qc.errors import unreadable

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
_BEGINNINGS = (b"RIFF", b"OggS", b"fLaC", b"ID3", b"caff", b"\x1aE\xdf\xa3", b"0&\xb2u", b"#!AMR", b".snd", b"FORM")
RAW = (".pcm", ".raw", ".sln", ".g723", ".g726", ".g728", ".silk")
_DICTATION = (b"\x02dss", b"\x03dss", b"\x03ds2", b"\x06ds2")


class AudioError(Exception):
    """A recording that cannot be read. `kind`: empty_file, not_audio, truncated, corrupt, too_long, unsupported,
    unreadable. `message`: one Chinese sentence. `retryable`: the file may be complete another time."""

    def __init__(self, kind: str, message: str, *, retryable: bool = False) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.retryable = retryable


def check_file(path: Path) -> None:
    """Raises AudioError: what can be said before any decoder looks at the file."""
    try:
        size = path.stat().st_size
        with path.open("rb") as f:
            head = f.read(4096)
            promised, present = _wav_bytes(f, head, size)
    except OSError as e:
        raise AudioError("unreadable", f"{unreadable(e)}。", retryable=True) from None
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
    if not head or b"\0" in head or head.startswith(_BEGINNINGS):
        return False
    for encoding in ("utf-8", "gb18030"):
        try:  # incremental: the last character may be cut
            text = codecs.getincrementaldecoder(encoding)().decode(head)
        except UnicodeDecodeError:
            continue
        return sum(c.isprintable() or c in "\r\n\t\ufeff" for c in text) > 0.97 * len(text)
    return False


def too_long(max_duration_s: float) -> AudioError:
    return AudioError("too_long", f"录音超过 {max_duration_s / 3600:g} 小时的上限（qc.yaml 的 audio.max_hours）。")


def not_recognised(path: Path) -> AudioError:
    with path.open("rb") as f:
        head = f.read(16)
    if b"#!SILK" in head:
        return AudioError("unsupported", "微信 SILK 语音不支持，请先转换为 WAV。")
    if head.startswith(_DICTATION):
        return AudioError("unsupported", "录音笔的 DSS 格式不支持，请先转换为 WAV。")
    if head.startswith(_BEGINNINGS) or head[4:8] == b"ftyp":
        return AudioError("corrupt", "文件头像录音，但内容已损坏或不完整，解不出声音。", retryable=True)
    if path.suffix.lower() in RAW:
        return AudioError(
            "unsupported",
            "没有文件头，编码和采样率无从得知：请转换为 WAV，8 kHz 的 µ-law、A-law 可把扩展名改为 .ulaw、.alaw。",
        )
    return AudioError("not_audio", "无法识别为录音：不是任何已知的音频格式。")
