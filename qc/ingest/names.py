"""File names: what is audio, what is a document, what to leave alone; content hashes."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path, PurePosixPath

_AUDIO = """
    wav w64 mp3 opus ogg oga spx flac m4a mp4 aac amr awb 3gp gsm au snd aif aiff caf wma webm vox g722 g729
    ulaw alaw ul al
"""
AUDIO_SUFFIXES = frozenset(f".{name}" for name in _AUDIO.split())
JSON_SUFFIXES = frozenset({".json", ".jsonl", ".ndjson"})
TABLE_SUFFIXES = frozenset({".csv", ".tsv", ".xlsx", ".xlsm"})
DOCUMENT_SUFFIXES = JSON_SUFFIXES | TABLE_SUFFIXES
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_LITTER = frozenset({"__macosx", "thumbs.db", "desktop.ini"})


def is_hidden(name: str) -> bool:
    """Dot files, Office lock files and what operating systems leave behind."""
    return name.startswith((".", "~$")) or name.lower() in _LITTER


def shown(path: str) -> str:
    """`path` as text that tables, pages and terminals can show: control characters, those of writing direction and
    bytes that are no UTF-8 appear as \\xNN or \\uNNNN, so names stay apart."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return _CONTROL.sub(lambda m: f"\\x{ord(m[0]):02x}" if ord(m[0]) < 256 else f"\\u{ord(m[0]):04x}", text)


def stem_of(path: str) -> str:
    """A relative path without its extension: `a/1.wav` → `a/1`."""
    return str(PurePosixPath(path).with_suffix(""))


def content_hash(file: Path) -> str:
    """SHA-256 of the content, hexadecimal. Raises OSError."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
