"""What is counted when customers' numbers are partly masked, runs overlap, and the lists have changed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from qc.domain.alert import AlertSpecs, Dimension
from qc.opinion.bursts import of_counts, words_by_day
from qc.opinion.daily import Daily
from qc.opinion.day import report_day
from qc.opinion.ledger import read_ledger
from qc.paths import packaged
from qc.specs.alerts import FILE, load_alerts
from qc.storage.read import StoredRun, open_run
from tests.opinion.alert_runs import FIRST, month, talk, write


@pytest.fixture(scope="module")
def specs() -> AlertSpecs:
    return load_alerts(packaged("rules") / FILE)


def test_customers_behind_the_same_mask_are_not_one(tmp_path: Path) -> None:
    """What masking leaves of A-13800000001 and A-13800000002 is the same; K1 with a blank is K1."""
    shown = ["A-***********", "A-***********", "138****1234", "138****1234", "K1", " K1 ", None]
    talks = [talk(f"c{i}", FIRST, customer_id=name) for i, name in enumerate(shown)]
    ledger = read_ledger([write(tmp_path, "r", talks)])
    assert ledger.named.tolist() == [False] * 4 + [True, True, False]
    assert Daily(ledger).totals.tolist() == [6.0]


def test_words_of_a_run_that_is_partly_counted_elsewhere_weigh_less(tmp_path: Path) -> None:
    talks = [talk(f"c{i}", FIRST) for i in range(10)]
    first = write(tmp_path, "first", talks, terms={"停电": 10, "发票": 4})
    again = write(tmp_path, "again", talks[:5], terms={"停电": 5, "发票": 2}, started_at="2026-09-09T00:00:00")
    words = words_by_day(Daily(read_ledger([first, again])))
    assert words.sizes.tolist() == [10.0]
    assert dict(zip(words.terms, words.counts[0].tolist(), strict=True)) == {"停电": 10.0, "发票": 4.0}


def test_topics_of_two_lists_called_alike_are_told_apart(tmp_path: Path) -> None:
    talks = [talk("a", FIRST), talk("b", FIRST, project="物业", topic=4), talk("c", FIRST, project="园区", topic=4)]
    ledger = read_ledger([write(tmp_path, "r", [*talks, talk("d", FIRST, topic=0)])])
    assert dict(zip(ledger.groups[Dimension.TOPIC].values, ledger.groups[Dimension.TOPIC].titles, strict=True)) == {
        ("property.bill",): "电费（园区、物业）",
        ("utility.bill",): "电费（95598）",
        ("utility.outage",): "停电与抢修",
    }


def test_a_word_said_only_within_a_longer_one_does_not_burst_beside_it() -> None:
    terms = ("停电", "再不来", "整栋", "整栋楼没电", "没电")
    past = np.tile([20.0, 0, 0, 0, 1], (10, 1))
    found = of_counts(terms, past, np.full(10, 100.0), np.array([20.0, 7, 9, 9, 12]), 100.0).found
    assert {b.term: b.observed for b in found if b.q < 0.05} == {"没电": 12, "整栋楼没电": 9, "再不来": 7}


def _with_fresh_topic(run: StoredRun, every: int) -> StoredRun:
    """The run, each `every`-th conversation now on a topic that the lists did not have before."""
    path = run.path / "topics" / "part-00000.parquet"
    table = pq.read_table(path)
    column = table.column_names.index("topic_id")
    ids = [t if i % every else "utility.fresh" for i, t in enumerate(table["topic_id"].to_pylist())]
    pq.write_table(table.set_column(column, "topic_id", [ids]), path)
    return open_run(run.path)


def test_a_day_written_wrong_is_not_the_last(tmp_path: Path, specs: AlertSpecs) -> None:
    runs = month(tmp_path, days=3, size=20)
    slip = [talk("slip", FIRST.replace(year=2062)), *(talk(f"x{i}", FIRST + timedelta(days=3)) for i in range(9))]
    runs.append(write(tmp_path, "slip", slip, started_at=f"{FIRST + timedelta(days=4)}T01:00:00"))
    report = report_day(runs, None, specs)
    assert report is not None
    assert report.day == FIRST + timedelta(days=3)
    only = report_day([write(tmp_path, "only", slip[:1], started_at="2026-09-09T00:00:00")], None, specs)
    assert only is not None
    assert only.day.year == 2062


@pytest.mark.parametrize("days", [2, 4, 8])
def test_a_topic_new_in_the_lists_is_no_surge_on_the_days_after_either(
    tmp_path: Path, specs: AlertSpecs, days: int
) -> None:
    runs = month(tmp_path, days=20, size=60)
    for d in range(days):
        day = FIRST + timedelta(days=20 + d)
        talks = [talk(f"N{d}-{j}", day, hour=8 + j % 12, topic=j % 4) for j in range(60)]
        runs.append(_with_fresh_topic(write(tmp_path, f"new{d}", talks, lexicons_digest="other"), 4))
    report = report_day(runs, None, specs)
    assert report is not None
    assert not [a.explanation for a in report.alerts if "utility.fresh" in a.values]


def test_a_topic_long_in_the_lists_is_tested_again(tmp_path: Path, specs: AlertSpecs) -> None:
    """Half the window is judged with the lists that know it."""
    runs = month(tmp_path, days=7, size=60)
    for d in range(9):
        day = FIRST + timedelta(days=7 + d)
        talks = [talk(f"N{d}-{j}", day, hour=8 + j % 12, topic=j % 4) for j in range(60)]
        more = [talk(f"S{d}-{j}", day, topic=0) for j in range(90 if d == 8 else 0)]
        runs.append(
            _with_fresh_topic(write(tmp_path, f"new{d}", [*talks, *more], lexicons_digest="other"), 2 if d == 8 else 12)
        )
    report = report_day(runs, None, specs)
    assert report is not None
    assert [a for a in report.alerts if a.dimensions == (Dimension.TOPIC,) and "utility.fresh" in a.values]
