"""sequence 先后出现: other pieces hit one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from qc.domain import operators as op
from qc.domain.rule import Frame
from qc.matching.context import Context
from qc.matching.evidence import Bools, Evidence, PieceResult, hits
from qc.matching.frame import Selection
from qc.matching.registry import evaluates
from qc.matching.steps import Known, Places, known, why_lost
from qc.text.shard import Ints


@evaluates(op.Sequence)
def find_sequences(
    operator: op.Sequence, frame: Frame, selection: Selection, context: Context, pieces: Mapping[str, PieceResult]
) -> Evidence:
    """One hit for each place of the first step from which the others follow, with a row per step.

    From every place the nearest that leads on is taken: if any following place is near enough, that one is. Chains of
    certain places are looked for first, so that an uncertain place in between hides none.
    """
    shard = selection.shard
    steps = [known([pieces[name]], selection) for name in operator.steps]
    places = [step.places for step in steps]
    certain = _chains(places, [p.cause == 0 for p in places], operator.max_gap)
    possible = _chains(places, [np.ones(len(p), np.bool_) for p in places], operator.max_gap)
    chains = np.concatenate((certain, possible[:, ~np.isin(possible[0], certain[0])]), axis=1)
    causes = np.bitwise_or.reduce([p.cause[rows] for p, rows in zip(places, chains, strict=True)])
    found = [p.take(rows) for p, rows in zip(places, chains, strict=True)]
    number, n = np.arange(chains.shape[1]), len(steps)
    said = [context.note(f"第 {i} 步 {name}", step=name) for i, name in enumerate(operator.steps, 1)]
    rows = hits(
        np.concatenate([p.conversation for p in found]),
        turn=np.concatenate([p.turn for p in found]),
        last_turn=np.concatenate([p.last_turn for p in found]),
        start=np.concatenate([p.start for p in found]),
        end=np.concatenate([p.end for p in found]),
        group=np.tile(number, n),
        cause=np.tile(causes, n),
        note=np.repeat(said, len(number)),
    )
    complete = np.isin(np.arange(len(shard)), found[0].conversation[causes == 0])
    unmeasured = {
        int(c): _lost(operator, pieces, steps, int(c)) for c in np.flatnonzero(_open(selection, steps) & ~complete)
    }
    return Evidence(hits=rows, unmeasured=unmeasured)


def _chains(places: Sequence[Places], allowed: Sequence[Bools], max_gap: int | None) -> Ints:
    """Rows of every complete chain: `out[k, i]` is the row of step k in chain i, one chain per place of step 0."""
    onward: list[Ints] = []
    ok = allowed[-1]
    for here, there, may in zip(places[-2::-1], places[:0:-1], allowed[-2::-1], strict=True):
        ahead = np.flatnonzero(ok)
        at = np.searchsorted(there.begin[ahead], here.finish, side="left")
        ahead = np.append(ahead, -1)  # nothing further on
        row = ahead[np.minimum(at, len(ahead) - 1)]
        found = (row >= 0) & may
        found[found] = there.conversation[row[found]] == here.conversation[found]
        if max_gap is not None:
            found[found] = there.turn[row[found]] - here.last_turn[found] <= max_gap
        onward.append(row)
        ok = found
    chain = [np.flatnonzero(ok)]
    for row in reversed(onward):
        chain.append(row[chain[-1]])
    return np.stack(chain)


def _open(selection: Selection, steps: Sequence[Known]) -> Bools:
    """Conversations in which the course may be complete for all we know: some step could not be decided, and the places
    of the others come in order."""
    shard = selection.shard
    alive = np.logical_or.reduce([step.anywhere for step in steps])
    reached = shard.char_start[shard.first_turn[:-1]]
    for step in steps:
        at = np.searchsorted(step.places.begin, reached, side="left")
        owner = np.append(step.places.conversation, -1)[at]
        found = owner == np.arange(len(shard))
        alive &= found | step.anywhere
        reached = np.where(found, np.append(step.places.finish, 0)[at], reached)
    return np.asarray(alive)


def _lost(operator: op.Sequence, pieces: Mapping[str, PieceResult], steps: Sequence[Known], conversation: int) -> str:
    name = next(n for n, step in zip(operator.steps, steps, strict=True) if step.anywhere[conversation])
    return f"片段 {name} 不能确定：{why_lost([pieces[name]], conversation)}"
