"""A small centre with rules of its own and a run of it, made in this process."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from qc.pipeline.options import Options
from qc.pipeline.run import inspect_run, run_batch
from qc.pipeline.specs import Folders, folders
from qc.schema.tables import TABLES
from qc.storage.read import StoredRun, open_run

HOSTILE = "</details><script>alert(1)</script> | @qc-admin **x** `y` http://evil.example/ [点我](http://evil.example)"
RULES = {
    "tone/rude.yml": """\
id: tone.rude
title: 说话生硬 | <b>@all</b>
kind: violation
severity: high
error_class: customer
status: stable
version: 1.0.0
scope: {speaker: agent}
find:
  said: {keyword: {lexicon: rude_words}}
when: said
message: 第 {turn} 轮说了“{text}”。
tests:
  - {name: 一, expect: hit, turns: [{agent: 不知道}]}
  - {name: 二, expect: miss, turns: [{agent: 好的}]}
""",
    "tone/thanks.yml": """\
id: tone.thanks
title: 没有感谢
kind: violation
severity: low
error_class: none
status: stable
version: 1.0.0
scope: {speaker: agent}
given: asked
find:
  asked: {keyword: {any: [账单, 停电]}, speaker: customer}
  thanked: {keyword: {any: [感谢, 谢谢]}}
when: not thanked
message: 没有说感谢。
tests:
  - {name: 一, expect: hit, turns: [{customer: 账单}, {agent: 好的}]}
  - {name: 二, expect: miss, turns: [{customer: 账单}, {agent: 谢谢}]}
""",
    "mood/angry.yml": """\
id: mood.angry
title: 客户生气
kind: signal
severity: medium
error_class: none
status: stable
version: 1.0.0
scope: {speaker: customer}
find:
  angry: {emotion: {label: negative, min_level: 2}}
when: angry
message: 客户在第 {turn} 轮生气。
tests:
  - {name: 一, expect: hit, turns: [{customer: 气死我了！}]}
  - {name: 二, expect: miss, turns: [{customer: 好的}]}
""",
    "privacy/secret.yml": """\
id: privacy.secret
title: 索要密码
kind: violation
severity: critical
error_class: compliance
status: stable
version: 1.0.0
scope: {speaker: agent}
find:
  asked: {keyword: {any: [密码]}}
when: asked
message: 第 {turn} 轮索要密码。
tests:
  - {name: 一, expect: hit, turns: [{agent: 密码多少}]}
  - {name: 二, expect: miss, turns: [{agent: 好的}]}
""",
    "_lexicons/rude_words.yml": "id: rude_words\ntitle: 生硬\nwords: [不知道]\n",
}
CARD = """\
id: card
title: 评分表 | 一
version: 1.0.0
base: 100
pass_mark: 80
grades: [{name: 优秀, min: 90}, {name: 合格, min: 80}, {name: 不合格, min: 0}]
sections:
  - id: manner
    title: 态度
    points: 60
    items:
      - {id: rude, title: 不生硬, rules: [tone.rude], points: 15, per: hit, cap: 30, error_class: customer}
      - {id: thanks, title: 感谢, rules: [tone.thanks], points: 30}
  - id: safety
    title: 合规
    points: 40
    items:
      - {id: secret, title: 不索密, rules: [privacy.secret], points: 40, auto_fail: card, error_class: compliance}
"""
TALKS = [
    [("customer", "我的账单不对"), ("agent", "这个我不知道"), ("agent", "真的不知道")],
    [("customer", "停电了，气死我了！"), ("agent", "您自己看公告吧"), ("agent", "感谢来电")],
    [("customer", "在吗"), ("agent", "您好，请报一下口令")],
    [("customer", "账单"), ("agent", "好的，谢谢您")],
    [("customer", HOSTILE), ("agent", f"您自己看公告吧{HOSTILE}")],
    [("customer", "忘了"), ("agent", "密码多少"), ("agent", "谢谢")],
]


@dataclass(frozen=True)
class Centre:
    """A workspace on disk."""

    home: Path

    @property
    def where(self) -> Folders:
        return folders(self.home)

    def edit(self, name: str, old: str, new: str) -> None:
        path = self.home / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def run(self, source: Path, out: Path) -> StoredRun:
        return open_run(run_batch(source, None, self.where, Options(out=out, workers=1), Silent()).run)

    def judged_again(self, run: StoredRun, out: Path) -> StoredRun:
        return open_run(inspect_run(run.path, self.where, Options(out=out, workers=1), Silent()).run)


class Silent:
    """Progress nobody looks at."""

    def note(self, message: str) -> None: ...
    def stage(self, title: str, total: float | None, unit: str) -> None: ...
    def advance(self, amount: float, message: str) -> None: ...
    def finish(self) -> None: ...


def centre(home: Path) -> Centre:
    """A fresh workspace."""
    for name, text in RULES.items():
        (home / "rules" / name).parent.mkdir(parents=True, exist_ok=True)
        (home / "rules" / name).write_text(text, encoding="utf-8")
    (home / "scorecards").mkdir()
    (home / "scorecards" / "card.yml").write_text(CARD, encoding="utf-8")
    (home / "qc.yaml").write_text("default_channel: chat\nrun: {shard_size: 5}\n", encoding="utf-8")
    return Centre(home)


def talks(folder: Path, count: int = 18, first: int = 0) -> Path:
    """A folder of chats of a few agents."""
    folder.mkdir(parents=True)
    with (folder / "chats.jsonl").open("w", encoding="utf-8") as out:
        for i in range(first, first + count):
            turns = [{"role": role, "text": text} for role, text in TALKS[i % len(TALKS)]]
            who = {"agent_id": ["8001", "8002", "<i>@x|"][i % 3], "team": ["一班", "二班"][i % 2]}
            out.write(json.dumps({"id": f"C{i:03d}", "turns": turns, **who}, ensure_ascii=False) + "\n")
    return folder


def of_before(run: StoredRun) -> None:
    """Take from a run what earlier versions did not store."""
    lineage = json.loads((run.path / "run.json").read_text(encoding="utf-8"))
    del lineage["rule_digests"], lineage["confidence_floor"]
    (run.path / "run.json").write_text(json.dumps(lineage), encoding="utf-8")
    for path in (run.path / "conversations").glob("*.parquet"):
        pq.write_table(pq.read_table(path).drop_columns(["not_applicable"]), path)


def verdicts(run: StoredRun) -> dict[tuple[str, str], str]:
    """(conversation, rule) → verdict, as the tables say it."""
    out = {}
    for row in run.table("conversations", ["conversation_id", "not_applicable"]).to_pylist():
        for rule in run.lineage.rule_digests:
            out[row["conversation_id"], rule] = "not_applicable" if rule in row["not_applicable"] else "miss"
    for row in run.table("findings", ["conversation_id", "rule_id", "verdict"]).to_pylist():
        out[row["conversation_id"], row["rule_id"]] = row["verdict"]
    return out


def scores(run: StoredRun) -> dict[tuple[str, str], dict[str, object]]:
    """(conversation, card) → score row."""
    names = TABLES["scores"].names
    return {(r["conversation_id"], r["scorecard_id"]): r for r in run.table("scores", names).to_pylist()}
