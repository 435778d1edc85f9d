"""A sample to review: systematic, with probability in proportion to risk, and every probability known exactly.

Conversations stand in a list, agent by agent and project by project, in seeded random order within. Each takes a piece
of a line as long as its inclusion probability; from a random start one point per unit of length is marked, and who
is marked is drawn (Madow, On the theory of systematic sampling II, Ann. Math. Statist. 20, 1949; in random order:
Hartley & Rao, Sampling with unequal probabilities and without replacement, Ann. Math. Statist. 33, 1962). So

- the chance of being drawn is exactly the length of the piece, at most 1, and nobody is drawn twice;
- each agent, and each agent's project, gets its expected number rounded up or down: the strata;
- a piece has two parts, one of equal length for everybody and one in proportion to risk. Where the point falls says why
  a conversation was drawn, and those drawn at `random` are an equal-probability sample of all, with findings or not.

Lengths are whole multiples of 2⁻⁴⁰ and add up exactly: no rounding, the same draw on every machine.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from qc.errors import UsageError
from qc.review.risk import Risks, risks
from qc.review.taken import distinct, untaken
from qc.schema.reviews import SAMPLES
from qc.statistics.intervals import effective_size, wilson
from qc.storage.read import StoredRun

RISK, RANDOM = "risk", "random"
_ONE = 1 << 40
NOBODY = ""
"""Stands for the agent where none is known."""

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """`size` conversations in all, or `per_agent` of each agent; a share `risk` (0..1) of them by risk."""

    size: int | None = None
    per_agent: int | None = None
    risk: float = 0.5
    seed: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """How many of one agent's conversations were drawn. `population`: those that could be."""

    agent_id: str
    agent_name: str
    team: str
    population: int
    size: int
    by_risk: int
    effective: float

    def half_width(self, share: float) -> float:
        """As the function, for this agent."""
        return half_width(share, self.effective, self.size, self.population)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """`rows` of the table samples; `agents` in order of number, `whole` all together. `passed`: the share (0..1) that
    the machine passed of those that could be drawn, None where nothing was scored; `taken`: conversations left out
    because they were drawn or reviewed before, `copies`: because their recording is that of another."""

    rows: pa.Table
    whole: Drawn
    agents: tuple[Drawn, ...]
    risks: Risks
    passed: float | None
    taken: int
    copies: int

    @property
    def ids(self) -> list[str]:
        """The conversations drawn."""
        ids: list[str] = self.rows["conversation_id"].to_pylist()
        return ids


def draw(run: StoredRun, wanted: Wanted, beside: Sequence[StoredRun], *, at: datetime, by: str) -> Sample:
    """Draw from what neither `run` nor the runs `beside` it drew or reviewed before. The same for the same tables, seed
    and request; `at` (local time) and `by` are only noted. Raises UsageError when nothing is left."""
    columns = ["conversation_id", "source_sha256", "source_format", "started_at"]
    every = run.table("conversations", [*columns, "agent_id", "agent_name", "team", "project"])
    free = untaken(every, [run, *(other for other in beside if other.path != run.path)])
    table = distinct(free.sort_by("conversation_id"))
    if not table.num_rows:
        told = "都已经抽过或复核过" if every.num_rows else "批次里没有会话"
        raise UsageError(f"没有可抽的会话：{told}", "换一个批次。")
    ids = table["conversation_id"].combine_chunks()
    risky = risks(run, ids)
    agents = _texts(table["agent_id"])
    projects = _texts(table["project"])
    chosen, probability, at_random = pick(risky.weights, agents, projects, wanted)
    _, stratum, sizes = np.unique(_joined(agents, projects), return_inverse=True, return_counts=True)
    rows = table.take(pa.array(chosen))
    sample_id = _digest(run, wanted, ids)
    stored = {
        "sample_id": [sample_id] * len(chosen),
        "conversation_id": rows["conversation_id"],
        "source_sha256": rows["source_sha256"],
        "agent_id": rows["agent_id"],
        "stratum": _joined(agents, projects)[chosen],
        "stratum_size": sizes[stratum[chosen]],
        "probability": probability,
        "reason": np.where(at_random, RANDOM, RISK),
        "seed": [wanted.seed] * len(chosen),
        "drawn_at": [at] * len(chosen),
        "drawn_by": [by] * len(chosen),
    }
    arrays = [v if isinstance(v, pa.ChunkedArray) else pa.array(v, SAMPLES.field(k).type) for k, v in stored.items()]
    made = pa.table(arrays, schema=SAMPLES).sort_by([("stratum", "ascending"), ("conversation_id", "ascending")])
    return Sample(
        rows=made,
        whole=_drawn("", "", "", len(ids), probability, at_random),
        agents=tuple(_by_agent(table, agents, chosen, probability, at_random)),
        risks=risky,
        passed=_passed(run, ids),
        taken=every.num_rows - free.num_rows,
        copies=free.num_rows - table.num_rows,
    )


def pick(
    weights: npt.NDArray[np.float64], agents: npt.NDArray[np.object_], projects: npt.NDArray[np.object_], wanted: Wanted
) -> tuple[Ints, npt.NDArray[np.float64], Flags]:
    """Which conversations are drawn, with what probability each, and whether by chance alone."""
    order = _order(agents, projects, wanted.seed)
    base, whole = _lengths(weights[order], agents[order], wanted)
    picked, at_random = _marked(base, whole, agents[order], wanted)
    return order[picked], whole[picked] / _ONE, at_random


def half_width(share: float, effective: float, size: int, population: int) -> float:
    """Half the width (0..1) of the 95 % interval, by Wilson, of a share estimated from `size` of `population` whose
    weights make them worth `effective` (see `effective_size`); the finite population correction
    makes it 0 where all were looked at."""
    if size >= population:
        return 0.0
    if not size:
        return 0.5
    n = effective * (population - 1) / (population - size)
    low, high = wilson(share, n)
    return (high - low) / 2


def _texts(column: pa.ChunkedArray) -> npt.NDArray[np.object_]:
    return np.asarray(pc.fill_null(column, NOBODY).to_numpy(zero_copy_only=False), np.object_)


def _joined(agents: npt.NDArray[np.object_], projects: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    return np.asarray(agents + " / " + projects, np.object_)


def _order(agents: npt.NDArray[np.object_], projects: npt.NDArray[np.object_], seed: int) -> Ints:
    """Agents in random order, each one's projects together, at random within."""
    rng = random.Random(seed)  # noqa: S311 reproducible on purpose
    names, agent = np.unique(agents.astype(str), return_inverse=True)
    among = np.array([rng.random() for _ in names])
    _, project = np.unique(projects.astype(str), return_inverse=True)
    within = np.array([rng.random() for _ in agents])
    return np.asarray(np.lexsort((within, project, agent, among[agent])), np.int64)


def _blocks(agents: npt.NDArray[np.object_], wanted: Wanted) -> list[tuple[slice, int]]:
    """The parts of the list that are drawn from on their own, and how many of each."""
    if wanted.per_agent is None:
        return [(slice(0, len(agents)), min(wanted.size or 0, len(agents)))]
    starts = np.flatnonzero(np.concatenate(([True], agents[1:] != agents[:-1])))
    ends = [*starts[1:].tolist(), len(agents)]
    return [(slice(a, b), min(wanted.per_agent, b - a)) for a, b in zip(starts.tolist(), ends, strict=True)]


def _lengths(weights: npt.NDArray[np.float64], agents: npt.NDArray[np.object_], wanted: Wanted) -> tuple[Ints, Ints]:
    """The equal part and the whole length of each piece, in units of 1 / _ONE."""
    base, whole = np.zeros(len(weights), np.int64), np.zeros(len(weights), np.int64)
    for block, size in _blocks(agents, wanted):
        equal, shares = inclusion(weights[block], size, wanted.risk)
        whole[block] = _exact(shares, size)
        base[block] = np.minimum(np.int64(equal * _ONE), whole[block])
    return base, whole


def inclusion(weights: npt.NDArray[np.float64], size: int, risk: float) -> tuple[float, npt.NDArray[np.float64]]:
    """The part of the inclusion probability that is equal for all, and the whole probabilities, which add up to `size`
    (at most as many as there are): a share `risk` of them in proportion to `weights`, none above 1."""
    n, positive = len(weights), weights > 0
    if size >= n:
        return 1.0, np.ones(n)
    by_risk = size * risk if positive.any() else 0.0
    equal = (size - by_risk) / n
    if positive.sum() * (1 - equal) <= by_risk:  # every risky one for certain, chance has the rest
        equal = (size - positive.sum()) / (n - positive.sum())
        return float(equal), np.where(positive, 1.0, equal)
    extra = np.zeros(n)
    free, left = positive.copy(), by_risk
    while left > 0:
        extra[free] = weights[free] * (left / weights[free].sum())
        over = free & (extra > 1 - equal)
        if not over.any():
            break
        extra[over] = 1 - equal
        left -= float(over.sum() * (1 - equal))
        free &= ~over
    return equal, equal + extra


def _exact(shares: npt.NDArray[np.float64], size: int) -> Ints:
    """Probabilities as whole units that add up to exactly `size`; what is missing goes where most was cut off."""
    scaled = np.minimum(shares, 1.0) * _ONE
    units = np.floor(scaled).astype(np.int64)
    while missing := size * _ONE - int(units.sum()):
        step = 1 if missing > 0 else -1
        room = units < _ONE if step > 0 else units > 0
        by_remainder = np.argsort(-(scaled - units) * step, kind="stable")
        units[by_remainder[room[by_remainder]][: abs(missing)]] += step
    out: Ints = units
    return out


def _marked(base: Ints, whole: Ints, agents: npt.NDArray[np.object_], wanted: Wanted) -> tuple[Ints, Flags]:
    """Which pieces the points fall into, and whether into the equal part."""
    rng = random.Random(f"{wanted.seed} start")  # noqa: S311 reproducible on purpose
    picked, equal = [], []
    for block, size in _blocks(agents, wanted):
        ends = np.cumsum(whole[block])
        points = rng.randrange(_ONE) + np.arange(size, dtype=np.int64) * _ONE
        at = np.searchsorted(ends, points, side="right")
        picked.append(at + (block.start or 0))
        equal.append(points - (ends[at] - whole[block][at]) < base[block][at])
    return np.concatenate(picked), np.concatenate(equal)


def _drawn(
    agent: str, name: str, team: str, population: int, probability: npt.NDArray[np.float64], at_random: Flags
) -> Drawn:
    weights = 1 / probability
    return Drawn(
        agent_id=agent,
        agent_name=name,
        team=team,
        population=population,
        size=len(weights),
        by_risk=int((~at_random).sum()),
        effective=effective_size(weights),
    )


def _by_agent(
    table: pa.Table,
    agents: npt.NDArray[np.object_],
    chosen: Ints,
    probability: npt.NDArray[np.float64],
    at_random: Flags,
) -> list[Drawn]:
    names, first, counts = np.unique(agents.astype(str), return_index=True, return_counts=True)
    known = table.select(["agent_name", "team"]).take(pa.array(first)).to_pylist()
    mine = np.searchsorted(names, agents[chosen].astype(str))
    return [
        _drawn(
            str(agent),
            row["agent_name"] or "",
            row["team"] or "",
            int(count),
            probability[mine == i],
            at_random[mine == i],
        )
        for i, (agent, row, count) in enumerate(zip(names, known, counts, strict=True))
    ]


def _passed(run: StoredRun, ids: pa.Array) -> float | None:
    scores = run.table("scores", ["conversation_id", "passed"])
    scores = scores.filter(pc.is_in(scores["conversation_id"], value_set=ids))
    share: float | None = pc.mean(pc.cast(scores["passed"], pa.int8())).as_py()
    return share


def _digest(run: StoredRun, wanted: Wanted, ids: pa.Array) -> str:
    """Another request, another frame: another sample."""
    frame = hashlib.sha256("\n".join(ids.to_pylist()).encode("utf-8", "surrogatepass")).hexdigest()
    text = f"{run.lineage.run_id}|{run.lineage.plan_digest}|{wanted}|{frame}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]
