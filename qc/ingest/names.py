"""File names: what is audio, what is a document, what to leave alone; content hashes."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from qc.errors import refusal, remedy

_AUDIO = """
    wav w64 bwf mp3 mp2 opus ogg oga spx flac m4a mp4 mka aac amr awb 3gp gsm au snd aif aiff caf wma webm vox
    g722 g723 g726 g728 g729 ulaw alaw mulaw pcmu pcma ul al pcm raw sln silk dss ds2
"""
"""Also what cannot be read: that a recording failed, and why, is said in `failures`."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """How a file of the input is no longer what it was when the batch was planned. `kind` as of a failure: changed, or
    unreadable (gone, forbidden, its disk broken). `told` follows the file's name. What to do: `after` where the batch
    was finished without it, `at_once` where it was stopped."""

    kind: str
    told: str
    after: str
    at_once: str


def departure(file: Path, sha256: str) -> Departure | None:
    """None while `file` still has the content with that hash."""
    try:
        if content_hash(file) == sha256:
            return None
    except OSError as error:
        return Departure(
            kind="unreadable",
            told=f"在本批次运行中读不了：{refusal(error)}",
            after=f"{remedy(error)}恢复原样之后，同一条命令加 --retry-failed 重试",
            at_once=f"{remedy(error)}恢复原样之后再运行同一条命令，会接着做",
        )
    return Departure(
        kind="changed",
        told="在本批次运行中被改动了",
        after="等它写完后，同一条命令加 --retry-failed 重试",
        at_once="等它写完后再运行同一条命令；输入变了，会另开一个批次",
    )
