"""The opinion page: its figures equal SQL over the stored tables, and it stands without what older runs lack."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from html import unescape
from pathlib import Path

import duckdb
import pytest

from qc.domain.config import ReportConfig
from qc.opinion.alerts import day_of
from qc.opinion.bursts import Bursts
from qc.paths import packaged
from qc.pipeline.specs import alerts, folders
from qc.reporting.batch import Batch
from qc.reporting.build import build_report
from qc.reporting.complaints import complaint_ids, complaints
from qc.reporting.edition import Edition
from qc.reporting.intentions import wish_lists
from qc.reporting.opinion import opinion_ids, opinion_page
from qc.reporting.records import read_records
from qc.reporting.service import service
from qc.reporting.topics import topics
from qc.storage.read import StoredRun, open_run
from tests.opinion.alert_runs import month
from tests.opinion.month import Surge, make_runs

_TAG = re.compile(r"<[^>]+>")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> StoredRun:
    """A night of an invented centre with an outage, judged by the packaged rules."""
    (path,) = make_runs(tmp_path_factory.mktemp("night"), 1, 60, Surge(day=0, calls=20))
    return open_run(path)


def text_of(html: str) -> str:
    return unescape(_TAG.sub(" ", html.split("<main", 1)[1].split("</main>", 1)[0]))


def test_the_complaint_list_is_the_table_in_order_of_what_is_due(run: StoredRun) -> None:
    page = complaints(Batch(run))
    assert page is not None and page.rows
    table = f"'{run.path}/complaints/*.parquet'"
    order = f"SELECT conversation_id, due_at, severity, reasons FROM {table} ORDER BY due_at NULLS LAST"
    expected = duckdb.sql(order).fetchall()
    assert page.count == len(expected)
    assert [r.due_at for r in page.rows] == [due for _, due, _, _ in expected][: len(page.rows)]
    assert {r.line.conversation_id: r.reasons for r in page.rows}.items() <= {
        i: tuple(w) for i, _, _, w in expected
    }.items()
    by_type = duckdb.sql(f"SELECT type, count(*), count_if(len(escalations) > 0) FROM {table} GROUP BY 1").fetchall()
    assert sorted((k.title, k.count, k.escalating) for k in page.kinds) == sorted(by_type)
    late = f"SELECT count(*) FROM {table} JOIN '{run.path}/conversations/*.parquet' USING (conversation_id)"
    late += " WHERE due_at <> started_at + to_minutes(deadline_minutes)"
    assert duckdb.sql(late).fetchall() == [(0,)]
    wide = f"SELECT max(scope_size) FROM {table} WHERE scope <> 'single'"
    assert duckdb.sql(wide).fetchall()[0][0] >= 8


def test_lists_of_intentions_and_reasons_equal_queries(run: StoredRun) -> None:
    batch = Batch(run)
    counted = duckdb.sql(
        f"SELECT kind, count(DISTINCT conversation_id) FROM '{batch.run.path}/intents/*.parquet' GROUP BY 1"
    ).fetchall()
    lists = wish_lists(batch)
    assert sorted((w.kind, w.conversations) for w in lists) == sorted(counted) != []
    assert all(list(w.rows) == sorted(w.rows, key=lambda r: -r.level) for w in lists)
    stored = f"'{run.path}/conversations/*.parquet'"
    stated = duckdb.sql(f"SELECT coalesce(contact_reason, 'unknown'), count(*) FROM {stored} GROUP BY 1").fetchall()
    assert sorted((r.topic_id, r.found.count) for r in topics(batch, []).reasons) == sorted(stated)


def test_the_page_shows_them_and_needs_no_table_an_older_run_lacks(run: StoredRun, tmp_path: Path) -> None:
    build_report(run, out=tmp_path / "new", template_dirs=[packaged("reports")], settings=ReportConfig(pages=3))
    shown = text_of((tmp_path / "new/opinion.html").read_text(encoding="utf-8"))
    for title in ("投诉清单", "其他风险", "意向名单", "来电原因", "一次解决率", "客户费力度", "主动服务占比"):
        assert title in shown
    assert all(i in shown for i in complaint_ids(Batch(run))[:5])

    old = tmp_path / "old"
    shutil.copytree(run.path, old, ignore=shutil.ignore_patterns("complaints", "intents", "turn_topics", "report"))
    assert complaints(Batch(open_run(old))) is None
    build_report(
        open_run(old), out=tmp_path / "older", template_dirs=[packaged("reports")], settings=ReportConfig(pages=3)
    )
    html = (tmp_path / "older/opinion.html").read_text(encoding="utf-8")
    assert "升级与投诉风险" in text_of(html)
    assert 'id="complaints"' not in html and 'id="wishes"' not in html


def test_service_figures_say_what_they_could_not_see(run: StoredRun) -> None:
    found = service(Batch(run), [])
    assert found.solved.n == 0 and found.resolution.open > 0  # no week is over after a day
    unknown = duckdb.sql(
        f"""SELECT count_if(customer_id IS NULL), count(*) FROM '{run.path}/conversations/*.parquet'
            WHERE channel NOT IN ('voice_outbound', 'ticket')"""
    ).fetchall()
    assert [(found.unknown_customer.count, found.unknown_customer.n)] == unknown
    assert found.effort.high.n == run.lineage.tables["conversations"]
    assert found.effort.missing == {}


def test_customers_are_counted_apart_from_conversations(run: StoredRun) -> None:
    batch = Batch(run)
    stored, spoken = f"'{run.path}/conversations/*.parquet'", f"'{run.path}/topics/*.parquet'"
    who = "coalesce(customer_id, chr(0) || conversation_id)"
    by_topic = f"SELECT topic_id, count(*), count(DISTINCT {who}) FROM {spoken} JOIN {stored} USING (conversation_id)"
    about = "topic_id <> 'unknown' OR rank = 1"  # words no topic covers are in every conversation
    expected = duckdb.sql(f"{by_topic} WHERE {about} GROUP BY 1").fetchall()
    assert sorted((t.topic_id, t.mentioned, t.customers) for t in topics(batch, []).rows) == sorted(expected)
    by_place = f"SELECT region, count(*), count(DISTINCT {who}) FROM {stored} GROUP BY 1"
    page = opinion_page(Edition(batch=batch, records=read_records(run, opinion_ids(batch))))
    regions = next(d for d in page.dimensions if d.column == "region")
    found = [(p.summary.key, p.summary.conversations, p.customers) for p in regions.rows]
    assert sorted(found) == sorted(duckdb.sql(by_place).fetchall())
    assert page.customers == duckdb.sql(f"SELECT count(DISTINCT {who}) FROM {stored}").fetchall()[0][0]
    hours = [p.summary.key for d in page.dimensions if d.column == "hour" for p in d.rows]
    assert hours == sorted(hours, key=int)


def test_what_was_due_before_the_run_ended_is_late(run: StoredRun) -> None:
    last = duckdb.sql(f"SELECT median(due_at) FROM '{run.path}/complaints/*.parquet'").fetchall()[0][0]
    ended = StoredRun(run.path, replace(run.lineage, finished_at=last.isoformat()))
    page = complaints(Batch(ended))
    assert page is not None
    table = f"'{run.path}/complaints/*.parquet'"
    by_deadline = f"""SELECT deadline_minutes, count(*), count_if(due_at < TIMESTAMP '{last}') FROM {table}
                      GROUP BY 1 ORDER BY 1"""
    assert [(d.minutes, d.count, d.late) for d in page.deadlines] == duckdb.sql(by_deadline).fetchall()
    assert 0 < page.late < page.count
    assert all(r.late == (r.due_at is not None and r.due_at < last) for r in page.rows)
    unknown = complaints(Batch(StoredRun(run.path, replace(run.lineage, finished_at=None))))
    assert unknown is not None and unknown.ended is None and unknown.late == 0


def test_expected_figures_and_bursts_of_the_day_are_shown_with_their_statistics(tmp_path: Path) -> None:
    runs = month(tmp_path, surge=16)
    specs = alerts(folders(None))
    day = day_of(runs[-1], runs[:-1], specs)
    assert day is not None and isinstance(day.words, Bursts)
    page = opinion_page(Edition(batch=Batch(runs[-1]), recent=runs[:-1], earlier=runs[:-1], day=day))
    outage = next(t for t in page.topics.rows if t.topic_id == "utility.outage")
    assert outage.usual is not None and outage.usual.customers == outage.customers
    assert outage.usual.q is not None and outage.usual.q < 0.05 < (outage.usual.expected or 0)
    assert page.bursts is not None and page.bursts.rows[0].term == "充电桩"
    assert page.bursts.rows[0].p <= page.bursts.rows[0].q < 0.05
    shares = "SELECT count_if(topic_id = 'utility.outage') / count(*) FROM read_parquet({})"
    files = [f"{r.path}/topics/*.parquet" for r in runs]
    before, now = (duckdb.sql(shares.format(part)).fetchall()[0][0] for part in (files[:-1], files[-1:]))
    assert outage.change == pytest.approx(now - before)
