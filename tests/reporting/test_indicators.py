"""Indicators: worked out by hand, against SQL over the tables, and what is said of those without data."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from scipy import stats

from qc.domain.config import TARGETS, ManifestConfig, ReportConfig
from qc.errors import SpecError
from qc.ingest.columns import CALL, columns
from qc.opinion.contacts import contacts
from qc.opinion.effort import effort
from qc.paths import packaged
from qc.reporting.batch import Batch
from qc.reporting.build import build_report
from qc.reporting.edition import Edition
from qc.reporting.indicators import drivers as drivers_module
from qc.reporting.indicators.course import course
from qc.reporting.indicators.drivers import drivers
from qc.reporting.indicators.facts import facts
from qc.reporting.indicators.indicator import Figure
from qc.reporting.indicators.page import IndicatorsPage, Row, indicators_page
from qc.reporting.indicators.ranks import differ, midranks, spearman
from qc.reporting.indicators.registry import FAMILIES, INDICATORS
from qc.review.accuracy import measure
from qc.review.judged import judged
from qc.schema.reviews import ALL_TABLES
from qc.specs.workspace import load_config
from qc.storage.read import StoredRun
from qc.storage.write import write_part
from tests.opinion.service_runs import Call, store
from tests.reporting.conftest import HOSTILE

BOT = {"agent_turns": 0, "bot_turns": 3}
OFFER = "service.proactive_offer"


def call(name: str, agent: str | None = "1", hour: float = 0.0, channel: str = "voice_inbound", **more: Any) -> Call:
    """One conversation of a customer of its own."""
    hits = more.pop("hits", ())
    return Call(id=name, customer=f"K{name}", hour=hour, channel=channel, more={"agent_id": agent, **more}, hits=hits)


WORKED = [
    call("A", queue_wait_s=10.0, ring_count=2, duration_ms=100_000, hold_s=0.0, after_call_s=30.0, transfers=0,
         satisfaction=5, team="甲", hits=(OFFER,)),
    call("B", queue_wait_s=30.0, ring_count=4, duration_ms=200_000, hold_s=20.0, transfers=1, satisfaction=2),
    call("C", "2", duration_ms=300_000),
    call("D", "2", 24.0, "voice_outbound", duration_ms=60_000),
    call("E", None, channel="bot_text", transfers=1, extra=[("问题是否解决", "否")], **BOT),
    call("F", None, channel="bot_text", transfers=0, extra=[("resolved", " Yes ")], **BOT),
    call("G", None, channel="ticket", extra=[("按时办结", "是"), ("线路", HOSTILE)], agent_turns=0),
    call("H", None, channel="ticket", extra=[("按时办结", "超时")], agent_turns=0),
]  # fmt: skip
BY_HAND: dict[str, tuple[float, int, int]] = {
    # value, counted, of
    "answer_wait": ((10 + 30) / 2, 2, 3),
    "answered_20s": (100 * 1 / 2, 2, 3),
    "answered_3_rings": (100 * 1 / 2, 2, 3),
    "talk_time": ((100 + 200 + 300 + 60) / 4, 4, 4),
    "hold_time": ((0 + 20) / 2, 2, 4),
    "hold_rate": (100 * 1 / 2, 2, 4),
    "after_call": (30, 1, 4),
    "handle_time": (130, 1, 4),
    "transfer_rate": (100 * 1 / 2, 2, 4),
    "satisfied": (100 * 1 / 2, 2, 8),
    "rated": (100 * 2 / 6, 6, 6),
    "daily_volume": ((7 + 1) / 2, 2, 2),
    "shift_volume": ((2 + 1 + 1) / 3, 3, 3),
    "proactive": (100 * 2 / 4, 4, 4),
    "self_service": (100 * 1 / 5, 5, 5),
    "to_agent": (100 * 1 / 2, 2, 2),
    "bot_resolution": (100 * 1 / 2, 2, 2),
    "on_time": (100 * 1 / 2, 2, 2),
    "quality_score": ((80 + (80 + 60) / 2) / 2, 2, 8),  # 80 after a review
    "pass_rate": (100 * 1 / 2, 2, 8),
    "business_error": (100 * 1 / 2, 2, 8),
    "complaint_rate": (100 * 1 / 8, 8, 8),
    "machine_accuracy": (100 * 2 / 3, 3, 3),  # one verdict of three was overturned
    "review_coverage": (100 * 3 / 8, 8, 8),
    "monitoring": ((2 + 1) / 2, 2, 2),
    "feedback": ((1 + 0) / 2, 2, 2),
}


def add(run: StoredRun, table: str, rows: list[dict[str, Any]]) -> None:
    write_part(run.path, table, 0, pa.Table.from_pylist(rows, ALL_TABLES[table]))


def score(name: str, got: float, base: float, passed: bool, error: bool = False, card: str = "one") -> dict[str, Any]:
    return {"conversation_id": name, "scorecard_id": card, "base": base, "score": got, "passed": passed,
            "business_error": error}  # fmt: skip


def review(name: str, rule: str | None, machine: str | None, human: str | None, **more: Any) -> dict[str, Any]:
    at = datetime(2026, 11, 2, more.pop("hour", 9))
    return {"conversation_id": name, "rule_id": rule, "machine_verdict": machine, "human_verdict": human,
            "reviewed_at": at, **more}  # fmt: skip


@pytest.fixture
def worked(tmp_path: Path) -> StoredRun:
    run = store(tmp_path / "worked", WORKED, night=20, rules=(OFFER,))
    add(run, "scores", [score("A", 90, 100, True), score("B", 40, 50, True), score("B", 30, 50, False, True, "two")])
    add(run, "final_scores", [score("A", 80, 100, True)])
    add(run, "final_findings", [
        {"conversation_id": name, "rule_id": "x", "machine_verdict": "hit", "final_verdict": verdict,
         "reviewer": "王主管", "origin": "page"}
        for name, verdict in (("A", "hit"), ("B", "miss"), ("C", "hit"))
    ])  # fmt: skip
    add(run, "complaints", [{"conversation_id": "B", "type_id": "other"}])
    add(run, "reviews", [
        review("A", None, None, None, comment=" "),
        review("B", None, None, None),
        review("B", "x", "hit", "hit", hour=8),
        review("B", "x", "hit", "miss", comment="不算"),  # the later one counts
        review("C", "x", "hit", "hit"),
        review("D", None, None, None, session="十一月校准"),
    ])  # fmt: skip
    return run


def page_of(run: StoredRun, *before: StoredRun, **settings: Any) -> IndicatorsPage:
    made = ReportConfig(**settings)
    return indicators_page(Edition(batch=Batch(run), earlier=before, recent=before, settings=made))


def rows_of(page: IndicatorsPage) -> dict[str, Row]:
    return {row.indicator.id: row for row in (*page.measured, *page.lacking)}


def test_worked_by_hand(worked: StoredRun) -> None:
    rows = rows_of(page_of(worked))
    for name, (value, n, scope) in BY_HAND.items():
        figure = rows[name].figure
        assert (figure.value, figure.n, figure.scope) == (pytest.approx(value), n, scope), name
    # Wilson's interval of 1 of 2, and t of 10 and 30: 20 ± 12.706 · 14.142 / √2, which may not pass 0
    assert (rows["satisfied"].figure.low, rows["satisfied"].figure.high) == pytest.approx((9.4531, 90.5469), abs=1e-3)
    assert (rows["answer_wait"].figure.low, rows["answer_wait"].figure.high) == pytest.approx((0, 147.06), abs=0.01)
    accuracy = measure(judged([worked]).counted).accuracy
    assert accuracy is not None and rows["machine_accuracy"].figure.high == pytest.approx(100 * accuracy.high)
    table = effort(worked, contacts([worked]), 7)["effort"].drop_null().to_pylist()
    assert rows["effort"].figure.value == pytest.approx(sum(table) / len(table))


def test_first_contact_resolution_looks_over_runs_and_by_channel(tmp_path: Path) -> None:
    first = [Call(id="1", customer="K9", hour=0), Call(id="2", customer="K9", hour=24), Call(id="3", customer="K8")]
    first.append(Call(id="4", customer="K7", hour=1, channel="chat"))
    before = store(tmp_path / "a", first, night=0)
    now = store(tmp_path / "b", [Call(id="5", customer="K1", hour=24 * 20)], night=20)
    page = page_of(now, before)
    figure = rows_of(page)["first_contact_resolution"].figure
    assert (figure.value, figure.n, figure.scope) == (pytest.approx(200 / 3), 3, 5)
    parts = {name: part.episodes for name, part in facts(now, contacts([before, now])).by("channel")}
    assert (parts["voice_inbound"].solved.sum(), parts["voice_inbound"].counted.sum()) == (1, 2)
    assert rows_of(page_of(now))["first_contact_resolution"].figure.n == 0


def crowd(path: Path, size: int, **lineage: Any) -> StoredRun:
    """`size` conversations drawn at random, a third of the values missing."""
    rng = np.random.default_rng(7)

    def some(values: Any) -> list[Any]:
        return [v if keep else None for v, keep in zip(values.tolist(), rng.random(size) > 1 / 3, strict=True)]

    drawn = {
        "project": rng.choice(["95598", "保险", HOSTILE], size).tolist(),
        "channel": rng.choice(["voice_inbound", "voice_outbound", "chat", "ticket", "bot_voice"], size).tolist(),
        "team": some(rng.choice(["甲", "乙", "丙"], size)),
        "queue_wait_s": some(rng.exponential(20, size)),
        "ring_count": some(rng.integers(1, 7, size)),
        "duration_ms": some(rng.integers(10_000, 400_000, size)),
        "hold_s": some(rng.choice([0.0, 12.5], size)),
        "after_call_s": some(rng.exponential(40, size)),
        "transfers": some(rng.integers(0, 3, size)),
        "satisfaction": some(rng.integers(1, 6, size)),
        "agent_turns": rng.choice([0, 3], size, p=[0.1, 0.9]).tolist(),
        "customer_emotion_end": rng.normal(0, 0.3, size).tolist(),
    }
    calls = [
        Call(id=f"c{i}", customer=f"K{i}", project=str(drawn["project"][i]), channel=str(drawn["channel"][i]),
             hour=i % 48, more={**{k: v[i] for k, v in drawn.items()}, "agent_id": f"{i % 9}"})
        for i in range(size)
    ]  # fmt: skip
    return store(path, calls, **lineage)


SQL = {
    "answer_wait": "avg(queue_wait_s), count(queue_wait_s) from c where channel in ('voice_inbound', 'chat')",
    "answered_20s": "100 * avg((queue_wait_s <= 20)::int), count(queue_wait_s) from c where channel = 'voice_inbound'",
    "answered_3_rings": "100 * avg((ring_count <= 3)::int), count(ring_count) from c where channel = 'voice_inbound'",
    "talk_time": "avg(duration_ms / 1000), count(duration_ms) from c where channel like 'voice%'",
    "hold_rate": "100 * avg((hold_s > 0)::int), count(hold_s) from c where channel like 'voice%'",
    "handle_time": "avg(duration_ms / 1000 + after_call_s), count(duration_ms + after_call_s) from c"
    " where channel like 'voice%'",
    "transfer_rate": "100 * avg((transfers > 0)::int), count(transfers) from c"
    " where agent_turns > 0 and channel not in ('ticket', 'bot_voice')",
    "satisfied": "100 * avg((satisfaction >= 4)::int), count(satisfaction) from c",
    "daily_volume": "avg(n), count(*) from (select count(*) n from c group by started_at::date)",
    "shift_volume": "avg(n), count(*) from (select count(*) n from c where agent_turns > 0 and channel <> 'ticket'"
    " group by agent_id, started_at::date)",
    "self_service": "100 * avg((channel = 'bot_voice' and agent_turns = 0 and coalesce(transfers, 0) = 0)::int),"
    " count(*) from c where channel in ('voice_inbound', 'chat', 'bot_voice')",
}


def test_figures_equal_sql_over_the_tables(tmp_path: Path) -> None:
    run = crowd(tmp_path / "crowd", 600)
    page = page_of(run)
    rows = rows_of(page)
    db = duckdb.connect()
    db.execute(f"create view c as select * from '{run.path}/conversations/*.parquet'")
    for name, query in SQL.items():
        value, n = db.execute(f"select {query}").fetchone() or (None, None)
        assert (rows[name].figure.value, rows[name].figure.n) == (pytest.approx(value), n), name
    (projects,) = (g for g in page.groups if g.key == "project")
    satisfied = next(r for r in projects.rows if r.indicator.id == "satisfied")
    for project, figure in zip(projects.names, satisfied.figures, strict=True):
        query = "select 100 * avg((satisfaction >= 4)::int), count(satisfaction) from c where project = ?"
        value, n = db.execute(query, [project]).fetchone() or (None, None)
        assert (figure.value, figure.n) == (pytest.approx(value), n)


def test_rank_correlation_is_that_of_scipy() -> None:
    rng = np.random.default_rng(3)
    y = rng.integers(1, 6, 200).astype(float)
    for x in (rng.normal(size=200) + y, (rng.random(200) < 0.2).astype(float), rng.integers(0, 3, 200).astype(float)):
        found = spearman(x, y)
        expected = stats.spearmanr(x, y)
        assert found is not None and found.rho == pytest.approx(expected.statistic)
        assert found.p == pytest.approx(expected.pvalue, abs=0.01)
        assert found.low < found.rho < found.high
    assert midranks(np.array([5.0, 1, 5, 3])).tolist() == [3.5, 1, 3.5, 2]
    assert spearman(np.ones(50), np.arange(50.0)) is None
    perfect = spearman(np.arange(50.0), -np.arange(50.0))
    assert perfect is not None and (perfect.rho, perfect.low, perfect.high) == (-1, -1, -1)
    value, error = [10.0, 12.0, 9.0, 15.0], [1.0, 1.0, 2.0, 1.5]
    weight = 1 / np.square(error)
    q = (weight * (value - np.average(value, weights=weight)) ** 2).sum()
    assert differ(value, error) == pytest.approx(stats.chi2.sf(q, 3), rel=0.03)
    assert differ([1.0], [1.0]) == 1


def test_the_interval_of_a_correlation_holds_what_it_promises() -> None:
    """Pairs with a known correlation of 0.5; 95 % of intervals hold Spearman's (6 / π) asin(ρ / 2)."""
    rng = np.random.default_rng(11)
    true = 6 / np.pi * np.arcsin(0.25)
    held = 0
    for _ in range(400):
        x, e = rng.normal(size=(2, 80))
        found = spearman(x, 0.5 * x + np.sqrt(0.75) * e)
        held += found is not None and found.low <= true <= found.high
    assert 0.925 <= held / 400 <= 0.975


def test_what_goes_with_satisfaction_is_found_and_noise_is_not(tmp_path: Path) -> None:
    run = crowd(tmp_path / "crowd", 600)
    given = run.table("conversations", ["conversation_id", "satisfaction"]).to_pylist()
    rng = np.random.default_rng(5)
    items = []
    for row in given:
        lost = (row["satisfaction"] or 3) <= 2 and rng.random() < 0.7
        for item, status in (("倾听", "deducted" if lost else "passed"), ("安抚", "awarded"), (HOSTILE, "passed")):
            items.append({"conversation_id": row["conversation_id"], "scorecard_id": "one", "item_id": item,
                          "item_title": item, "status": status, "points": 0.0})  # fmt: skip
        noise = "deducted" if rng.random() < 0.3 else "passed"
        items.append({**items[-1], "item_id": "开场", "item_title": "开场", "status": noise})
        items.append({**items[-1], "scorecard_id": "two", "status": "not_applicable"})
    add(run, "item_scores", items)
    found = drivers(Batch(run), facts(run, contacts([run])))
    related = [f.title for f in found.factors if f.related]
    assert related[0] == "倾听" and "开场" not in related and len(related) <= 2  # 5 % of those found may be chance
    assert {f.title for f in found.factors} >= {"开场", "客户结束情绪", "转接次数"}
    first = found.factors[0]
    assert first.found.rho < -0.3 and first.with_ is not None and first.without is not None
    answered = [r for r in given if r["satisfaction"]]
    assert found.answers == len(answered) == first.with_.n + first.without.n
    assert first.with_.count == 0  # those who lost points gave 1 or 2
    assert found.thin == 2  # 安抚 and the hostile one never vary
    html = render(run, tmp_path)
    assert "相关不是因果" in html and "失分的满意率 0.0%" in html


def test_few_answers_are_too_few(worked: StoredRun, tmp_path: Path) -> None:
    found = drivers(Batch(worked), facts(worked, contacts([worked])))
    assert (found.answers, found.factors) == (2, ())
    assert "有满意度的会话只有 2 个" in render(worked, tmp_path)


def render(run: StoredRun, folder: Path, *before: StoredRun, **settings: Any) -> str:
    made = ReportConfig(pages=0, hide=("index", "agents", "opinion", "cases"), **settings)
    out = folder / "report"
    build_report(run, out=out, template_dirs=[packaged("reports")], earlier=before, recent=before, settings=made)
    return (out / "indicators.html").read_text(encoding="utf-8")


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html.split("<main", 1)[1].split("</main>", 1)[0]))


def test_what_is_missing_is_named_and_never_zero(tmp_path: Path) -> None:
    chats = [call(f"{i}", channel="chat") for i in range(3)]
    run = store(tmp_path / "chats", chats)
    rows = rows_of(page_of(run))
    lacking = {"answered_20s", "talk_time", "after_call", "transfer_rate", "satisfied", "rated", "machine_accuracy",
               "self_service", "to_agent", "on_time", "abandoned", "complaint_rate"}  # fmt: skip
    assert {name for name in lacking if rows[name].figure.value is not None} == set()
    shown = text_of(render(run, tmp_path))
    for said in (
        "本批次没有呼入与呼出电话。",
        "3 个呼入电话与在线会话都没有：排队时长。 conversations.queue_wait_s 清单里加一列“排队时长”",
        "3 个坐席接待的会话都没有：转接次数。 conversations.transfers",
        "3 个会话都没有：满意度。 conversations.satisfaction",
        "放弃的来电没有录音",
        "没有会话带满意度",
    ):
        assert said in shown, said


@pytest.mark.parametrize("size", [0, 1])
def test_nothing_and_one(tmp_path: Path, size: int) -> None:
    run = store(tmp_path / "r", WORKED[:size])
    page = page_of(run)
    assert page.size == size and page.groups == () and page.variations == ()
    assert all(row.figure.low is None for row in page.measured if row.indicator.unit != "%")
    html = render(run, tmp_path)
    assert ("没有会话完成质检" in html) == (size == 0)
    assert "nan" not in text_of(html).lower()


def test_a_run_of_an_earlier_version_and_hostile_text(sample: StoredRun, tmp_path: Path) -> None:
    html = render(sample, tmp_path, targets={"quality_score": 60.0})
    rows = rows_of(page_of(sample))
    assert rows["quality_score"].figure.n == sample.table("scores").num_rows
    assert "<script>alert" not in html and "\u202e" not in html
    assert rows["complaint_rate"].figure.value is not None


def test_targets_and_their_errors(worked: StoredRun, tmp_path: Path) -> None:
    page = page_of(worked, targets={"answer_wait": 15.0, "satisfied": 50.0, "hold_rate": 60.0})
    rows = rows_of(page)
    assert (rows["answer_wait"].met, rows["answer_wait"].close) == (False, True)
    assert (rows["satisfied"].met, rows["hold_rate"].met, rows["pass_rate"].met) == (True, True, None)
    path = tmp_path / "qc.yaml"
    path.write_text("report:\n  targets: {answered_20s: 80, answer_wait: 15.5}\n", encoding="utf-8")
    assert load_config(path).report.targets == {"answered_20s": 80, "answer_wait": 15.5}
    assert load_config(path).digest == load_config(None).digest
    path.write_text("report:\n  targets: {answer_wiat: 15, satisfied: -1}\n", encoding="utf-8")
    with pytest.raises(SpecError) as error:
        load_config(path)
    messages = [f"{p.line}:{p.message}{p.hint}" for p in error.value.problems]
    assert any("2:没有 answer_wiat 这个指标" in m and "answer_wait" in m for m in messages) and len(messages) == 2


def test_usual_range_and_curve() -> None:
    steady = [10.0, 12, 10, 12, 10, 12, 10, 12]  # mean 11, moving range 2: 11 ± 5.32
    found = course([*steady, 17.0])
    assert found is not None and (found.low, found.high) == pytest.approx((5.68, 16.32), abs=0.01)
    assert (found.beyond, found.mean) == ("above", 11)
    inside = course([*steady, 16.0])
    assert inside is not None and inside.beyond == ""
    few = course([10.0, None, 12.0, 30.0])
    assert few is not None and few.high is None and few.beyond == "" and len(few.pieces) == 2
    assert few.variation == pytest.approx(np.std([10, 12, 30], ddof=1) / np.mean([10, 12, 30]))
    still = course([13.3] * 8 + [13.4])
    assert still is not None and still.low is None and still.beyond == ""  # what never moved has no usual range
    assert course([None, 5.0]) is None and course([5.0]) is None and course([5.0, None]) is None


def test_runs_are_compared_and_a_night_run_twice_counts_once(tmp_path: Path) -> None:
    nights = [
        store(
            tmp_path / f"n{i}-{twice}",
            [call(f"{i}-{j}", hour=24 * i, queue_wait_s=10.0 + i) for j in range(4)],
            night=i,
        )
        for i in range(4)
        for twice in range(1 + (i == 1))
    ]
    page = page_of(nights[-1], *nights[:-1])
    assert page.runs == ("n0-0", "n1-1", "n2-0", "n3-0")
    wait = rows_of(page)["answer_wait"].course
    assert wait is not None and wait.values == (10, 11, 12, 13)
    assert rows_of(page)["effort"].course is None  # repeats of the first week have nothing before them


def test_teams_that_differ_are_told_from_teams_that_do_not(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    calls = [
        call(f"{i}", team=team, queue_wait_s=float(rng.exponential(10)), hold_s=float(rng.exponential(mean)))
        for team, mean in (("甲", 10), ("乙", 30), ("丙", 50))
        for i in range(60)
    ]
    calls += [call("x", team="小", hold_s=900.0)]
    found = {v.indicator.id: v for v in page_of(store(tmp_path / "r", calls)).variations}
    assert found["hold_time"].different and found["hold_time"].groups == 3
    assert not found["answer_wait"].different
    assert found["hold_time"].teams == pytest.approx(0.66, abs=0.2)
    assert (found["hold_time"].chance or 1) < 0.2


def test_the_registry_is_sound() -> None:
    ids = [i.id for i in INDICATORS]
    assert len(set(ids)) == len(ids) and len({f.id for f in FAMILIES}) == len(FAMILIES)
    assert set(TARGETS) == {i.id for i in INDICATORS if i.measure is not None and i.better}
    headers = columns(CALL, ManifestConfig().columns)
    for indicator in INDICATORS:
        assert bool(indicator.sources) == (indicator.measure is not None)
        for source in indicator.sources:
            table, column = source.split(".")
            assert column in ALL_TABLES[table].names, source
        # a column it asks for is one the manifest reader knows as one of its sources, or keeps as it is
        for header in re.findall("列“(.+?)”", indicator.supply):
            field = headers.field_of(header)
            assert f"conversations.{field or 'extra'}" in indicator.sources, (indicator.id, header)


def test_every_word_of_the_registry_has_an_english_one() -> None:
    told: dict[str, str] = {}
    for path in (packaged("reports") / "lang/en").glob("*.json"):
        told |= json.loads(path.read_text(encoding="utf-8"))
    words = {f.title for f in FAMILIES} | {title for title, _ in drivers_module._MEASURES}
    for i in INDICATORS:
        words |= {i.title, i.says, i.formula, i.unit, i.of, i.needs, i.supply} - {"", "%"}
    assert words <= set(told), sorted(words - set(told))


def test_english_holds_no_chinese(worked: StoredRun, tmp_path: Path) -> None:
    shown = text_of(render(worked, tmp_path, language="en", targets={"satisfied": 90.0}))
    assert not re.findall("[\u3400-\u9fff]+", shown.replace("甲", ""))
    assert "Average speed of answer" in shown


def test_sections_can_be_left_out(worked: StoredRun, tmp_path: Path) -> None:
    sections = ("figures", "groups", "analysis", "lacking", "definitions")
    html = render(worked, tmp_path)
    assert all(f'<section id="{s}"' in html for s in sections)
    for hidden in ("analysis", "lacking"):
        made = ReportConfig(pages=0, hide=("index", "agents", "opinion", "cases", f"indicators#{hidden}"))
        build_report(worked, out=tmp_path / "report", template_dirs=[packaged("reports")], settings=made)
        html = (tmp_path / "report/indicators.html").read_text(encoding="utf-8")
        assert f'id="{hidden}"' not in html and f'"#{hidden}"' not in html


def test_a_figure_without_spread_has_no_error() -> None:
    assert Figure(value=1.0, n=1, scope=1).error is None
