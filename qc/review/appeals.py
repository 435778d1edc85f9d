"""Appeals (申诉): an agent against a verdict. Every step is a row; what happened stays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

import pyarrow as pa

from qc.errors import UsageError
from qc.review.machine import Machine
from qc.schema.reviews import APPEALS

OPEN, UPHELD, REJECTED, WITHDRAWN = "open", "upheld", "rejected", "withdrawn"
STATUS = {OPEN: "待裁定", UPHELD: "成立", REJECTED: "不成立", WITHDRAWN: "已撤回"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that happened to an appeal; times are local. `human_verdict` is set where it was upheld."""

    appeal_id: str
    step: int
    conversation_id: str
    rule_id: str
    agent_id: str | None
    status: str
    human_verdict: str | None
    actor: str
    at: datetime
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Appeal:
    """An appeal with all its steps, in order."""

    steps: tuple[Step, ...]

    @property
    def id(self) -> str:
        return self.steps[0].appeal_id

    @property
    def first(self) -> Step:
        """How it was opened."""
        return self.steps[0]

    @property
    def last(self) -> Step:
        """How it stands."""
        return self.steps[-1]

    @property
    def open(self) -> bool:
        return self.last.status == OPEN

    def lasted(self, now: datetime) -> timedelta:
        """How long it waited for its decision, so far where there is none."""
        return (now if self.open else self.last.at) - self.first.at


def appeals(table: pa.Table) -> list[Appeal]:
    """The appeals of the rows of a run's table, in order of number."""
    steps = sorted((Step(**row) for row in table.to_pylist()), key=lambda s: (s.appeal_id, s.step))
    return [Appeal(steps=tuple(mine)) for _, mine in groupby(steps, key=lambda s: s.appeal_id)]


def rows(steps: Sequence[Step]) -> pa.Table:
    """Steps as rows of the table appeals."""
    columns = {f.name: [getattr(s, f.name) for s in steps] for f in APPEALS}
    return pa.table([pa.array(columns[f.name], f.type) for f in APPEALS], schema=APPEALS)


def opened(
    known: Sequence[Appeal], machine: Machine, conversation: str, rule: str, *, agent: str, reason: str, at: datetime
) -> Step:
    """The first step of a new appeal. Raises UsageError for a verdict that the run does not have, of somebody else's
    conversation, or that is being appealed already."""
    if conversation not in machine.conversation:
        raise UsageError(f"批次里没有会话 {conversation}", "编号见报表或 qc show。")
    if rule not in machine.rule:
        raise UsageError(f"批次没有判定过规则 {rule}", "规则编号见会话页。")
    served = machine.agents[conversation]
    if (served.id or served.name) and agent not in (served.id, served.name):
        who = " ".join(filter(None, (served.id, served.name)))
        raise UsageError(f"会话 {conversation} 的坐席是 {who}，不是 {agent}", "只有自己的会话可以申诉。")
    for appeal in known:
        if appeal.open and (appeal.first.conversation_id, appeal.first.rule_id) == (conversation, rule):
            raise UsageError(f"这条判定已经在申诉：{appeal.id}", "等它裁定之后再提。")
    return Step(
        appeal_id=f"S{len(known) + 1:04d}",
        step=1,
        conversation_id=conversation,
        rule_id=rule,
        agent_id=served.id or agent,
        status=OPEN,
        human_verdict=None,
        actor=agent,
        at=at,
        text=reason,
    )


def decided(appeal: Appeal, status: str, verdict: str | None, *, by: str, text: str, at: datetime) -> Step:
    """The next step of an open appeal. Raises UsageError when it is decided."""
    if not appeal.open:
        told = f"{appeal.last.actor} 于 {appeal.last.at:%Y-%m-%d %H:%M} 裁定"
        raise UsageError(
            f"申诉 {appeal.id} {STATUS[appeal.last.status]}：{told}", "裁定不能改；有新的理由可以再提一次。"
        )
    first = appeal.first
    return Step(
        appeal_id=appeal.id,
        step=appeal.last.step + 1,
        conversation_id=first.conversation_id,
        rule_id=first.rule_id,
        agent_id=first.agent_id,
        status=status,
        human_verdict=verdict,
        actor=by,
        at=max(at, appeal.last.at),
        text=text,
    )
