"""Sentences that show a hit, as stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from qc.domain.finding import Finding, Hit
from qc.pipeline.stored import StoredPart
from qc.ruletest.diff import SAMPLES, Sample, few

_TRIED = 40
"""Conversations looked at until enough sentences differ."""
_CONTEXT = 24
_LONGEST = 60
_COLUMNS = ("conversation_id", "rule_id", "hit", "turn", "role", "char_start", "char_end", "text", "value", "unit")


def samples(
    part: StoredPart,
    run: str,
    rule: str,
    conversations: npt.NDArray[np.int64],
    findings: Mapping[tuple[str, int], Finding],
    callers: Sequence[tuple[str, str]],
) -> tuple[Sample, ...]:
    """The first sentences, that differ, in which the rule hit these conversations of the part: by the findings of the
    rule judged anew, else by the evidence that is stored."""
    if not len(conversations):
        return ()
    stored = None if (rule, int(conversations[0])) in findings else _stored(part, rule)
    found: list[Sample] = []
    messages = None if stored is None else _messages(part, rule)
    for i in conversations[:_TRIED].tolist():
        hit = stored.get(i) if stored is not None else _shown(findings[rule, i].hits)
        message = messages.get(i, "") if messages is not None else findings[rule, i].message
        found.append(_sample(part, run, i, hit, message, callers[i][0] or None))
        if len(few(found)) == SAMPLES:
            break
    return few(found)


def _shown(hits: Sequence[Hit]) -> Hit | None:
    return next((h for h in hits if h.text), hits[0] if hits else None)


def _stored(part: StoredPart, rule: str) -> dict[int, Hit]:
    """The evidence shown of each conversation."""
    table = part.table("hits", _COLUMNS)
    table = table.filter(pc.equal(table["rule_id"], rule))
    out: dict[int, Hit] = {}
    for i, row in zip(part.positions(table["conversation_id"]).tolist(), table.to_pylist(), strict=True):
        if i in out and (out[i].text or not row["text"]):
            continue
        out[i] = Hit(
            piece="",
            operator="",
            turn=row["turn"],
            role=row["role"],
            char_start=row["char_start"],
            char_end=row["char_end"],
            text=row["text"] or "",
            value=row["value"],
            unit=row["unit"],
        )
    return out


def _messages(part: StoredPart, rule: str) -> dict[int, str]:
    table = part.table("findings", ("conversation_id", "rule_id", "message"))
    table = table.filter(pc.equal(table["rule_id"], rule))
    return dict(zip(part.positions(table["conversation_id"]).tolist(), table["message"].to_pylist(), strict=True))


def _sample(part: StoredPart, run: str, i: int, hit: Hit | None, message: str, agent: str | None) -> Sample:
    """Where something is absent or measured there is no sentence to show: the rule's own message says what it is."""
    turn = None if hit is None or not hit.text else hit.turn
    before, said, after = "", message or "整通测量", ""
    if hit is not None and turn is not None:
        shard = part.shard
        text = shard.turn_columns.text[int(shard.first_turn[i]) + turn - 1]
        start, end = hit.char_start or 0, hit.char_end or 0
        before = ("…" if start > _CONTEXT else "") + text[max(0, start - _CONTEXT) : start]
        after = text[end : end + _CONTEXT] + ("…" if len(text) > end + _CONTEXT else "")
        said = text[start:end] if end - start <= _LONGEST else f"{text[start : start + _LONGEST]}…"
    return Sample(
        run=run,
        conversation_id=part.ids[i],
        agent=agent,
        turn=turn,
        role=None if hit is None else hit.role,
        before=before,
        hit=said,
        after=after,
    )
