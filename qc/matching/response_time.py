"""response_time 响应时长: from the customer's words to the reply."""

from __future__ import annotations

import numpy as np

from qc.domain.conversation import Role
from qc.domain.operators import ResponseOf, ResponseTime
from qc.domain.rule import Frame
from qc.matching.context import Context
from qc.matching.evidence import Bools, Evidence, hits
from qc.matching.frame import Selection
from qc.matching.registry import evaluates
from qc.matching.times import unattributed, untimed
from qc.matching.whole_turns import whole_turns
from qc.text.shard import NO_TIME, ROLE_CODES, Ints, Shard


@evaluates(ResponseTime)
def measure_response(operator: ResponseTime, frame: Frame, selection: Selection, context: Context) -> Evidence:
    """Replies that came late; or the first of a conversation; or the average of all as one measure."""
    shard = selection.shard
    unmeasured = {**untimed(shard), **unattributed(shard)}
    replying = {Role.AGENT, Role.BOT} & (frame.speaker or {Role.AGENT, Role.BOT})
    reply, asked_ms = _replies(shard, context.invented, np.isin(shard.role, [ROLE_CODES[role] for role in replying]))
    kept = selection.inside[reply]
    reply, asked_ms = reply[kept], asked_ms[kept]
    wait_ms = np.maximum(shard.start_ms[reply] - asked_ms, 0)
    owner = shard.conversation[reply]
    if operator.of is ResponseOf.AVERAGE:
        count = np.bincount(owner, minlength=len(shard))
        average = np.bincount(owner, weights=wait_ms, minlength=len(shard)) / np.maximum(count, 1) / 1000
        slow = np.flatnonzero((count > 0) & (average > operator.max_s))
        return Evidence(hits=hits(slow, value=average[slow]), unmeasured=unmeasured)
    late = wait_ms > round(operator.max_s * 1000)
    if operator.of is ResponseOf.FIRST:
        late &= np.concatenate(([True], owner[1:] != owner[:-1]))[: len(owner)]
    found = whole_turns(
        shard,
        reply[late],
        value=wait_ms[late] / 1000,
        start_ms=np.minimum(asked_ms, shard.start_ms[reply])[late],
        end_ms=shard.start_ms[reply][late],
    )
    return Evidence(hits=found, unmeasured=unmeasured)


def _replies(shard: Shard, invented: Bools, replying: Bools) -> tuple[Ints, Ints]:
    """Turns that answer the customer, and since when he was waiting.

    An answer is the first turn of those `replying` since the customer's last words. He waits since the end of these;
    in typed text, where every message is a moment, since the first of those that nobody had reacted to.
    """
    customer = shard.role == ROLE_CODES[Role.CUSTOMER]
    heard = (shard.start_ms != NO_TIME) & ~invented
    talking = heard & (customer | np.isin(shard.role, (ROLE_CODES[Role.AGENT], ROLE_CODES[Role.BOT])))
    lines = np.flatnonzero(talking)
    lines = lines[np.lexsort((shard.start_ms[lines], shard.conversation[lines]))]
    owner, asking, answering = shard.conversation[lines], customer[lines], replying[lines]
    place = np.arange(len(lines))
    new = np.concatenate(([True], owner[1:] != owner[:-1]))[: len(lines)]
    follows = np.concatenate(([False], asking[:-1]))[: len(lines)] & ~new

    def latest(where: Bools) -> Ints:
        """Place of the latest such line up to each line; −1 when there is none yet."""
        return np.maximum.accumulate(np.where(where, place, -1)) if len(place) else place

    asked = latest(asking)
    begun = latest(asking & ~follows)
    answered = np.concatenate(([-1], latest(answering)))[: len(lines)]
    first = np.maximum(latest(new), 0)
    found = np.flatnonzero(answering & (asked >= first) & (asked > answered))
    last_words, first_words = lines[asked[found]], lines[begun[found]]
    spoken = shard.end_ms[last_words] > shard.start_ms[last_words]
    return lines[found], np.where(spoken, shard.end_ms[last_words], shard.start_ms[first_words])
