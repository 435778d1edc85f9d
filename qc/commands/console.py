"""What commands share with a person: progress on stderr, tables on stdout."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from qc.domain.printable import printable
from qc.errors import display_width


class Console:
    """Progress (see `qc.pipeline.progress`): a bar on a terminal; elsewhere one line per step that has something
    to say, else per tenth."""

    def __init__(self, quiet: bool = False) -> None:
        self._quiet = quiet
        self._terminal = sys.stderr.isatty() and not quiet
        self._title = ""
        self._unit = ""
        self._total: float | None = None
        self._done = 0.0

    def note(self, message: str) -> None:
        if not self._quiet:
            self._wipe()
            click.echo(printable(message), err=True)
            self._draw()

    def stage(self, title: str, total: float | None, unit: str) -> None:
        self._title, self._unit, self._total, self._done = title, unit, total, 0.0
        if not self._terminal and not self._quiet:
            click.echo(f"{title}：共 {_amount(total, unit)}" if total is not None else title, err=True)
        self._draw()

    def advance(self, amount: float, message: str) -> None:
        before, self._done = self._done, self._done + amount
        if self._terminal:
            self._draw()
        elif not self._quiet and (message or self._tenth(before) < self._tenth(self._done)):
            click.echo(f"{self._title} {self._so_far()}{message}", err=True)

    def finish(self) -> None:
        self._wipe()
        if self._terminal:
            click.echo(f"{self._title}：完成 {_amount(self._done, self._unit)}", err=True)
        self._title = ""

    def _draw(self) -> None:
        if not self._terminal or not self._title:
            return
        self._wipe()
        if self._total:
            share = min(1.0, self._done / self._total)
            full = round(share * 30)
            bar = "█" * full + "░" * (30 - full)
            text = f"{self._title} {bar} {share:4.0%}  {self._so_far()}"
        else:
            text = f"{self._title} {self._so_far()}"
        click.echo(text, err=True, nl=False)

    def _tenth(self, done: float) -> float:
        """How many tenths of the stage are done; where nobody knows how much there is, every step counts."""
        return done if not self._total else int(done / self._total * 10 + 1e-9)

    def _so_far(self) -> str:
        if self._total is None:
            return _amount(self._done, self._unit)
        return f"{_amount(self._done, self._unit).removesuffix(' ' + self._unit)}/{_amount(self._total, self._unit)}"

    def _wipe(self) -> None:
        if self._terminal:
            click.echo("\r\x1b[K", err=True, nl=False)


def _amount(value: float | None, unit: str) -> str:
    if value is None:
        return "?"
    if unit != "小时":
        return f"{value:,.0f} {unit}"
    return f"{value:.2f} 小时" if value >= 1 else f"{value * 60:.1f} 分钟"


def table(rows: Sequence[Sequence[str]], right: frozenset[int] = frozenset()) -> str:
    """Rows as aligned columns (CJK counts two cells); columns in `right` are flush right. What a terminal would obey is
    not printed."""
    if not rows:
        return ""
    rows = [[printable(cell) for cell in row] for row in rows]
    widths = [max(display_width(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = []
        for i, cell in enumerate(row):
            pad = " " * (widths[i] - display_width(cell))
            cells.append(pad + cell if i in right else cell + pad)
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)
