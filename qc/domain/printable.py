"""Text that may be shown: what came from outside, without the characters that act on what stands around them."""

from __future__ import annotations

_LINES = {0x09, 0x0A, 0x0D}
_DIRECTIONS = (range(0x202A, 0x202F), range(0x2066, 0x206A))
_NO_CHARACTERS = range(0xFFFE, 0x10000)
# One character each, so that the length of text and the place of evidence do not change.
CONTROLS = dict.fromkeys(
    {*range(0x20), *range(0x7F, 0xA0), *_DIRECTIONS[0], *_DIRECTIONS[1], *_NO_CHARACTERS} - _LINES, "\ufffd"
)


def printable(text: str) -> str:
    """`text` with U+FFFD for control characters, which neither HTML nor XML allows, and for those of writing
    direction, which would turn the text around them."""
    return text if text.isprintable() else text.translate(CONTROLS)
