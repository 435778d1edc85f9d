"""`qc rules test`: what is passed, failed and to do; reports for machines; the same tests in pytest."""

from __future__ import annotations

import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.pipeline.batches import ROOT, qc

RULE = """\
id: service.a
title: 例
severity: low
status: STATUS
find: {a: {keyword: 保本, speaker: agent}}
when: a
message: 第 {turn} 轮
tests:
  - {name: 说了, expect: hit, turns: [{agent: 保本}]}
  - {name: 客户说, expect: hit, turns: [{customer: 保本}]}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    put(tmp_path, "stable")
    return tmp_path


def put(folder: Path, status: str) -> None:
    (folder / "rules/service").mkdir(parents=True, exist_ok=True)
    (folder / "rules/service/a.yml").write_text(RULE.replace("STATUS", status), encoding="utf-8")


def rules_test(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return qc("rules", "test", "--rules", "rules", *args, cwd=folder)


def test_a_failure_is_marked_and_placed(folder: Path) -> None:
    done = rules_test(folder, "-v")
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "[通过] service.a 说了",
        "[失败] rules/service/a.yml:10: service.a 客户说",
        "    应为命中，实为未命中",
        "1 条规则，2 个测试：通过 1，失败 1。",
    ]


def test_what_a_draft_lacks_is_to_do(folder: Path) -> None:
    put(folder, "draft")
    done = rules_test(folder)
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "[待办] rules/service/a.yml:10: service.a 客户说",
        "    应为命中，实为未命中",
        "[待办] rules/service/a.yml: service.a 还没有期望未命中（miss）的测试",
        "1 条规则，2 个测试：通过 1，失败 0，待办 2。",
    ]


def test_reports_for_machines(folder: Path) -> None:
    done = rules_test(folder, "--junit", "out/j.xml", "--format", "github")
    root = ET.parse(folder / "out/j.xml").getroot()
    assert (root.get("tests"), root.get("failures")) == ("2", "1")
    assert "::error file=rules/service/a.yml,line=10,col=1,title=测试失败：客户说::应为命中，实为未命中" in done.stdout
    done = rules_test(folder, "--format", "gitlab")
    [issue] = json.loads(done.stdout)
    assert issue["location"]["lines"]["begin"] == 10
    assert "[失败]" in done.stderr


def test_a_report_that_cannot_be_written_is_told(folder: Path) -> None:
    done = rules_test(folder, "--junit", "rules/service/a.yml/j.xml")
    assert done.returncode == 2
    assert "写不了" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("status", "outcome"), [("stable", "1 failed, 1 passed"), ("draft", "1 passed, 1 xfailed")])
def test_pytest_collects_the_same_tests(folder: Path, status: str, outcome: str) -> None:
    put(folder, status)
    words = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "qc.commands.pytest_plugin", "--qc-rules", "rules"]
    done = subprocess.run(
        [sys.executable, *words, "-o", f"pythonpath={ROOT}"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert outcome in done.stdout, done.stdout + done.stderr
    if status == "stable":
        assert "rules/service/a.yml::客户说" in done.stdout
        assert "应为命中，实为未命中" in done.stdout


def test_pytest_tells_what_is_wrong_with_a_file(folder: Path) -> None:
    (folder / "rules/service/a.yml").write_text("id: service.a\n", encoding="utf-8")
    words = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "qc.commands.pytest_plugin", "--qc-rules", "rules"]
    done = subprocess.run(
        [sys.executable, *words, "-o", f"pythonpath={ROOT}"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "S001" in done.stdout + done.stderr


def test_says_that_trained_models_are_left_out(folder: Path) -> None:
    (folder / "qc.yaml").write_text("name: x\n", encoding="utf-8")
    assert "训练出的模型" not in rules_test(folder).stderr
    (folder / "qc.yaml").write_text("emotion: {model: models/emotion.qc}\n", encoding="utf-8")
    assert "不用 qc.yaml 里训练出的模型" in rules_test(folder).stderr
