"""Runs in, alerts out: what is counted once, what is said, and that the same runs give the same bytes."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest
from click.testing import CliRunner

from qc.commands import cli
from qc.domain.alert import AlertLevel, AlertSpecs, Dimension, Metric
from qc.errors import SpecError
from qc.opinion.alert_file import document
from qc.opinion.alerts import day_of
from qc.opinion.backtest import backtest
from qc.opinion.bursts import words_by_day
from qc.opinion.daily import Daily
from qc.opinion.day import report_day
from qc.opinion.ledger import read_ledger
from qc.opinion.rule_tests import run_alert_tests, untested_rules
from qc.paths import packaged
from qc.reporting.onepager import render_one_page
from qc.specs.alerts import FILE, load_alerts
from qc.storage.audit import entries
from qc.storage.read import StoredRun, open_run
from tests.opinion.alert_runs import FIRST, month, talk, write

SHIPPED = packaged("rules") / FILE


@pytest.fixture(scope="module")
def specs() -> AlertSpecs:
    return load_alerts(SHIPPED)


@pytest.fixture(scope="module")
def surged(tmp_path_factory: pytest.TempPathFactory) -> list[StoredRun]:
    return month(tmp_path_factory.mktemp("surged"), surge=16)


def test_a_local_surge_is_the_first_alert_with_its_numbers(surged: list[StoredRun], specs: AlertSpecs) -> None:
    report = day_of(surged[-1], surged[:-1], specs)
    assert report is not None
    alerts = report.alerts
    first = alerts[0]
    assert (first.rule, first.values) == ("local_event", ("utility.outage", "嘉兴市"))
    assert first.name == "话题与地区“停电与抢修 · 嘉兴市”"
    assert first.level.rank >= AlertLevel.WATCH.rank
    assert first.observed >= 16 > first.usual_high > first.expected > 0
    assert first.p_value < first.q_value < 0.01
    assert first.baseline_days == 21
    assert all(e.startswith("S-") for e in first.examples)
    assert f"{first.observed} 位客户" in first.explanation
    assert {a.part_of for a in alerts} <= {a.id for a in alerts} | {None}
    word = next(a for a in alerts if a.metric is Metric.WORD)
    assert word.values == ("充电桩",)
    assert word.log_likelihood_ratio > 17


def test_quiet_days_are_quiet(tmp_path: Path, specs: AlertSpecs) -> None:
    runs = month(tmp_path, days=13)
    found = backtest(runs, specs, inject=[(Dimension.TOPIC, 0.3)])
    assert found.days == 6
    assert len(found.alerts) <= 3
    assert found.injected[0].first / found.injected[0].trials > 0.8


def test_order_and_doubled_runs_change_nothing(surged: list[StoredRun], specs: AlertSpecs) -> None:
    again = surged[-1].path.parent / "again"
    shutil.copytree(surged[-1].path, again)
    doubled = StoredRun(again, replace(surged[-1].lineage, run_id="again", started_at="2026-12-01T00:00:00"))
    try:
        once = report_day(surged, None, specs)
        mixed = report_day([surged[-1], doubled, *reversed(surged[:-1])], None, specs)
        assert once is not None
        assert mixed is not None
        assert document(replace(mixed, runs=once.runs), specs, "1") == document(once, specs, "1")
        beside, alone = day_of(doubled, surged[:-1], specs), day_of(surged[-1], surged[:-1], specs)
        assert beside is not None and alone is not None and beside.alerts == alone.alerts != ()
    finally:
        shutil.rmtree(again)


def test_a_customer_counts_once_a_day_and_topic(tmp_path: Path) -> None:
    day = FIRST
    talks = [
        talk("a", day, customer_id="K1"),
        talk("b", day, customer_id="K1"),
        talk("c", day, topic=0, customer_id="K1", customer_emotion_level=3),
        talk("d", day + timedelta(days=1), customer_id="K1"),
        talk("e", day, customer_id=None),
        talk("f", day, customer_id="****"),
        talk("g", day, customer_id="K2", region=None, started_at=None),
    ]
    more = write(tmp_path, "more", talks[:1])  # the same conversation again
    other = write(tmp_path, "other", [talk("a", day, started_at=None, customer_id="K9")])
    daily = Daily(read_ledger([write(tmp_path, "r", talks), more, other]))
    topics = daily.counts((Dimension.TOPIC,))
    assert topics.values == (("utility.bill",), ("utility.outage",))
    assert topics.volume.tolist() == [[5.0, 1.0], [1.0, 0.0]]  # K1, e, f, g, K9; K1
    assert topics.negative.tolist() == [[0.0, 1.0], [0.0, 0.0]]
    assert daily.totals.tolist() == [5.0, 1.0]
    assert daily.counts((Dimension.REGION,)).volume[0].sum() == 4
    crossed = daily.counts((Dimension.TOPIC, Dimension.REGION))
    assert crossed.titles == ("电费 · 杭州市", "停电与抢修 · 杭州市")


def test_too_little_history_says_so(tmp_path: Path, specs: AlertSpecs) -> None:
    report = report_day(month(tmp_path, days=4, size=30), None, specs)
    assert report is not None
    assert report.alerts == ()
    assert any("历史只有 3 天" in n for n in report.notes)
    assert "历史不足" in render_one_page(report, specs, [packaged("reports")], "1")


def test_partial_missing_and_changed_days_are_told(tmp_path: Path, specs: AlertSpecs) -> None:
    runs = month(tmp_path, days=14, size=80)
    day = FIRST + timedelta(days=15)  # one day is missing
    late = [talk(f"L{j}", day, hour=8 + j % 3) for j in range(60)]
    runs.append(write(tmp_path, "late", late, lexicons_digest="other"))
    report = report_day(runs, None, specs)
    assert report is not None
    said = "".join(report.notes)
    assert report.days[-1].partial
    assert report.missing == (FIRST + timedelta(days=14),)
    assert "当天数据不全（3 / 12 个时段有会话）" in said
    assert "词表、话题、意向或投诉的写法改过" in said
    assert "60 / 60 个会话没有客户编号" in said
    assert {u.dimensions for u in report.untested} == {(Dimension.TOTAL,), (Dimension.HOUR,)}


def test_a_topic_new_in_the_lists_is_no_surge(tmp_path: Path, specs: AlertSpecs) -> None:
    runs = month(tmp_path, days=10, size=60)
    day = FIRST + timedelta(days=10)
    talks = [talk(f"N{j}", day, hour=8 + j % 12, topic=j % 4) for j in range(60)]
    renamed = write(tmp_path, "new", talks, lexicons_digest="other")
    import pyarrow.parquet as pq

    path = renamed.path / "topics" / "part-00000.parquet"
    table = pq.read_table(path)
    column = table.column_names.index("topic_id")
    pq.write_table(table.set_column(column, "topic_id", [["utility.fresh"] * 60]), path)
    report = day_of(open_run(renamed.path), runs, specs)
    assert report is not None
    assert not [a for a in report.alerts if "utility.fresh" in a.values]


def test_terms_of_a_run_count_for_its_day(surged: list[StoredRun]) -> None:
    daily = Daily(read_ledger(surged))
    words = words_by_day(daily)
    assert words.counts.shape == (22, 151)
    assert words.counts[-1, words.terms.index("充电桩")] == 16
    assert words.sizes[-1] == daily.facts[-1].conversations


def test_the_shipped_rules_pass_their_tests_and_each_has_one(specs: AlertSpecs) -> None:
    assert [o.test.name for o in run_alert_tests(specs) if not o.passed] == []
    assert untested_rules(specs) == ()


@pytest.mark.parametrize(
    ("old", "new", "code", "line"),
    [
        ("level: notice, title: 提示", "level: watch, title: 提示", "A001", "levels"),
        ("id: mood_of_all", "id: mood", "A002", "id: mood"),
        ("dimension: [topic, region]", "dimension: [topic, total]", "A003", "dimension"),
        ("metric: word", "metric: word\n    dimension: topic", "A003", "dimension"),
        ("{level: notice, min_count: 8,", "{level: critical, min_count: 8,", "A004", "steps"),
        ("rule: risks", "rule: risk", "A005", "rule: risk"),
        ("of: 1500", "of: 3", "A006", "days"),
        ("significance: 0.02", "significance: 0.15", "A007", "rules"),
        ("min_days: 7", "min_days: 0", "S005", "min_days"),
        ("metric: risk", "metric: risks", "S004", "metric"),
    ],
)  # fmt: skip
def test_mistakes_have_a_place(tmp_path: Path, old: str, new: str, code: str, line: str) -> None:
    text = SHIPPED.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "alerts.yml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        load_alerts(path)
    problem = next(p for p in caught.value.problems if p.code == code)
    assert problem.path == str(path)
    assert problem.line > 1
    assert problem.col >= 1


def test_commands(surged: list[StoredRun], tmp_path: Path) -> None:
    root = surged[0].path.parent
    run = CliRunner().invoke
    args = ["opinion", "report", str(root), "--fail-on", "watch", "--out"]
    first = run(cli, [*args, str(tmp_path / "a")])
    assert first.exit_code == 1
    assert run(cli, [*args, str(tmp_path / "b")]).exit_code == 1
    for name in ("alerts.json", "onepager.html"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    content = json.loads((tmp_path / "a" / "alerts.json").read_text(encoding="utf-8"))
    assert (content["format"], content["version"]) == ("qc.opinion.alerts", 1)
    assert content["alerts"][0]["rule"] == "local_event"
    line = next(iter(entries(root)))
    assert (line.action, line.outcome, line.note) == ("opinion report", "done", content["date"])
    assert len(line.files) == 2 and line.runs and line.counts["alerts"] == len(content["alerts"])
    page = (tmp_path / "a" / "onepager.html").read_text(encoding="utf-8")
    assert "script-src 'none'" in unescape(page)
    assert "<script" not in page
    calm = [*args[:3], "--date", "2026-09-20", "--fail-on", "critical", "--out", str(tmp_path / "c")]
    quiet = run(cli, calm)
    assert quiet.exit_code == 0
    assert (
        "没有 2027-01-01 的会话" in run(cli, ["opinion", "report", str(root), "--date", "2027-01-01"]).exception.message
    )
    told = run(cli, ["opinion", "backtest", str(root), "--max-per-week", "0"])
    assert told.exit_code == 1
    assert "合计" in told.output
    assert "--inject 看不懂" in run(cli, ["opinion", "backtest", str(root), "--inject", "hour=2"]).exception.message
    assert run(cli, ["opinion", "test"]).exit_code == 0


def test_hostile_names_are_escaped(tmp_path: Path, specs: AlertSpecs) -> None:
    runs = month(tmp_path, days=12, size=60)
    day = FIRST + timedelta(days=12)
    evil = "<img src=x onerror=alert(1)>"
    talks = [talk(f"{evil}{j}", day, hour=8 + j % 12, topic=j % 4, region=evil, customer_id=f"K{j}") for j in range(80)]
    report = report_day([*runs, write(tmp_path, "evil", talks)], None, specs)
    assert report is not None
    assert any(evil in a.values for a in report.alerts)
    assert "<img" not in render_one_page(report, specs, [packaged("reports")], "1")


def test_a_night_that_kept_personal_data_says_so(tmp_path: Path, specs: AlertSpecs) -> None:
    runs = [
        write(tmp_path, name, [talk(name, FIRST)], personal_data=kept)
        for name, kept in (("a", "masked"), ("b", "kept"))
    ]
    for chosen, said in ((runs[:1], "个人信息已脱敏"), (runs, "个人信息未脱敏")):
        report = report_day(chosen, None, specs)
        assert report is not None
        assert said in render_one_page(report, specs, [packaged("reports")], "1")
        assert json.loads(document(report, specs, "1"))["personal_data"] == ("masked" if len(chosen) == 1 else "kept")
