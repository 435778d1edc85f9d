"""The section on reviews: what it says, in both languages, and that nothing said by anybody breaks it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from qc.domain.language import speaking
from qc.domain.run import Lineage
from qc.paths import packaged
from qc.reporting.batch import Batch
from qc.reporting.catalogue import read_catalogue
from qc.reporting.edition import Edition
from qc.reporting.records import read_records
from qc.reporting.render import Renderer, Site
from qc.reporting.review import reviewed, reviewed_runs
from qc.reporting.risks import risks
from qc.schema.reviews import ALL_TABLES, REVIEWS
from qc.storage.read import StoredRun
from qc.storage.write import write_part
from tests.reporting.conftest import HOSTILE, TALKS, RunBuilder
from tests.review.test_accuracy import HIT, MISS, Call, both, store

CALLS = (
    *(Call(f"s{i}", both((MISS, MISS), (HIT, MISS if i < 14 else HIT)), accent=HOSTILE) for i in range(20)),
    *(Call(f"p{i}", both((MISS, MISS), (HIT, MISS if i < 3 else HIT)), accent="普通话") for i in range(40)),
)


@pytest.fixture
def run(tmp_path: Path) -> StoredRun:
    made = store(tmp_path / "r", CALLS)
    write_part(made.path, "reviews", 0, REVIEWS.empty_table())
    return made


def page(run: StoredRun, language: str) -> str:
    template = '{% import "accuracy.html" as accuracy %}{{ accuracy.section(r) }}'
    site = Site(lineage=Lineage(run_id="r"), names={})
    renderer = Renderer([packaged("reports")], site)
    with speaking(read_catalogue([packaged("reports")], language)):
        told = reviewed(Edition(batch=Batch(run)))
        return renderer._environment.from_string(template).render(r=told)


def test_the_section_says_what_the_command_says(run: StoredRun) -> None:
    html = page(run, "zh")
    assert (
        "按入样概率的倒数加权" in html
        and "误判更多：20 处命中里 14 处被改判（70%），其余会话 40 处里 3 处（8%）" in html
    )
    assert '<th scope="row">礼貌 <small>礼仪评分表</small>' in html  # several cards have items of one title
    assert "<script>" not in html and "&lt;script&gt;" in html
    assert html.count("<section") == html.count("</section>") == 1
    assert html.count("<tr>") == html.count("</tr>") and html.count("<table") == html.count("</table>")


def test_the_section_in_english(run: StoredRun) -> None:
    html = re.sub(r"规则 b\.interrupt|普通话|礼貌|礼仪评分表|反转|😀", "", page(run, "en"))
    assert "False hits" in html and "one over the chance of being drawn" in html
    assert not re.search(r"[\u3400-\u9fff]", html), re.findall(r"[\u3400-\u9fff]+", html)[:5]


def test_runs_without_reviews_have_no_section(sample: StoredRun, run: StoredRun) -> None:
    assert reviewed(Edition(batch=Batch(sample))) is None
    assert reviewed_runs([sample, run, run]) == [run]


def test_a_risk_that_people_added_or_rejected(builder: Callable[[str], RunBuilder]) -> None:
    """The page is made although the machine stored no signal, and the rejected one is not listed."""
    made = builder("run")
    for talk in TALKS[:3]:
        made.add(talk)
    run = made.write()
    said = [
        ("A001", "customer.anger", "miss", "hit"),  # the machine found nothing there
        ("A003", "customer.escalation", "hit", "miss"),
    ]
    rows = [
        {"conversation_id": c, "rule_id": r, "machine_verdict": m, "final_verdict": f, "origin": "page"}
        for c, r, m, f in said
    ]
    write_part(run.path, "final_findings", 0, pa.Table.from_pylist(rows, ALL_TABLES["final_findings"]))
    batch = Batch(run)
    told = risks(batch, read_records(run, ["A001", "A003"]))
    assert {r.line.conversation_id: [s.title for s in r.signals] for r in told.rows} == {
        "A001": ["客户愤怒"],
        "A003": ["客户愤怒"],
    }
