"""What a comparison looks like, its budget, and the command."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from qc.commands import main
from qc.errors import SpecError
from qc.pipeline.backtest import backtest
from qc.pipeline.diff_page import diff_page
from qc.pipeline.revisions import read_state
from qc.ruletest.budget import check_budget
from qc.ruletest.diff import Diff, Group, Movement, Totals
from qc.ruletest.diff_gate import diff_gate
from qc.ruletest.diff_json import to_json
from qc.ruletest.diff_markdown import markdown
from qc.ruletest.gate import cell
from qc.specs.budget import load_budget
from qc.specs.labels import read_labels
from tests.backtest.conftest import Setting
from tests.backtest.stored import Silent
from tests.backtest.test_backtest import everything, word


@pytest.fixture
def moved(setting: Setting) -> Diff:
    """Everything changed; hostile text among the samples."""
    old = read_state(None, setting.centre.home, setting.centre.where)
    everything(setting.centre)
    new = read_state(None, setting.centre.home, setting.centre.where)
    return backtest(old, new, [setting.run.path], floor=0.35, progress=Silent())


def budget_of(folder: Path, text: str) -> Path:
    (folder / "budget.yml").write_text(text, encoding="utf-8")
    return folder / "budget.yml"


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


def test_markdown_lets_nothing_come_to_life(moved: Diff) -> None:
    text = markdown(moved)
    assert "自己看" in text
    outside = re.sub(r"</?(details|summary|b)>", "", text)
    assert not re.search(r"<\s*/?\w", outside)
    assert "@qc-admin" not in text
    assert "@all" not in text
    assert "http://" not in text
    assert not re.search(r"\[[^\]\\]*\]\(", text)
    for line in text.splitlines():
        if line.startswith("|"):
            cells = re.split(r"(?<!\\)\|", line)
            assert len(cells) in (8, 9), line
    assert len(text) < 60_000


def test_safe_text_is_one_line_without_marks() -> None:
    said = cell("a\n# b\u202e | <img src=x> @you `c` **d** [e](http://f) www.g.h &amp; ~~i~~ \x1b[31m")
    assert "\n" not in said
    assert "\u202e" not in said
    assert "\x1b" not in said
    assert re.search(r"(?<!\\)[|`*#~\[\]]", said) is None
    assert "<" not in said
    assert "@you" not in said
    assert "://" not in said
    assert "&amp;amp;" in said


def test_the_page_stands_alone_and_is_escaped(moved: Diff, setting: Setting) -> None:
    html = diff_page(moved, (), setting.centre.where.reports)
    tags = _Tags()
    tags.feed(html)
    assert not tags.tags & {"img", "iframe", "link", "i", "form", "object"}
    assert not {name for name in tags.attributes if name.startswith("on") or name in ("style", "src")}
    assert html.count("<script>") == 1
    assert "default-src &#39;none&#39;" in html
    assert "公告吧&lt;/details&gt;&lt;script&gt;ale…" in html
    assert "说话生硬 | &lt;b&gt;@all&lt;/b&gt;" in html
    assert "改了条件或词表" in html


def test_json_is_documented_and_complete(moved: Diff) -> None:
    data = json.loads(to_json(moved))
    assert (data["format"], data["version"]) == ("qc.rules.diff", 1)
    assert data["conversations"] == 18
    assert {rule["id"]: rule["change"] for rule in data["rules"]} == {
        "mood.angry": "signals",
        "privacy.secret": "changed",
        "tone.look": "added",
        "tone.rude": "changed",
        "tone.thanks": "changed",
    }
    rude = next(rule for rule in data["rules"] if rule["id"] == "tone.rude")
    assert (rude["hits_before"], rude["hits_after"], rude["hits_gained"], rude["hits_lost"]) == (3, 9, 6, 0)
    assert sum(t["conversations"] for t in rude["transitions"]) == 18
    changes = [c for c in data["verdict_changes"] if c["rule_id"] == "tone.rude"]
    assert len(changes) == 6
    assert {(c["before"], c["after"], c["after_hits"]) for c in changes} == {("miss", "hit", 1)}
    assert to_json(moved) == to_json(moved)


BUDGETS = [
    ("max_auto_fail_flips: 3", True),
    ("max_auto_fail_flips: 2", False),
    ("max_hits_gained: 100", True),
    ("max_hits_lost: 0", False),
    ("per_rule: {max_hits_gained: 5}", False),
    ("per_rule: {max_hits_gained: 5}\nrules: {tone.rude: {max_hits_gained: 6}, tone.look: {max_hits_gained: 6}}", True),
    ("rules: {tone.nothing: {max_hits_gained: 0}}", False),
    ("scorecards: {nothing: {max_pass_rate_drop: 100}}", False),
    ("rules: {mood.angry: {max_hits_lost: 100}}", True),
    ("max_mean_score_drop: 0.01", False),
    ("max_mean_score_drop: 0.01\nscorecards: {card: {max_mean_score_drop: 100}}", True),
    ("max_pass_rate_drop: 100", True),
]


@pytest.mark.parametrize(("text", "passes"), BUDGETS)
def test_budgets(moved: Diff, tmp_path: Path, text: str, passes: bool) -> None:
    checks = check_budget(moved, load_budget(budget_of(tmp_path, text)))
    gate = diff_gate(moved, checks)
    assert checks
    assert gate.passed is passes is all(check.passed for check in checks)
    assert ("**超出**" in gate.markdown) is not passes
    assert [case.passed for case in gate.cases if not case.passed] == [False] * sum(not c.passed for c in checks)


def test_labels_of_a_rule_that_is_not_there_guard_nothing(moved: Diff, tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("会话编号,规则编号,判定\nC001,tone.rood,违规\n", encoding="utf-8")
    checks = check_budget(moved, load_budget(budget_of(tmp_path, "labelled: {file: labels.csv}")))
    assert [(c.what, c.passed) for c in checks] == [("规则 tone.rood", False)]


def test_teams_and_agents_are_counted_once_however_many_cards_they_have(moved: Diff) -> None:
    groups = {
        Group(scorecard_id=c, team="一组", agent=a): Movement(Totals(1), Totals(1), 1) for c in "xy" for a in "12"
    }
    text = markdown(replace(moved, moves=replace(moved.moves, groups=groups)))
    assert "班组：1 个分数有变" in text
    assert "坐席：2 个分数有变" in text


LABELS = "会话编号,规则编号,判定\nC001,tone.rude,违规\nC004,tone.rude,{}\nC000,tone.rude,hit\n"


@pytest.mark.parametrize(("fourth", "passes"), [("违规", True), ("达标", False)])
def test_no_loss_on_labels(setting: Setting, tmp_path: Path, fourth: str, passes: bool) -> None:
    """Both rules find more; it is a loss where people say that it should not."""
    (tmp_path / "labels.csv").write_text("\ufeff" + LABELS.format(fourth), encoding="utf-8")
    budget = load_budget(budget_of(tmp_path, "labelled: {file: labels.csv}"))
    assert budget.labelled is not None
    old = read_state(None, setting.centre.home, setting.centre.where)
    word(setting.centre)
    new = read_state(None, setting.centre.home, setting.centre.where)
    runs, labels = [setting.run.path], budget.labelled.labels
    checks = check_budget(backtest(old, new, runs, floor=0.35, labels=labels, progress=Silent()), budget)
    assert [check.passed for check in checks] == [passes, True]
    assert "查准率" in checks[0].what
    back = check_budget(backtest(new, old, runs, floor=0.35, labels=labels, progress=Silent()), budget)
    assert [check.passed for check in back] == [True, False]


def test_labels_that_are_nowhere_fail(setting: Setting, tmp_path: Path) -> None:
    (tmp_path / "l.jsonl").write_text('{"conversation_id": "x", "rule_id": "tone.rude", "verdict": "hit"}\n')
    budget = load_budget(budget_of(tmp_path, "labelled: {file: l.jsonl}"))
    old = read_state(None, setting.centre.home, setting.centre.where)
    word(setting.centre)
    new = read_state(None, setting.centre.home, setting.centre.where)
    assert budget.labelled is not None
    found = backtest(old, new, [setting.run.path], floor=0.3, labels=budget.labelled.labels, progress=Silent())
    (check,) = check_budget(found, budget)
    assert not check.passed
    assert "不在批次里" in check.got


@pytest.mark.parametrize(
    ("text", "line", "col", "code", "said"),
    [
        ("max_auto_fail_flip: 1", 1, 1, "S002", "max_auto_fail_flips"),
        ("max_hits_lost: -1", 1, 16, "S005", "0"),
        ("max_hits_lost: 一", 1, 16, "S003", "整数"),
        ("rules:\n  a.b: {max_hits_lost: true}", 2, 24, "S003", "整数"),
        ("labelled: {file: gone.csv}", 1, 18, "B001", "gone.csv"),
        ("labelled: {}", 1, 11, "S001", "file"),
        ("- 1", 1, 1, "Y010", "最外层"),
        ("max_hits_lost: 1\nmax_hits_lost: 2", 2, 1, "Y008", "max_hits_lost"),
    ],
)
def test_budget_files_that_are_wrong(tmp_path: Path, text: str, line: int, col: int, code: str, said: str) -> None:
    with pytest.raises(SpecError) as caught:
        load_budget(budget_of(tmp_path, text))
    problem = caught.value.problems[0]
    assert (problem.line, problem.col, problem.code) == (line, col, code)
    assert said in caught.value.render()


@pytest.mark.parametrize(
    ("name", "content", "line", "code"),
    [
        ("a.csv", b"", 1, "B002"),
        ("a.csv", "会话编号,判定\n1,hit\n".encode(), 1, "B002"),
        ("a.csv", "会话编号,规则编号,判定\n1,a.b,也许\n".encode(), 2, "B003"),
        ("a.csv", "会话编号,规则编号,判定\n,a.b,hit\n".encode(), 2, "B003"),
        ("a.csv", "会话编号,规则编号,判定\n1,a.b,hit\n1,a.b,miss\n".encode(), 3, "B004"),
        ("a.csv", "会话编号,规则编号,判定\n".encode(), 1, "B001"),
        ("a.csv", "会话编号,规则编号,判定\n1,a.b,违规\n".encode("gbk"), 1, "B001"),
        ("a.csv", b'conversation_id,rule_id,verdict\n"x\n\n' + b"y" * 200_000, 2, "B003"),
        ("a.jsonl", b'{"conversation_id": "1"', 1, "B003"),
        ("a.jsonl", b"[" * 100_000, 1, "B003"),
        ("a.jsonl", b'\n{"conversation_id": [1], "rule_id": {}, "verdict": 3.5}', 2, "B003"),
        ("gone.csv", None, 1, "B001"),
    ],
)
def test_label_files_that_are_wrong(tmp_path: Path, name: str, content: bytes | None, line: int, code: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(SpecError) as caught:
        read_labels(tmp_path / name)
    assert (caught.value.problems[0].line, caught.value.problems[0].code) == (line, code)


def qc(capsys: pytest.CaptureFixture[str], *args: object) -> tuple[int, str, str]:
    capsys.readouterr()
    with pytest.raises(SystemExit) as end:
        main([str(a) for a in args])
    out = capsys.readouterr()
    return int(end.value.code or 0), out.out, out.err


def test_the_command(setting: Setting, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import shutil

    before = tmp_path / "before"
    shutil.copytree(setting.centre.home, before)
    word(setting.centre)
    budget = budget_of(tmp_path, "max_hits_gained: 5\n")
    files = [tmp_path / "out" / name for name in ("d.md", "d.html", "d.json")]
    where = ("--run", setting.run.path, "-w", setting.centre.home, "-q")
    outputs = ("--markdown", files[0], "--html", files[1], "--json", files[2])
    code, out, err = qc(capsys, "rules", "diff", before, *where, "--budget", budget, *outputs)
    assert (code, err) == (1, "")
    assert "评估了 1 条规则，其余 3 条未变" in out
    assert "[失败] 新增命中（合计）：6（至多 5）" in out
    assert "C001 第 2 轮 坐席：您【自己看】公告吧" in out
    assert "\x1b" not in out
    assert all(path.stat().st_size > 500 for path in files)
    code, out, _ = qc(capsys, "rules", "diff", before, *where)
    assert code == 0
    code, out, _ = qc(capsys, "rules", "diff", setting.centre.home, *where)
    assert (code, "没有评估任何规则" in out) == (0, True)
    code, _, err = qc(capsys, "rules", "diff", "no-such-revision", *where)
    assert (code, "no-such-revision" in err) == (2, True)
    code, _, err = qc(capsys, "rules", "diff", before)
    assert (code, "--run" in err) == (2, True)
