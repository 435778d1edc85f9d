"""The mood of a conversation on its page and in the terminal; who soothes, per agent."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from qc.commands.transcript import render, select
from qc.paths import packaged
from qc.reporting.agents import agents_page
from qc.reporting.batch import Batch
from qc.reporting.build import build_report
from qc.reporting.conversation import conversation_page
from qc.reporting.edition import Edition
from qc.reporting.records import read_records
from qc.storage.read import StoredRun
from tests.reporting.conftest import HOSTILE, RunBuilder, Talk

TURNS = (
    ("agent", "您好。"),
    ("customer", "请问几天到账？"),
    ("agent", "不知道，你自己看。"),
    ("customer", "什么态度！"),
    ("agent", "非常抱歉，马上帮您查。"),
    ("customer", "好的，谢谢。"),
)
SMOOTHED = (0.1, -0.2, 0.0, -0.4, 0.3, None)
"""The last says nothing: it has no mood, and no place on the line."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> StoredRun:
    build = RunBuilder(tmp_path_factory.mktemp("mood") / "run")
    build.add(Talk("M1", turns=TURNS, level=3))
    build.add(Talk("M2", turns=TURNS))
    build.add(Talk("M3", turns=(("agent", "您好。"),), agent=("1002", "赵强", "二班")))
    for row, mood in zip(build.rows["emotions"][:6], SMOOTHED, strict=True):
        row["smoothed"] = mood
    build.rows["emotions"][3] |= {
        "polarity": -0.62,
        "label": "negative",
        "level": 3,
        "component": "anger",
        "phrases": ["什么态度", HOSTILE],
        "features": ["态度！"],
        "negative_probability": 0.873,
    }
    build.rows["emotions"][5] |= {"label": "positive", "level": 1, "component": "satisfaction", "phrases": ["谢谢"]}
    build.rows["conversations"][0] |= {
        "customer_emotion_start": -0.01,
        "customer_emotion_end": 0.3,
        "customer_emotion_worst_turn": 4,
        "customer_emotion_trend": 0.31,
        "inflamed_turn": 3,
        "calmed_turn": 5,
        "soothed": True,
    }
    build.rows["conversations"][1] |= {"soothed": False, "customer_emotion_start": None}
    return build.write()


def test_course_and_curve(run: StoredRun) -> None:
    page = conversation_page(read_records(run, ["M1"])["M1"])
    assert page.course is not None and page.panorama is not None
    assert page.course.marks == ((4, "peak"), (3, "inflamed"), (5, "calmed"))
    assert (page.course.direction, page.course.soothed) == ("better", True)
    customer = page.panorama.curves[0]
    assert [dot.turn for dot in customer.dots] == [2, 4]
    assert [dot.mood for dot in customer.dots] == pytest.approx([-0.2, -0.4])
    line = [tuple(map(float, point.split(","))) for point in customer.points.split()]
    assert line[1][1] < customer.dots[1].y  # the line is smoother than the turn: −0.4 stands above −0.62
    names = [t.label_x for t in page.panorama.turnings]
    assert [t.kind for t in page.panorama.turnings] == ["inflamed", "peak", "calmed"]
    assert names == sorted(names) and min(b - a for a, b in pairwise(names)) >= 100


def test_the_page_says_what_moved_the_customer_and_why(run: StoredRun, tmp_path: Path) -> None:
    build_report(run, out=tmp_path, template_dirs=[packaged("reports")])
    html = (tmp_path / "conversations" / "M1.html").read_text("utf-8")
    assert "客户从 −0.01 到 +0.30。最差在第 4 轮。此后变差在第 3 轮。此后好转在第 5 轮。" in html
    assert '<a href="#t3">第 3 轮</a>' in html and "变化 +0.31，好转" in html
    assert "负面 3 级 愤怒</span>，依据“什么态度”“&lt;script&gt;" in html and "，模型依据“态度！”，概率 87%" in html
    assert "正面 1 级 满意</span>，依据“谢谢”" in html
    assert "客户不满之后平静下来" in html
    without = (tmp_path / "conversations" / "M2.html").read_text("utf-8")
    assert 'class="kpis small course"' not in without


def test_qc_show_says_it_too(run: StoredRun) -> None:
    text = render(select(run, "M1"), terminal=False)
    assert "客户情绪 ▄▃\n坐席情绪 ▅▅▆\n" in text
    assert "开场 −0.01　结束 +0.30　变化 +0.31（好转）" in text
    assert "▼ 此后变差 第 3 轮" in text and "安抚成功" in text
    assert "◇ 最差　负面 3 级 愤怒：什么态度、" in text and "概率 87%" in text
    assert "客户情绪" not in render(select(run, "M3"), terminal=False)


def test_soothed_per_agent(run: StoredRun) -> None:
    page = agents_page(Edition(batch=Batch(run)))
    assert {a.agent_id: (a.summary.soothed.count, a.summary.soothed.n) for a in page.agents} == {
        "1001": (1, 2),
        "1002": (0, 0),
    }
