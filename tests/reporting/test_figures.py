"""Figures agree: what a reader sees on the pages, and what stands in the workbook, is what SQL says of the tables."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

import pytest
from openpyxl import load_workbook

from qc.domain.printable import printable
from qc.export.workbook import export_workbook
from qc.paths import packaged
from qc.reporting.batch import Batch
from qc.reporting.build import build_report
from qc.reporting.edition import Edition
from qc.storage.read import StoredRun
from qc.storage.sql import Database
from tests.reporting.read_page import Section, number, read_page

pytest.importorskip("duckdb")
Rows = list[dict]
Ask = Callable[[str], Rows]

PERCENT = """
select conversation_id, avg(100.0 * score / base) score, bool_and(passed) passed, bool_or(auto_fail) auto_fail,
       bool_or(customer_error) customer_error, bool_or(business_error) business_error,
       bool_or(compliance_error) compliance_error, sum(undecided_items) unsettled
from scores group by conversation_id
"""
FOUND = """
select conversation_id,
       count(*) filter (kind = 'violation' and verdict = 'hit' and status <> 'shadow') violations,
       count(*) filter (kind = 'merit' and verdict = 'hit' and status <> 'shadow') merits,
       count(*) filter (kind = 'signal' and verdict = 'hit' and status <> 'shadow' and severity <> 'low') risks,
       count(*) filter (verdict = 'undecided' and status <> 'shadow') undecided
from findings group by conversation_id
"""
TALKS = f"""
with s as ({PERCENT}), f as ({FOUND})
select c.*, s.* exclude (conversation_id), coalesce(violations, 0) violations, coalesce(merits, 0) merits,
       coalesce(risks, 0) risks, coalesce(undecided, 0) undecided,
       customer_emotion_worst is not null spoke, coalesce(customer_emotion_level, 0) >= 2 and spoke negative
from conversations c left join s using (conversation_id) left join f using (conversation_id)
"""
GROUPED = """
select {key} k, count(*) n, avg(score) score, count(*) filter (passed) passed, count(score) scored,
       count(*) filter (auto_fail) fails, sum(violations)::int violations, sum(merits)::int merits,
       count(*) filter (risks > 0) risks, count(*) filter (negative) negative, count(*) filter (spoke) spoke
from t {where} group by 1
"""
DEDUCTED = """
select item_title k, count(*) filter (bad) bad, count(*) n, -coalesce(sum(points) filter (bad), 0) lost,
       count(*) filter (fatal) fatal
from (select *, status = 'deducted' or coalesce(fatal, false) bad from item_scores)
where status in ('passed', 'deducted')
group by 1 having bad > 0
"""
CHANNEL = {"voice_inbound": "呼入电话", "voice_outbound": "外呼电话", "chat": "在线会话", "bot_text": "文本机器人"}
CHANNEL |= {"bot_voice": "语音机器人", "ticket": "工单", "message": "留言"}


@pytest.fixture(scope="module")
def pages(sample: StoredRun, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Mapping[str, Section]]:
    out = tmp_path_factory.mktemp("figures") / "report"
    build_report(sample, out=out, template_dirs=[packaged("reports")])
    return {file.stem: read_page(file.read_text(encoding="utf-8")) for file in out.glob("*.html")}


@pytest.fixture(scope="module")
def ask(sample: StoredRun) -> Iterator[Ask]:
    with Database([sample]) as database:
        yield lambda sql: database.ask(sql).read_all().to_pylist()


@pytest.fixture(scope="module")
def book(sample: StoredRun, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Rows]:
    path = tmp_path_factory.mktemp("book") / "x.xlsx"
    export_workbook([Edition(batch=Batch(sample))], path, created=datetime(2026, 11, 21))
    sheets = {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in load_workbook(path)}
    return {name: [dict(zip(rows[0], row, strict=True)) for row in rows[1:]] for name, rows in sheets.items()}


def same(shown: str, value: float | None) -> None:
    """What a cell shows is the value, rounded to the digits it shows; a share is shown in percent, None as —."""
    if value is None:
        assert number(shown) is None, shown
        return
    got = number(shown)
    assert got is not None, (shown, value)
    digits = re.search(r"\d\.(\d+)", shown)
    wanted = value * 100 if "%" in shown.split()[0] else value
    assert abs(got - wanted) <= 0.5 * 10 ** -(len(digits[1]) if digits else 0) + 1e-9, (shown, value)


def as_shown(text: str) -> str:
    """Stored text as a page shows it."""
    return " ".join(printable(text).split())


def ratio(count: float, n: float) -> float | None:
    return count / n if n else None


def grouped(ask: Ask, key: str, where: str = "") -> Rows:
    return ask(f"with t as ({TALKS}) {GROUPED.format(key=key, where=where)}")


def by(table: Rows, column: str) -> dict[str, dict]:
    return {row[column]: row for row in table}


def table(section: Section, *headers: str) -> Rows:
    """The table of the section that has these columns."""
    return next(t for t in section.tables if t and set(headers) <= set(t[0]))


def test_tiles_of_the_quality_report(pages, ask: Ask) -> None:
    index = pages["index"]
    (all_,) = grouped(ask, "1")
    tiles = index[""].tiles
    same(tiles["平均分"], all_["score"])
    same(tiles["合格率"], all_["passed"] / all_["scored"])
    same(tiles["一票否决"], all_["fails"])
    same(tiles["风险信号"], all_["risks"])
    (row,) = ask(f"select count(*) filter (undecided > 0) n from ({TALKS})")
    same(tiles["无法判定"], row["n"])
    (row,) = ask("select count(*) n from failures")
    same(tiles["失败与隔离"], row["n"])
    (row,) = ask("select sum(duration_ms) ms from conversations where source_format = 'audio'")
    seconds = round(row["ms"] / 1000)
    assert tiles["录音时长"] == f"{seconds // 60} 分 {seconds % 60:02d} 秒"
    for code, title in (("customer", "客户"), ("business", "业务"), ("compliance", "合规")):
        (row,) = ask(f"select avg((not {code}_error)::int) v from ({PERCENT})")
        same(index["scores"].tiles[f"无{title}关键差错"], row["v"])
    (row,) = ask("select inputs from runs")
    same(by(table(index["intake"], "输入的去向"), "输入的去向")["收到"]["个数"], row["inputs"])


def test_distribution_of_scores(pages, ask: Ask) -> None:
    sql = """select scorecard_title t, least(9, floor(10 * score / base))::int b, count(*) n from scores group by all"""
    counts = {(r["t"], r["b"]): r["n"] for r in ask(sql)}
    seen = 0
    for shown in pages["index"]["scores"].tables:
        head = next(iter(shown[0]), "") if shown else ""
        if not head.endswith("得分分布"):
            continue
        for bin_, row in enumerate(shown):
            same(row["会话数"], counts.get((head.removesuffix("得分分布"), bin_), 0))
            seen += number(row["会话数"])
    assert seen == sum(counts.values())


def test_deductions_and_their_heat_map(pages, ask: Ask) -> None:
    losses = pages["index"]["losses"]
    rows, shown = by(ask(DEDUCTED), "k"), by(table(losses, "评分项", "占扣分"), "评分项")
    assert set(shown) == set(rows)
    total = sum(r["lost"] for r in rows.values())
    for title, row in rows.items():
        cell = shown[title]
        assert cell["扣分会话"] == f"{row['bad']}/{row['n']}"
        same(cell["扣分率"], row["bad"] / row["n"])
        if row["lost"]:
            same(cell["扣分"].split()[-1], row["lost"])
            same(cell["占扣分"], row["lost"] / total)
    heat = ask("""
        select item_title k, coalesce(team, '未填写') team,
               count(*) filter (status = 'deducted' or fatal) bad, count(*) n
        from item_scores join conversations using (conversation_id) where status in ('passed', 'deducted') group by all
    """)
    cells = {(r["k"], r["team"]): f"{r['bad']}/{r['n']}" for r in heat}
    for row in table(losses, "扣分率", "一班"):
        for team, text in row.items():
            if team != "扣分率":
                assert text.split()[-1] == cells.get((row["扣分率"], team), "—")


def test_rules(pages, ask: Ask) -> None:
    sql = """
        select rule_id, count(*) filter (verdict = 'hit') hit, count(*) filter (verdict = 'undecided') undecided,
               coalesce(sum(hit_count) filter (verdict = 'hit'), 0)::int evidence
        from findings where verdict <> 'miss' group by 1
    """
    (size,) = ask("select count(*) n from conversations")
    shown = {}
    for rows in pages["index"]["rules"].tables:
        for row in rows:
            name = next(v for k, v in row.items() if k.endswith("规则"))
            shown[name.split()[-2]] = row
    found = by(ask(sql), "rule_id")
    assert set(shown) == set(found)
    for rule, row in found.items():
        same(shown[rule]["命中会话"], row["hit"])
        same(shown[rule]["占全部"], row["hit"] / size["n"])
        same(shown[rule]["证据"], row["evidence"])
        same(shown[rule]["无法判定"] or "0", row["undecided"])


@pytest.mark.parametrize(("column", "header", "names"), [("project", "业务项目", {}), ("channel", "渠道", CHANNEL)])
def test_groups(pages, ask: Ask, column: str, header: str, names: Mapping[str, str]) -> None:
    shown = by(table(pages["index"]["groups"], header), header)
    rows = grouped(ask, column)
    assert set(shown) == {names.get(r["k"], r["k"]) for r in rows}
    for row in rows:
        cell = shown[names.get(row["k"], row["k"])]
        same(cell["会话"], row["n"])
        same(cell["平均分"], row["score"])
        assert cell["合格率"].split()[-1] == f"{row['passed']}/{row['scored']}"
        same(cell["一票否决"], row["fails"])
        same(cell["违规"], row["violations"])
        same(cell["风险信号"], row["risks"])
        assert cell["客户负面"].split()[-1] == (f"{row['negative']}/{row['spoke']}" if row["spoke"] else "—")


_COUNTS = {"违规": "violations", "风险": "risks", "亮点": "merits", "无法判定": "undecided"}


def test_the_list_of_conversations(pages, ask: Ask) -> None:
    shown = {r["会话"]: r for r in table(pages["index"]["all"], "会话", "得分")}
    talks = ask(TALKS)
    assert len(shown) == len(talks)
    for talk in talks:
        row = next((r for name, r in shown.items() if name == talk["conversation_id"]), None)
        if row is not None:  # ids of hostile text are shown otherwise
            same(row["得分"], talk["score"])
            for column, name in (
                ("违规", "violations"),
                ("风险", "risks"),
                ("亮点", "merits"),
                ("无法判定", "undecided"),
            ):
                same(row[column] or "0", talk[name])


def test_agents_and_teams(pages, ask: Ask) -> None:
    page = pages["agents"]
    rows = grouped(ask, "coalesce(agent_id, agent_name)", "where coalesce(agent_id, agent_name) is not null")
    shown = {r["坐席"].split()[-1]: r for r in table(page["agents"], "坐席", "平均分")}
    assert set(shown) == {r["k"] for r in rows}
    teams = grouped(ask, "coalesce(team, '未填写')", "where coalesce(agent_id, agent_name) is not null")
    for row, cell in [(r, shown[r["k"]]) for r in rows] + [
        (r, by(table(page["teams"], "班组"), "班组")[r["k"]]) for r in teams
    ]:
        same(cell["会话"], row["n"])
        same(cell["平均分"], row["score"])
        same(cell["合格率"].split()[0], ratio(row["passed"], row["scored"]))
        same(cell["一票否决"] or "0", row["fails"])
        assert cell["客户负面"].split()[-1] == (f"{row['negative']}/{row['spoke']}" if row["spoke"] else "—")
    for row in rows:
        same(shown[row["k"]]["违规"], row["violations"])
        same(shown[row["k"]]["亮点"] or "0", row["merits"])


TOPICS = f"""
with t as ({TALKS})
select topic_id, min(topic) topic, count(*) filter (rank = 1) main, count(*) mentioned,
       count(*) filter (rank = 1 and negative) negative, count(*) filter (rank = 1 and spoke) spoke,
       count(*) filter (rank = 1 and risks > 0) risks
from topics join t using (conversation_id) group by 1
"""


def test_public_opinion(pages, ask: Ask) -> None:
    page = pages["opinion"]
    (all_,) = grouped(ask, "1")
    same(page[""].tiles["客户负面"], all_["negative"] / all_["spoke"])
    (count,) = ask("select count(*) n from complaints")
    same(page[""].tiles["投诉与升级风险"], count["n"])
    kinds = by(table(page["complaints"], "投诉类型"), "投诉类型")
    for row in ask("select type, count(*) n from complaints group by 1"):
        same(kinds[as_shown(row["type"])]["会话"], row["n"])
    shown = table(page["topics"], "话题", "主要话题")
    for row in ask(TOPICS):
        title = "未识别" if row["topic_id"] == "unknown" else as_shown(row["topic"])
        cell = next(r for r in shown if r["话题"].startswith(title))
        same(cell["主要话题"], row["main"])
        same(cell["占比"], row["main"] / all_["n"])
        same(cell["提到的会话"], row["mentioned"])
        same(cell["负面率"], ratio(row["negative"], row["spoke"]))
        same(cell["风险会话"] or "0", row["risks"])
    for column, header, names in (("project", "业务项目", {}), ("channel", "渠道", CHANNEL), ("region", "地区", {})):
        cells = by(table(page["where"], header), header)
        for row in grouped(ask, f"coalesce({column}, '未填写')"):
            cell = cells[as_shown(names.get(row["k"], row["k"]))]
            same(cell["会话"], row["n"])
            same(cell["负面率"], ratio(row["negative"], row["spoke"]))
            same(cell["风险会话"] or "0", row["risks"])
    rated = by(table(page["satisfaction"], "满意度", "会话"), "满意度")
    for row in ask("select coalesce(satisfaction::varchar, '未评价') k, count(*) n from conversations group by 1"):
        same(rated[row["k"]]["会话"], row["n"])


INDICATORS = {
    "通话质量监控评分": f"select avg(score) v, count(score) n from ({PERCENT})",
    "质检合格率": f"select 100.0 * avg(passed::int) v, count(passed) n from ({PERCENT})",
    "业务差错率": f"select 100.0 * avg(business_error::int) v, count(*) n from ({PERCENT})",
    "满意率": "select 100.0 * avg((satisfaction >= 4)::int) v, count(satisfaction) n from conversations",
}


def test_indicators(pages, ask: Ask) -> None:
    shown = table(pages["indicators"]["figures"], "指标名称", "本批次")
    for name, sql in INDICATORS.items():
        (row,) = ask(sql)
        cell = next(r for r in shown if r["指标名称"].startswith(name))
        same(cell["本批次"].removesuffix("%"), row["v"])
        same(cell["计入"], row["n"])


def test_the_workbook_says_the_same(book, pages, ask: Ask) -> None:
    (all_,) = grouped(ask, "1")
    told = {r["内容"]: r["数值"] for r in book["概览"]}
    assert told["会话"] == all_["n"] and told["一票否决"] == all_["fails"] and told["违规"] == all_["violations"]
    assert told["风险信号"] == all_["risks"]
    assert told["平均分"] == pytest.approx(all_["score"])
    assert told["合格率"] == pytest.approx(all_["passed"] / all_["scored"])
    assert told["客户负面"] == pytest.approx(all_["negative"] / all_["spoke"])
    deductions = by(book["扣分排列"], "评分项")
    for title, row in by(ask(DEDUCTED), "k").items():
        cell = deductions[title]
        assert (cell["扣分会话"], cell["可判会话"], cell["一票否决"]) == (row["bad"], row["n"], row["fatal"])
        assert cell["扣分"] == pytest.approx(row["lost"]) and cell["扣分率"] == pytest.approx(row["bad"] / row["n"])
    agents = {r["工号"] or r["坐席"]: r for r in book["坐席"]}
    rows = grouped(ask, "coalesce(agent_id, agent_name)", "where coalesce(agent_id, agent_name) is not null")
    assert set(agents) == {r["k"] for r in rows}
    for row in rows:
        assert agents[row["k"]]["平均分"] == pytest.approx(row["score"]) and agents[row["k"]]["会话"] == row["n"]
    topics = by(book["舆情话题"], "话题")
    for row in ask(TOPICS):
        cell = topics["未识别" if row["topic_id"] == "unknown" else printable(row["topic"])]
        assert (cell["主要话题会话"], cell["提到的会话"], cell["风险会话"]) == (
            row["main"],
            row["mentioned"],
            row["risks"],
        )
    (count,) = ask("select count(*) n from complaints")
    assert len(book["投诉与升级"]) == count["n"] > 0
    indicators = by(book["绩效指标"], "指标")
    for name, sql in INDICATORS.items():
        (row,) = ask(sql)
        assert (indicators[name]["数值"], indicators[name]["依据的个数"]) == (pytest.approx(row["v"]), row["n"])
    talks = by(ask(TALKS), "conversation_id")
    scored = [r for r in book["会话"] if r["会话编号"] in talks and r["得分"] is not None]
    assert scored and all(r["得分"] == pytest.approx(talks[r["会话编号"]]["score"]) for r in scored)


def test_a_wrong_figure_is_noticed() -> None:
    same("81.3%", 0.8125)
    same("—", None)
    for shown, value in (("81.4%", 0.8125), ("12", 13), ("—", 0.0)):
        with pytest.raises(AssertionError):
            same(shown, value)
