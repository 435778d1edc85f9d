"""What customers say stays text: no page lets it become markup, script or an address."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest

from qc.reporting.build import build_report
from qc.storage.read import StoredRun


class Page(HTMLParser):
    """Tags, attributes and text of a page as a browser would see them."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.raw: dict[str, list[str]] = {"script": [], "style": []}
        self.text: list[str] = []
        self._open: str | None = None
        self.feed(path.read_text(encoding="utf-8"))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._open = tag if tag in self.raw else None

    def handle_endtag(self, tag: str) -> None:
        self._open = None

    def handle_data(self, data: str) -> None:
        (self.raw[self._open] if self._open else self.text).append(data)

    def values(self, attribute: str) -> list[str]:
        return [a[attribute] or "" for _, a in self.tags if attribute in a]


@pytest.fixture(scope="module")
def report(sample: StoredRun, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from qc.paths import packaged

    out = tmp_path_factory.mktemp("safety") / "report"
    build_report(sample, out=out, template_dirs=[packaged("reports")])
    return out


@pytest.fixture(scope="module")
def pages(report: Path) -> list[Page]:
    return [Page(path) for path in sorted(report.rglob("*.html"))]


def test_every_conversation_of_a_small_run_has_a_page(pages: list[Page], sample: StoredRun) -> None:
    ids = sample.table("conversations", ["conversation_id"])["conversation_id"].to_pylist()
    titles = [re.search(r"会话 (.*) · ", "".join(p.text)) for p in pages if p.path.parent.name == "conversations"]
    assert sorted(t[1] for t in titles if t) == sorted(ids)


def test_policy_admits_only_our_style_and_script(pages: list[Page]) -> None:
    for page in pages:
        policies = [a["content"] for t, a in page.tags if a.get("http-equiv") == "Content-Security-Policy"]
        assert len(policies) == 1 and "default-src 'none'" in policies[0]
        assert "unsafe" not in policies[0]
        for kind in ("script", "style"):
            code = "".join(page.raw[kind])
            digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
            assert f"{kind}-src 'sha256-{digest}'" in policies[0]
            assert len([t for t, _ in page.tags if t == kind]) == 1


def test_text_brings_no_markup(pages: list[Page]) -> None:
    for page in pages:
        names = {t for t, _ in page.tags}
        assert not names & {"img", "iframe", "object", "embed", "form", "link", "base"}
        attributes = {a for _, attrs in page.tags for a in attrs}
        assert not [a for a in attributes if a.startswith("on") or a == "style"]
        assert not [a for a in attributes if not re.fullmatch(r"[a-zA-Z][a-zA-Z0-9:-]*", a)]


def test_pages_need_no_network_and_every_link_leads_somewhere(pages: list[Page]) -> None:
    anchors = {page.path: set(page.values("id")) for page in pages}
    for page in pages:
        assert not page.values("src")
        for href in page.values("href"):
            assert not re.match(r"[a-z]+:|//", href), href
            name, _, anchor = href.partition("#")
            target = (page.path.parent / unquote(name)).resolve() if name else page.path
            assert target in anchors, href
            assert not anchor or anchor in anchors[target], href


def test_text_for_screen_readers_cannot_widen_a_page(pages: list[Page]) -> None:
    """It is absolute: a table that scrolls must hold it, or a phone scrolls the whole page sideways."""
    style = "".join(pages[0].raw["style"])
    assert re.search(r"\.sr \{[^}]*position: absolute", style)
    assert re.search(r"\.scroll \{[^}]*position: relative", style)


def test_ids_are_unique(pages: list[Page]) -> None:
    for page in pages:
        ids = page.values("id")
        assert len(ids) == len(set(ids))


def test_hostile_text_is_shown_as_written(pages: list[Page]) -> None:
    text = {page.path.name: "".join(page.text) for page in pages}
    assert "<script>alert(\"x\")</script><img src=x onerror=alert(1)> =cmd()|'/c calc'!A0 </style>" in text["D001.html"]
    assert "<b>口头禅</b>" in text["D001.html"]
    assert '赵"强"' in text["agents.html"]
    assert '"><script>x()</script>' in text["index.html"]


def test_no_control_characters(report: Path) -> None:
    for path in report.rglob("*.html"):
        assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\u202a-\u202e\u2066-\u2069]", path.read_text(encoding="utf-8"))


def test_an_input_folder_whose_name_is_no_utf8_costs_no_report(builder, tmp_path: Path) -> None:
    from qc.paths import packaged

    run = builder("odd").write(input_path="录音\udcff", notes=("跳过 \udcb0.wav",))
    out = build_report(run, out=tmp_path / "odd-report", template_dirs=[packaged("reports")])
    assert "\ufffd.wav" in out.read_text(encoding="utf-8")
