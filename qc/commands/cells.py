"""Text in terminal cells: a Chinese character takes two."""

from __future__ import annotations

from qc.errors import display_width

WIDTH = 80
_HANGING = "，。！？；：、”’）】》…"
"""Marks that do not begin a line."""


def wrap(text: str, *, first: str = "", rest: str | None = None, width: int = WIDTH) -> list[str]:
    """Lines of at most `width` cells. `first` stands before the first line, `rest` (by default as many spaces) before
    the others. A line breaks between any two characters, but not before a closing mark and not inside a Latin word."""
    rest = " " * display_width(first) if rest is None else rest
    lines: list[str] = []
    line, used = first, display_width(first)
    empty = True
    for atom in _atoms(text):
        size = display_width(atom)
        if not empty and used + size > width - 2 * (atom not in _HANGING):
            lines.append(line.rstrip())
            line, used, empty = rest, display_width(rest), True
            atom = atom.lstrip()  # noqa: PLW2901 - a space at the beginning of a line is no indent
            size = display_width(atom)
        line += atom
        used += size
        empty = empty and not atom
    return [*lines, line.rstrip()]


def _atoms(text: str) -> list[str]:
    """Pieces of text between which a line may break."""
    atoms: list[str] = []
    for char in text:
        joins = char.isascii() and not char.isspace()
        if atoms and joins and atoms[-1][-1].isascii() and not atoms[-1][-1].isspace() and len(atoms[-1]) < 40:
            atoms[-1] += char
        else:
            atoms.append(char)
    return atoms


def clip(text: str, width: int = WIDTH) -> str:
    """The text on one line; what does not fit gives way to …"""
    text = " ".join(text.split())
    if display_width(text) <= width:
        return text
    out, used = "", 2
    for char in text:
        used += display_width(char)
        if used > width:
            break
        out += char
    return out + "…"
