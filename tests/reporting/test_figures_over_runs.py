"""Figures agree over runs: control charts and trends on the pages, worked out again from SQL and textbook formulas."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from html import unescape
from itertools import pairwise
from pathlib import Path
from statistics import fmean, stdev

import pytest
from scipy import stats

from qc.domain.config import ReportConfig
from qc.opinion.day import report_day
from qc.paths import packaged
from qc.pipeline.specs import alerts, folders
from qc.reporting.build import build_report
from qc.reporting.month.build import build_month
from qc.reporting.onepager import render_one_page
from qc.storage.read import StoredRun
from qc.storage.sql import Database
from tests.reporting.conftest import RunBuilder, Talk
from tests.reporting.read_page import Section, read_page
from tests.reporting.test_figures import Rows, by, same, table

pytest.importorskip("duckdb")
pytestmark = pytest.mark.slow
AGENTS = (("1001", "李敏", "一班"), ("1002", "王芳", "一班"), ("1003", "周强", "二班"))
FOUND = {
    "service.greeting": (1, "您好"),
    "service.shirking": (1, "请讲"),
    "insurance.no_guarantee": (1, "请"),
}
SCORED = """
select agent_id, team, avg(100.0 * score / base) score, bool_and(passed) passed, bool_or(auto_fail) fails
from scores join conversations using (conversation_id) group by conversation_id, agent_id, team
"""
NIGHTS = 14


def night(root: Path, day: int) -> StoredRun:
    """A run whose share of faults is another every night, by more than counting explains."""
    rng = random.Random(day)
    builder = RunBuilder(root / f"night-{day:02d}")
    rate = rng.choice((0.1, 0.3, 0.6))
    for number in range(rng.randrange(25, 45)):
        found = {rule: where for rule, where in FOUND.items() if rng.random() < rate / (1 + len(rule) % 3)}
        topic = rng.choice((("outage", "停电"), ("bill", "电费"), ("meter", "电表")))
        level = rng.choice((0, 0, 3))
        found |= {"customer.escalation": (2, "谢谢")} if level and rng.random() < 0.5 else {}
        builder.add(Talk(f"{day:02d}-{number:03d}", agent=rng.choice(AGENTS), found=found, topic=topic, level=level))
    for term in ("停电", "电费", "曝光"):
        builder.term("95598", term, rng.randrange(1, 12), rng.randrange(12, 30), rng.randrange(2))
    on = date(2026, 11, 2 + day)
    for row in builder.rows["conversations"]:
        row |= {"date": on, "started_at": datetime.combine(on, row["started_at"].time())}
    at = datetime.combine(on, datetime.min.time()) + timedelta(days=1, hours=1)
    digest = ("ab" if day < 9 else "cd") * 32
    return builder.write(
        run_id=f"night-{day:02d}",
        name=f"第 {day} 晚",
        started_at=at.isoformat(),
        input_digest=f"{day:064x}",
        rules_digest=digest,
    )


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[StoredRun]:
    root = tmp_path_factory.mktemp("runs")
    return [night(root, day) for day in range(NIGHTS)]


@pytest.fixture(scope="module")
def out(runs: list[StoredRun], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("over") / "report"
    settings = ReportConfig(hide=("conversation", "cases"))
    build_report(runs[-1], out=out, template_dirs=[packaged("reports")], earlier=runs[:-1], settings=settings)
    return out


@pytest.fixture(scope="module")
def index(out: Path) -> Mapping[str, Section]:
    return read_page((out / "index.html").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def scored(runs: list[StoredRun]) -> list[Rows]:
    """Of each run a row per conversation."""
    return [answered(run, SCORED) for run in runs]


def answered(run: StoredRun, sql: str) -> Rows:
    with Database([run]) as database:
        return database.ask(sql).read_all().to_pylist()


def moving_sigma(values: list[float]) -> float:
    """Mean moving range over d₂ of two values."""
    return fmean(abs(b - a) for a, b in pairwise(values)) / 1.128


def charted(rates: list[tuple[int, int]], past: list[tuple[int, int]]) -> tuple[float, list[tuple[float, float]]]:
    """Centre and limits of a p′ chart (Laney 2002), by the rates in `past`."""
    centre = sum(k for k, _ in past) / sum(n for _, n in past)
    z = [(k / n - centre) / math.sqrt(centre * (1 - centre) / n) for k, n in past]
    widened = max(1.0, moving_sigma(z))
    assert widened > 1.2, "nights that differ by chance alone would not tell Laney's limits from the plain ones"
    halves = [3 * widened * math.sqrt(centre * (1 - centre) / n) for _, n in rates]
    return centre, [(max(0.0, centre - h), min(1.0, centre + h)) for h in halves]


def drawn(out: Path, title: str) -> str:
    """The panel of one chart."""
    html = (out / "index.html").read_text(encoding="utf-8").split('id="trend"')[1].split("</section>")[0]
    return next(panel for panel in html.split('<div class="card-panel">')[1:] if f"<h3>{title}" in panel)


@pytest.mark.parametrize(("title", "column"), [("合格率", "passed"), ("一票否决率", "fails")])
def test_charts_of_rates(out: Path, index, scored: list[Rows], title: str, column: str) -> None:
    rates = [(sum(row[column] for row in rows), len(rows)) for rows in scored]
    centre, limits = charted(rates, rates[:-1])
    shown = table(index["trend"], title, "上控制限")
    assert len(shown) == NIGHTS
    for day, (row, (k, n), (low, high)) in enumerate(zip(shown, rates, limits, strict=True)):
        assert row["批次"].endswith(f"第 {day} 晚")
        same(row[title].split("%")[0] + "%", k / n)
        assert ("控制限外" in row[title]) is (not low <= k / n <= high)
        same(row["会话"], n)
        same(row["下控制限"], low)
        same(row["上控制限"], high)
        assert row["之前的改动"] == ("规则有改动" if day == 9 else "")
    panel = drawn(out, title)
    same(re.findall(r"之前各批平均 ([\d.]+%)", panel)[0], centre)
    varied = re.findall(r"波动系数 ([\d.]+%)", panel)
    values = [k / n for k, n in rates]
    if fmean(values) > 0.1:
        same(varied[0], stdev(values) / fmean(values))
    else:
        assert not varied


def test_the_chart_of_means(out: Path, index, scored: list[Rows]) -> None:
    means = [fmean(row["score"] for row in rows) for rows in scored]
    centre, half = fmean(means[:-1]), 3 * moving_sigma(means[:-1])
    for row, rows, mean in zip(table(index["trend"], "平均分", "上控制限"), scored, means, strict=True):
        same(row["平均分"], mean)
        same(row["会话"], len(rows))
        same(row["下控制限"], max(0.0, centre - half))
        same(row["上控制限"], min(100.0, centre + half))
    panel = drawn(out, "平均分")
    same(re.findall(r"之前各批平均 ([\d.]+)", panel)[0], centre)
    same(re.findall(r"波动系数 ([\d.]+%)", panel)[0], stdev(means) / fmean(means))


def test_where_the_points_of_a_chart_stand(out: Path, scored: list[Rows]) -> None:
    """The line runs through the values it names: its heights follow from them by one straight line."""
    means = [fmean(row["score"] for row in rows) for rows in scored]
    panel = drawn(out, "平均分")
    lines = [re.findall(r"([\d.]+),([\d.]+)", p) for p in re.findall(r'points="([^"]+)"', panel)]
    heights = next([float(y) for _, y in points] for points in lines if len(points) == NIGHTS)
    slope, level = stats.linregress(means, heights)[:2]
    assert slope < 0 and all(abs(level + slope * m - y) < 0.6 for m, y in zip(means, heights, strict=True))


@pytest.mark.parametrize("agent", [number for number, _, _ in AGENTS])
def test_an_agent_over_runs(out: Path, scored: list[Rows], agent: str) -> None:
    html = (out / "agents" / f"{agent}.html").read_text(encoding="utf-8")
    shown = table(read_page(html)["trend"], "批次", "全体")
    own = [[row["score"] for row in rows if row["agent_id"] == agent] for rows in scored]
    everyone = [fmean(row["score"] for row in rows) for rows in scored]
    for row, scores, mean in zip(shown, own, everyone, strict=True):
        same(row["会话"], len(scores))
        same(row["平均分"], fmean(scores))
        same(row["全体"], mean)
        if len(scores) > 1 and stdev(scores):
            low, high = row["95% 区间"].split("–")
            reach = stats.t.ppf(0.975, len(scores) - 1) * stdev(scores) / math.sqrt(len(scores))
            same(low, max(0.0, fmean(scores) - reach))
            same(high, min(100.0, fmean(scores) + reach))
    # the step: this run less the earlier ones together, each less everybody's mean; spread within agents of this run
    before = sum(len(s) for s in own[:-1])
    past = sum(len(s) * (fmean(s) - m) for s, m in zip(own[:-1], everyone, strict=False)) / before
    value = fmean(own[-1]) - everyone[-1] - past
    cells = [[r["score"] for r in scored[-1] if r["agent_id"] == number] for number, _, _ in AGENTS]
    df = sum(map(len, cells)) - len(cells)
    within = math.sqrt(sum((x - fmean(c)) ** 2 for c in cells for x in c) / df)
    reach = stats.t.ppf(0.975, df) * within * math.sqrt(1 / len(own[-1]) + 1 / before)
    told = re.findall(r"这一批比此前 (\d+) 批（(\d+) 个会话）(\S+) 分，95% 区间 (\S+) 到 (\S+?)。", unescape(html))
    ((batches, n, *figures),) = told
    assert (int(batches), int(n)) == (NIGHTS - 1, before)
    for figure, wanted in zip(figures, (value, value - reach, value + reach), strict=True):
        same(figure, wanted)


@pytest.fixture(scope="module")
def month(runs: list[StoredRun], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("month")
    settings = ReportConfig()
    page, _ = build_month(
        runs, None, root=out, out=out, template_dirs=[packaged("reports")], version="1", settings=settings
    )
    return page


def test_charts_of_a_month(month: Path, scored: list[Rows]) -> None:
    """All days make the limits: no day is singled out."""
    days = read_page(month.read_text(encoding="utf-8"))["days"]
    for title, column in (("合格率", "passed"), ("一票否决率", "fails")):
        rates = [(sum(row[column] for row in rows), len(rows)) for rows in scored]
        _, limits = charted(rates, rates)
        for row, (k, n), (low, high) in zip(table(days, title, "上控制限"), rates, limits, strict=True):
            same(row[title].split("%")[0] + "%", k / n)
            same(row["会话"], n)
            same(row["下控制限"], low)
            same(row["上控制限"], high)
            assert ("控制限外" in row[title]) is (not low <= k / n <= high)
    means = [fmean(row["score"] for row in rows) for rows in scored]
    half = 3 * moving_sigma(means)
    for row, mean in zip(table(days, "平均分", "上控制限"), means, strict=True):
        same(row["平均分"], mean)
        same(row["下控制限"], max(0.0, fmean(means) - half))
        same(row["上控制限"], min(100.0, fmean(means) + half))
    for row, rows in zip(table(days, "每天的会话"), scored, strict=True):
        same(row["合格"], sum(r["passed"] for r in rows))
        same(row["不合格"], sum(not r["passed"] for r in rows))


def test_agents_of_a_month(month: Path, scored: list[Rows]) -> None:
    sections = read_page(month.read_text(encoding="utf-8"))
    rows = [row for night in scored for row in night]
    own = {number: [r["score"] for r in rows if r["agent_id"] == number] for number, _, _ in AGENTS}
    df = len(rows) - len(own)
    within = math.sqrt(sum((x - fmean(s)) ** 2 for s in own.values() for x in s) / df)
    weekly = {row["坐席"].split()[-1]: row for row in table(sections["agents"], "坐席", "11-02–11-08")}
    for shown in table(sections["agents"], "坐席", "平均分", "与其他人的差"):
        agent = shown["坐席"].split()[-1]
        others = [x for number, scores in own.items() if number != agent for x in scores]
        value = fmean(own[agent]) - fmean(others)
        reach = stats.t.ppf(0.975, df) * within * math.sqrt(1 / len(own[agent]) + 1 / len(others))
        told = re.findall(r"([+−]?[\d.]+) ([+−]?[\d.]+) 到 ([+−]?[\d.]+)$", shown["与其他人的差"])
        for figure, wanted in zip(told[0], (value, value - reach, value + reach), strict=True):
            same(figure, wanted)
        for week, nights in (("11-02–11-08", scored[:7]), ("11-09–11-15", scored[7:])):
            mine = [r["score"] for night in nights for r in night if r["agent_id"] == agent]
            same(weekly[agent][week], fmean(mine))


def test_topics_and_words_against_the_runs_before(out: Path, runs: list[StoredRun]) -> None:
    page = read_page((out / "opinion.html").read_text(encoding="utf-8"))
    main = "select topic, count(*) n from topics where rank = 1 group by 1"
    now = {row["topic"]: row["n"] for row in answered(runs[-1], main)}
    past: dict[str, int] = {}
    for run in runs[:-1]:
        for row in answered(run, main):
            past[row["topic"]] = past.get(row["topic"], 0) + row["n"]
    for row in table(page["topics"], "话题", "比以往"):
        title = row["话题"].split()[0]
        share, before = now[title] / sum(now.values()), past.get(title, 0) / sum(past.values())
        same(row["比以往"].split()[0], 100 * (share - before))
    words = "select term, sum(conversations)::int n, sum(occurrences)::int times from terms group by 1"
    size = "select count(*) n from conversations"
    n, before_n = answered(runs[-1], size)[0]["n"], sum(answered(run, size)[0]["n"] for run in runs[:-1])
    own = by(answered(runs[-1], words), "term")
    earlier = [by(answered(run, words), "term") for run in runs[:-1]]
    for row in table(page["words"], "词", "倍数"):
        term = row["词"].split()[0]
        seen = sum(found[term]["n"] for found in earlier if term in found)
        assert row["会话"] == f"{own[term]['n']}/{n}"
        same(row["次数"], own[term]["times"])
        same(row["倍数"], own[term]["n"] / n / (seen / before_n))


@pytest.fixture(scope="module")
def again(runs: list[StoredRun], out: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The report once more, when everything earlier runs are asked for was kept beside them."""
    again = tmp_path_factory.mktemp("again") / "report"
    settings = ReportConfig(hide=("conversation", "cases"))
    build_report(runs[-1], out=again, template_dirs=[packaged("reports")], earlier=runs[:-1], settings=settings)
    yield again


def test_what_is_kept_of_earlier_runs_gives_the_same_bytes(out: Path, again: Path) -> None:
    pages = sorted(path.relative_to(out) for path in out.rglob("*.html"))
    assert pages and all((out / page).read_bytes() == (again / page).read_bytes() for page in pages)


def test_the_page_for_the_morning(runs: list[StoredRun]) -> None:
    """Nobody's number is known: each conversation is a customer."""
    where = folders(None)
    specs = alerts(where)
    report = report_day(runs, None, specs)
    assert report is not None
    html = render_one_page(report, specs, [packaged("reports")], "1")
    talks = """select count(*) n, count(*) filter (customer_emotion_level >= 2) bad,
        count(*) filter (conversation_id in (select conversation_id from findings where kind = 'signal'
            and verdict = 'hit' and severity <> 'low' and status <> 'shadow')) risky from conversations"""
    days = [answered(run, talks)[0] for run in runs]
    shown = re.findall(r"<dd><strong>(.*?)</strong><span>(.*?)</span>", html)
    same(shown[0][0], days[-1]["n"])
    same(shown[1][0], days[-1]["bad"] / days[-1]["n"])
    same(shown[1][1], days[-1]["bad"])
    same(shown[2][0], days[-1]["risky"])
    bars = re.findall(r"<title>(\S+) (\d+) 位，负面 (\d+)</title><rect [^>]*height=\"([\d.]+)\"", html)
    assert [(int(n), int(bad)) for _, n, bad, _ in bars] == [(day["n"], day["bad"]) for day in days]
    tall = {int(n) / float(height) for _, n, _, height in bars}
    assert max(tall) == pytest.approx(min(tall), rel=0.02), "bars are as tall as they count"
    topics = by(answered(runs[-1], "select topic k, count(*) n from topics group by 1"), "k")
    found = re.findall(r'<th scope="row">([^<]+)</th><td class="n">(\d+)</td>', html)
    assert {name: int(n) for name, n in found if name in topics} == {k: row["n"] for k, row in topics.items()}
