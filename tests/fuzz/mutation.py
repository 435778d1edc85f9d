"""New inputs from known ones, without instrumentation: what can be done where atheris has no wheel."""

from __future__ import annotations

import random
from collections.abc import Sequence

TOKENS: tuple[bytes, ...] = tuple(
    token.encode() if isinstance(token, str) else token
    for token in (
        *("{", "}", "[", "]", '"', ",", ":", "\n", "\r\n", "\t", "\0", "- ", ": ", "null", "true", "NaN", "Infinity"),
        *("-Infinity", "1e999", "-1", "0", "9" * 30, "1e-999", "0x10", "2026-13-45", "25:61:61", "\ufeff", "&a ", "*a"),
        *("!!python/object/apply:os.system [true]", "<<: ", "../../etc/passwd", "/dev/zero", "con", "\u202e", "\u200b"),
        *("\x1b]52;c;QQ==\x07", "=cmd|'/c calc'!A0", "<script>", "&lol;", "<!DOCTYPE a [<!ENTITY lol 'x'>]>", "＝1+1"),
        *("(" * 20, "{1000}{1000}", "[" * 60, "id", "turns", "role", "text", "start", "客户", "坐席", "\\ud800", "'"),
        b"\xff\xff\xff\xff",
        b"\x00\x00\x00\x80",
        b"\xff\xfe",
        b"\xed\xa0\x80",
    )
)


def mutated(seed: Sequence[bytes], chance: random.Random, most: int = 1 << 16) -> bytes:
    """One of `seed` with a few changes: bytes, pieces moved, doubled, cut out, taken from another, tokens."""
    data = bytearray(chance.choice(seed))
    for _ in range(chance.choice((1, 1, 2, 4, 8))):
        at = chance.randrange(len(data) + 1)
        end = min(len(data), at + chance.choice((1, 2, 4, 16, 64)))
        match chance.randrange(7):
            case 0 if at < len(data):
                data[at] ^= 1 << chance.randrange(8)
            case 1 if at < len(data):
                data[at] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, 0x0A, 0x22))
            case 2:
                data[at:end] = b""
            case 3:
                data[at:at] = data[at:end] * chance.choice((1, 2, 50))
            case 4:
                data[at:end] = chance.choice(TOKENS)
            case 5:
                data[at:at] = chance.choice(TOKENS)
            case _:
                other = chance.choice(seed)
                start = chance.randrange(len(other) + 1)
                data[at:end] = other[start : start + chance.choice((4, 32, 256))]
    return bytes(data[:most])
