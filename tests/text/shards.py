"""Shards made of a few lines."""

from __future__ import annotations

from collections.abc import Sequence

from qc.domain.conversation import CallMeta, Channel, Conversation, Role, Source, Turn
from qc.text.shard import Shard

Line = tuple[str, str]


def shard(*conversations: Sequence[Line], project: str = "电商") -> Shard:
    """`shard([(role, text), …], […])`: one list of lines per conversation."""
    return Shard([conversation(f"c{i}", lines, project) for i, lines in enumerate(conversations)])


def conversation(name: str, lines: Sequence[Line], project: str = "电商") -> Conversation:
    return Conversation(
        id=name,
        project=project,
        channel=Channel.CHAT,
        turns=tuple(Turn(role=Role(role), text=text) for role, text in lines),
        meta=CallMeta(),
        source=Source(path=f"{name}.jsonl", format="chat_jsonl", sha256="0" * 64),
    )


def said(*texts: str, role: str = "customer", project: str = "电商") -> Shard:
    """One conversation in which one side says all of it."""
    return shard([(role, text) for text in texts], project=project)
