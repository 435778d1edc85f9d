"""`_speech/roles.yml`: what is right, and every mistake at its place."""

from __future__ import annotations

import pytest

from qc.domain.speech import RoleCue
from qc.errors import SpecError
from qc.paths import packaged
from qc.specs.role_cues import load_role_cues

GOOD = """\
agent:
  - weight: 4
    texts: [很高兴为您服务, 请您稍等]
  - projects: ["95598", 供电]
    texts: [国网客服]
customer:
  - texts: [我要投诉]
"""

BROKEN = [
    # the file, line, column, code, a part of the message
    ("agent:\n  - weight: 0\n    texts: [您稍等]\n", 2, 13, "S005", "0"),
    ("agent:\n  - weight: 2\n", 2, 5, "S001", "texts"),
    ("agent:\n  - texts: []\n", 2, 12, "S006", ""),
    ("agents:\n  - texts: [您稍等]\n", 1, 1, "S002", "agents"),
    ("agent:\n  - texts: [喂, 您稍等]\n", 2, 13, "V002", "“喂”太短"),
    ("agent:\n  - texts: [“，！”]\n", 2, 13, "V002", "太短"),
    ("agent:\n  - texts: [您稍等, 您稍等]\n", 2, 18, "V001", "这里已经写过"),
    ("agent:\n  - texts: [您稍等]\ncustomer:\n  - texts: [您稍等]\n", 4, 13, "V001", "agent 里已经写过"),
    ("agent:\n  - {texts: [您稍等], projects: [95598]}\n", 2, 31, "S003", "文字"),
    ("", 1, 1, "Y011", "空的"),
]


def test_cues_in_order_of_the_file(tmp_path):
    (tmp_path / "roles.yml").write_text(GOOD, "utf-8")
    assert load_role_cues(tmp_path) == (
        RoleCue(role="agent", text="很高兴为您服务", weight=4),
        RoleCue(role="agent", text="请您稍等", weight=4),
        RoleCue(role="agent", text="国网客服", weight=1, projects=("95598", "供电")),
        RoleCue(role="customer", text="我要投诉", weight=1),
    )


def test_one_text_for_two_projects(tmp_path):
    text = "agent:\n  - {texts: [请放心], projects: [甲]}\ncustomer:\n  - {texts: [请放心], projects: [乙]}\n"
    (tmp_path / "roles.yml").write_text(text, "utf-8")
    assert [c.role for c in load_role_cues(tmp_path)] == ["agent", "customer"]


@pytest.mark.parametrize(("text", "line", "col", "code", "message"), BROKEN)
def test_mistakes_are_told_at_their_place(tmp_path, text, line, col, code, message):
    (tmp_path / "roles.yml").write_text(text, "utf-8")
    with pytest.raises(SpecError) as raised:
        load_role_cues(tmp_path)
    [problem] = raised.value.problems
    assert (problem.line, problem.col, problem.code) == (line, col, code)
    assert message in problem.message and problem.hint


def test_a_workspace_without_cues_has_those_that_come_with_qc(tmp_path):
    shipped = load_role_cues(packaged("rules") / "_speech")
    assert load_role_cues(tmp_path) == shipped
    assert {c.role for c in shipped} == {"agent", "customer", "system"}
    assert len(shipped) > 200
