"""Numbers on the pages equal numbers worked out from the stored rows in plain Python."""

from __future__ import annotations

import re
from pathlib import Path
from statistics import mean

import pytest

from qc.paths import packaged
from qc.reporting.agents import agents_page, example_ids
from qc.reporting.batch import Batch
from qc.reporting.build import build_report
from qc.reporting.cards import cards
from qc.reporting.deductions import deductions
from qc.reporting.edition import Edition
from qc.reporting.hotwords import hot_words
from qc.reporting.opinion import opinion_page
from qc.reporting.records import read_records
from qc.reporting.risks import risk_ids
from qc.reporting.rulings import accuracy, rulings
from qc.reporting.selection import best
from qc.reporting.summaries import summarise, summarise_all
from qc.reporting.topics import topics
from qc.storage.read import StoredRun
from tests.reporting.conftest import Talk


@pytest.fixture(scope="module")
def batch(sample: StoredRun) -> Batch:
    return Batch(sample)


def rows(run: StoredRun, table: str) -> list[dict]:
    return run.table(table).to_pylist()


def kpis(html: str) -> dict[str, str]:
    return dict(re.findall(r'<div class="kpi[^>]*><dt>(.*?)</dt><dd><strong>(.*?)</strong>', html))


def test_first_page(sample: StoredRun, tmp_path: Path) -> None:
    html = build_report(sample, out=tmp_path / "r", template_dirs=[packaged("reports")]).read_text(encoding="utf-8")
    shown = kpis(html)
    scores = rows(sample, "scores")
    assert shown["平均分"] == f"{mean(s['score'] for s in scores):.1f}"
    assert shown["合格率"] == f"{mean(s['passed'] for s in scores) * 100:.1f}%"
    assert shown["一票否决"] == str(sum(s["auto_fail"] for s in scores)) == "1"
    assert shown["失败与隔离"] == str(len(rows(sample, "failures"))) == "2"
    found = rows(sample, "findings")
    signals = {f["conversation_id"] for f in found if f["kind"] == "signal" and f["verdict"] == "hit"}
    assert shown["风险信号"] == str(len(signals))
    assert shown["无法判定"] == str(len({f["conversation_id"] for f in found if f["verdict"] == "undecided"}))
    voice = sum(c["duration_ms"] for c in rows(sample, "conversations") if c["source_format"] == "audio")
    assert shown["录音时长"] == f"{voice // 60000} 分 {round(voice / 1000) % 60:02d} 秒"
    for text in ("文件是空的（0 字节）", "bad/&lt;script&gt;.mp3", "录音 a/7.wav 在清单中没有对应的行", "已脱敏"):
        assert text in html


def test_trial_rules_count_against_nobody(batch: Batch, sample: StoredRun) -> None:
    found = [f for f in rows(sample, "findings") if f["kind"] == "violation" and f["verdict"] == "hit"]
    stable = [f for f in found if f["status"] != "shadow"]
    assert len(stable) < len(found)
    assert summarise_all(batch.conversations).violations == len(stable)
    assert [r.trial for r in rulings(batch).violations if r.rule_id == "trial.slang"] == [True]


def test_projects(batch: Batch, sample: StoredRun) -> None:
    project = {c["conversation_id"]: c["project"] for c in rows(sample, "conversations")}
    for summary in summarise(batch.conversations, "project"):
        mine = [s for s in rows(sample, "scores") if project[s["conversation_id"]] == summary.key]
        assert summary.score.n == len(mine)
        assert summary.score.value == pytest.approx(mean(s["score"] for s in mine))
        assert summary.passing.count == sum(s["passed"] for s in mine)


def test_deductions(batch: Batch, sample: StoredRun) -> None:
    items = rows(sample, "item_scores")
    found = deductions(batch)
    assert found.lost == -sum(i["points"] for i in items if i["status"] == "deducted")
    order = [(d.zeroed, d.fatal, d.lost) for d in found.rows]
    assert order == sorted(order, reverse=True) and found.rows[0].title == "不承诺收益"  # 一票否决 comes first
    assert sum(d.share for d in found.rows) == pytest.approx(1.0)
    assert found.chart is not None and found.chart.line[-1].text == "100%"
    assert max(b.height for b in found.chart.boxes) > (found.chart.base - 20) / 2  # bars fill their axis
    promise = next(d for d in found.rows if d.title == "不承诺收益")
    assert (promise.rate.count, promise.rate.n, promise.fatal) == (1, 3, 1)  # not applicable outside 保险
    heat = found.heat
    assert heat is not None
    for row in heat.rows:
        assert sum(c.count for c in row.cells) == next(d.rate.count for d in found.rows if d.title == row.title)


def test_distribution_and_grades(batch: Batch, sample: StoredRun) -> None:
    for card in cards(batch):
        mine = [s for s in rows(sample, "scores") if s["scorecard_id"] == card.id]
        assert sum(d.total for d in card.histogram.data) == len(mine)
        assert card.histogram.data[-1].total == sum(s["score"] >= 90 for s in mine)
        assert {s.name: s.count for s in card.grades.slices} == {
            g: sum(s["grade"] == g for s in mine) for g in {s["grade"] for s in mine}
        }


def test_critical_error_accuracy(batch: Batch, sample: StoredRun) -> None:
    scores = rows(sample, "scores")
    for row in accuracy(batch):
        assert row.rate.n == len(scores)
        assert row.rate.count == sum(not s[f"{row.code}_error"] for s in scores)


def test_rules_are_ranked_by_severity_then_frequency(batch: Batch, sample: StoredRun) -> None:
    found = rulings(batch)
    order = ["critical", "high", "medium", "low"]
    keys = [(order.index(r.severity), -r.hit.count) for r in found.violations]
    assert keys == sorted(keys)
    ranked = {r.rule_id for r in (*found.violations, *found.signals, *found.merits)}
    assert ranked == {f["rule_id"] for f in rows(sample, "findings")}
    assert found.silent == len(set(sample.lineage.rules) - ranked)


def test_agents(batch: Batch, sample: StoredRun) -> None:
    page = agents_page(Edition(batch=batch, records=read_records(sample, example_ids(batch))))
    talks = rows(sample, "conversations")
    named = [c for c in talks if c["agent_id"]]
    assert page.nameless == len(talks) - len(named) == 2
    assert {a.agent_id for a in page.agents} == {c["agent_id"] for c in named}
    zhao = next(a for a in page.agents if a.agent_id == "1002")
    assert zhao.interruptions == 1
    assert zhao.standing == "small"
    assert zhao.summary.negative.count == 1  # B003, level 2
    assert zhao.coaching is not None and zhao.coaching.quote is not None
    assert zhao.coaching.example.advice == "任何情况下不得索要验证码。"
    assert zhao.coaching.quote.hit == "验证码告诉我"
    assert sum(t.summary.conversations for t in page.teams) == len(named)


def test_an_auto_fail_without_points_of_its_own_comes_first(builder, tmp_path: Path) -> None:
    build = builder("fatal")
    build.add(
        Talk(
            "X1",
            turns=(("agent", "说。"), ("agent", "把密码给我。"), ("customer", "密码？")),
            found={"service.greeting": (1, "说。"), "privacy.ask_secret": (2, "密码")},
        )
    )
    build.add(Talk("X0", turns=(("agent", "不归我管。"),), found={"service.shirking": (1, "不归我管")}))
    build.add(Talk("X2", turns=(("agent", "说。"),), found={"service.greeting": (1, "说。")}))
    for item in build.rows["item_scores"]:
        if item["item_id"] == "privacy":
            item |= {"points": 0.0, "max_points": 0.0, "auto_fail": "card", "fatal": item["status"] == "deducted"}
        if item["item_id"] == "duty" and item["status"] == "deducted":  # costs points, yet only its section
            item |= {"auto_fail": "section", "fatal": True}
    for scored in build.rows["scores"]:
        if scored["conversation_id"] == "X1":
            scored |= {"score": 0.0, "auto_fail": True}
    for finding in build.rows["findings"]:
        if finding["rule_id"] == "privacy.ask_secret":
            finding["first_turn"] = 3  # where the rule looked; the quote is what the agent said
    run = build.write()
    batch = Batch(run)
    page = agents_page(Edition(batch=batch, records=read_records(run, example_ids(batch))))
    (agent,), (team,) = page.agents, page.teams
    assert agent.top == team.top
    assert agent.top is not None and (agent.top.title, agent.top.fatal, agent.top.zeroed) == ("保护客户信息", 1, 1)
    coaching = agent.coaching
    assert coaching is not None and coaching.example.rule_id == "privacy.ask_secret"
    assert coaching.quote is not None and coaching.quote.role == "agent" and coaching.turn == 2
    assert [(d.title, d.fatal, d.zeroed) for d in deductions(batch).rows[:2]] == [
        ("保护客户信息", 1, 1),
        ("首问负责", 1, 0),
    ]
    index = build_report(run, out=tmp_path / "r", template_dirs=[packaged("reports")])
    agents = (index.parent / "agents.html").read_text(encoding="utf-8")
    assert "1 次，一票否决 1 次（总分归零）" in agents and "第 2 轮" in agents and "第 3 轮" not in agents
    shown = re.sub(r"<[^>]*>", "", index.read_text(encoding="utf-8").split('id="losses"')[1])
    assert "保护客户信息◆ 一票否决 1 次（总分归零）1/3" in shown


def test_undecided_items_are_said_and_never_a_model(batch: Batch, sample: StoredRun, tmp_path: Path) -> None:
    assert "A005" not in {line.conversation_id for line in best(batch)}
    agents = agents_page(Edition(batch=batch, records=read_records(sample, example_ids(batch)))).agents
    assert next(a for a in agents if a.agent_id == "1003").summary.unsettled == 1
    index = build_report(sample, out=tmp_path / "r", template_dirs=[packaged("reports")])
    listed = index.read_text(encoding="utf-8").split('id="all"')[1]
    assert re.search(r'A005.*100\.0<small class="unsure">（1 项无法判定）', listed)
    assert "1 项无法判定" in (index.parent / "conversations" / "A005.html").read_text(encoding="utf-8")


def test_the_share_of_negative_customers_says_of_how_many(sample: StoredRun, tmp_path: Path) -> None:
    index = build_report(sample, out=tmp_path / "r", template_dirs=[packaged("reports")])
    opinion = (index.parent / "opinion.html").read_text(encoding="utf-8")
    talks = [c for c in rows(sample, "conversations") if c["customer_emotion_worst"] is not None]
    negative = sum(c["customer_emotion_level"] >= 2 for c in talks)
    assert len(talks) < len(rows(sample, "conversations"))
    assert f"客户有发言的 {len(talks)} 个中负面 {negative} 个" in opinion


def test_topics_and_moods(batch: Batch, sample: StoredRun) -> None:
    found = topics(batch, [])
    assert sum(t.main.count for t in found.rows) == len(rows(sample, "conversations"))
    assert found.rows[-1].title == "未识别" and found.known.count == found.known.n - 1
    page = opinion_page(Edition(batch=batch, records=read_records(sample, risk_ids(batch))))
    negative = [c for c in rows(sample, "conversations") if (c["customer_emotion_level"] or 0) >= 2]
    assert page.total.negative.count == len(negative)
    assert sum(s.count for s in page.satisfaction) == len(rows(sample, "conversations"))
    assert {c.conversation_id for c in page.silent_anger} == {
        c["conversation_id"] for c in negative if (c["satisfaction"] or 0) >= 4
    }
    severities = [r.severity for r in page.risks.rows]
    assert severities == sorted(severities, key=["critical", "high", "medium", "low"].index)
    assert page.risks.rows[0].quotes[0].hit == "12398" and page.risks.rows[0].mood == "anger"


def test_hot_words_against_earlier_runs(builder, sample: StoredRun) -> None:
    from_projects = {h.project: h for h in hot_words(sample, [])}
    assert from_projects["95598"].background == "projects"
    past = builder("past")
    for table in ("conversations",):
        past.rows[table] += [c | {"project": "95598"} for c in rows(sample, table)]
    past.term("95598", "停电", 15, 30)
    past.term("95598", "电费", 1, 1)
    words = {h.project: h for h in hot_words(sample, [past.write()])}
    assert words["95598"].background == "earlier" and words["95598"].background_size == 16
    assert words["保险"].background == "projects"
    ranked = [w.term for w in words["95598"].words]
    assert "电费" in ranked and "停电" not in ranked  # 停电 is what they always talk of
    assert next(w for w in words["95598"].words if w.term == "曝光").new


def test_a_lone_project_without_a_past_says_so(builder) -> None:
    run = builder("lone")
    run.rows["conversations"].append({"conversation_id": "a", "project": "默认", "channel": "chat"})
    run.term("默认", "你好", 1, 1)
    (words,) = hot_words(run.write(), [])
    assert words.background == "none" and words.words[0].lift is None


def test_people_are_learnt_from_before_bots(builder) -> None:
    build = builder("best")
    build.add(Talk("B1", channel="text_bot", agent=None))
    build.add(Talk("P1", unsure=("service.interrupt",)))
    build.add(Talk("P2"))
    build.add(Talk("P3", found={"service.empathy": (1, "您好")}, unsure=("service.interrupt",)))
    assert [line.conversation_id for line in best(Batch(build.write()))] == ["P3", "P2", "P1"]
    alone = builder("bots")
    alone.add(Talk("B1", channel="text_bot", agent=None))
    assert [line.conversation_id for line in best(Batch(alone.write()))] == ["B1"]
