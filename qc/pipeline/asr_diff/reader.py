"""A stored run read by the places of its conversations: turns, findings, what is known of the call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import pyarrow.compute as pc

from qc.domain.conversation import Conversation
from qc.domain.finding import Finding, Hit, Verdict
from qc.pipeline.stored import StoredPart
from qc.pipeline.verdicts import Judge
from qc.storage.read import StoredRun

Place = tuple[int, int]
"""A part of a run, and a conversation in it."""
_TURNS = ("turn", "role", "start_ms", "end_ms", "audio_channel", "text")
_HITS = ("conversation_id", "rule_id", "turn", "role", "char_start", "char_end", "start_ms", "end_ms", "text", "value")
_FINDINGS = ("conversation_id", "rule_id", "verdict", "reason", "message")


@dataclass(frozen=True, slots=True)
class Line:
    """A turn."""

    number: int
    role: str
    start_ms: int | None
    end_ms: int | None
    channel: int | None
    text: str


class Reader:
    """One run, read part by part. `judge`: where given, findings are made by it instead of read."""

    def __init__(self, run: StoredRun, judge: Judge | None) -> None:
        self._run, self._judge = run, judge
        self._part = lru_cache(maxsize=2)(lambda number: StoredPart(run, number))
        self._turns = lru_cache(maxsize=2)(lambda number: self._part(number).table("turns", _TURNS))
        self._found = lru_cache(maxsize=2)(self._findings)

    def lines(self, place: Place) -> list[Line]:
        """The turns of a conversation."""
        number, i = place
        first = self._part(number).columns.first_turn
        table = self._turns(number).slice(int(first[i]), int(first[i + 1] - first[i]))
        return [
            Line(r["turn"], r["role"], r["start_ms"], r["end_ms"], r["audio_channel"], r["text"] or "")
            for r in table.to_pylist()
        ]

    def conversation(self, place: Place) -> Conversation:
        """A conversation without its turns."""
        number, i = place
        return self._part(number).conversation(i)

    def finding(self, place: Place, rule: str) -> Finding | None:
        """What a rule found in a conversation; None for a plain miss."""
        number, i = place
        return self._found(number).get((rule, i))

    def _findings(self, number: int) -> Mapping[tuple[str, int], Finding]:
        part = self._part(number)
        if self._judge is not None:
            return self._judge.judge(part).findings
        hits: dict[tuple[str, int], list[Hit]] = {}
        table = part.table("hits", _HITS)
        for i, row in zip(part.positions(table["conversation_id"]).tolist(), table.to_pylist(), strict=True):
            own = {name: row[name] for name in _HITS[2:] if name != "text"}
            hits.setdefault((row["rule_id"], i), []).append(Hit(piece="", operator="", text=row["text"] or "", **own))
        out = {}
        table = part.table("findings", _FINDINGS)
        table = table.filter(pc.not_equal(table["verdict"], Verdict.MISS.value))
        for i, row in zip(part.positions(table["conversation_id"]).tolist(), table.to_pylist(), strict=True):
            key = row["rule_id"], i
            out[key] = Finding(
                conversation_id=part.ids[i],
                rule_id=row["rule_id"],
                verdict=Verdict(row["verdict"]),
                message=row["message"] or "",
                reason=row["reason"] or "",
                hits=tuple(hits.get(key, ())),
            )
        return out


def by_role(lines: Iterable[Line]) -> list[Line]:
    """Speaker after speaker: how turns of two speakers are woven depends on times, not on words."""
    return sorted(lines, key=lambda line: (line.role, line.number))
