"""Every page of a report in a real browser: quiet, offline, accessible, no wider than its window; tables sort and
filter by mouse and by keyboard."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from qc.reporting.build import SHEETS
from tests.browser.conftest import Visit, pages_of

WIDTHS = (1366, 768, 375)


UNREACHED = """() => [...document.querySelectorAll(".scroll")]
  .filter((e) => e.checkVisibility() && e.scrollWidth > e.clientWidth)
  .filter((e) => e.tabIndex !== 0 && !e.querySelector("a, button, input, select, summary"))
  .map((e) => e.textContent.trim().slice(0, 40))"""
"""What scrolls sideways and takes no keyboard."""
DRAWN = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
"""Waits until the page was drawn twice: scripts hear of a window's new width just before it is drawn."""
QUICK = ("wcag2a",)
FULL = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice")
"""Contrast (wcag2aa) takes most of the time."""


def axe(page: Any, tags: Sequence[str]) -> list[str]:
    """Serious and critical violations of accessibility, each with where."""
    from axe_playwright_python.sync_playwright import Axe

    options = {"resultTypes": ["violations"], "runOnly": {"type": "tag", "values": list(tags)}}
    found = Axe().run(page, options=options).response["violations"]
    return [
        f"{v['id']}: {v['help']} at {v['nodes'][0]['target']} ({len(v['nodes'])})"
        for v in found
        if v["impact"] in ("serious", "critical")
    ]


def complaints(tab: Visit, path: Path, tags: Sequence[str]) -> list[str]:
    """What is wrong with a page: console, network, accessibility, width."""
    tab.errors.clear()
    tab.requests.clear()
    page = tab.open(path)
    found = [f"console: {e}" for e in tab.errors]
    found += [f"request: {r}" for r in tab.requests if r != path.as_uri()]
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    found += axe(page, tags)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 768})
        page.evaluate(DRAWN)
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > width:
            found.append(f"{wide} px wide in a window of {width}")
        found += [f"not reached by keyboard in a window of {width}: {what}" for what in page.evaluate(UNREACHED)]
    page.set_viewport_size({"width": WIDTHS[0], "height": 768})
    return found


def all_complaints(tab: Visit, folder: Path, pages: Sequence[Path], tags: Sequence[str]) -> dict[str, list[str]]:
    found = {str(page.relative_to(folder)): complaints(tab, page, tags) for page in pages}
    return {page: said for page, said in found.items() if said}


def test_every_page_is_quiet_offline_accessible_and_fits_its_window(visit: Callable[..., Visit], report: Path) -> None:
    pages = pages_of(report, each=1)
    assert {s.file for s in SHEETS} <= {p.name for p in pages}
    assert all_complaints(visit(), report, pages, QUICK) == {}


@pytest.mark.slow
@pytest.mark.parametrize("language", ["report", "english"])
def test_all_pages_in_both_languages_to_the_last_colour(
    visit: Callable[..., Visit], language: str, request: pytest.FixtureRequest
) -> None:
    folder: Path = request.getfixturevalue(language)
    assert all_complaints(visit(), folder, pages_of(folder), FULL) == {}


@pytest.mark.slow
def test_pages_of_a_web_server_are_as_quiet(visit: Callable[..., Visit], run: Any, report: Path) -> None:
    import functools
    import http.server
    import threading

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    root = run.path.parent.parent
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(root)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        tab = visit()
        home = f"http://127.0.0.1:{server.server_port}/"
        tab.page.goto(home + str((report / "conversations" / "A003.html").relative_to(root)))
        assert tab.errors == [] and all(r.startswith(home) for r in tab.requests)
        tab.page.click(".turn#t2 .who a[data-ms]")
        tab.page.wait_for_function("() => document.querySelector('audio').currentTime > 1")
        assert tab.errors == []
    finally:
        server.shutdown()


SORTED = """(head) => {
  const table = head.closest("table");
  const units = table.classList.contains("grouped") ? [...table.tBodies] : [...table.tBodies[0].rows];
  return units.map((u) => {
    const cell = (u.rows ? u.rows[0] : u).cells[head.cellIndex];
    const text = cell.dataset.v !== undefined ? cell.dataset.v : cell.textContent.trim();
    return head.dataset.sort === "number" ? parseFloat(text) || 0 : text;
  });
}"""


def test_tables_sort_by_click_and_by_key(visit: Callable[..., Visit], report: Path) -> None:
    tab, tables = visit(), 0
    for path in sorted(report.glob("*.html")):
        page = tab.open(path)
        for table in page.query_selector_all("table.sortable"):
            head = table.query_selector("thead th[data-sort=number]")
            if head is None:
                continue
            tables += 1
            head.query_selector("button").click()
            assert head.get_attribute("aria-sort") == "descending", path.name
            values = head.evaluate(SORTED)
            assert values == sorted(values, reverse=True), path.name
            head.query_selector("button").focus()
            page.keyboard.press("Enter")
            assert head.get_attribute("aria-sort") == "ascending"
            values = head.evaluate(SORTED)
            assert values == sorted(values)
    assert tables >= 2 and tab.errors == []


@pytest.mark.slow
def test_tables_filter_as_one_types(visit: Callable[..., Visit], report: Path) -> None:
    tab, bars = visit(), 0
    for path in sorted(report.glob("*.html")):
        page = tab.open(path)
        for bar in page.query_selector_all(".filters:not([hidden])"):
            bars += 1
            table = f"#{bar.get_attribute('data-table')}"
            rows = f"{table} > tbody > tr, {table}.grouped > tbody"
            shown = f"(s) => [...document.querySelectorAll('{rows}')].filter((e) => e.offsetParent !== null).length"
            before = page.evaluate(shown, None)
            field = bar.query_selector("input")
            field.focus()
            page.keyboard.type("没有这样的一行")
            assert page.evaluate(shown, None) == 0 < before, path.name
            assert bar.query_selector("output").inner_text().startswith("0")
            field.fill("")
            assert page.evaluate(shown, None) == before
    assert bars >= 2 and tab.errors == []
