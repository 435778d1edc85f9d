"""Figures agree about agents: how each differs from the others, and the funnel, by textbook formulas from rows that SQL
gives."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path
from statistics import fmean

import pytest
from scipy import stats

from tests.reporting.read_page import Section, number
from tests.reporting.test_figures import Rows, same, table
from tests.reporting.test_figures_in_detail import SERVED, column, written
from tests.reporting.test_figures_of_a_night import FINAL, Ask

pytest.importorskip("duckdb")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def pages(reviewed_pages: Mapping[str, Mapping[str, Section]]) -> Mapping[str, Mapping[str, Section]]:
    return reviewed_pages


@pytest.fixture(scope="module")
def ask(reviewed_ask: Ask) -> Ask:
    return lambda sql: reviewed_ask(FINAL + sql)


def differences(rows: Rows, group: str) -> dict[str, tuple[float, float, float]]:
    """Of each group: its mean less that of the others under like conditions, its standard error in units of σ, and the
    mean of the others."""
    found = {}
    for key in {r[group] for r in rows}:
        own = [r for r in rows if r[group] == key]
        kinds = {}
        for kind in {r["kind"] for r in own}:
            mine, others = (
                column(own, "score", kind=kind),
                [r["score"] for r in rows if r["kind"] == kind and r[group] != key],
            )
            if others:
                kinds[kind] = mine, others
        matched = sum(len(mine) for mine, _ in kinds.values())
        if not matched:
            continue
        value = sum(len(m) * (fmean(m) - fmean(o)) for m, o in kinds.values()) / matched
        noise = sum((len(m) / matched) ** 2 * (1 / len(m) + 1 / len(o)) for m, o in kinds.values())
        found[key] = value, math.sqrt(noise), fmean(column(own, "score")) - value
    return found


def test_how_agents_differ(reviewed_report: Path, pages, ask: Ask) -> None:
    rows = ask(SERVED)
    cells = [column(rows, "score", who=w, kind=k) for w, k in {(r["who"], r["kind"]) for r in rows}]
    df = len(rows) - len(cells)
    sigma = math.sqrt(sum((x - fmean(c)) ** 2 for c in cells for x in c) / df)
    gaps = differences(rows, "who")
    ranked = sorted((2 * stats.t.sf(abs(v) / (se * sigma), df), who) for who, (v, se, _) in gaps.items())
    q, least = {}, 1.0
    for rank in range(len(ranked), 0, -1):  # Benjamini and Hochberg: the smallest rate at which one is called different
        least = min(least, ranked[rank - 1][0] * len(ranked) / rank)
        q[ranked[rank - 1][1]] = least
    shown = table(pages["agents"]["agents"], "坐席", "与其他人的差")
    checked = 0
    for row in shown:
        who = row["坐席"].split()[-1]
        n = len(column(rows, "score", who=who))
        if who not in gaps:
            continue
        value, error, others = gaps[who]
        reach = stats.t.ppf(0.975, df) * error * sigma
        said = row["与其他人的差"]
        clear = bool(q[who] <= 0.05 and n >= 10)
        assert ("高于其他人" in said) is (clear and value > 0) and ("低于其他人" in said) is (clear and value < 0)
        if 2 * reach < 100:
            told = re.findall(r"([+−]?[\d.]+) ([+−]?[\d.]+) 到 ([+−]?[\d.]+)$", said)
            for figure, wanted in zip(told[0], (value, value - reach, value + reach), strict=True):
                same(figure, wanted)
            page = written(reviewed_report, f"agents/{who}.html")
            same(re.findall(r"其他人 ([\d.]+) 分", page)[0], others)
            checked += 1
    assert checked > 5
    groups = len({r["who"] for r in rows})
    for row in table(pages["agents"]["apart"], "每人会话"):
        n = int(row["每人会话"])
        same(row["事先选定的两人"], stats.t.ppf(0.975, df) * sigma * math.sqrt(2 / n))
        same(row["任意挑两人"], stats.studentized_range.ppf(0.95, groups, df) * sigma / math.sqrt(n))
    same(re.findall(r"标准差是 ([\d.]+) 分", written(reviewed_report, "agents.html"))[0], sigma)


def test_the_funnel_of_agents(reviewed_report: Path, ask: Ask) -> None:
    """Its dots stand where number and difference put them, its limits where chance ends: ± t σ/√n."""
    rows = ask(SERVED)
    html = (reviewed_report / "agents.html").read_text(encoding="utf-8").split('class="chart funnel"')[1]
    ticks = re.findall(r'y1="([\d.]+)" y2="[\d.]+" class="grid"/><text [^>]*>([^<]+)</text>', html)
    scale = stats.linregress([number(text) or 0.0 for _, text in ticks], [float(y) for y, _ in ticks])
    names = re.findall(r'<text x="([\d.]+)" y="[\d.]+" class="axis middle">([\d.]+)</text>', html)
    across = stats.linregress([float(text) for _, text in names], [float(x) for x, _ in names])
    gaps = differences(rows, "who")
    cells = [column(rows, "score", who=w, kind=k) for w, k in {(r["who"], r["kind"]) for r in rows}]
    df = len(rows) - len(cells)
    sigma = math.sqrt(sum((x - fmean(c)) ** 2 for c in cells for x in c) / df)
    dots = re.findall(r'href="agents/(\w+)\.html"[^>]*><circle cx="([\d.]+)" cy="([\d.]+)"', html)
    assert dots
    for who, x, y in dots:
        assert float(x) == pytest.approx(across.intercept + across.slope * len(column(rows, "score", who=who)), abs=1)
        assert float(y) == pytest.approx(scale.intercept + scale.slope * gaps[who][0], abs=1)
    for ink, level in (("funnel-limit", 0.975), ("funnel-far", 0.999)):
        for points in re.findall(rf'points="([^"]+)" class="{ink}"', html.split("</svg>")[0]):
            for point in points.split()[5:]:
                x, y = map(float, point.split(","))
                n = (x - across.intercept) / across.slope
                away = abs((y - scale.intercept) / scale.slope)
                assert away == pytest.approx(stats.t.ppf(level, df) * sigma / math.sqrt(n), rel=0.03)
