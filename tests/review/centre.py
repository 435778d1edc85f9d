"""A small centre: three rules, a card, a dozen chats of three agents, judged for real."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from qc.pipeline.options import Options
from qc.pipeline.review import Cards, Clerk, Imported, import_reviews, read_returned
from qc.pipeline.run import run_batch
from qc.pipeline.specs import folders
from qc.review.machine import Machine, machine
from qc.storage.lineage import write_lineage
from qc.storage.read import StoredRun, open_run
from tests.opinion.month import Quiet

RULES = {
    "service/greeting": """\
id: service.greeting
title: 开场没有问候
severity: medium
version: 1.2.0
given: spoke
find:
  hello: {keyword: [您好], speaker: agent, range: "1..1"}
  spoke: {turn_count: {min: 1}, speaker: agent}
when: not hello
message: 开场没有问候。
tests:
  - {name: 没有, expect: hit, turns: [{agent: 讲}]}
  - {name: 有, expect: miss, turns: [{agent: 您好}]}
""",
    "service/promise": """\
id: service.promise
title: 过度承诺
severity: critical
find:
  said: {keyword: [保证, 绝对], speaker: agent}
when: said
message: 第 {turn} 轮说了“{text}”。
tests:
  - {name: 有, expect: hit, turns: [{agent: 我保证}]}
  - {name: 没有, expect: miss, turns: [{agent: 尽快}]}
""",
    "service/leak": """\
id: service.leak
title: 泄露客户信息
severity: critical
scope: {projects: [保险]}
find:
  said: {keyword: [你的身份证号是], speaker: agent}
when: said
message: 说出了客户信息。
tests:
  - {name: 有, expect: hit, turns: [{agent: 你的身份证号是}]}
  - {name: 没有, expect: miss, turns: [{agent: 请讲}]}
""",
}
CARD = """\
id: card
title: 服务评分表
version: 1.0.0
base: 100
pass_mark: 80
grades: [{name: 优秀, min: 90}, {name: 合格, min: 80}, {name: 不合格, min: 0}]
sections:
  - id: service
    title: 服务
    points: 60
    items:
      - {id: hello, title: 问候, rules: [service.greeting], points: 20}
      - {id: promise, title: 承诺, rules: [service.promise], points: 10, per: hit, cap: 40}
  - id: safety
    title: 安全
    points: 40
    items:
      - {id: leak, title: 保密, rules: [service.leak], points: 40, auto_fail: card}
"""
NOW = datetime(2026, 11, 22, 9, 30)
BOSS = Clerk(name="王主管", at=NOW)


@dataclass(frozen=True)
class Centre:
    home: Path
    path: Path

    @property
    def run(self) -> StoredRun:
        return open_run(self.path)

    @property
    def machine(self) -> Machine:
        return machine(self.run, self.run.table("conversations", ["conversation_id"])["conversation_id"].to_pylist())

    @property
    def cards(self) -> Cards:
        return Cards(where=folders(self.home), workspace=self.home)

    def review(self, conversation: str, rule: str | None, human: str | None, **more: Any) -> dict[str, Any]:
        """An entry of a review file, as the page writes it."""
        entry = {"conversation_id": conversation, "rule_id": rule, "human_verdict": human, "comment": ""}
        if rule is not None:
            lineage = self.run.lineage
            entry |= {"rule_version": lineage.rules[rule], "rule_digest": lineage.rule_digests[rule]}
            entry["machine_verdict"] = self.machine.verdict(conversation, rule)
        return entry | {"reviewed_at": "2026-11-21T09:29:41"} | more

    def file(self, name: str, *reviews: dict[str, Any], **more: Any) -> Path:
        """A review file."""
        lineage = self.run.lineage
        head = {
            "format": "qc-review/1",
            "run_id": lineage.run_id,
            "plan_digest": lineage.plan_digest,
            "rules_digest": lineage.rules_digest,
            "reviewer": "李班长",
            "session": None,
            "exported_at": "2026-11-21T09:30:00",
        }
        path = self.home / name
        path.write_text(json.dumps(head | more | {"reviews": reviews}), encoding="utf-8")
        return path

    def enter(self, *files: Path, partial: bool = False, who: Clerk = BOSS) -> Imported:
        return import_reviews(self.path, read_returned(files, who, ""), self.cards, who, partial=partial)

    def again(self, run_id: str, changed: str | None = None) -> Centre:
        """The same conversations judged once more, by the same rules or with one `changed` that moved nothing."""
        path = self.home / "runs" / run_id
        shutil.copytree(self.path, path, ignore=lambda *_: ["reviews"])
        lineage = self.run.lineage
        if changed is not None:
            digests = {**lineage.rule_digests, changed: "cd" * 32}
            lineage = replace(lineage, rule_digests=digests, rules_digest="ef" * 32)
        write_lineage(path, replace(lineage, run_id=run_id))
        return Centre(home=self.home, path=path)

    def final(self) -> dict[tuple[str, str], str]:
        rows = self.run.table("final_findings").to_pylist()
        return {(r["conversation_id"], r["rule_id"]): r["final_verdict"] for r in rows}

    def scores(self, table: str = "final_scores") -> dict[str, float]:
        return {r["conversation_id"]: r["score"] for r in self.run.table(table).to_pylist()}


def write_workspace(home: Path) -> None:
    (home / "scorecards").mkdir(parents=True)
    (home / "qc.yaml").write_text('default_project: "95598"\ndefault_channel: chat\n', encoding="utf-8")
    (home / "scorecards" / "card.yml").write_text(CARD, encoding="utf-8")
    for name, text in RULES.items():
        path = home / "rules" / f"{name}.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def chats(folder: Path) -> Path:
    """C00 … C11: every fourth without a greeting, C01 with two promises, C05 of 保险 tells a secret."""
    folder.mkdir(parents=True)
    with (folder / "chats.jsonl").open("w", encoding="utf-8") as out:
        for i in range(12):
            turns = [("agent", "讲" if i % 4 == 0 else "您好，请讲"), ("customer", "我家停电了")]
            turns += [("agent", "我保证今天修好，绝对修好"), ("customer", "好")] if i == 1 else []
            turns += [("agent", "你的身份证号是多少来着")] if i == 5 else []
            turns += [("agent", f"已经登记，编号 {i}"), ("customer", "谢谢")]
            chat = {"id": f"C{i:02d}", "project": "保险" if i == 5 else "95598", "agent_id": f"10{i % 3}"}
            chat |= {"turns": [{"role": r, "text": t} for r, t in turns]}
            out.write(json.dumps(chat, ensure_ascii=False) + "\n")
    return folder


def judge(home: Path, run_id: str, source: Path) -> Path:
    options = Options(out=home / "runs", run_id=run_id, name="", workers=1)
    return run_batch(source, None, folders(home), options, Quiet()).run
