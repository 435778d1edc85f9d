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

from qc.paths import packaged
from qc.reporting import formatting
from qc.reporting.build import SHEETS
from qc.reporting.labels import CHANNEL

REPORTS = packaged("reports")
CHINESE = re.compile(r"[\u3400-\u9fff]")
SPOKEN = (
    *("base.html", "index.html", "accuracy.html", "indicators.html", "parts.html", "charts.html"),
    *("agents.html", "agent.html"),
    *("conversation.html", "voice.html", "review.html"),
    "opinion.html",
    "onepager.html",
    "cases.html",
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
    *("qc/reporting/charts.py", "qc/reporting/courses.py"),
    "qc/reporting/formatting.py",
    "qc/reporting/estimates.py",
    *("qc/reporting/voice.py", "qc/reporting/traces.py", "qc/reporting/panorama.py", "qc/reporting/sound.py"),
    *("qc/reporting/reviewing.py", "qc/reporting/dialogue.py", "qc/reporting/mood.py", "qc/reporting/sheet.py"),
    *(f"qc/opinion/{name}.py" for name in ("wording", "day", "ledger", "judge", "surge", "bursts", "alert_file")),
    *(f"qc/reporting/{name}.py" for name in ("opinion", "topics", "complaints", "risks", "hotwords", "service")),
    *(f"qc/reporting/{name}.py" for name in ("intentions", "onepager", "spoken", "negatives", "cases")),
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
    modules = [*root.glob("reporting/**/*.py"), *root.glob("opinion/*.py"), *root.glob("review/*.py")]
    texts = {t for path in modules for t in said_in_module(path)}
    texts |= {t for path in REPORTS.glob("*.html") for t in said_in_template(path.name)}
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
