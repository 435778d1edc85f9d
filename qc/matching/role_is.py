"""role_is 角色判断: who speaks the k-th turn."""

from __future__ import annotations

import numpy as np

from qc.domain.conversation import Role
from qc.domain.operators import RoleIs
from qc.domain.rule import Frame
from qc.matching.context import Context
from qc.matching.evidence import Cause, Evidence
from qc.matching.frame import Selection
from qc.matching.registry import evaluates
from qc.matching.whole_turns import whole_turns
from qc.text.shard import ROLE_CODES


@evaluates(RoleIs)
def find_speaker(operator: RoleIs, frame: Frame, selection: Selection, context: Context) -> Evidence:
    """The k-th turn of each conversation where one of the roles speaks it.

    Nobody may have spoken in a turn the recogniser is suspected to have made up, so that the turns after it have one of
    several places: the turn is certain when every turn that may be the k-th is of the wanted roles.
    """
    shard = selection.shard
    n, k = len(shard), abs(operator.turn)
    real = np.concatenate(([0], np.cumsum(~context.invented)))
    here = np.arange(len(shard.turns))
    first, after = shard.first_turn[:-1][shard.conversation], shard.first_turn[1:][shard.conversation]
    if operator.turn > 0:
        fewest, most = real[here] - real[first] + 1, here - first + 1
    else:
        fewest, most = real[after] - real[here + 1] + 1, after - here
    kth = np.flatnonzero((fewest <= k) & (most >= k))
    unknown = shard.role[kth] == ROLE_CODES[Role.UNKNOWN]
    wanted = np.isin(shard.role[kth], [ROLE_CODES[role] for role in operator.role])
    owner = shard.conversation[kth]
    candidates = np.bincount(owner, minlength=n)
    sure = np.bincount(owner[wanted], minlength=n) == candidates
    sure &= (real[shard.first_turn[1:]] - real[shard.first_turn[:-1]] >= k) & (candidates > 0)
    held = kth[wanted | unknown]
    # where all agree the evidence is one turn of them, one that was spoken
    order = np.lexsort((context.invented[held], shard.conversation[held]))
    one = held[order[np.unique(shard.conversation[held][order], return_index=True)[1]]]
    certain = sure[shard.conversation[one]]
    cause = np.where(shard.role[one] == ROLE_CODES[Role.UNKNOWN], Cause.UNKNOWN_ROLE, Cause.LOW_CONFIDENCE)
    return Evidence(hits=whole_turns(shard, one, cause=np.where(certain, 0, cause).astype(np.uint8)))
