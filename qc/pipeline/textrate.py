"""How fast this machine judges text: conversations of a wanted length, made from the packaged dialogues, go through a
whole run (reading, masking, rules, scorecards, committed Parquet) in a folder that is thrown away."""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

from qc.errors import InternalError
from qc.paths import packaged
from qc.pipeline.options import Options
from qc.pipeline.run import run_batch
from qc.pipeline.specs import Folders

_FEW, _MANY, _TRIALS = 30, 1500, 3
"""Conversations of a small run, by how many more a large one has, and how often each is made. What a run costs however
small it is falls out of the difference; with 300 more it drowned in it (0.2 to 2.8 ms where 1,500 say 1.0 to 1.1)."""
_SPEECH_PER_MS = 1 / 250
"""Characters spoken in a millisecond, 240 in a minute: what the times of a generated call are made by."""
Turns = Sequence[Mapping[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class TextRate:
    """CPU seconds for one conversation of `characters`, one value per trial; `peak` bytes this process has held."""

    characters: int
    measured: tuple[float, ...]
    peak: int

    @property
    def low(self) -> float:
        return self.measured[0]

    @property
    def middle(self) -> float:
        return self.measured[len(self.measured) // 2]

    @property
    def high(self) -> float:
        return self.measured[-1]


class _Silent:
    def note(self, message: str) -> None: ...

    def stage(self, title: str, total: float | None, unit: str) -> None: ...

    def advance(self, amount: float, message: str) -> None: ...

    def finish(self) -> None: ...


def measure_text(where: Folders, characters: int, *, spoken: bool) -> TextRate:
    """Judge generated conversations of about `characters` each, with times as a call has where `spoken`. Takes 10 to 20
    CPU seconds; CPU time is counted, which other programs on the same cores lengthen too (1.1 to 1.9 ms a chat on two
    busy ones). Raises SpecError for broken YAML."""
    with tempfile.TemporaryDirectory(prefix="qc-plan-") as folder:
        root = Path(folder)
        _run(root, where, _FEW, characters, spoken)  # what is done once per process
        few = min(_run(root, where, _FEW, characters, spoken) for _ in range(_TRIALS))
        found = [_run(root, where, _FEW + _MANY, characters, spoken) - few for _ in range(_TRIALS)]
    return TextRate(
        characters=characters,
        measured=tuple(sorted(max(spent, 1e-3) / _MANY for spent in found)),
        peak=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024),
    )


def _run(root: Path, where: Folders, count: int, characters: int, spoken: bool) -> float:
    """CPU seconds of a run over `count` conversations."""
    with tempfile.TemporaryDirectory(dir=root) as folder:
        source = Path(folder) / "in"
        source.mkdir()
        write_conversations(source / "conversations.jsonl", count, characters, spoken=spoken)
        options = Options(out=Path(folder) / "runs", executor="serial", workers=1)
        before = time.process_time()
        outcome = run_batch(source, None, where, options, _Silent())
        spent = time.process_time() - before
        if outcome.lineage.counts.ok != count:
            raise InternalError("测速用的会话没有全部判定", "请把这一行报告给维护者。")
        return spent


def write_conversations(path: Path, count: int, characters: int, *, spoken: bool) -> None:
    """Write `count` conversations of about `characters` each as JSON lines: turns of the packaged dialogues one after
    the other, each conversation beginning elsewhere. The same arguments give the same bytes."""
    corpus = packaged("rules") / "_baseline" / "dialogues"
    files = ("utility.jsonl", "ecommerce.jsonl", "insurance.jsonl")
    dialogues = [json.loads(line) for name in files for line in (corpus / name).read_text("utf-8").splitlines()]
    lines = []
    for i in range(count):
        said = _turns(dialogues, i, characters)
        turns = _timed(said) if spoken else said
        chat = {"id": f"plan-{i:06d}", "project": dialogues[i % len(dialogues)]["project"], "turns": turns}
        chat |= {"channel": "voice_inbound" if spoken else "chat", "agent_id": str(1000 + i % 100)}
        lines.append(json.dumps(chat, ensure_ascii=False))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _turns(dialogues: Sequence[Mapping[str, Turns]], first: int, characters: int) -> list[dict[str, str]]:
    order = dialogues[first % len(dialogues) :] + dialogues[: first % len(dialogues)]  # type: ignore[operator]
    said: list[dict[str, str]] = []
    left = characters
    for turn in (turn for dialogue in cycle(order) for turn in dialogue["turns"] if turn["role"] in _SIDES):
        said.append({"role": turn["role"], "text": turn["text"][: max(left, 1)]})
        left -= len(turn["text"])
        if left <= 0:
            return said
    raise InternalError("自带的对话里没有话轮", "重新安装 qc。")


_SIDES = ("agent", "customer")


def _timed(said: list[dict[str, str]]) -> list[dict[str, object]]:
    """One after the other, half a second between."""
    clock, out = 500, []
    for turn in said:
        end = clock + max(600, round(len(turn["text"]) / _SPEECH_PER_MS))
        out.append({**turn, "begin_ms": clock, "end_ms": end})
        clock = end + 500
    return out
