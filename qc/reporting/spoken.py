"""What was said at a chosen place of a conversation, read for a few of them from all parts of a run."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from qc.storage.read import StoredRun

_LONGEST = 60
_BEFORE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """A stretch of a turn: `before` + `hit` + `after`; the hit is what it is quoted for, empty for the whole turn."""

    conversation_id: str
    turn: int
    role: str
    before: str
    hit: str
    after: str


def spoken_at(run: StoredRun, places: Iterable[tuple[str, int | None]]) -> Mapping[tuple[str, int | None], Spoken]:
    """What stands at each of `places` (conversation, turn), cut to a line; what is not stored is left out."""
    asked = set(places)
    wanted = pa.array(sorted({name for name, turn in asked if turn is not None}), pa.string())
    found: dict[tuple[str, int | None], Spoken] = {}
    if not len(wanted):
        return found
    for part in run.parts("turns", ["conversation_id", "turn", "role", "text"]):
        for row in part.filter(pc.is_in(part["conversation_id"], value_set=wanted)).to_pylist():
            if (place := (row["conversation_id"], row["turn"])) in asked:
                found[place] = _whole(row["conversation_id"], row["turn"], row["role"], row["text"])
    return found


def first_saying(run: StoredRun, words: Collection[str]) -> Mapping[str, Spoken]:
    """For each of `words` the first place a customer says it; reads only as far as it takes to find all."""
    found: dict[str, Spoken] = {}
    missing = dict.fromkeys(w for w in words if w)
    for part in run.parts("turns", ["conversation_id", "turn", "role", "text"]) if missing else ():
        told = part.filter(pc.equal(part["role"], "customer"))
        for word in tuple(missing):
            at = pc.index(pc.match_substring(told["text"], word), True).as_py()
            if at >= 0:
                row = told.slice(at, 1).to_pylist()[0]
                found[word] = _around(row["conversation_id"], row["turn"], row["role"], row["text"], word)
                del missing[word]
        if not missing:
            break
    return found


def _whole(conversation_id: str, turn: int, role: str, text: str) -> Spoken:
    shown = text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
    return Spoken(conversation_id=conversation_id, turn=turn, role=role, before=shown, hit="", after="")


def _around(conversation_id: str, turn: int, role: str, text: str, word: str) -> Spoken:
    start = text.index(word)
    end = start + len(word)
    first, last = max(0, start - _BEFORE), min(len(text), end + _LONGEST - _BEFORE)
    return Spoken(
        conversation_id=conversation_id,
        turn=turn,
        role=role,
        before=("…" if first else "") + text[first:start],
        hit=word,
        after=text[end:last] + ("…" if last < len(text) else ""),
    )
