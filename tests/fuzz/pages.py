"""Targets: what a company may restyle. A template sees what customers said, and no message may repeat it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from qc.domain.run import Lineage
from qc.paths import packaged
from qc.reporting import render, sandbox
from qc.reporting.render import Renderer, Site
from tests.fuzz.target import SPEECH, Target

PAGE = """<!doctype html>
<html lang="{{ site.language }}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{{ policy }}">
<style>{{ style }}</style>
</head><body>{{ said }}<script>{{ script }}</script></body></html>
"""


@dataclass(frozen=True, slots=True)
class Shown:
    """A view model as pages have them."""

    text: str
    number: float
    inner: tuple[Shown, ...] = ()

    def words(self) -> tuple[str, ...]:
        return tuple(self.text)


Shown.__module__ = "qc.reporting.shown"


def template(name: str, around: str = "{data}") -> Callable[[bytes, Path], Iterator[str]]:
    """The file `name` of a workspace's templates, used by a page."""

    def run(data: bytes, folder: Path) -> Iterator[str]:
        (folder / "page.html").write_text(PAGE, "utf-8")
        before, _, after = around.partition("{data}")
        (folder / name).write_bytes(before.encode() + data + after.encode())
        with (
            patch.object(sandbox, "_CPU_S", 2),
            patch.object(sandbox, "_MEMORY_BYTES", 200 << 20),
            patch.object(render, "MOST_CHARS", 5_000_000),
        ):
            renderer = Renderer([folder, packaged("reports")], Site(lineage=Lineage(run_id="r"), names={}))
            html = renderer.render(
                "page.html",
                said=SPEECH,
                shown=Shown(SPEECH, 1.5, (Shown("二", 2.0),)),
                rows=[{"text": SPEECH, "share": 0.25}, {SPEECH: None, "share": None}],
                counts={SPEECH: 3},
            )
        html.encode()
        yield from ()

    return run


_BODY = PAGE.replace("{{ said }}", "{data}")

TARGETS = (
    Target(name="template", run=template("page.html")),
    Target(name="template_body", run=template("page.html", _BODY)),
    Target(name="style", run=template("style.css")),
    Target(name="script", run=template("tables.js")),
)
