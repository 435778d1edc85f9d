"""The page of cases: the negative list equals a query, typical cases name nobody, hostile words stay words."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from qc.domain.config import ReportConfig
from qc.domain.language import speaking
from qc.reporting.batch import Batch
from qc.reporting.cases import CasesPage, case_ids, cases_page
from qc.reporting.catalogue import read_catalogue
from qc.reporting.edition import Edition
from qc.reporting.nameless import nameless
from qc.reporting.negatives import STRONG, negative_list
from qc.reporting.opinion import opinion_ids, opinion_page
from qc.reporting.records import read_records
from qc.reporting.render import Renderer, Site
from qc.schema.reviews import REVIEW_TABLES
from qc.storage.read import StoredRun
from qc.storage.write import write_part
from tests.reporting.conftest import HOSTILE, RunBuilder, Talk


def page_of(run: StoredRun) -> CasesPage:
    batch = Batch(run)
    return cases_page(Edition(batch=batch, records=read_records(run, case_ids(batch))))


def html_of(run: StoredRun, templates: list[Path], name: str = "cases", **settings: Any) -> str:
    """The page alone: a whole report takes longer than all that is tested here."""
    batch, chosen = Batch(run), ReportConfig(**settings)
    ids = [*case_ids(batch), *opinion_ids(batch)]
    edition = Edition(batch=batch, settings=chosen, records=read_records(run, ids))
    with speaking(read_catalogue(templates, chosen.language)):
        page = {"cases": cases_page, "opinion": opinion_page}[name](edition)
        return Renderer(templates, Site(lineage=run.lineage, names={}, settings=chosen)).render(
            f"{name}.html", page=page
        )


def test_the_negative_list_is_what_a_query_finds(sample: StoredRun) -> None:
    found = negative_list(Batch(sample))
    path = sample.path
    grave = f"""SELECT conversation_id FROM '{path}/findings/*.parquet' WHERE kind = 'violation' AND verdict = 'hit'
                AND status <> 'shadow' AND severity IN ('critical', 'high')"""
    failed = f"SELECT conversation_id FROM '{path}/scores/*.parquet' WHERE auto_fail"
    filed = f"SELECT conversation_id FROM '{path}/complaints/*.parquet'"
    upset = f"SELECT conversation_id FROM '{path}/conversations/*.parquet' WHERE customer_emotion_level >= {STRONG}"
    expected = {i for (i,) in duckdb.sql(" UNION ".join((grave, failed, filed, upset))).fetchall()}
    assert {r.line.conversation_id for r in found.rows} == expected != set()
    assert found.count == len(expected)
    counted = [duckdb.sql(f"SELECT count(DISTINCT conversation_id) FROM ({q})").fetchall()[0][0] for q in
               (grave, failed, filed, upset)]  # fmt: skip
    assert [found.faulty, found.auto_fails, found.complaints, found.upset] == counted
    ranks = [["critical", "high", "medium", "low"].index(r.severity) for r in found.rows]
    assert ranks == sorted(ranks)
    shirking = next(r for r in found.rows if r.line.conversation_id == "C001")
    assert shirking.faults[0].title == "推诿" and shirking.faults[0].advice
    assert shirking.done is not None and "这不归我们管" in shirking.done.before
    assert shirking.status == "open"


def test_the_list_is_cut_and_says_so(sample: StoredRun) -> None:
    whole, some = negative_list(Batch(sample), None), negative_list(Batch(sample), 2)
    assert some.rows == whole.rows[:2] and some.count == whole.count > 2


def test_reviews_and_appeals_are_told(builder: Callable[[str], RunBuilder]) -> None:
    run = _two(builder("reviewed"))
    rows = [{"conversation_id": "N1", "rule_id": "service.shirking", "machine_verdict": "hit", "final_verdict": "hit"}]
    write_part(run.path, "final_findings", 0, pa.Table.from_pylist(rows, REVIEW_TABLES["final_findings"]))
    steps = [
        {"appeal_id": "a", "step": 1, "conversation_id": "N2", "rule_id": "service.shirking", "status": "open"},
        {"appeal_id": "b", "step": 1, "conversation_id": "N1", "rule_id": "service.shirking", "status": "open"},
        {"appeal_id": "b", "step": 2, "conversation_id": "N1", "rule_id": "service.shirking", "status": "rejected"},
    ]
    write_part(run.path, "appeals", 0, pa.Table.from_pylist(steps, REVIEW_TABLES["appeals"]))
    status = {r.line.conversation_id: r.status for r in negative_list(Batch(run)).rows}
    assert status == {"N1": "reviewed", "N2": "appealed"}


def test_cases_name_no_agent_and_the_key_does(builder: Callable[[str], RunBuilder], templates: list[Path]) -> None:
    run = _two(builder("named"))
    page = page_of(run)
    assert [t.title for t in page.bad] == ["推诿"]
    case = page.bad[0].cases[0]
    assert case.agent.startswith("坐席") and any(u.hit == "不归我们管" for u in case.talk)
    words = "".join(u.before + u.hit + u.after for c in page.key for u in c.talk)
    assert "1025" not in words and "李敏" not in words and "工号" in words
    assert len({c.agent for c in page.bad[0].cases}) == len(page.bad[0].cases) == 2

    html = html_of(run, templates)
    assert "案例对照表" in html and "李敏" in html
    handed = html_of(run, templates, hide=("cases#negatives", "cases#key"))
    body = handed.split("<main", 1)[1].split("</main>", 1)[0]
    assert "推诿" in body and "李敏" not in body and "1025" not in body and "N1" not in body


@pytest.mark.parametrize("kind", ["violation", "merit"])
def test_a_conversation_is_shown_once_where_others_will_do(builder: Callable[[str], RunBuilder], kind: str) -> None:
    build = builder("few")
    both = {"service.greeting": (1, "您好"), "service.shirking": (1, "不归我们管")}
    agents = [("1", "李", "甲"), ("2", "王", "甲"), ("3", "张", "甲")]
    for i, (agent, found) in enumerate(zip(agents, (both, both, {"service.greeting": (1, "您好")}), strict=True)):
        build.add(Talk(f"N{i}", agent=agent, turns=(("agent", "您好，不归我们管。"),), found=dict(found)))
    for row in build.rows["findings"]:
        row |= {"severity": "high", "kind": kind}
    for row in build.rows["scores"]:
        row |= {"score": {"N0": 70.0, "N1": 70.0}.get(row["conversation_id"], 70.5), "passed": True}
    page = page_of(build.write())
    shown = [[c.line.conversation_id for c in t.cases] for t in (page.bad if kind == "violation" else page.good)]
    if kind == "violation":  # every fault has a case, if need be of a conversation that has shown another
        assert shown == [["N0", "N1"], ["N0"]]
    else:
        assert shown == [["N2", "N0"], ["N1"]]


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("您好，工号1025为您服务", "您好，工号＊＊为您服务"),
        ("我的工号是：A07", "我的工号是：＊＊"),
        ("我姓王，您说", "我姓＊，您说"),
        ("这里是李敏", "这里是＊＊"),
    ],
)
def test_what_tells_the_agent_is_hidden(said: str, shown: str, builder: Callable[[str], RunBuilder]) -> None:
    run = _two(builder("meta"))
    meta = read_records(run, ["N1"])["N1"].meta
    assert nameless(meta, said) == shown


def test_hostile_words_stay_words_on_both_pages(sample: StoredRun, templates: list[Path]) -> None:
    for name in ("cases", "opinion"):
        html = html_of(sample, templates, name)
        assert "<script>alert" not in html and "<script>x()" not in html
        assert HOSTILE[:10] in unescape(html)
        assert len(html) < 2 * 1024 * 1024


def test_a_run_without_conversations_and_one_without_faults_say_so(
    builder: Callable[[str], RunBuilder], templates: list[Path]
) -> None:
    empty = html_of(builder("none").write(), templates)
    calm = builder("calm")
    calm.add(Talk("Q1"))
    for html in (empty, html_of(calm.write(), templates)):
        assert "没有严重违规、一票否决、投诉，也没有客户情绪激烈的会话。" in html
        assert "没有合适的反面案例。" in html


def _two(build: RunBuilder) -> StoredRun:
    """Two conversations of different agents with the same grave fault."""
    talk = Talk(
        "N1",
        "95598",
        "voice_inbound",
        ("1025", "李敏", "一班"),
        (("agent", "您好，工号1025为您服务。"), ("agent", "这不归我们管，找别人。"), ("customer", "你们太过分了！")),
        found={"service.shirking": (2, "不归我们管")},
        level=3,
    )
    build.add(talk)
    build.add(replace(talk, id="N2", agent=("1026", "赵强", "二班")))
    return build.write()


def test_in_english_nothing_but_data_is_chinese(builder: Callable[[str], RunBuilder], templates: list[Path]) -> None:
    calm = builder("calm")
    calm.add(Talk("Q1", turns=(("agent", "hello"),), topic=("outage", "power"), region="x", agent=None))
    run = calm.write()
    for name in ("cases", "opinion"):
        html = html_of(run, templates, name, language="en").split("<main", 1)[1].split("</main>", 1)[0]
        assert not re.findall("[\u3400-\u9fff]+", html.replace("业务", ""))  # the topic above "power"
