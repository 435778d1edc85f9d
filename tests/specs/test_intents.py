"""Intention lists: what is read, and every mistake at its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from qc.domain.intent import IntentKind
from qc.errors import SpecError
from qc.specs.intents import load_intents

GOOD = """id: shop
title: 商城
projects: [电商]
intents:
  - id: leave
    title: 流失
    kind: churn
    groups:
      - {level: 2, phrases: [去别家, 把…退了]}
    labels: [要走]
tests:
  - {text: 我去别家, intent: leave, level: 2}
  - {text: 好的, intent: none}
"""


def problems(folder: Path, **files: str) -> list[tuple[str, str, int, int]]:
    for name, text in files.items():
        (folder / f"{name}.yml").write_text(text, encoding="utf-8")
    with pytest.raises(SpecError) as raised:
        load_intents(folder)
    return [(p.path.rsplit("/", 1)[-1], p.code, p.line, p.col) for p in raised.value.problems]


def test_a_list(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "b.yml").write_text(GOOD.replace("id: shop", "id: any").replace("projects: [电商]\n", ""), "utf-8")
    everywhere, shop = load_intents(tmp_path)
    assert (everywhere.projects, shop.projects) == ((), ("电商",))
    [leave] = shop.intents
    assert (leave.id, leave.kind, leave.labels) == ("shop.leave", IntentKind.CHURN, ("要走",))
    assert [(t.text, t.intent, t.level, t.line) for t in shop.tests] == [
        ("我去别家", "shop.leave", 2, 12),
        ("好的", "", None, 13),
    ]
    assert load_intents(tmp_path / "none") == ()


def test_the_digest_covers_what_moves_a_result(tmp_path: Path) -> None:
    def digest(text: str) -> str:
        (tmp_path / "a.yml").write_text(text, encoding="utf-8")
        return load_intents(tmp_path)[0].digest

    first = digest(GOOD)
    assert digest(GOOD.replace("我去别家", "我要去别家")) == first
    assert digest("# 注释\n" + GOOD) == first
    assert len({first, digest(GOOD.replace("level: 2, phr", "level: 3, phr")), digest(GOOD.replace("要走", "走"))}) == 3


@pytest.mark.parametrize(
    ("wrong", "right", "code", "line"),
    [
        ("…退了", "把…退了", "S008", 9),
        ("把……退了", "把…退了", "S008", 9),
        ("去别家, 去别家", "去别家", "I005", 9),
        ("intent: leaves", "intent: leave,", "I002", 12),
        ("level: 4", "level: 2", "S004", 9),
        ("kind: leaving", "kind: churn", "S004", 7),
        ("phrase: [", "phrases: [", "S002", 9),
        ("projects: []", "projects: [电商]", "S006", 3),
        ("id: none", "id: leave", "I001", 5),
    ],
)
def test_mistakes(tmp_path: Path, wrong: str, right: str, code: str, line: int) -> None:
    text = GOOD.replace(right, wrong + ("," if right.endswith(",") else ""), 1)
    assert (code, line) in [(c, at) for _, c, at, _ in problems(tmp_path, a=text)]


def test_between_files_and_intentions(tmp_path: Path) -> None:
    second = (
        "  - {id: other, title: 另一种, kind: other, groups: [{level: 1, phrases: [看看]}], labels: [要走]}\ntests:\n"
    )
    assert [p[:3] for p in problems(tmp_path, a=GOOD, b=GOOD.replace("tests:\n", second))] == [
        ("b.yml", "I004", 1),
        ("b.yml", "I003", 11),
    ]


def test_every_problem_of_every_file_and_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "z.yml").write_bytes(GOOD.encode("gbk"))
    found = problems(tmp_path, a="", b="- 1\n", c=GOOD.replace("kind: churn", "kind: x"))
    assert [p[0] for p in found] == ["a.yml", "b.yml", "c.yml", "z.yml"]
