"""主动服务占比: contacts in which the centre moved first.

A contact is proactive when the centre called (`voice_outbound`: 回访, 通知, 催缴 alike), or when the agent of a contact
the customer began offered something the customer had not asked for: a hit of the merit rules below.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow.compute as pc

from qc.opinion.trial import hits_in_force
from qc.storage.read import StoredRun

OFFERS = ("service.proactive_offer",)
"""Merit rules of an unasked offer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proactive:
    """Of `served` conversations with an agent, the centre began `outbound`, and in `offered` of the others the agent
    offered something unasked. `judged`: whether the rules for that were in force; else only calls out are counted."""

    outbound: int
    offered: int
    served: int
    judged: bool

    @property
    def count(self) -> int:
        """Proactive conversations."""
        return self.outbound + self.offered


def proactive(run: StoredRun) -> Proactive:
    """The figures of one run; conversations without a turn of an agent, and tickets, are left out."""
    table = run.table("conversations", ["conversation_id", "channel", "agent_turns"])
    spoken = pc.greater(pc.fill_null(table["agent_turns"], 0), 0)
    table = table.filter(pc.and_(spoken, pc.not_equal(table["channel"], "ticket")))
    outbound = pc.equal(table["channel"], "voice_outbound")
    hits, judged = hits_in_force(run, OFFERS)
    hit = hits["conversation_id"].combine_chunks()
    offered = pc.and_(pc.is_in(table["conversation_id"], value_set=hit), pc.invert(outbound))
    return Proactive(
        outbound=pc.sum(outbound).as_py() or 0,
        offered=pc.sum(offered).as_py() or 0,
        served=table.num_rows,
        judged=bool(judged),
    )
