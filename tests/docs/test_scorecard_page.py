"""The arithmetic of docs/scorecard.zh-CN.md, computed again from the card and the table on the page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from qc.domain.conversation import CallMeta, Channel, Conversation, Source
from qc.domain.finding import Verdict
from qc.domain.score import Score
from qc.domain.scorecard import Scorecard
from qc.scoring.score import Scorer, applicable
from qc.specs.rules import load_rules
from qc.specs.scorecards import load_scorecards

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "scorecard.zh-CN.md").read_text(encoding="utf-8")
VERDICTS = {
    "违规": Verdict.HIT,
    "命中": Verdict.HIT,
    "不适用": Verdict.NOT_APPLICABLE,
    "无法判定": Verdict.UNDECIDED,
}
_SAID = re.compile(r"(\S+) (违规|命中|不适用|无法判定)(?: (\d+) 处)?")


def rows() -> list[list[str]]:
    """The rows of the table under 例子."""
    table = PAGE[PAGE.index("## 例子") :]
    lines = [line for line in table.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> Scorecard:
    [text] = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    folder = tmp_path_factory.mktemp("cards")
    (folder / "demo.yml").write_text(text, encoding="utf-8")
    [card] = load_scorecards([folder], {r.id for r in load_rules([ROOT / "rules"]).rules})
    return card


def scored(card: Scorecard, said: str) -> Score:
    """The score for the verdicts of a cell; an item's title stands for its first rule."""
    rules = {item.title: item.rules[0] for section in card.sections for item in section.items}
    every = [rule for section in card.sections for item in section.items for rule in (*item.rules, *item.conditions)]
    verdicts, counts = dict.fromkeys(every, Verdict.MISS), {}
    for part in said.split("；") if said else ():
        match = _SAID.fullmatch(part)
        assert match, part
        title, verdict, times = match.groups()
        concerned = ["customer.churn"] if title == "客户要求退保" else [rules[title]]
        if verdict in ("不适用", "无法判定"):
            concerned = next(i.rules for s in card.sections for i in s.items if i.title == title)
        for rule in concerned:
            verdicts[rule] = VERDICTS[verdict]
            counts[rule] = int(times or 1)
    return Scorer(card).score("c", verdicts, counts)


def section(result: Score, card: Scorecard, number: int) -> str:
    """得分/满分 of a section, from the item scores alone: as a reader would add them up."""
    part = card.sections[number]
    deducting = [i for i in result.items if i.section_id == part.id and i.effect == "deduct"]
    able = [i for i in deducting if i.status != "not_applicable"]
    worth = min(part.points, sum(i.max_points for i in able))
    if any(i.fatal and i.auto_fail == "section" for i in deducting):
        return f"0/{part.points:g}"
    return f"{max(0, worth + sum(i.points for i in able)):g}/{worth:g}"


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_every_row_of_the_table(card: Scorecard, row: list[str]) -> None:
    _, said, service, compliance, bonus, total, grade = row
    result = scored(card, said)
    assert (section(result, card, 0), section(result, card, 1)) == (service, compliance)
    assert f"{min(card.bonus_cap, sum(i.points for i in result.items if i.effect == 'award')):g}" == bonus
    assert (f"{result.score:g}", result.grade) == (total, grade)


def test_the_table_shows_what_the_page_promises() -> None:
    said = " ".join(row[1] for row in rows())
    assert len(rows()) >= 10
    assert all(word in said for word in ("违规", "不适用", "无法判定", "命中", "处"))


def test_the_formula_under_the_table() -> None:
    formula = re.search(r"\((\d+) \+ (\d+)\) ÷ \((\d+) \+ (\d+)\) × 100 = ([\d.]+)", PAGE)
    assert formula
    a, b, c, d, total = map(float, formula.groups())
    assert (a + b) / (c + d) * 100 == total
    [row] = [row for row in rows() if row[5] == f"{total:g}"]
    assert row[2:4] == [f"{a:g}/{c:g}", f"{b:g}/{d:g}"]


def test_the_scope_on_the_page(card: Scorecard) -> None:
    def concerned(project: str, **meta: str) -> bool:
        source = Source(path="a", format="audio", sha256="0")
        call = Conversation(
            id="c", project=project, channel=Channel.VOICE_INBOUND, turns=(), meta=CallMeta(**meta), source=source
        )
        return applicable([card], call) == [card]

    assert concerned("保险", region="北京")
    assert not concerned("保险", region="上海")
    assert not concerned("保险")
    assert not concerned("电商", region="北京")
