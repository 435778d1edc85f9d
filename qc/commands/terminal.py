"""What a terminal is shown. Names of files, agents and rules come from outside; some characters drive a terminal."""

from __future__ import annotations

import io
import re
import sys
from typing import TextIO

_DRIVES = re.compile("(\x1b\\[[0-9;]*m|\r\x1b\\[K|\r\n)|[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Colours and wiping the line under way are ours; all else that moves the cursor, sets titles, writes the clipboard
(OSC 52), hides links (OSC 8) or turns the direction of writing is not."""


def inert(text: str) -> str:
    """`text` that does nothing to a terminal but to show letters and colours."""
    return text if text.isprintable() else _DRIVES.sub(lambda found: found[1] or "\ufffd", text)


class _Inert(io.TextIOWrapper):
    def write(self, text: str, /) -> int:
        return super().write(inert(text))


def guard() -> None:
    """From now on nothing but colours reaches a terminal that this process writes to. Files and pipes get what is
    written, byte by byte."""
    sys.stdout, sys.stderr = _guarded(sys.stdout), _guarded(sys.stderr)


def _guarded(stream: TextIO) -> TextIO:
    if not isinstance(stream, io.TextIOWrapper) or isinstance(stream, _Inert) or not stream.isatty():
        return stream
    encoding, buffering = stream.encoding, stream.line_buffering
    return _Inert(stream.detach(), encoding=encoding, errors="replace", line_buffering=buffering)
