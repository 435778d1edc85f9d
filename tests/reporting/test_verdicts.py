"""Machine and final verdicts, the flow of the input, earlier runs, changed rules: figures and what is said of them."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from qc.domain.config import ReportConfig
from qc.domain.run import CardLineage
from qc.paths import packaged
from qc.reporting.batch import Batch
from qc.reporting.build import build_report
from qc.reporting.edition import Edition
from qc.reporting.estimates import Rate
from qc.reporting.formatting import reason
from qc.reporting.intake import intake
from qc.reporting.rule_changes import rule_changes
from qc.reporting.rulings import rulings
from qc.reporting.summaries import summarise_all
from qc.reporting.trend import trend
from qc.reporting.verdicts import verdicts
from qc.schema.reviews import REVIEW_TABLES
from qc.statistics.individuals import ENOUGH
from qc.storage.lineage import write_lineage
from qc.storage.read import StoredRun, open_run
from tests.reporting.conftest import Talk


def stored(run: StoredRun, table: str, rows: list[dict[str, Any]]) -> None:
    folder = run.path / "reviews" / table
    folder.mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(rows, REVIEW_TABLES[table]), folder / "part-00000.parquet")


def page(run: StoredRun, out: Path, **others: Any) -> str:
    """The first page, built without pages of single conversations."""
    settings = ReportConfig(pages=0, language=others.pop("language", "zh"))
    index = build_report(run, out=out, template_dirs=[packaged("reports")], settings=settings, **others)
    return index.read_text("utf-8")


def reviewed(builder: Any) -> StoredRun:
    """Three conversations, two reviewed: a hit of X1 is withdrawn, X2 gets one that the machine had not found."""
    build = builder("reviewed")
    build.add(Talk("X1", turns=(("agent", "说。"),), found={"service.greeting": (1, "说。")}))
    build.add(Talk("X2", turns=(("agent", "这不归我管。"),), unsure=("service.interrupt",)))
    build.add(Talk("X3", turns=(("agent", "不归我管。"),), found={"service.shirking": (1, "不归我管")}))
    run = build.write()
    at = datetime(2026, 11, 22, 9)
    judged = [("X1", "service.greeting", "hit", "miss"), ("X2", "service.shirking", "miss", "hit")]
    judged += [("X2", "service.interrupt", "undecided", "hit"), ("X2", "privacy.ask_secret", "miss", "miss")]
    judged += [("X2", "privacy.leak", "not_applicable", "not_applicable")]  # nothing to judge: counts nowhere
    names = ("conversation_id", "rule_id", "machine_verdict", "final_verdict")
    finals = [dict(zip(names, row, strict=True)) | {"reviewer": "王", "reviewed_at": at} for row in judged]
    stored(run, "final_findings", finals)
    scores = {row["conversation_id"]: row for row in run.table("scores").to_pylist()}
    stored(
        run,
        "final_scores",
        [
            scores["X1"] | {"score": 100.0, "grade": "优秀", "passed": True},
            scores["X2"] | {"score": 50.0, "grade": "不合格", "passed": False, "undecided_items": 0},
        ],
    )
    items = [row for row in run.table("item_scores").to_pylist() if row["conversation_id"] != "X3"]
    for row in items:
        bad = row["conversation_id"] == "X2" and row["item_id"] in ("duty", "listening")
        row |= {"status": "deducted" if bad else "passed", "points": -row["max_points"] if bad else 0.0}
    stored(run, "final_item_scores", items)
    return open_run(run.path)


def test_final_verdicts_and_scores_take_the_place_of_the_machines(builder) -> None:
    batch = Batch(reviewed(builder))
    table = {row["conversation_id"]: row for row in batch.conversations.to_pylist()}
    assert {i: (r["score"], r["reviewed"]) for i, r in table.items()} == {
        "X1": (100.0, True),
        "X2": (50.0, True),
        "X3": (75.0, False),
    }
    assert table["X1"]["machine_score"] == 87.5 and table["X2"]["machine_score"] == 100.0
    assert [(r["violations"], r["undecided"]) for r in table.values()] == [(0, 0), (2, 0), (1, 0)]
    found = {(f["conversation_id"], f["rule_id"]): f for f in batch.findings.to_pylist()}
    assert ("X1", "service.greeting") not in found
    added = found["X2", "service.shirking"]  # what the rule is called is known from X3
    assert (added["rule_title"], added["kind"], added["severity"]) == ("推诿", "violation", "high")
    assert (added["machine_verdict"], added["verdict"], added["hit_count"]) == ("miss", "hit", 0)
    assert summarise_all(batch.conversations).score.value == pytest.approx(75.0)
    assert {i["status"] for i in batch.items.to_pylist() if i["conversation_id"] == "X1"} == {"passed"}


def test_a_hit_added_to_a_rule_without_any_other_keeps_what_is_known(builder) -> None:
    run = reviewed(builder)
    path = run.path / "findings"
    for part in path.iterdir():
        table = pq.read_table(part)
        keep = [r != "service.shirking" for r in table["rule_id"].to_pylist()]
        pq.write_table(table.filter(pa.array(keep)), part)
    row = next(r for r in rulings(Batch(run)).violations if r.rule_id == "service.shirking")
    assert (row.title, row.severity, row.hit.count) == ("service.shirking", None, 1)
    told = replace(run.lineage, rule_titles={"service.shirking": "推诿"}, rules={"service.shirking": "1.2.0"})
    write_lineage(run.path, told)
    row = next(r for r in rulings(Batch(open_run(run.path))).violations if r.rule_id == "service.shirking")
    assert (row.title, row.version) == ("推诿", "1.2.0")  # a run says what its rules are called


def test_machine_and_final_over_the_same_conversations(builder, tmp_path: Path) -> None:
    run = reviewed(builder)
    v = verdicts(Batch(run))
    assert v is not None
    assert (v.machine.value, v.final.value, v.final.n) == (pytest.approx(93.75), pytest.approx(75.0), 2)
    assert (v.machine_passing, v.final_passing) == (Rate(count=2, n=2), Rate(count=1, n=2))
    assert v.conversations == Rate(count=2, n=3) and v.overturned == Rate(count=3, n=4) and v.changed == 2
    assert {r.rule_id: (r.withdrawn, r.added, r.settled) for r in v.rules} == {
        "service.greeting": (1, 0, 0),
        "service.shirking": (0, 1, 0),
        "service.interrupt": (0, 0, 1),
    }
    (wrong,) = duckdb.sql(
        f"select count(*) from '{run.path}/reviews/final_findings/*.parquet' where machine_verdict <> final_verdict"
    ).fetchall()[0]
    assert v.overturned.count == wrong
    html = page(run, tmp_path / "r")
    shown = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", html))
    assert "2 个会话经人复核：本页的得分与判定以终审为准" in shown and "75.0% 终审" not in shown
    assert "改判 3 条（75.0%），2 个会话的得分因此改变" in shown
    assert "2 个会话经人复核" in (tmp_path / "r/agents.html").read_text("utf-8")


def test_without_reviews_nothing_is_said_of_them(sample: StoredRun, tmp_path: Path) -> None:
    assert verdicts(Batch(sample)) is None
    html = page(sample, tmp_path / "r")
    assert "终审" not in html and "经人复核" not in html


def test_the_flow_balances_and_reasons_are_counted(sample: StoredRun) -> None:
    found = intake(Batch(sample))
    assert found.flow is not None
    nodes = {n.name: n.count for n in found.flow.nodes}
    talks = sample.table("conversations", ["source_format"])["source_format"].to_pylist()
    assert nodes["收到"] == sample.lineage.counts.input
    assert nodes["录音，已转写"] == talks.count("audio") and nodes["文字，已读入"] == len(talks) - talks.count("audio")
    assert nodes["收到"] == sum(nodes[n] for n in ("录音，已转写", "文字，已读入", "失败", "隔离"))
    assert nodes["规则全部判定"] + nodes["有规则无法判定"] == len(talks)
    assert all(n.y + n.height <= found.flow.height for n in found.flow.nodes)
    path = sample.path / "findings/*.parquet"
    rows = duckdb.sql(
        f"select reason, count(distinct conversation_id), count(*) from '{path}'"
        " where verdict = 'undecided' and status <> 'shadow' group by reason order by 2 desc, 3 desc, 1"
    ).fetchall()
    assert [(r.text, r.conversations, r.verdicts) for r in found.reasons] == rows and rows


def test_reasons_of_several_clauses_count_for_each(builder) -> None:
    build = builder("clauses")
    for name in ("X", "Y"):
        build.add(Talk(name, unsure=("service.interrupt", "service.shirking")))
    for i, row in enumerate(build.rows["findings"]):
        row["reason"] = "会话没有时间信息" + ("；有关的话转写置信度低于 0.5" if i == 0 else "")
    found = {r.text: (r.conversations, r.verdicts) for r in intake(Batch(build.write())).reasons}
    assert found == {"会话没有时间信息": (2, 4), "有关的话转写置信度低于 0.5": (1, 1)}


def test_an_unheard_of_reason_is_shown_as_stored() -> None:
    stored_text = "步骤“核身”不能确定：有关的话转写置信度低于 0.5；从未有过的原因"
    assert reason(stored_text) == stored_text and reason(None) == "—"


def night(builder: Any, number: int, bad: int, good: int, **lineage: Any) -> StoredRun:
    """`bad` conversations with a greeting missed (87.5), `good` ones without fault."""
    build = builder(f"night-{number:02d}")
    for i in range(bad + good):
        found = {"service.greeting": (1, "您好")} if i < bad else {}
        build.add(Talk(f"N{number}-{i}", found=found))
    for row in build.rows["scores"]:
        row["passed"] = row["score"] > 90
    at = f"2026-10-{number:02d}T22:00:00"
    return build.write(run_id=f"r{number}", name=f"第 {number} 夜", started_at=at, **lineage)


def test_control_limits_by_hand(builder) -> None:
    past = [night(builder, i + 1, bad, 10 - bad) for i, bad in enumerate((2, 3, 2, 3, 2, 3, 2, 3))]
    today = night(builder, 20, 10, 0)
    found = trend(Batch(today), past)
    assert found is not None and found.batches == ENOUGH
    mean, passing, fatal = found.measures
    # individuals: every second night 97.5 and 96.25, a moving range of 1.25
    centre, wide = (97.5 + 96.25) / 2, 3 * 1.25 / 1.128
    last = mean.chart.readings[-1]
    assert (last.low, last.high) == (pytest.approx(centre - wide), pytest.approx(100.0))
    assert last.value == pytest.approx(87.5) and last.side == "below" and mean.alarm
    assert "低于下控制限" in mean.findings[0]
    # p chart: 60 of 80 passed, 10 a night; the nights differ less than counting explains
    half = 3 * (0.75 * 0.25 / 10) ** 0.5
    assert passing.chart.readings[-1].low == pytest.approx(0.75 - half) and passing.chart.readings[-1].high == 1.0
    assert passing.chart.dots[-1].shape == "diamond" and passing.chart.dots[0].shape == "circle"
    assert fatal.variation is None and not fatal.alarm
    assert mean.variation is not None and 0 < mean.variation < 0.05


def test_rates_that_differ_by_more_than_counting_get_wider_limits(builder) -> None:
    past = [night(builder, i + 1, bad, 20 - bad) for i, bad in enumerate((1, 19) * 4)]
    found = trend(Batch(night(builder, 20, 20, 0)), past)
    assert found is not None
    assert (found.measures[1].chart.readings[-1].low, found.measures[1].alarm) == (0.0, False)


def test_what_never_moved_gives_no_limits(builder) -> None:
    past = [night(builder, i + 1, 1, 2) for i in range(ENOUGH)]
    found = trend(Batch(night(builder, 20, 2, 2)), past)
    assert found is not None
    mean, passing, fatal = found.measures
    assert not mean.alarm and not mean.chart.upper and not fatal.alarm and not fatal.chart.upper
    assert mean.findings[0].startswith("本批 93.8，之前 8 批都是 95.8，") and "都是 0" in fatal.findings[0]
    assert passing.chart.upper  # 2 of 3 each night: how far chance goes from there is known


def test_batches_without_a_mean_leave_the_rates(builder) -> None:
    """Cards of nothing but bonus points: there is no full score to take a share of."""
    bonus = builder("bonus")
    bonus.add(Talk("B1"))
    for row in bonus.rows["scores"]:
        row["base"] = 0.0
    past = bonus.write(run_id="bonus", started_at="2026-10-01T22:00:00")
    found = trend(Batch(night(builder, 20, 1, 3)), [past])
    assert found is not None and len(found.measures) == 2
    found = trend(Batch(night(builder, 21, 1, 3)), [night(builder, 2, 1, 3), past])
    assert found is not None and len(found.measures) == 3


def test_few_or_foreign_batches_make_no_limits(builder) -> None:
    today, before = night(builder, 20, 1, 3), night(builder, 1, 2, 2)
    assert trend(Batch(today), []) is None
    found = trend(Batch(today), [before])
    assert (
        found is not None and not found.measures[0].chart.upper and "满 8 批才画控制限" in found.measures[0].findings[0]
    )
    other = builder("other")
    other.add(Talk("O", project="保险"))
    cards = (CardLineage(id="insurance", title="保险评分表", version="1", digest="x"),)
    assert trend(Batch(today), [other.write(scorecards=cards)]) is None


def test_an_earlier_batch_counts_with_its_final_scores(builder) -> None:
    past = reviewed(builder)
    found = trend(Batch(night(builder, 20, 1, 3)), [past])
    assert found is not None
    (value,) = duckdb.sql(
        f"with final as (from '{past.path}/reviews/final_scores/*.parquet') select avg(score) from (select score from"
        f" final union all select score from '{past.path}/scores/*.parquet' where conversation_id not in"
        " (select conversation_id from final))"
    ).fetchall()[0]
    assert found.measures[0].chart.readings[0].value == pytest.approx(value) == pytest.approx(75.0)


def test_changed_rules_are_named_with_their_hits(builder, tmp_path: Path) -> None:
    digests = {"service.greeting": "a", "service.shirking": "b"}
    rules = dict.fromkeys(digests, "1.0.0")
    before = night(builder, 1, 3, 1, rules=rules | {"old.rule": "2.0"}, rule_digests=digests | {"old.rule": "c"})
    today = night(
        builder,
        2,
        1,
        3,
        rules=rules | {"new.rule": "0.1"},
        rule_digests=digests | {"service.greeting": "z", "new.rule": "d"},
        rules_digest="cd" * 32,
    )
    found = rule_changes(Batch(today), [before])
    assert found is not None and not found.versions_only and not found.nothing and found.same == 1
    assert {c.rule_id: c.kind for c in found.rules} == {
        "service.greeting": "changed",
        "new.rule": "added",
        "old.rule": "removed",
    }
    greeting = next(c for c in found.rules if c.rule_id == "service.greeting")
    assert (greeting.was, greeting.now) == (Rate(count=3, n=4), Rate(count=1, n=4))
    html = page(today, tmp_path / "r", earlier=[before])
    shown = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", html.split('id="changes"')[1]))
    assert "1.0.0（内容有改动）" in shown and "−50 个百分点" in shown and "△ 改动" in shown


def test_the_same_conversations_judged_again_differ_by_the_rules_alone(builder, tmp_path: Path) -> None:
    rules, digests = {"service.greeting": "1.0.0"}, {"service.greeting": "a"}
    other = night(builder, 1, 1, 1, rules=rules, rule_digests={"service.greeting": "old"})
    once = night(builder, 2, 3, 1, rules=rules, rule_digests=digests)
    again = night(builder, 3, 1, 3, rules=rules, rule_digests={"service.greeting": "z"})
    found = rule_changes(Batch(again), [other], once)
    assert found is not None and found.again and [c.was for c in found.rules] == [Rate(count=3, n=4)]
    html = page(again, tmp_path / "r", earlier=[other], again=once)
    assert "同一批输入又判了一次" in html and "两次判的是同样的会话" in html and "两批的会话不同" not in html


def test_nothing_changed_and_nothing_known_are_both_said(builder, tmp_path: Path) -> None:
    before, today = night(builder, 1, 1, 1), night(builder, 2, 1, 1)
    found = rule_changes(Batch(today), [before])
    assert found is not None and found.nothing and found.versions_only  # runs of before stored no digests
    html = page(today, tmp_path / "r", earlier=[before])
    assert "都没有改动" in html and "只能比版本号" in html
    assert rule_changes(Batch(today), []) is None


def test_english_of_the_page_holds_no_chinese_of_ours(builder, tmp_path: Path) -> None:
    run = reviewed(builder)
    html = page(run, tmp_path / "r", language="en")
    part = html.split('<section id="intake">')[1].split('<section id="scores">')[0]
    text = re.sub(r"<[^>]*>", "", part)
    for stored_text in ("开场没有问候", "推诿", "打断客户", "索要验证码或密码"):
        text = text.replace(stored_text, "")
    assert not re.findall(r"[\u3400-\u9fff]+", text)


def test_edition_without_scores_has_no_trend(builder) -> None:
    run = builder("empty").write()
    write_lineage(run.path, replace(run.lineage, scorecards=()))
    edition = Edition(batch=Batch(open_run(run.path)))
    assert trend(edition.batch, ()) is None and verdicts(edition.batch) is None
