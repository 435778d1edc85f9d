"""One of the two runs: what is known of its conversations, and the verdicts on them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from qc.domain.specs import Specs
from qc.pipeline.asr_diff.reader import Place, Reader
from qc.pipeline.progress import Progress
from qc.pipeline.stored import StoredPart
from qc.pipeline.verdicts import Judge, Verdicts, nothing_judged, stored_verdicts
from qc.storage.read import StoredRun


class Side:
    """`common`: the verdicts that are compared, `stored`: those of the run itself; both on `rules`, conversations in
    the order of `rows` and `places`. With `specs` the compared ones are made anew, by its rules."""

    def __init__(
        self, run: StoredRun, rules: Sequence[str], specs: Specs | None, floor: float, progress: Progress
    ) -> None:
        own = specs is not None and specs.lexicons_digest != run.lineage.lexicons_digest
        judge = None if specs is None else Judge(specs, rules, floor=floor, own_signals=own)
        self.run = run
        self.reader = Reader(run, judge)
        self.rows: list[dict[str, str]] = []
        self.places: list[Place] = []
        stored, common = [], []
        columns = ("conversation_id", "source_sha256", "source_format", "agent_id", "agent_name", "team")
        for number in run.shards():
            part = StoredPart(run, number)
            self.rows += part.table("conversations", columns).to_pylist()
            self.places += [(number, i) for i in range(len(part.ids))]
            stored.append(stored_verdicts(part, rules, run.lineage.rule_digests.keys()))
            common.append(stored[-1] if judge is None else _judged(judge, part, rules))
            progress.advance(len(part.ids), "")
        self.stored, self.common = _together(stored, rules), _together(common, rules)

    def comparable(self, by_id: bool) -> int:
        """How many conversations could be paired."""
        return sum(by_id or row["source_format"] == "audio" for row in self.rows)

    def agent(self, i: int) -> tuple[str, str]:
        """Agent and team, empty where not given."""
        row = self.rows[i]
        return row["agent_id"] or row["agent_name"] or "", row["team"] or ""


def _judged(judge: Judge, part: StoredPart, rules: Sequence[str]) -> Verdicts:
    found = nothing_judged(rules, len(part.ids)).overlaid(judge.judge(part))
    return Verdicts(rules=found.rules, codes=found.codes, hits=found.hits)  # findings are made again where shown


def _together(parts: Sequence[Verdicts], rules: Sequence[str]) -> Verdicts:
    nothing = nothing_judged(rules, 0)
    return Verdicts(
        rules=nothing.rules,
        codes=np.concatenate([nothing.codes, *(p.codes for p in parts)], axis=1),
        hits=np.concatenate([nothing.hits, *(p.hits for p in parts)], axis=1),
    )
