"""Figures agree about indicators: their intervals, and what goes with satisfaction, by textbook formulas from rows that
SQL gives."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from statistics import fmean, stdev

import pytest
from scipy import stats

from tests.reporting.read_page import Section, number
from tests.reporting.test_figures import same, table
from tests.reporting.test_figures_in_detail import between, column, wilson
from tests.reporting.test_figures_of_a_night import FINAL, INDICATORS, Ask

pytest.importorskip("duckdb")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def pages(reviewed_pages: Mapping[str, Mapping[str, Section]]) -> Mapping[str, Mapping[str, Section]]:
    return reviewed_pages


@pytest.fixture(scope="module")
def ask(reviewed_ask: Ask) -> Ask:
    return lambda sql: reviewed_ask(FINAL + sql)


def test_intervals_of_indicators(pages, ask: Ask) -> None:
    cells = table(pages["indicators"]["figures"], "指标名称", "95% 区间")
    shares = means = 0
    for name, sql in INDICATORS.items():
        (row,) = ask(f"select v, n from (select {sql}) t(v, n)")
        shown = [r for r in cells if r["指标名称"].startswith(name)]
        if not shown or shown[0]["95% 区间"] in ("", "—"):
            continue
        if sql.startswith("100.0 *"):
            low, high = wilson(round(row["v"] * row["n"] / 100), row["n"])
            between(shown[0]["95% 区间"].replace("%", ""), 100 * low, 100 * high)
            shares += 1
        elif (plain := re.fullmatch(r"avg\((.+?)\), count\((.+?)\) (from .*)", sql)) and plain[1] == plain[2]:
            values = column(ask(f"select {plain[1]} v {plain[3]}"), "v")
            values = [float(v) for v in values if v is not None]
            reach = stats.t.ppf(0.975, len(values) - 1) * stdev(values) / math.sqrt(len(values))
            low, high = (number(end) for end in shown[0]["95% 区间"].split("–"))
            assert low == pytest.approx(max(0.0, fmean(values) - reach), abs=0.051)
            assert high == pytest.approx(fmean(values) + reach, abs=0.051) or high == 100
            means += 1
    assert shares > 8 and means > 3


def test_what_goes_with_satisfaction(pages, ask: Ask) -> None:
    """Spearman's ρ and its interval (Bonett and Wright 2000)."""
    sql = """, items as (
            from item_scores where conversation_id not in (select conversation_id from final_item_scores)
            union all by name from final_item_scores)
        select item_title, satisfaction, max((status in ('deducted', 'awarded'))::int) x
        from items join c using (conversation_id)
        where satisfaction is not null and status in ('deducted', 'passed', 'awarded', 'not_awarded')
        group by item_title, satisfaction, conversation_id"""
    rows = ask(sql)
    measures = {"会话得分": "score", "客户结束时情绪": "customer_emotion_end", "排队时长": "queue_wait_s"}
    measures |= {
        "振铃次数": "ring_count",
        "保持时长": "hold_s",
        "话后处理时长": "after_call_s",
        "转接次数": "transfers",
    }
    checked = 0
    for shown in table(pages["indicators"]["analysis"], "因素", "ρ"):
        title = shown["因素"].removesuffix(" 评分项")
        if title != shown["因素"]:
            mine = [r for r in rows if r["item_title"] == title]
            x, y = column(mine, "x"), column(mine, "satisfaction")
        elif title in measures:
            name = measures[title]
            found = ask(
                f"select {name} x, satisfaction y from c left join scored using (conversation_id) "
                f"where satisfaction is not null and {name} is not null"
            )
            x, y = column(found, "x"), column(found, "y")
        else:
            continue
        rho, n = float(stats.spearmanr(x, y).statistic), len(x)
        same(shown["会话"], n)
        same(shown["ρ"].replace("+", ""), rho)
        reach = stats.norm.ppf(0.975) * math.sqrt((1 + rho * rho / 2) / (n - 3))
        low, high = shown["95% 区间"].replace("+", "").split(" … ")
        same(low, math.tanh(math.atanh(rho) - reach))
        same(high, math.tanh(math.atanh(rho) + reach))
        checked += 1
    assert checked > 2
