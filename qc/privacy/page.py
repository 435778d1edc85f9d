"""What a page of HTML or XML says."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import unquote

_GEOMETRY = frozenset(
    (
        *("d", "points", "transform", "viewbox", "x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r"),
        *("width", "height", "style"),
    )
)
"""Attributes that hold coordinates of drawings."""


def one_line(value: str | None) -> str:
    """Without line ends; nothing is empty."""
    return "" if value is None else value.replace("\n", " ").replace("\r", " ")


class Page(HTMLParser):
    """Text and scripts of a page, and what is not shown of it (attributes, comments), each with its line; drawings only
    by their words. Text goes on over what marks a piece of it: evidence, or what was heard unsurely, may begin in the
    middle of a number."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[tuple[int, str]] = []
        self.attributes: list[tuple[int, str]] = []
        self._style = self._goes_on = self._heard = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._style = tag == "style"
        self._heard = tag == "span" and (dict(attrs).get("class") or "").startswith("heard-")
        self._goes_on &= tag == "mark" or self._heard
        line = self.getpos()[0]
        told = [unquote(one_line(value)) for name, value in attrs if value and name not in _GEOMETRY]
        self.attributes += [(line, value) for value in told if not value.isascii() or len(value) > 5]

    def handle_endtag(self, tag: str) -> None:
        self._style = False
        self._goes_on &= tag == "mark" or (tag == "span" and self._heard)
        self._heard = False

    def handle_data(self, data: str) -> None:
        if self._style:
            return
        first, lines = self.getpos()[0], data.split("\n")
        if self._goes_on:
            lines[0] = self.texts.pop()[1] + lines[0]
        self.texts += [(first + i, line) for i, line in enumerate(lines) if line.strip()]
        self._goes_on = bool(lines[-1].strip())

    def handle_comment(self, data: str) -> None:
        """Text goes on behind it."""
        self.attributes.append((self.getpos()[0], one_line(data)))

    def unknown_decl(self, data: str) -> None:
        """CDATA of XML."""
        self.handle_comment(data)

    def handle_decl(self, decl: str) -> None:
        self.handle_comment(decl)

    def handle_pi(self, data: str) -> None:
        self.handle_comment(data)
