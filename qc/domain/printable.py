"""Text that may be shown: what came from outside, without the characters that act on what stands around them."""

from __future__ import annotations

import re

_LINES = {0x09, 0x0A, 0x0D}
_DIRECTIONS = (range(0x202A, 0x202F), range(0x2066, 0x206A))
_NO_CHARACTERS = range(0xFFFE, 0x10000)
_HALVES = range(0xD800, 0xE000)
"""Of surrogate pairs: how Python holds the bytes of a file name that is no UTF-8. No file can be written with one."""
# One character each, so that the length of text and the place of evidence do not change.
CONTROLS = dict.fromkeys(
    {*range(0x20), *range(0x7F, 0xA0), *_DIRECTIONS[0], *_DIRECTIONS[1], *_NO_CHARACTERS, *_HALVES} - _LINES, "\ufffd"
)
_ACTING = re.compile(f"[{''.join(re.escape(chr(code)) for code in sorted(CONTROLS))}]")


def whole_characters(text: str) -> str:
    """`text` as UTF-8 can hold it: two halves that belong together are their character, a lone one is U+FFFD."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def printable(text: str) -> str:
    """`text` with U+FFFD for control characters, which neither HTML nor XML allows, for those of writing direction,
    which would turn the text around them, and for halves of characters."""
    # a page of lines is not `isprintable`, and to look costs a tenth of translating
    return text if text.isprintable() or not _ACTING.search(text) else text.translate(CONTROLS)
