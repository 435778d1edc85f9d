"""Every word of a page that is not data can be said in English, and the English says it with the same values."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest
from jinja2 import Environment, nodes

from qc.domain.language import speaking
from qc.opinion import complaint_reasons
from qc.opinion.complaints import assess
from qc.paths import packaged
from qc.pipeline.specs import alerts, complaints, folders
from qc.reporting import formatting, sentences
from qc.reporting.build import SHEETS
from qc.reporting.labels import CHANNEL
from qc.storage.read import StoredRun

REPORTS = packaged("reports")
CHINESE = re.compile(r"[\u3400-\u9fff]")
SPOKEN = (
    *("base.html", "index.html", "accuracy.html", "indicators.html", "parts.html", "charts.html"),
    *("agents.html", "agent.html"),
    *("conversation.html", "voice.html", "review.html"),
    "opinion.html",
    "onepager.html",
    "cases.html",
    *("compare.html", "month.html"),
)
"""Templates that are complete in English."""
MODULES: tuple[str, ...] = (
    "qc/reporting/agents.py",
    "qc/reporting/agent.py",
    "qc/reporting/coaching.py",
    "qc/reporting/people.py",
    "qc/reporting/recourse.py",
    *("qc/reporting/batch.py", "qc/reporting/quality.py", "qc/reporting/deductions.py", "qc/reporting/rulings.py"),
    *("qc/reporting/cards.py", "qc/reporting/summaries.py", "qc/reporting/selection.py", "qc/reporting/hearing.py"),
    *("qc/reporting/trend.py", "qc/reporting/rule_changes.py", "qc/reporting/verdicts.py", "qc/reporting/finals.py"),
    *("qc/reporting/review.py", "qc/review/told.py"),
    *("qc/reporting/charts.py", "qc/reporting/courses.py", "qc/reporting/control.py"),
    "qc/reporting/formatting.py",
    "qc/reporting/estimates.py",
    *("qc/reporting/voice.py", "qc/reporting/traces.py", "qc/reporting/panorama.py", "qc/reporting/sound.py"),
    *("qc/reporting/reviewing.py", "qc/reporting/dialogue.py", "qc/reporting/mood.py", "qc/reporting/sheet.py"),
    *(f"qc/opinion/{name}.py" for name in ("wording", "day", "ledger", "judge", "surge", "bursts", "alert_file")),
    *(f"qc/reporting/{name}.py" for name in ("opinion", "topics", "complaints", "risks", "hotwords", "service")),
    *(f"qc/reporting/{name}.py" for name in ("intentions", "onepager", "spoken", "negatives", "cases")),
    *(f"qc/reporting/month/{name}.py" for name in ("period", "sums", "daily", "matters", "agents", "page", "nights")),
)
"""Modules of qc whose sentences are all said."""


def catalogue() -> dict[str, str]:
    files = sorted((REPORTS / "lang/en").glob("*.json"))
    pairs = [json.loads(f.read_text(encoding="utf-8"), object_pairs_hook=list) for f in files]
    told: dict[str, str] = {}
    for text, english in (pair for own in pairs for pair in own):
        assert told.setdefault(text, english) == english, f"two translations of {text}"
    return told


def said_in_template(name: str) -> Iterator[str]:
    tree = Environment(autoescape=True).parse((REPORTS / name).read_text(encoding="utf-8"))
    for call in tree.find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name == "_" and isinstance(call.args[0], nodes.Const):
            yield call.args[0].value


def said_in_module(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if (
            isinstance(node, ast.Call)
            and getattr(node.func, "id", "") == "say"
            and isinstance(node.args[0], ast.Constant)
        ):
            yield node.args[0].value


def constants(path: Path) -> set[str]:
    """Names that are said where they are shown."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    spoken = {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    docs = {n.value.value for n in ast.walk(tree) if isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant)}
    return {text for text in spoken - docs if CHINESE.search(text)}


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def everything() -> set[str]:
    root = Path(formatting.__file__).parents[1]
    rooms = ("reporting/**/*.py", "opinion/*.py", "review/*.py", "export/*.py")
    modules = [root / "commands/opinion/report.py", *(path for room in rooms for path in root.glob(room))]
    texts = {t for path in modules for t in said_in_module(path)}
    texts |= {t for path in REPORTS.glob("*.html") for t in said_in_template(path.name)}
    texts |= {*complaint_reasons.FORMS, *complaint_reasons.WORDS, "：", "。"}
    texts |= {*sentences.REASONS, *sentences.FAILURES, *sentences.MACHINE, *sentences.NOTES, *sentences.FACTS}
    return texts | constants(root / "reporting/labels.py") | set(CHANNEL.values()) | {sheet.title for sheet in SHEETS}


def test_all_that_is_said_has_an_english_word_with_the_same_values() -> None:
    english = catalogue()
    wanted = everything()
    assert not sorted(wanted - set(english)), "say it in reports/lang/en/*.json"
    assert not {t: told for t, told in english.items() if fields(t) != fields(told)}
    assert not {t: told for t, told in english.items() if CHINESE.search(told) or not told.strip()}


@pytest.mark.parametrize("name", SPOKEN)
def test_templates_hold_no_chinese_outside_what_is_said(name: str) -> None:
    tree = Environment(autoescape=True).parse((REPORTS / name).read_text(encoding="utf-8"))
    silent = [n.data.strip() for n in tree.find_all(nodes.TemplateData) if CHINESE.search(n.data)]
    said = {id(call.args[0]) for call in tree.find_all(nodes.Call) if call.args and _is_said(call)}
    silent += [
        n.value
        for n in tree.find_all(nodes.Const)
        if isinstance(n.value, str) and CHINESE.search(n.value) and id(n) not in said
    ]
    assert not silent


def _is_said(call: nodes.Call) -> bool:
    return isinstance(call.node, nodes.Name) and call.node.name == "_"


@pytest.mark.parametrize("module", MODULES)
def test_modules_say_their_chinese(module: str) -> None:
    path = Path(formatting.__file__).parents[2] / module
    tree = ast.parse(path.read_text(encoding="utf-8"))
    said = {id(n.args[0]) for n in ast.walk(tree) if isinstance(n, ast.Call) and getattr(n.func, "id", "") == "say"}
    docs = {
        id(own.body[0].value)
        for own in ast.walk(tree)
        if isinstance(own, ast.Module | ast.ClassDef | ast.FunctionDef) and isinstance(own.body[0], ast.Expr)
    }
    docs |= {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)}
    silent = [
        n.value
        for n in ast.walk(tree)
        if isinstance(n, ast.Constant) and isinstance(n.value, str) and CHINESE.search(n.value)
        if id(n) not in said and id(n) not in docs
    ]
    assert not silent


REASONS = (
    "扬言对外投诉且情绪激烈：命中“媒体曝光”（第 6 轮“找记者”、第 6 轮“12398”），客户愤怒 4 级（第 4 轮“太气人、骗子”）",
    "明确要找监管且评价不满意：命中“甲”（第 6 轮“12398”），强烈“投诉意向”（第 6 轮“打12398、投诉”），满意度 2 分",
    "可能打政府热线：扬言投诉且影响面大：命中“乙”（第 2 轮“1”），同一地区（城东）有 14 个客户说的是同一件事",
    "类型“停电与抢修”：谈到“停电”（第 2 轮“他说：“停电”了，（真的）”、第 6 轮）",
    "当天反复联系且不满：本批为同一件事联系了 3 次，客户负面情绪 2 级",
    "同一时段（11-20 09 时）有 1 个客户说的是同一件事",
    "本批有 7 个客户说的是同一件事",
)
SAID = (
    "threatens to complain outside, in strong emotion: rule “媒体曝光” hit (turn 6 “找记者”, turn 6 “12398”), "
    "customer anger, level 4 (turn 4 “太气人、骗子”)",
    "clearly will go to the regulator and rated the service badly: rule “甲” hit (turn 6 “12398”), "
    "strongly “投诉意向” (turn 6 “打12398、投诉”), rated 2",
    "may call the government hotline: threatens to complain, and many are concerned: rule “乙” hit (turn 2 “1”), "
    "14 customers speak of the same matter, same region (城东)",
    "type “停电与抢修”: spoke of “停电” (turn 2 “他说：“停电”了，（真的）”, turn 6)",
    "contacted us repeatedly the same day and is dissatisfied: "
    "contacted us 3 times in this batch about the same matter, customer negative emotion, level 2",
    "1 customer speaks of the same matter, same hour (11-20, 09 h)",
    "7 customers speak of the same matter, in this batch",
)


@pytest.mark.parametrize(("stored", "said"), list(zip(REASONS, SAID, strict=True)))
def test_reasons_of_complaints_are_said_clause_by_clause(stored: str, said: str) -> None:
    assert complaint_reasons.told(stored) == stored
    with speaking(catalogue()):
        assert complaint_reasons.told(stored) == said


@pytest.mark.parametrize("stored", ["", "：", "命中“甲", "客户愤怒 4 级，", "命中“甲”（第 2", "以后才有的：一句话"])
def test_what_this_version_cannot_read_stays_as_it_was_stored(stored: str) -> None:
    with speaking(catalogue()):
        assert complaint_reasons.told(stored) == stored


def test_packaged_alerts_and_complaints_have_english_names() -> None:
    where, english = folders(None), catalogue()
    names = {m.title for m in alerts(where).levels} | {m.who for m in alerts(where).levels}
    names |= {rule.title for rule in alerts(where).rules}
    names |= {c.because for step in complaints(where).ladder for c in step.any}
    assert not sorted(names - set(english))


def test_every_reason_a_run_stores_can_be_said(sample: StoredRun) -> None:
    """Nothing Chinese is left of the reasons but what customers said and what authors named."""
    table = assess(sample.parts, complaints(folders(None)))
    stored = [reason for row in table["reasons"].to_pylist() for reason in row]
    with speaking(catalogue()):
        said = [re.sub("“.*?”", "", complaint_reasons.told(reason)) for reason in stored]
    assert len(set(said)) > 2 and not [reason for reason in said if CHINESE.search(reason)]
