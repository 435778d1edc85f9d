"""One Chromium for all tests of this folder, and one report that holds whatever makes a page hard.

The browser is the system's, or the one playwright brought; where there is neither, the tests are skipped.
"""

from __future__ import annotations

import hashlib
import math
import shutil
import struct
import wave
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from qc.domain.config import ReportConfig
from qc.paths import packaged
from qc.reporting.build import build_report
from qc.schema.reviews import ALL_TABLES
from qc.storage.read import StoredRun
from tests.reporting.conftest import RULES, TALKS, RunBuilder, Talk

WITH_SOUND = ("A001", "A003")
PLAN, PACK = "1f" * 32, "ab" * 32
RTL = '\u202e反转\u2066文字 \u0000 空字符 👩‍👩‍👧‍👦 =HYPERLINK("http://x") </script><!--'


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "tests/browser/" in item.nodeid:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "msedge", "microsoft-edge")
    own = next(filter(None, map(shutil.which, names)), None)
    with playwright.sync_playwright() as driver:
        path = own or driver.chromium.executable_path
        if not Path(path).is_file():
            pytest.skip("no Chromium on this machine")
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--mute-audio"])
        yield browser
        browser.close()


@dataclass
class Visit:
    """A browser tab, and what it complained of or asked for."""

    page: Any
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def open(self, path: Path) -> Any:
        self.page.goto(path.as_uri())
        return self.page


@pytest.fixture
def visit(chromium: Any) -> Iterator[Callable[..., Visit]]:
    """Open a tab with storage of its own; `script` runs before any page's."""
    contexts = []

    def start(width: int = 1366, height: int = 768, script: str = "") -> Visit:
        context = chromium.new_context(viewport={"width": width, "height": height}, accept_downloads=True)
        contexts.append(context)
        context.set_default_timeout(10_000)
        if script:
            context.add_init_script(script)
        tab = Visit(page=context.new_page())
        tab.page.on("console", lambda m: tab.errors.append(m.text) if m.type in ("error", "warning") else None)
        tab.page.on("pageerror", lambda e: tab.errors.append(str(e)))
        tab.page.on("request", lambda r: tab.requests.append(r.url))
        return tab

    yield start
    for context in contexts:
        context.close()


def tone(path: Path, seconds: int) -> str:
    """A recording of a quiet tone; its SHA-256."""
    path.parent.mkdir(parents=True, exist_ok=True)
    second = b"".join(struct.pack("<h", int(900 * math.sin(n / 3))) for n in range(8000))
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(second * seconds)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def add_rows(run: StoredRun, table: str, rows: list[dict[str, Any]]) -> None:
    """A part of one of the tables people add to."""
    folder = run.path / "reviews" / table
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"part-{len(list(folder.iterdir())):05d}.parquet"
    pq.write_table(pa.Table.from_pylist(rows, ALL_TABLES[table]), part)


def rich_run(folder: Path) -> StoredRun:
    """The sixteen conversations, two of them with their recordings, hostile text, and verdicts of people."""
    build = RunBuilder(folder / "runs" / "20261120")
    for talk in TALKS:
        build.add(talk)
    build.add(
        Talk(
            "N001",
            turns=(("agent", RTL), ("customer", "我" * 10_000), ("agent", "x" * 3000)),
            found={"service.shirking": (1, "反转"), "customer.anger": (2, "我" * 40)},
        )
    )
    for row in build.rows["conversations"]:
        if row["conversation_id"] in WITH_SOUND:
            row["source_path"] = f"早班/{row['conversation_id']}.wav"
            row["source_sha256"] = tone(folder / "recordings" / row["source_path"], 25)
            row["duration_ms"] = 25_000
        row["not_applicable"] = ["insurance.no_guarantee"]
    build.fail("bad/<script>.mp3", "crash", "处理它的进程退出了", quarantined=True)
    run = build.write(
        input_path=str(folder / "recordings"),
        plan_digest=PLAN,
        rules_digest=PACK,
        rule_digests={rule: hashlib.sha256(rule.encode()).hexdigest() for rule in RULES},
    )
    at = datetime(2026, 11, 21, 9, 30)
    add_rows(
        run,
        "reviews",
        [
            {
                "review_id": "r1", "conversation_id": "A002", "rule_id": "service.greeting", "rule_version": "1.0.0",
                "rule_digest": "00", "machine_verdict": "hit", "human_verdict": "miss", "comment": RTL,
                "reviewer": "王主管", "reviewed_at": at, "origin": "page", "imported_at": at, "imported_by": "qc",
            },
            {
                "review_id": "r2", "conversation_id": "A002", "rule_id": None, "reviewer": "王主管",
                "reviewed_at": at, "origin": "page", "imported_at": at, "imported_by": "qc",
            },
        ],
    )  # fmt: skip
    return run


@pytest.fixture(scope="session")
def run(tmp_path_factory: pytest.TempPathFactory) -> StoredRun:
    return rich_run(tmp_path_factory.mktemp("browser"))


def nights_before(folder: Path) -> list[StoredRun]:
    """Ten nights of one conversation each, so that every course is drawn and every table has its columns."""
    nights = []
    for number in range(10, 20):
        build = RunBuilder(folder / "before" / f"2026-11-{number}")
        build.add(replace(TALKS[0], id=f"N{number}"))
        nights.append(
            build.write(
                run_id=f"202611{number}", name=f"11 月 {number} 日夜间", started_at=f"2026-11-{number}T22:00:00"
            )
        )
    return nights


@pytest.fixture(scope="session")
def report(run: StoredRun) -> Path:
    """The folder of the Chinese report."""
    earlier = nights_before(run.path.parent.parent)
    return build_report(run, out=run.path / "report", template_dirs=[packaged("reports")], earlier=earlier).parent


@pytest.fixture(scope="session")
def english(run: StoredRun) -> Path:
    settings = ReportConfig(language="en", audio="copy")
    return build_report(run, out=run.path / "report-en", template_dirs=[packaged("reports")], settings=settings).parent


def pages_of(report: Path, each: int | None = None) -> list[Path]:
    """The pages of a report; of those in folders (a page per conversation, per agent) the first `each`."""
    inner = sorted({p.parent for p in report.glob("*/*.html")})
    return [*sorted(report.glob("*.html")), *(p for f in inner for p in sorted(f.glob("*.html"))[:each])]
