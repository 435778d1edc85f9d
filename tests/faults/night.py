"""A night of a small centre: recordings with their transcripts beside them (so that the stage of hearing is the real
one without its model), chats, a manifest, rules and a scorecard of its own."""

from __future__ import annotations

import json
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.pipeline.batches import chats

RECORDINGS, CHATS, SHARDS = 5, 12, 5
_RULES = {
    "service/sorry": ("merit", "agent", "非常抱歉"),
    "service/threat": ("signal", "customer", "投诉"),
    "service/greeting": ("violation", "agent", "什么可以帮您"),
}
_CONFIG = """\
default_project: "95598"
default_channel: chat
asr: {engine: imported}
run: {shard_size: 4}
"""
_CARD = """\
id: service
title: 服务
version: 1.0.0
base: 100
pass_mark: 80
grades: [{name: 好, min: 80}, {name: 差, min: 0}]
sections:
  - id: manner
    title: 态度
    items:
      - {id: greeting, title: 问候, rules: [service.greeting], points: 100, error_class: customer}
      - {id: sorry, title: 致歉, rules: [service.sorry], points: 5, effect: award}
bonus_cap: 5
"""


@dataclass(frozen=True, slots=True)
class Night:
    """Where things are. `manifest` lies in the input folder."""

    source: Path
    workspace: Path

    def run(self, out: Path, *more: object) -> list[object]:
        """The arguments of `qc run`: in one process, without a report."""
        return [*self.reported(out), "--no-report", "--executor", "serial", *more]

    def reported(self, out: Path) -> list[object]:
        """With its report."""
        return ["run", self.source, "-m", "calls.csv", "-w", self.workspace, "--out", out]

    @property
    def ids(self) -> list[str]:
        """Every conversation, in order."""
        return sorted([*(f"R{i}" for i in range(RECORDINGS)), *(f"C{i:04d}" for i in range(CHATS))])


def night(folder: Path) -> Night:
    """The files of the night, the same every time."""
    source = chats(folder / "in", CHATS // 2, "one.jsonl")
    lines = chats(folder / "more", CHATS, "all.jsonl") / "all.jsonl"
    (source / "two.jsonl").write_text("".join(lines.read_text("utf-8").splitlines(True)[CHATS // 2 :]), "utf-8")
    manifest = ["file,conversation_id,project,channel"]
    for i in range(RECORDINGS):
        _recording(source / f"R{i}.wav", seed=i)
        manifest.append(f"R{i}.wav,R{i},95598,voice_inbound")
    (source / "calls.csv").write_text("\n".join(manifest) + "\n", encoding="utf-8")
    workspace = folder / "ws"
    for name, (kind, speaker, word) in _RULES.items():
        path = workspace / "rules" / f"{name}.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_rule(name.replace("/", "."), kind, speaker, word), encoding="utf-8")
    (workspace / "scorecards").mkdir()
    (workspace / "scorecards" / "service.yml").write_text(_CARD, encoding="utf-8")
    (workspace / "qc.yaml").write_text(_CONFIG, encoding="utf-8")
    return Night(source, workspace)


def _recording(path: Path, seed: int) -> None:
    samples = np.random.default_rng(seed).integers(-2000, 2000, 8000)
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(samples.astype("<i2").tobytes())
    said = [
        ("agent", "您好，请问有什么可以帮您？"),
        ("customer", f"第{seed}次停电了，我要投诉。"),
        ("agent", "非常抱歉。"),
    ]
    turns = [
        {"role": role, "text": text, "start_ms": 300 * i, "end_ms": 300 * i + 250}
        for i, (role, text) in enumerate(said)
    ]
    path.with_suffix(".json").write_text(json.dumps({"turns": turns}, ensure_ascii=False), encoding="utf-8")


def _rule(identifier: str, kind: str, speaker: str, word: str) -> str:
    return f"""\
id: {identifier}
title: {word}
kind: {kind}
severity: low
error_class: none
status: stable
version: 1.0.0
owner: 质检组
basis: 规范
scope: {{speaker: {speaker}}}
find:
  said: {{keyword: [{word}]}}
when: said
message: 第 {{turn}} 轮说了“{{text}}”。
advice: 无
tests:
  - {{name: 命中, expect: hit, turns: [{{{speaker}: {word}}}]}}
  - {{name: 未命中, expect: miss, turns: [{{{speaker}: 好的}}]}}
"""
