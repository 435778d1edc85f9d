"""A page as a reader sees it: its figures by their names, its tables row by row, in the sections they stand in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = frozenset({"br", "img", "input", "meta", "link", "hr", "wbr", "path", "line", "rect", "circle", "use"})


@dataclass
class Section:
    """`tiles`: name → value as shown; `tables`: rows as header → cell, in the order of the page."""

    tiles: dict[str, str] = field(default_factory=dict)
    tables: list[list[dict[str, str]]] = field(default_factory=list)


def read_page(html: str) -> Mapping[str, Section]:
    """Sections by id; what stands before the first one is under the empty id. Text is squeezed; cells of pictures
    (svg) and of folded parts count like others."""
    reader = _Reader()
    reader.feed(html)
    return reader.sections


def number(text: str) -> float | None:
    """The first number of a cell: 1,234.5, 81.3%, −2; None where there is none."""
    found = re.search(r"[-−]?\d[\d,]*(?:\.\d+)?", text)
    return float(found[0].replace(",", "").replace("−", "-")) if found else None


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.sections: dict[str, Section] = {}
        self._open: list[tuple[str, str]] = []
        self._text: list[str] = []
        self._header: list[str] = []
        self._row: list[str] = []
        self._name = ""
        self._in_head = False

    @property
    def _section(self) -> Section:
        own = next((i for tag, i in reversed(self._open) if tag == "section"), "")
        return self.sections.setdefault(own, Section())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _VOID:
            self._text.append(" ")
            return
        self._open.append((tag, dict(attrs).get("id") or ""))
        if tag == "table":
            self._section.tables.append([])
            self._header = []
        if tag in ("thead", "tr"):
            self._row = []
        if tag == "thead":
            self._in_head = True
        if tag in ("th", "td", "dt", "dd", "strong"):
            self._text = []

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID or tag not in {name for name, _ in self._open}:
            return
        while self._open and self._open[-1][0] != tag:
            self._open.pop()
        shown = " ".join("".join(self._text).split())
        if tag in ("th", "td"):
            self._row.append(shown)
        elif tag == "dt":
            self._name = shown
        elif tag == "strong" and self._name and any(t == "dd" for t, _ in self._open):
            self._section.tiles.setdefault(self._name, shown)
            self._name = ""
        elif tag == "tr" and self._in_head:
            self._header = self._row
        elif tag == "tr" and self._section.tables and len(self._row) == len(self._header):
            self._section.tables[-1].append(dict(zip(self._header, self._row, strict=True)))
        if tag == "thead":
            self._in_head = False
        self._open.pop()

    def handle_data(self, data: str) -> None:
        self._text.append(data)
