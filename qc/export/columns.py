"""Columns of the workbook, explained by what the tables say of theirs."""

from __future__ import annotations

from qc.domain.language import say
from qc.schema.reviews import ALL_TABLES
from qc.schema.runs import meaning
from qc.sheets.pages import Column, Kind


def stored(table: str, name: str, title: str, kind: Kind = Kind.TEXT, width: int | None = None) -> Column:
    """A stored column under `title` (said already); its comment is the description in the schema."""
    return Column(title=title, kind=kind, width=width, note=say(meaning(ALL_TABLES[table].field(name))))


def conversation(table: str = "conversations") -> Column:
    return stored(table, "conversation_id", say("会话编号"), width=20)


def who() -> tuple[Column, ...]:
    """Project, channel, agent, team: what stands beside a conversation in every list."""
    return (
        stored("conversations", "project", say("业务项目")),
        stored("conversations", "channel", say("渠道"), width=12),
        stored("conversations", "agent_id", say("工号")),
        stored("conversations", "agent_name", say("坐席")),
        stored("conversations", "team", say("班组")),
        stored("conversations", "started_at", say("开始"), Kind.MOMENT),
    )


WHO = ("project", "channel", "agent_id", "agent_name", "team", "started_at")
"""The columns of `Batch.conversations` that `who` shows."""
