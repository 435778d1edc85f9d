"""Figures agree in detail, on a night that people reviewed: intervals, what became of the input, what people changed,
customers, and the pages of conversations, each against SQL and textbook formulas."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from html import unescape
from pathlib import Path
from statistics import fmean, stdev

import pytest
from scipy import stats

from qc.storage.read import StoredRun
from tests.reporting.read_page import Section, number, read_page
from tests.reporting.test_figures import CHANNEL, Rows, by, same, table
from tests.reporting.test_figures_of_a_night import FINAL, FOUND, Ask

pytest.importorskip("duckdb")
pytestmark = pytest.mark.slow
SERVED = """select coalesce(nullif(trim(agent_id), ''), nullif(trim(agent_name), '')) who,
    coalesce(team, '未填写') team, project || '|' || channel kind, score, passed
    from c join scored using (conversation_id)
    where score is not null and coalesce(nullif(trim(agent_id), ''), nullif(trim(agent_name), '')) is not null"""
CUSTOMER = """case when trim(customer_id) <> '' and (customer_id not like '%*%'
    or regexp_matches(trim(customer_id), '-[a-p]{8}$')) then trim(customer_id) else '#' || conversation_id end"""
"""A customer number that tells customers apart; else each conversation is its own."""
MINUTES = {"分钟": 1, "小时": 60, "天": 1440}


@pytest.fixture(scope="module")
def pages(reviewed_pages: Mapping[str, Mapping[str, Section]]) -> Mapping[str, Mapping[str, Section]]:
    return reviewed_pages


@pytest.fixture(scope="module")
def ask(reviewed_ask: Ask) -> Ask:
    return lambda sql: reviewed_ask(FINAL + sql)


def written(report: Path, page: str, section: str = "") -> str:
    """The text of a section, without tags."""
    html = (report / page).read_text(encoding="utf-8")
    if section:
        html = html.split(f'id="{section}"')[1].split("</section>")[0]
    return " ".join(unescape(re.sub(r"<[^>]*>", "", html)).split())


def between(shown: str, low: float, high: float) -> None:
    """An interval as a page writes it."""
    ends = shown.split("–") if "–" in shown else shown.split(" 到 ")
    for end, wanted in zip(ends, (low, high), strict=True):
        same(end.strip(), wanted)


def wilson(count: int, n: int) -> tuple[float, float]:
    found = stats.binomtest(count, n).proportion_ci(0.95, "wilson")
    return float(found.low), float(found.high)


def students(values: list[float]) -> tuple[float, float]:
    reach = stats.t.ppf(0.975, len(values) - 1) * stdev(values) / math.sqrt(len(values))
    return max(0.0, fmean(values) - reach), min(100.0, fmean(values) + reach)


def column(rows: Rows, name: str, **where: str) -> list:
    return [r[name] for r in rows if all(r[key] == value for key, value in where.items())]


def test_intervals(reviewed_report: Path, pages, ask: Ask) -> None:
    rows = ask("select score, passed from scored")
    tiles = written(reviewed_report, "index.html").split("录音时长")[0]
    mean, share = re.findall(r"95% 区间 ([\d.]+%?–[\d.]+%?)", tiles)[:2]
    between(mean, *students([r["score"] for r in rows]))
    between(share, *wilson(sum(r["passed"] for r in rows), len(rows)))
    served = ask(SERVED)
    head = next(h for h in table(pages["agents"]["agents"], "坐席", "平均分")[0] if h.startswith("95% 区间"))
    checked = 0
    for row in table(pages["agents"]["agents"], "坐席", "平均分"):
        scores = column(served, "score", who=row["坐席"].split()[-1])
        if len(scores) > 1 and stdev(scores):
            between(row[head], *students(scores))
            checked += 1
    assert checked > 5
    for row in table(pages["agents"]["teams"], "班组", "95% 区间"):
        passed = column(served, "passed", team=row["班组"])
        between(row["95% 区间"], *wilson(sum(passed), len(passed)))
    moods = "count(*) filter (customer_emotion_worst is not null) n, " + (
        "count(*) filter (customer_emotion_worst is not null and customer_emotion_level >= 2) bad"
    )
    found = by(ask(f"select channel k, {moods} from c group by 1"), "k")
    for row in table(pages["opinion"]["where"], "渠道", "95% 区间"):
        want = next(w for k, w in found.items() if CHANNEL[k] == row["渠道"])
        if want["n"]:
            between(row["95% 区间"], *wilson(want["bad"], want["n"]))


def test_what_became_of_the_input(reviewed_report: Path, pages, ask: Ask) -> None:
    (run,) = ask("select inputs from runs")
    flow = by(table(pages["index"]["intake"], "输入的去向"), "输入的去向")
    same(flow["收到"]["个数"], run["inputs"])
    (row,) = ask(
        f"{FOUND} select count(distinct conversation_id) unsure, (select count(*) from c) n from live "
        "where verdict = 'undecided'"
    )
    unsure = next(r for name, r in flow.items() if "判不了" in name or "无法判定" in name)
    same(unsure["个数"], row["unsure"])
    same(unsure["占收到"], row["unsure"] / run["inputs"])
    same(pages["index"][""].tiles["无法判定"], row["unsure"])
    sql = f"""{FOUND}, why as (select conversation_id, unnest(string_split(f.reason, '；')) k
        from live join findings f using (conversation_id, rule_id) where live.verdict = 'undecided')
        select k, count(distinct conversation_id) talks, count(*) n from why where k <> '' group by 1
        order by 2 desc, 3 desc, 1"""
    reasons = ask(sql)
    shown = table(pages["index"]["intake"], "原因", "判定")
    assert len(shown) == min(8, len(reasons))
    for row, want in zip(shown, reasons, strict=False):
        same(row["会话"], want["talks"])
        same(row["判定"], want["n"])


def test_scorecards(reviewed_report: Path, ask: Ask) -> None:
    told = written(reviewed_report, "index.html", "scores")
    rows = ask("""select scorecard_title k, count(*) n, avg(100.0 * score / base) mean,
        count(*) filter (passed) passed, count(*) filter (auto_fail) fails from cards group by 1""")
    assert len(rows) > 2
    for row in rows:
        panel = told.split(f"{row['k']} ")[1].split("得分分布")[0]
        assert f"评分 {row['n']} 个" in panel
        same(re.findall(r"平均 ([\d.]+)", panel)[0], row["mean"])
        same(re.findall(r"合格率 ([\d.]+%)", panel)[0], row["passed"] / row["n"])
        between(re.findall(r"合格率 [\d.]+%（([^）]+)）", panel)[0], *wilson(row["passed"], row["n"]))
        failed = re.findall(r"一票否决 (\d+)", panel)
        assert [int(n) for n in failed] == ([row["fails"]] if row["fails"] else [])


def test_what_people_changed(reviewed_night: StoredRun, reviewed_report: Path, ask: Ask) -> None:
    statuses = reviewed_night.lineage.rule_statuses
    trials = ", ".join(f"'{rule}'" for rule, status in statuses.items() if status == "shadow")
    (row,) = ask(f""", heard as (from final_findings where rule_id not in ({trials})
            and (machine_verdict, final_verdict) <> ('not_applicable', 'not_applicable'))
        select
        (select count(distinct conversation_id) from (select conversation_id from final_findings
            union select conversation_id from final_scores)) talks, (select count(*) from c) n,
        (select count(*) from heard) judged,
        (select count(*) from heard where machine_verdict <> final_verdict) overturned,
        (select count(*) from (select conversation_id, avg(100.0 * score / base) s from scores group by 1) m
            join scored using (conversation_id) where abs(m.s - scored.score) > 1e-6) changed""")
    told = written(reviewed_report, "index.html", "verdicts")
    (figures,) = re.findall(
        r"复核了 (\d+) 个会话，占 ([\d.]+%)；人判过的 ([\d,]+) 条判定[^中]*中、未命中、无法判定，不适用的不计）"
        r"中改判 (\d+) 条（([\d.]+%)），(\d+) 个会话的得分因此改变",
        told,
    )
    wanted = (row["talks"], row["talks"] / row["n"], row["judged"], row["overturned"])
    for figure, want in zip(figures, (*wanted, row["overturned"] / row["judged"], row["changed"]), strict=True):
        same(figure, want)


def test_the_accuracy_of_the_machine(reviewed_night: StoredRun, pages, ask: Ask) -> None:
    """What the sample was drawn for decides the weights; how many verdicts were right is counted."""
    sql = """, trial as (select distinct rule_id from findings where status = 'shadow')
        select rule_id, count(*) filter (machine_verdict = 'hit' and final_verdict = 'hit') "right",
        count(*) filter (machine_verdict = 'hit' and final_verdict in ('miss', 'not_applicable')) wrong,
        count(*) filter (machine_verdict in ('miss', 'not_applicable') and final_verdict = 'hit') missed
        from final_findings group by 1"""
    found = by(ask(sql), "rule_id")
    titles = {title: rule for rule, title in reviewed_night.lineage.rule_titles.items()}
    shown = table(pages["index"]["reviewed"], "规则名称", "漏判")
    assert shown
    for row in shown:
        want = found[titles[row["规则名称"]]]
        assert [int(row[name]) for name in ("命中判对", "误判", "漏判")] == [
            want[k] for k in ("right", "wrong", "missed")
        ]


def _bare(title: str) -> str:
    """A topic's title without the project it is told apart by: 服务投诉（95598） 服务与投诉 → 服务投诉 服务与投诉."""
    return re.sub(r"（[^（）]*）(?= |$)", "", title)


def test_customers_and_moods(reviewed_report: Path, pages, ask: Ask) -> None:
    who = f", who as (select *, {CUSTOMER} w from c)"
    (row,) = ask(f"{who} select count(*) n, count(distinct w) people from who")
    lead = written(reviewed_report, "opinion.html")
    assert f"{row['n']} 个会话，{row['people']} 位客户" in lead
    people = ask(f"""{who} select topic_id, min(topic) k, min(parent) parent, count(distinct w) n,
        count(*) filter (rank = 1) main
        from topics join who using (conversation_id) where topic_id <> 'unknown' group by 1""")
    shown = table(pages["opinion"]["topics"], "话题", "提到的客户")
    assert len(shown) > 3
    for name in {_bare(r["话题"]) for r in shown}:  # topics of two projects may be called the same, but for the project
        told = sorted(number(r["提到的客户"]) or 0 for r in shown if _bare(r["话题"]) == name)
        named = [p["n"] for p in people if name in (_bare(p["k"]), f"{_bare(p['k'])} {p['parent']}") and p["main"]]
        assert told == sorted(named) or name == "未识别"
    for row in table(pages["opinion"]["where"], "地区", "客户数"):
        (want,) = ask(f"{who} select count(distinct w) n from who where coalesce(region, '未填写') = '{row['地区']}'")
        same(row["客户数"], want["n"])
    for row in table(pages["opinion"]["where"], "时段", "会话"):
        hour = number(row["时段"])
        if hour is not None:
            (want,) = ask(f"{who} select count(*) n, count(distinct w) people from who where hour(started_at) = {hour}")
            same(row["会话"], want["n"])
            same(row["客户数"], want["people"])
    for row in table(pages["opinion"]["satisfaction"], "满意度", "结束时平均情绪"):
        if row["满意度"].isdigit():
            (want,) = ask(f"select avg(customer_emotion_end) v from c where satisfaction = {row['满意度']}")
            same(row["结束时平均情绪"], want["v"])


def test_reasons_for_contact(pages, ask: Ask) -> None:
    sql = """, named as (select distinct topic_id, topic from topics)
        select contact_reason k, max(topic) title, count(*) n,
        count(*) filter (customer_emotion_level >= 2 and customer_emotion_worst is not null) bad,
        count(*) filter (customer_emotion_worst is not null) spoke,
        count(*) filter (contact_reason = primary_topic) also, sum(count(*)) over () of
        from c left join named on topic_id = contact_reason where contact_reason is not null group by 1"""
    shown = table(pages["opinion"]["reasons"], "客户最先说清的事")
    found = {("未识别" if r["k"] == "unknown" else r["title"]): r for r in ask(sql)}
    assert len(shown) > 3
    for row in shown:
        want = found[row["客户最先说清的事"]]
        same(row["会话"], want["n"])
        same(row["占比"], want["n"] / float(want["of"]))
        same(row["负面率"], want["bad"] / want["spoke"] if want["spoke"] else None)
        if row["也是主要话题"]:
            same(row["也是主要话题"], want["also"] / want["n"])


def test_complaints_by_deadline(reviewed_report: Path, pages, ask: Ask) -> None:
    sql = f"""select deadline_minutes k, count(*) n,
        count(distinct {CUSTOMER}) people,
        count(*) filter (started_at + to_minutes(deadline_minutes) < (select max(finished_at) from runs)) late
        from complaints join c using (conversation_id) group by 1 order by 1"""
    rows = ask(sql)
    shown = table(pages["opinion"]["complaints"], "首次回应时限")
    assert rows and len(shown) == len(rows)
    found = by(rows, "k")
    for row in shown:
        size, unit = row["首次回应时限"].split()
        want = found[int(size) * MINUTES[unit]]
        same(row["会话"], want["n"])
        same(row["客户数"], want["people"])
        same(row["批次结束时已过时限"] or "0", want["late"])


def test_pages_of_conversations(reviewed_report: Path, ask: Ask) -> None:
    scores = ask("select conversation_id, scorecard_title, score, raw_score from scores")
    items = ask("select conversation_id, item_title, status, points, max_points from item_scores")
    groups = by(
        ask("""select conversation_id,
            count(*) filter (kind = 'violation' and verdict = 'hit' and status <> 'shadow') violations,
            count(*) filter (kind = 'signal' and verdict = 'hit') signals,
            count(*) filter (kind = 'merit' and verdict = 'hit') merits,
            count(*) filter (verdict = 'undecided') undecided from findings group by 1"""),
        "conversation_id",
    )
    checked = 0
    for path in sorted((reviewed_report / "conversations").glob("*.html")):
        sections = read_page(path.read_text(encoding="utf-8"))
        tiles = sections[""].tiles
        own = groups.get(path.stem, dict.fromkeys(("violations", "signals", "merits", "undecided"), 0))
        for title, key in (("违规", "violations"), ("信号", "signals"), ("亮点", "merits"), ("无法判定", "undecided")):
            same(tiles[title], own[key])
        mine = [i for i in items if i["conversation_id"] == path.stem]
        for score in (s for s in scores if s["conversation_id"] == path.stem):
            tile = next(
                v for k, v in tiles.items() if k in (score["scorecard_title"], f"{score['scorecard_title']}（机器）")
            )
            same(tile, score["score"])
        shown = {row["评分项"]: row for rows in sections["sheet"].tables for row in rows}
        for item in mine:
            if item["status"] == "not_applicable":
                continue
            row = next(r for title, r in shown.items() if title.startswith(item["item_title"]))
            same(row["分"], item["points"])
            same(row["分值"], item["max_points"])
            checked += 1
    assert checked > 100


def test_intentions(reviewed_report: Path, ask: Ask) -> None:
    told = written(reviewed_report, "opinion.html", "wishes")
    rows = ask(f"""select kind, count(*) n, count(distinct w) people, list(level) levels from (
        select kind, conversation_id, max(level) level, max(case when {CUSTOMER} not like '#%' then {CUSTOMER} end) w
        from intents join c using (conversation_id) group by all) group by 1""")
    shown = re.findall(r"(\d+) 个会话，(\d+) 个已知客户；强烈 (\d+)、明确 (\d+)、提到 (\d+)", told)
    assert sorted(tuple(map(int, figures)) for figures in shown) == sorted(
        (r["n"], r["people"], *(r["levels"].count(level) for level in (3, 2, 1))) for r in rows
    )
