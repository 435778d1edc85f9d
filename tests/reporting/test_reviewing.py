"""What people said of a conversation stands on its page, apart from what the machine said, and the page knows what it
takes to add to it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from qc.reporting.build import build_conversation
from qc.reporting.conversation import conversation_page
from qc.reporting.records import read_records
from qc.reporting.reviewing import judged_rules, reviewing
from qc.schema.reviews import ALL_TABLES
from qc.storage.read import StoredRun
from tests.reporting.conftest import HOSTILE, RULES, RunBuilder, Talk

AT = datetime(2026, 11, 21, 9, 30)


def add(run: StoredRun, table: str, **row: Any) -> None:
    folder = run.path / "reviews" / table
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"part-{len(list(folder.iterdir())):05d}.parquet"
    pq.write_table(pa.Table.from_pylist([{"conversation_id": "X", **row}], ALL_TABLES[table]), path)


def review(run: StoredRun, rule: str | None, human: str | None, **row: Any) -> None:
    machine = None if rule is None else "hit"
    given = {
        "rule_id": rule,
        "machine_verdict": machine,
        "human_verdict": human,
        "reviewer": "王主管",
        "origin": "page",
    }
    add(run, "reviews", **{**given, "reviewed_at": AT, **row})


@pytest.fixture
def run(builder: Callable[[str], RunBuilder]) -> StoredRun:
    build = builder("run")
    build.add(Talk("X", found={"service.greeting": (1, "您好"), "customer.anger": (2, "谢谢")}))
    build.add(Talk("Y", found={"service.shirking": (1, "您好")}))
    build.rows["conversations"][0]["not_applicable"] = ["insurance.no_guarantee"]
    return build.write(rule_digests=dict.fromkeys(RULES, "ab" * 32))


def test_reviews_stand_beside_the_verdict_oldest_first(run: StoredRun, templates: list[Path], tmp_path: Path) -> None:
    review(run, "service.greeting", "miss", comment=HOSTILE)
    review(run, "service.greeting", "hit", reviewer="李经理", reviewed_at=datetime(2026, 11, 22))
    review(run, None, None)
    review(run, "customer.anger", "miss", session="十一月校准", reviewer="陈")
    add(
        run,
        "appeals",
        appeal_id="a",
        step=1,
        rule_id="service.greeting",
        status="open",
        actor="1001",
        at=AT,
        text="问了",
    )
    final = {
        "final_verdict": "hit",
        "machine_verdict": "hit",
        "reviewer": "李经理",
        "reviewed_at": AT,
        "origin": "page",
    }
    add(run, "final_findings", rule_id="service.greeting", review_id="r", **final)
    scores = run.table("scores").to_pylist()[0]
    add(run, "final_scores", **{**scores, "score": 91.5})
    told = reviewing(read_records(run, ["X"])["X"], judged_rules(run))
    ruled = told.ruled["service.greeting"]
    assert [r.reviewer for r in ruled.reviews] == ["王主管", "李经理"]
    assert ruled.final is not None and ruled.final.final_verdict == "hit" and len(ruled.appeal) == 1
    assert [r.reviewer for r in told.whole] == ["王主管"]
    assert "customer.anger" not in told.ruled, "who calibrates must not see what the others said"
    assert told.scores["utility"].score == 91.5
    page = build_conversation(run, "X", out=tmp_path / "x", template_dirs=templates).read_text(encoding="utf-8")
    assert (
        "终审：命中" in page
        and "改判：未命中" in page
        and "申诉" in page
        and "（复核后）" in page
        and "（机器）" in page
    )
    assert "<script>alert" not in page


def test_the_page_offers_every_judged_rule_that_found_nothing(run: StoredRun) -> None:
    told = conversation_page(read_records(run, ["X"])["X"], rules=judged_rules(run)).reviewing
    assert {r.rule_id for r in told.absent} == {"insurance.no_guarantee"}
    missed = {r.rule_id: r for r in told.missed}
    assert missed.keys() == RULES.keys() - {"insurance.no_guarantee", "service.greeting", "customer.anger"}
    assert missed["service.shirking"].title == "推诿", "as another conversation of the run has it"
    assert missed["service.interrupt"].title == ""
    assert missed["service.shirking"].digest == "ab" * 32 and missed["service.shirking"].version == "1.0.0"


def test_what_a_person_added_is_shown_though_the_machine_found_nothing(run: StoredRun) -> None:
    review(run, "service.shirking", "hit", machine_verdict="miss")
    told = reviewing(read_records(run, ["X"])["X"], judged_rules(run))
    assert [r.title for r in told.added] == ["推诿"]


def test_a_run_of_before_without_digests_or_reviews_has_a_page(sample: StoredRun) -> None:
    told = conversation_page(read_records(sample, ["A003"])["A003"], rules=judged_rules(sample)).reviewing
    assert told.missed == told.absent == told.whole == told.added == () and not told.ruled
