"""Emotion over time: how the mood of each side runs through a conversation, and which of the agent's turns moved it.

A turn's polarity is one measurement; mood is a weighted mean of those of the same speaker around it. A turn at
distance d weighs 2^−d. Distance is counted in the speaker's own turns or, in a call whose turns have times, in
HALF_LIFE_S seconds between the middles of the turns; the REACH nearest turns on either side count. Turns without
words, those the recogniser made up and those it did not hear clearly are left out.

Three means per turn i of a speaker, over her turns j of the same conversation (p: polarity):

    smoothed(i) = Σ 2^−d(i,j) p(j) / Σ 2^−d(i,j)    for all j
    until(i)    the same for j ≤ i: the mood in which she arrives at i
    since(i)    the same for j ≥ i: the mood in which she goes on from i

An agent's turn moves the customer by since(next customer turn) − until(previous customer turn): a two-sided difference
of exponential means, which a single odd turn cannot move far and which does not blur the moment of the change.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qc.domain.conversation import VOICE_CHANNELS, Channel, Role
from qc.domain.emotion import COMPONENTS
from qc.text.emotion import LEVEL_FROM, NEGATIVE, POSITIVE, Emotions, Floats
from qc.text.shard import NO_TIME, ROLE_CODES, Ints, Shard

Bools = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int8]

HALF_LIFE_S = 10.0
"""In calls, a turn so many seconds away weighs half: about as far as one turn of a speaker is from her next."""
REACH = 8
MOVED = 0.3
"""A turn calms or inflames when it moves the mood by at least so much."""
SOOTHED_LEVEL = 2
"""A customer has to be soothed who was negative at this level or above."""
NEGATIVE_FROM = -float(LEVEL_FROM[0])
"""A mood at or below this is negative: the mildest negative turn."""
NOBODY = -1
NOTHING, NOT_SOOTHED, SOOTHED = -1, 0, 1
_WRITTEN = (Channel.TICKET, Channel.MESSAGE)
_SOOTHING = [COMPONENTS.index("soothing"), COMPONENTS.index("empathy")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One speaker's turns that say something: indexes into the shard's turns, their conversations, and three means of
    polarity at each (see above)."""

    turns: Ints
    owner: Ints
    smoothed: Floats
    until: Floats
    since: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Moods:
    """Both sides' mood along a shard. `heard`: the turns it is worked out of; `unsure`: conversations in which it is
    unknown who spoke some of them."""

    heard: Bools
    unsure: Bools
    customer: Line
    agent: Line


@dataclass(frozen=True, slots=True, kw_only=True)
class EmotionCurve:
    """Emotion over time of a shard.

    Per turn: `smoothed`, the mood of its speaker there (−1..1), NaN where it says nothing of it. Per conversation:
    `trend`, the customer's mood at the end minus that at the beginning, NaN below two turns; `calmed`, the agent's turn
    (index into the shard's turns) after which the customer's negative mood rose most, `inflamed` after which it fell
    most into the negative, NOBODY where none moved it by MOVED; `soothed`: NOTHING, NOT_SOOTHED or SOOTHED.
    """

    smoothed: Floats
    trend: Floats
    calmed: Ints
    inflamed: Ints
    soothed: Codes


def moods_of(shard: Shard, emotions: Emotions, *, floor: float = 0.0) -> Moods:
    """The mood of both sides. `floor`: the confidence below which a turn was not heard clearly."""
    heard = (np.diff(shard.char_start) > 1) & ~shard.invented & ~(shard.confidence < floor)
    unknown = heard & (shard.role == ROLE_CODES[Role.UNKNOWN])
    return Moods(
        heard=heard,
        unsure=np.bincount(shard.conversation[unknown], minlength=len(shard)) > 0,
        customer=_line(shard, Role.CUSTOMER, emotions.polarity, heard),
        agent=_line(shard, Role.AGENT, emotions.polarity, heard),
    )


def emotion_curve(shard: Shard, emotions: Emotions, moods: Moods) -> EmotionCurve:
    """Emotion over time of every conversation. Where it is unknown who spoke some turns, nothing is said of what
    calmed, inflamed or soothed."""
    smoothed = np.full(len(shard.role), np.nan, np.float32)
    for line in (moods.customer, moods.agent):
        smoothed[line.turns] = np.round(line.smoothed, 4)
    felt = emotions.customer
    enough = np.bincount(moods.customer.owner, minlength=len(shard)) > 1
    calmed, inflamed = _movers(shard, emotions, moods)
    return EmotionCurve(
        smoothed=smoothed,
        trend=np.where(enough, np.round(felt.end - felt.start, 4), np.nan).astype(np.float32),
        calmed=np.where(moods.unsure, NOBODY, calmed),
        inflamed=np.where(moods.unsure, NOBODY, inflamed),
        soothed=np.where(moods.unsure, NOTHING, soothed(shard, emotions, moods)).astype(np.int8),
    )


def _line(shard: Shard, role: Role, polarity: Floats, heard: Bools) -> Line:
    turns = np.flatnonzero(heard & (shard.role == ROLE_CODES[role]))
    owner, felt = shard.conversation[turns], polarity[turns].astype(np.float64)
    when, by_time = _middles(shard, turns)
    earlier, earlier_mass = np.zeros(len(turns)), np.zeros(len(turns))
    later, later_mass = np.zeros(len(turns)), np.zeros(len(turns))
    for step in range(1, min(REACH, len(turns) - 1) + 1):
        near, far = slice(step, None), slice(None, -step)
        distance = np.where(by_time[near], np.abs(when[near] - when[far]) / HALF_LIFE_S, float(step))
        weight = np.where(owner[near] == owner[far], np.exp2(-distance), 0.0)
        earlier[near] += weight * felt[far]
        earlier_mass[near] += weight
        later[far] += weight * felt[near]
        later_mass[far] += weight
    return Line(
        turns=turns,
        owner=owner,
        smoothed=_single((earlier + felt + later) / (earlier_mass + 1 + later_mass)),
        until=_single((earlier + felt) / (earlier_mass + 1)),
        since=_single((felt + later) / (1 + later_mass)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction:
    """What turns do to the other side, one row per turn: the mood in which the other side arrives at it and the one in
    which it goes on, NaN where it says nothing before, or nothing after; `reply`: its next turn, NOBODY for none."""

    before: Floats
    after: Floats
    reply: Ints


def reaction(shard: Shard, turns: Ints, other: Line) -> Reaction:
    """What `turns`, which rise, do to the speaker of `other`."""
    if not len(other.turns):
        nothing = np.full(len(turns), np.nan, np.float32)
        return Reaction(before=nothing, after=nothing, reply=np.full(len(turns), NOBODY, np.int64))
    behind = np.searchsorted(other.turns, turns)
    last, following = np.maximum(behind - 1, 0), np.minimum(behind, len(other.turns) - 1)
    owner = shard.conversation[turns]
    came = (behind > 0) & (other.owner[last] == owner)
    went = (behind < len(other.turns)) & (other.owner[following] == owner)
    return Reaction(
        before=_single(np.where(came, other.until[last], np.nan)),
        after=_single(np.where(went, other.since[following], np.nan)),
        reply=np.where(went, other.turns[following], NOBODY),
    )


def soothed(shard: Shard, emotions: Emotions, moods: Moods, level: int = SOOTHED_LEVEL) -> Codes:
    """安抚成功 per conversation.

    NOTHING: no turn of the customer is negative at `level` or above; or the agent says nothing after the first such
    turn (a bot, a customer who hangs up); or it is a ticket or a message, where nobody answers anybody; or the customer
    calmed down and nothing shows that the agent soothed her. Of the others, SOOTHED: after that turn the agent soothed
    or showed empathy before the customer's last turn, or answered the last such turn and the customer was positive
    afterwards (she says thank you, or that it is solved); and she leaves calm: her last turn is not negative, nor is
    her mood there. NOT_SOOTHED: she does not leave calm, or never spoke again.
    """
    customer, agent = moods.customer, moods.agent
    label, n = emotions.label, len(shard)
    upset = customer.turns[(label[customer.turns] == NEGATIVE) & (emotions.level[customer.turns] >= level)]
    pleased = customer.turns[label[customer.turns] == POSITIVE]
    comfort = agent.turns[np.isin(emotions.component[agent.turns], _SOOTHING) & (label[agent.turns] == POSITIVE)]
    first_upset, last_upset = _first(shard, upset), _last(shard, upset)
    final, answer = _last(shard, customer.turns), _first_after(shard, agent.turns, last_upset)

    def any_of(turns: Ints, after: Ints, before: Ints) -> Bools:
        owner = shard.conversation[turns]
        return np.bincount(owner[(turns > after[owner]) & (turns < before[owner])], minlength=n) > 0

    comforted = any_of(comfort, first_upset, final)
    thanked = (answer != NOBODY) & any_of(pleased, answer, np.full(n, len(shard.role)))
    leaves = np.full(n, np.nan)
    leaves[customer.owner] = customer.until  # of equal indexes the last one stands
    calm = (leaves > NEGATIVE_FROM) & (label[final] != NEGATIVE) if len(label) else np.zeros(n, np.bool_)
    state = np.where(~calm, NOT_SOOTHED, np.where(comforted | thanked, SOOTHED, NOTHING))
    answered = _first_after(shard, agent.turns, first_upset) != NOBODY
    answered &= np.array([channel not in _WRITTEN for channel in shard.columns.channel], np.bool_)
    return np.where(answered, state, NOTHING).astype(np.int8)


def _movers(shard: Shard, emotions: Emotions, moods: Moods) -> tuple[Ints, Ints]:
    """The agent's turn that calmed and the one that inflamed the customer most in each conversation.

    A negative turn calms nobody, whatever she says next. What the agent opens with inflames nobody unless negative
    itself: the customer's first answer to it is what she comes with. Several agent's turns between two of the
    customer's move her alike: of these the warmest calmed and the coldest inflamed, and of equals the last, which is
    the one she answers.
    """
    agent = moods.agent
    felt_by = reaction(shard, agent.turns, moods.customer)
    moved = np.nan_to_num(felt_by.after - felt_by.before)
    felt = emotions.polarity[agent.turns]
    cold = emotions.label[agent.turns] == NEGATIVE
    answer = np.full(len(shard), NOBODY, np.int64)
    answer[agent.owner[::-1]] = felt_by.reply[::-1]  # of equal indexes the last one stands: the agent's first turn
    opening = felt_by.reply == answer[agent.owner]
    up = np.flatnonzero(~cold & (moved >= MOVED) & (felt_by.before <= NEGATIVE_FROM))
    down = np.flatnonzero((cold | ~opening) & (moved <= -MOVED) & (felt_by.after <= NEGATIVE_FROM))

    def most(rows: Ints, sign: int) -> Ints:
        turns = agent.turns[rows]
        order = np.lexsort((turns, sign * felt[rows], sign * moved[rows], agent.owner[rows]))
        out = np.full(len(shard), NOBODY, np.int64)
        out[agent.owner[rows][order]] = turns[order]  # of equal indexes the last one stands
        return out

    return most(up, 1), most(down, -1)


def _first(shard: Shard, turns: Ints) -> Ints:
    """The first of `turns`, which rise, in each conversation; NOBODY where there is none."""
    return _last(shard, turns[::-1])


def _last(shard: Shard, turns: Ints) -> Ints:
    out = np.full(len(shard), NOBODY, np.int64)
    out[shard.conversation[turns]] = turns  # of equal indexes the last one stands
    return out


def _first_after(shard: Shard, turns: Ints, after: Ints) -> Ints:
    """The first of `turns` behind the turn `after` of its conversation; NOBODY where that is NOBODY."""
    owner = shard.conversation[turns]
    return _first(shard, turns[(after[owner] != NOBODY) & (turns > after[owner])])


def _middles(shard: Shard, turns: Ints) -> tuple[npt.NDArray[np.float64], Bools]:
    """The middle of each turn in seconds, and whether its conversation is a call all of whose `turns` have times."""
    owner = shard.conversation[turns]
    timed = shard.start_ms[turns] != NO_TIME
    lacking = np.bincount(owner[~timed], minlength=len(shard)) > 0
    call = np.array([channel in VOICE_CHANNELS for channel in shard.columns.channel], np.bool_)
    start, end = shard.start_ms[turns], np.maximum(shard.end_ms[turns], shard.start_ms[turns])
    return (start + end) / 2000, (call & ~lacking)[owner]


def _single(values: npt.NDArray[np.floating]) -> Floats:
    return values.astype(np.float32)
