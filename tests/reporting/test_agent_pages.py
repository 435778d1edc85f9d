"""The pages of agents: figures as DuckDB has them, coaching, trend, appeals, names that would break out."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from qc.domain.config import ReportConfig
from qc.domain.language import speaking
from qc.paths import packaged
from qc.reporting.agent import AgentPage, agent_ids, agent_pages
from qc.reporting.agents import agents_page, example_ids
from qc.reporting.batch import Batch
from qc.reporting.build import build_report
from qc.reporting.catalogue import read_catalogue
from qc.reporting.difference import Gap, Spread
from qc.reporting.edition import Edition
from qc.reporting.estimates import Mean
from qc.reporting.people import people_of, standing
from qc.reporting.progress import Point, trend
from qc.reporting.records import read_records
from qc.reporting.summaries import FEW, SMALL_SAMPLE, mean_of
from qc.schema.reviews import REVIEW_TABLES
from qc.storage.read import StoredRun
from qc.storage.write import table_folder
from tests.reporting.conftest import RunBuilder, Talk
from tests.reporting.test_safety import Page

LI, SAME, NO_ID = ("1001", "李敏", "一班"), ("1002", "李敏", "一班"), (None, "王芳", "二班")
EVIL, LONG = ("../../x", "</script><script>x()</script>", "二班"), ("9" * 200, "\u202e反转😀", "二班")
GREETING = {"service.greeting": (1, "说。")}
SHIRKING = {"service.shirking": (3, "不归我管")}
SECRET = {"privacy.ask_secret": (3, "密码")}
KIND = {"service.empathy": (3, "非常理解您")}
TURNS = (("agent", "说。"), ("customer", "我家停电了，怎么办？"), ("agent", "不归我管。密码？非常理解您。"))


def talks(agent: tuple[str | None, str, str], found: list[dict], **more: Any) -> list[Talk]:
    name = f"{agent[0]}-{agent[1]}-{more.get('project', '')}"
    return [Talk(f"{name}-{i}", agent=agent, turns=TURNS, found=f, **more) for i, f in enumerate(found)]  # type: ignore[arg-type]


def month() -> list[Talk]:
    """Li greets badly, knows two projects; the other Li is kind; Wang has no number; two have names that would harm."""
    rows = talks(LI, [GREETING] * 25 + [GREETING | SHIRKING] * 3 + [SECRET] * 2 + [KIND] * 10, project="95598", hour=9)
    rows += talks(LI, [{}] * 12 + [SHIRKING] * 3, project="电商", channel="voice_inbound", hour=20)
    rows += talks(SAME, [KIND] * 30 + [{}] * 8 + [GREETING] * 2, project="95598", hour=10)
    rows += talks(NO_ID, [{}] * 30 + [SHIRKING] * 5, project="电商", channel="voice_inbound", hour=11)
    rows += talks(EVIL, [KIND] * 4 + [GREETING] * 2, project="95598", hour=12)
    return rows + talks(LONG, [{}] * 3, project="95598", hour=13)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> StoredRun:
    build = RunBuilder(tmp_path_factory.mktemp("agents") / "run")
    for talk in month():
        build.add(talk)
    for talk in build.rows["conversations"]:
        talk |= {"agent_speech_ms": 8000, "customer_speech_ms": 4000}
    return build.write()


@pytest.fixture(scope="module")
def pages(run: StoredRun) -> dict[str, AgentPage]:
    return made(run)


@pytest.fixture(scope="module")
def report(run: StoredRun, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("agents-report") / "report"
    settings = ReportConfig(pages=20)
    return build_report(run, out=out, template_dirs=[packaged("reports")], settings=settings).parent


def made(run: StoredRun, *earlier: StoredRun) -> dict[str, AgentPage]:
    batch = Batch(run)
    edition = Edition(batch=batch, earlier=earlier, records=read_records(run, agent_ids(batch)))
    return {page.person.key: page for _, page in agent_pages(edition)}


def sql(run: StoredRun, query: str, **values: Any) -> list[tuple[Any, ...]]:
    con = duckdb.connect()
    for name in ("conversations", "scores", "item_scores", "findings"):
        con.execute(f"create view {name} as select * from read_parquet('{run.path}/{name}/*.parquet')")
    agents = "select *, coalesce(agent_id, agent_name) agent from conversations join scores using (conversation_id)"
    con.execute(f"create view t as {agents}")
    return con.execute(query, values).fetchall()


def test_scores_and_the_gap_to_the_others_equal_sql(run: StoredRun, pages: dict[str, AgentPage]) -> None:
    for key, n, mean, sd in sql(run, "select agent, count(*), avg(score), stddev_samp(score) from t group by agent"):
        score = pages[key].summary.score
        assert (score.n, score.value, score.sd) == (n, pytest.approx(mean), pytest.approx(sd))
    query = """
        select avg(score - (select avg(o.score) from t o
                            where o.project = t.project and o.channel = t.channel and o.agent != t.agent))
        from t where agent = $agent"""
    for key, page in pages.items():
        assert page.gap is not None and page.gap.value == pytest.approx(sql(run, query, agent=key)[0][0])
    assert pages["1001"].standing == "below" and pages["王芳"].standing == "level"
    assert pages["../../x"].standing == "small" and pages["../../x"].small


@pytest.mark.parametrize(
    ("n", "q", "said"),
    [
        (200, 0.01, "below"),
        (FEW, 0.01, "below"),
        (FEW - 1, 0.01, "small"),
        (SMALL_SAMPLE - 1, 0.2, "small"),
        (SMALL_SAMPLE, 0.2, "level"),
    ],
)
def test_few_conversations_say_something_where_the_interval_is_clear(n: int, q: float, said: str) -> None:
    gap = Gap(n=n, value=-20.0, expected=90.0, low=-25.0, high=-15.0, q=q, comparable=1.0)
    assert standing(mean_of(pa.chunked_array([[70.0] * n])), gap) == said


def test_items_against_team_and_all_equal_sql(run: StoredRun, pages: dict[str, AgentPage]) -> None:
    query = """
        with i as (select t.agent, t.team, t.project, item_title, (status = 'deducted')::int bad
                   from item_scores join t using (conversation_id) where status in ('passed', 'deducted')),
             own as (select project, count(*) n from i where agent = $agent and item_title = $title group by project),
             others as (select project, avg(bad) share from i
                        where agent != $agent and item_title = $title group by project)
        select (select sum(bad) from i where agent = $agent and item_title = $title), sum(n), sum(n * share) / sum(n)
        from own join others using (project)"""
    for key in ("1001", "1002"):
        for line in pages[key].items:
            bad, n, others = sql(run, query, agent=key, title=line.title)[0]
            assert line.everyone is not None
            assert (line.own.count, line.own.n, line.everyone.others) == (bad, n, pytest.approx(others))
    greeting = next(i for i in pages["1001"].items if i.title == "开场问候")
    assert greeting.own.count == 28 and greeting.everyone and greeting.everyone.side == "more"
    assert greeting.team is not None and greeting.team.others == pytest.approx(2 / 40)  # the other Li alone
    assert "开场问候" in {i.title for i in pages["1002"].better}
    empathy = pages["1002"].merits[0]
    assert (empathy.against.own.count, empathy.against.side) == (30, "more")


def test_projects_of_who_serves_several_equal_sql(run: StoredRun, pages: dict[str, AgentPage]) -> None:
    assert [key for key, page in pages.items() if page.projects] == ["1001"]
    query = """
        select section_title, count(*), sum(clean) from (
            select conversation_id, section_title, min((status != 'deducted')::int) clean
            from item_scores join t using (conversation_id)
            where agent = '1001' and project = $project and status in ('passed', 'deducted') group by all)
        group by all"""
    for line in pages["1001"].projects:
        shown = {s.section: (s.clean.n, s.clean.count) for s in line.skills}
        assert shown == {section: (n, clean) for section, n, clean in sql(run, query, project=line.project)}
        mean = sql(run, "select avg(score) from t where agent = '1001' and project = $p", p=line.project)[0][0]
        assert line.score.value == pytest.approx(mean)


def test_workload_equals_sql(run: StoredRun, pages: dict[str, AgentPage]) -> None:
    query = """select agent, count(*), count(distinct started_at::date), sum(duration_ms),
               sum(agent_speech_ms) / sum(agent_speech_ms + customer_speech_ms) from t group by agent"""
    for key, n, days, handled, voice in sql(run, query):
        load = pages[key].workload
        assert (load.conversations, load.days, load.handled_ms) == (n, days, handled)
        assert load.voice == pytest.approx(voice) and load.mean_ms == round(handled / n)
    hours = sql(run, "select hour(started_at) h, count(*) from t where agent = '1001' group by h")
    assert [(h, n) for h, n in enumerate(pages["1001"].workload.hours) if n] == sorted(hours)
    assert pages["1001"].workload.shifts == 2  # nine in the morning and eight in the evening


def test_three_things_to_coach_with_clips_and_a_colleague(pages: dict[str, AgentPage]) -> None:
    lessons = pages["1001"].lessons
    assert [lesson.coaching.example.top.title for lesson in lessons] == ["开场问候", "首问负责", "保护客户信息"]
    first = lessons[0].coaching
    assert first.example.advice == "接通后先问候，再报工号。" and len(first.clips) == 2
    assert len({c.conversation_id for c in first.clips}) == 2
    shirking = lessons[1].coaching.clips[0]
    assert shirking.quote is not None and shirking.quote.hit == "不归我管" and shirking.turn == 3
    assert shirking.asked == "我家停电了，怎么办？"
    models = [lesson.model for lesson in lessons if lesson.model]
    assert len(models) == 3 and all(m.line.agent_id != "1001" and m.line.violations == 0 for m in models)
    assert len({m.line.conversation_id for m in models}) == 3
    assert all(x.merits[0][1].hit == "非常理解您" for x in pages["1002"].best)


def test_where_nobody_is_judged_in_full_there_are_models_all_the_same(
    builder: Callable[[str], RunBuilder], tmp_path: Path
) -> None:
    """One channel for two voices: who interrupted whom is never known. What is known more fully comes first."""
    build = builder("mono")
    for talk in talks(LI, [GREETING] * 3) + talks(SAME, [KIND] * 3):
        build.add(replace(talk, unsure=("service.interrupt",)))
    build.add(Talk("full", agent=SAME, turns=TURNS))
    run = build.write()
    pages = made(run)
    assert [x.line.conversation_id for x in pages["1002"].best] == ["1002-李敏--0", "1002-李敏--1"]
    (lesson,) = pages["1001"].lessons
    assert lesson.model is not None and lesson.model.line.conversation_id == "full"
    report = build_report(run, out=tmp_path / "r", template_dirs=[packaged("reports")]).parent
    html = (report / "agents" / "1002.html").read_text(encoding="utf-8")
    assert '100.0 分<small class="unsure">（1 项无法判定）</small>' in html


def test_pages_lead_to_the_turn_and_back(report: Path) -> None:
    assert sorted(p.name for p in report.iterdir() if p.is_dir() and p.name != "conversations") == ["agents"]
    index = (report / "agents.html").read_text(encoding="utf-8")
    assert (
        len(list((report / "agents").iterdir())) == 5 and index.count('href="agents/') == 5 * 2
    )  # the table, the funnel
    page = (report / "agents" / "1001.html").read_text(encoding="utf-8")
    assert re.search(r'href="../conversations/[^"#]+\.html#t3"', page) and 'href="../agents.html"' in page
    assert "另有 1 位同名，请看工号" in page and "错误发现率 5%" in page
    assert "没有工号，按姓名归在一起" in next((report / "agents").glob("__~*.html")).read_text(encoding="utf-8")
    assert (
        len(
            [
                p
                for p in (report / "agents").iterdir()
                if "只有 6 个评分会话（不足 30 个）" in p.read_text(encoding="utf-8")
            ]
        )
        == 1
    )


def test_hostile_names_stay_text_and_inside_the_folder(report: Path) -> None:
    for path in [report / "agents.html", *(report / "agents").iterdir()]:
        assert re.fullmatch(r"[0-9A-Za-z._~-]{1,110}", path.name)
        page = Page(path)
        assert len([t for t, _ in page.tags if t == "script"]) == 1
        assert len(page.values("id")) == len(set(page.values("id")))
        for href in page.values("href"):
            target = (path.parent / href.partition("#")[0]).resolve()
            assert target.is_relative_to(report.resolve()), href
        assert not re.search("[\u202a-\u202e]", path.read_text(encoding="utf-8"))
    assert not [p for p in report.parent.iterdir() if p.name != report.name]


def test_trend_over_runs_follows_the_agent_through_teams(run: StoredRun, builder: Callable[[str], RunBuilder]) -> None:
    runs = []
    for number in range(2):
        build = builder(f"past{number}")
        for talk in talks(("1001", "李敏", "三班"), [{}] * 30 + [SHIRKING], project="95598"):
            build.add(talk)
        for talk in talks(SAME, [{}] * 30 + [GREETING] * 3, project="95598"):
            build.add(talk)
        runs.append(build.write(run_id=f"past-{number}", started_at=f"2026-11-{18 + number}T01:00:00"))
    page = made(run, *runs)["1001"]
    assert page.trend is not None and page.trend.moved
    points = [m.point for m in page.trend.marks]
    assert [p.team for p in points] == ["三班", "三班", "一班"]
    for point, past in zip(points, [*runs, run], strict=True):
        ((n, mean, everybody),) = sql(
            past, "select count(*) filter (agent = '1001'), avg(score) filter (agent = '1001'), avg(score) from t"
        )
        assert (point.score.n, point.score.value, point.mean_of_all) == (
            n,
            pytest.approx(mean),
            pytest.approx(everybody),
        )
    assert page.trend.step is not None and page.trend.step.side == "down" and page.trend.step.n == 62
    assert made(run, *runs)["王芳"].trend is None  # nothing before
    assert made(run, *runs)["1002"].trend.step.side != "down"  # type: ignore[union-attr]


def test_reviews_and_appeals_of_an_agent(builder: Callable[[str], RunBuilder], tmp_path: Path) -> None:
    build = builder("reviewed")
    for talk in (*talks(LI, [GREETING, GREETING, {}], project="95598"), *talks(SAME, [{}] * 3, project="95598")):
        build.add(talk)
    stored = build.write()
    first = "1001-李敏-95598-0"
    step = {
        "appeal_id": "S1",
        "conversation_id": first,
        "rule_id": "service.greeting",
        "agent_id": "1001",
        "actor": "李敏",
    }
    asked = {"step": 1, "status": "open", "at": datetime(2026, 11, 22, 9), "text": "我问候了 </script>"}
    told = {"step": 2, "status": "upheld", "at": datetime(2026, 11, 22, 10), "text": "确实问候了", "actor": "王主管"}
    put(stored, "appeals", [step | asked, step | told])
    changed = {"machine_verdict": "hit", "final_verdict": "miss", "reviewer": "王主管", "origin": "appeal"}
    put(stored, "final_findings", [{"conversation_id": first, "rule_id": "service.greeting"} | changed])
    (score,) = [s for s in stored.table("scores").to_pylist() if s["conversation_id"] == first]
    put(stored, "final_scores", [score | {"score": 100.0, "raw_score": 100.0}])
    pages = made(stored)
    (appeal,) = pages["1001"].appeals
    assert (appeal.status, appeal.reason, appeal.answer) == ("upheld", "我问候了 </script>", "确实问候了")
    reviewed = pages["1001"].reviewed
    assert reviewed is not None and (reviewed.conversations, reviewed.changed) == (1, 1)
    assert (reviewed.machine, reviewed.final) == (pytest.approx(87.5), 100.0)
    assert reviewed.overturned[0].title == "开场没有问候"
    assert pages["1002"].appeals == () and pages["1002"].reviewed is None
    out = build_report(stored, out=tmp_path / "r", template_dirs=[packaged("reports")]).parent
    html = (out / "agents" / "1001.html").read_text(encoding="utf-8")
    assert "确实问候了" in html and "&lt;/script&gt;" in html and "机器平均 87.5 分，终审平均 100.0 分" in html


def put(run: StoredRun, table: str, rows: list[dict]) -> None:
    folder = table_folder(run.path, table)
    folder.mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(rows, REVIEW_TABLES[table]), folder / "part-00000.parquet")


def test_nobody_and_one(builder: Callable[[str], RunBuilder], tmp_path: Path) -> None:
    build = builder("nobody")
    build.add(Talk("E1", channel="bot_text", agent=None))
    report = build_report(build.write(), out=tmp_path / "r", template_dirs=[packaged("reports")]).parent
    assert not list((report / "agents").iterdir())
    assert "没有带坐席工号的会话" in (report / "agents.html").read_text(encoding="utf-8")
    build = builder("one")
    build.add(Talk("A1", agent=LI))
    page = made(build.write())["1001"]
    assert page.gap is None and page.standing == "small" and page.comparison is None


@pytest.mark.slow
def test_sections_and_pages_can_be_left_out(run: StoredRun, tmp_path: Path) -> None:
    def built(*hide: str) -> Path:
        settings = ReportConfig(hide=(*hide, "index", "opinion", "indicators"), pages=2)
        return build_report(run, out=tmp_path / "r", template_dirs=[packaged("reports")], settings=settings).parent

    report = built("agent#workload", "agents#apart")
    page = (report / "agents" / "1001.html").read_text(encoding="utf-8")
    assert 'id="workload"' not in page and 'id="items"' in page
    assert 'id="apart"' not in (report / "agents.html").read_text(encoding="utf-8")
    assert "可用 qc report conversation 生成" in page  # few conversations have pages here
    report = built("agent")
    assert not (report / "agents").exists()
    assert 'href="agents/' not in (report / "agents.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_english(run: StoredRun, tmp_path: Path) -> None:
    settings = ReportConfig(language="en", pages=2, hide=("index", "opinion", "indicators"))
    report = build_report(run, out=tmp_path / "r", template_dirs=[packaged("reports")], settings=settings).parent
    for path in (report / "agents.html", report / "agents" / "1001.html"):
        headings = re.findall(r"<(?:h2|th scope=\"col\")[^>]*>(.*?)</", path.read_text(encoding="utf-8"))
        assert headings and not [h for h in headings if re.search(r"[\u3400-\u9fff]", h)]
    assert "points apart" in (report / "agents.html").read_text(encoding="utf-8")


def test_the_table_quotes_what_the_pages_quote(run: StoredRun) -> None:
    batch = Batch(run)
    page = agents_page(Edition(batch=batch, records=read_records(run, example_ids(batch))))
    assert page.agents[0].agent_id == "1001"
    assert page.comparison is not None and page.comparison.spread.groups == 5
    assert {p.key for p in people_of(batch).persons} == {a.agent_id for a in page.agents}
    assert page.funnel is not None and len(page.funnel.dots) == 5


@pytest.mark.parametrize("language", ["zh", "en"])
def test_agents_without_a_team_are_one_team_in_every_language(
    language: str, builder: Callable[[str], RunBuilder]
) -> None:
    build = builder("teamless")
    for talk in talks(("1001", "李敏", None), [GREETING, {}] * 6) + talks(("1002", "王芳", "二班"), [{}] * 12):  # type: ignore[arg-type]
        build.add(talk)
    batch = Batch(build.write())
    with speaking(read_catalogue([packaged("reports")], language)):
        page = agents_page(Edition(batch=batch, records=read_records(batch.run, example_ids(batch))))
    assert {t.summary.key for t in page.teams} == {a.person.team for a in page.agents}
    assert all(t.agents == 1 and t.gap is not None for t in page.teams)


def test_a_run_in_which_everybody_scored_nothing_is_still_one_before() -> None:
    before = Point(run_id="a", day="2026-11-19", team=None, score=Mean(value=0.0, sd=0.0, n=20), mean_of_all=0.0)
    last = Point(run_id="b", day="2026-11-20", team=None, score=Mean(value=50.0, sd=9.0, n=20), mean_of_all=50.0)
    found = trend([before, last], Spread(within=9.0, between=2.0, groups=5, df=100, typical=20))
    assert found is not None and found.step is not None
    assert (found.step.runs, found.step.value) == (1, 0.0)
