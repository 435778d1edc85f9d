"""A rule that only an exception keeps from hitting: stored with its proof, and counted as the miss it is."""

from __future__ import annotations

import json

import pytest

from qc.reporting.batch import Batch
from qc.reporting.records import read_records
from qc.storage.read import StoredRun, open_run
from tests.pipeline.batches import only_run, qc, workspace

RULE = """\
id: service.cut
title: 打断客户
severity: high
find:
  p: {keyword: 先听我说, speaker: agent, unless: {piece: asked, where: before}}
  asked: {keyword: 随时打断, speaker: customer}
when: p
message: 第 {turn} 轮打断
tests:
  - {name: 打断, expect: hit, turns: [{agent: 先听我说}]}
  - {name: 没有, expect: miss, turns: [{agent: 您请说}]}
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> StoredRun:
    root = tmp_path_factory.mktemp("excused")
    ws = workspace(root / "ws")
    rules = ws / "rules" / "service"
    rules.mkdir(parents=True)
    (rules / "cut.yml").write_text(RULE, "utf-8")
    (ws / "scorecards").mkdir()
    (root / "in").mkdir()
    calls = {"plain": ["嗯"], "asked": ["你可以随时打断我"], "quiet": ["你可以随时打断我", ""]}
    with (root / "in" / "chats.jsonl").open("w", encoding="utf-8") as out:
        for identifier, said in calls.items():
            turns = [{"role": "customer", "text": text} for text in said if text]
            turns.append({"role": "agent", "text": "好的" if identifier == "quiet" else "先听我说"})
            out.write(json.dumps({"id": identifier, "turns": turns}, ensure_ascii=False) + "\n")
    done = qc("run", root / "in", "-w", ws, "--out", root / "out", "--no-report", "--workers", 1)
    assert done.returncode == 0, done.stderr
    return open_run(only_run(root / "out"))


def test_it_is_stored_with_what_excused_it(run: StoredRun) -> None:
    stored = {f["conversation_id"]: (f["verdict"], f["excused"]) for f in run.table("findings").to_pylist()}
    assert stored == {"plain": ("hit", []), "asked": ("miss", ["asked"])}
    assert {h["conversation_id"]: h["text"] for h in run.table("hits").to_pylist()} == {
        "plain": "先听我说",
        "asked": "先听我说",
    }


def test_pages_do_not_show_it(run: StoredRun) -> None:
    assert Batch(run).findings["conversation_id"].to_pylist() == ["plain"]
    records = read_records(run, ["plain", "asked", "quiet"])
    assert {i: (len(r.findings), len(r.hits)) for i, r in records.items()} == {
        "plain": (1, 1),
        "asked": (0, 0),
        "quiet": (0, 0),
    }


def test_the_command_line_says_so(run: StoredRun) -> None:
    shown = qc("show", "asked", "--run", run.path).stdout
    assert "因例外不算" in shown
    assert "【" not in shown
    assert "【先听我说】" in qc("show", "plain", "--run", run.path).stdout
