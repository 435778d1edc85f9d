"""Conversations from what is stored: a recording and its transcript, or the tables of an earlier run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from qc.asr.assemble import Assembly, assemble
from qc.domain.conversation import (
    CallMeta,
    Channel,
    Conversation,
    Entity,
    Mark,
    MarkKind,
    Phrase,
    Role,
    RoleSource,
    Source,
    Turn,
    Word,
)
from qc.domain.failure import Failure, Stage
from qc.domain.recording import Recording, Transcript
from qc.errors import UsageError
from qc.schema.tables import TABLES
from qc.storage.read import StoredRun


def heard(recording: Recording, transcript: Transcript | None, assembly: Assembly) -> Conversation | Failure:
    """The conversation of a recording; a Failure when its transcript is gone or holds no speech."""
    if transcript is None:
        return recording.unheard(
            "transcript_lost", "转写结果不在缓存里（缓存被清理或损坏），请重新运行", retryable=True
        )
    turns, role_source = assemble(transcript, recording.project, assembly)
    origin = replace(
        recording.source,
        audio_channels=_channels(transcript),
        sample_rate=transcript.sample_rate,
        codec=transcript.codec,
        asr_engine=transcript.engine,
        asr_model=transcript.model,
        role_source=role_source,
    )
    if not turns:
        seconds = transcript.duration_ms / 1000
        return recording.unheard("no_speech", f"没有听到说话声（录音长 {seconds:.0f} 秒）")
    return Conversation(
        id=recording.conversation_id,
        project=recording.project,
        channel=recording.channel,
        turns=turns,
        meta=replace(recording.meta, duration_ms=transcript.duration_ms),
        source=origin,
    )


def _channels(transcript: Transcript) -> int:
    """Channels that each belong to somebody: 1 also where several voices share the only one with speech, so that
    nothing is made of who spoke into whose words."""
    shared = any(s.speaker is not None for channel in transcript.channels for s in channel.segments)
    return 1 if shared else len(transcript.channels)


def stored_inputs(run: StoredRun) -> Iterator[Conversation | Failure]:
    """Every conversation and failure of a stored run, in its order; text as stored (masked), entities kept."""
    with _readable(run):
        for failures in run.parts("failures"):
            yield from map(stored_failure, failures.to_pylist())
        # the same shards, in the same order; all columns by name, for a run of an earlier version lacks some
        for conversations, turns in _shards(run):
            by_conversation: dict[str, list[Turn]] = {}
            for row in turns.to_pylist():
                by_conversation.setdefault(row["conversation_id"], []).append(_turn(row))
            for row in conversations.to_pylist():
                yield _conversation(row, tuple(by_conversation.get(row["conversation_id"], ())))


def stored_failures(run: StoredRun) -> list[Failure]:
    """Every failure of a stored run. Raises UsageError when its table cannot be read."""
    with _readable(run):
        return list(map(stored_failure, run.table("failures").to_pylist()))


def stored_failure(row: Mapping[str, Any]) -> Failure:
    """What a row of `failures` says. Raises ValueError for one that no qc writes."""
    if any(row.get(name, "") is None for name in ("input", "kind", "message", "retryable", "quarantined")):
        raise ValueError("null")
    return Failure(**{**row, "stage": Stage(row["stage"])})


def stored_conversation(run: StoredRun, identifier: str) -> Conversation | None:
    """One conversation of a stored run, by its full id."""
    with _readable(run):
        for conversations, turns in _shards(run):
            rows = conversations.filter(pc.equal(conversations["conversation_id"], identifier)).to_pylist()
            if rows:
                mine = turns.filter(pc.equal(turns["conversation_id"], identifier))
                return _conversation(rows[0], tuple(map(_turn, mine.to_pylist())))
    return None


def part_conversations(run: StoredRun, number: int, identifiers: Sequence[str]) -> list[Conversation]:
    """Some conversations of part `number`, in its order. Raises UsageError when a file of it is damaged."""
    wanted = pa.array(identifiers, pa.string())
    conversations, turns = (
        table.filter(pc.is_in(table["conversation_id"], value_set=wanted)).to_pylist()
        for table in (run.part(name, number, TABLES[name].names) for name in ("conversations", "turns"))
    )
    mine: dict[str, list[Turn]] = {}
    with _readable(run):
        for row in turns:
            mine.setdefault(row["conversation_id"], []).append(_turn(row))
        return [_conversation(row, tuple(mine.get(row["conversation_id"], ()))) for row in conversations]


def _shards(run: StoredRun) -> Iterator[tuple[pa.Table, pa.Table]]:
    """The conversations and turns of each shard. Raises UsageError where a part of one of them is gone."""
    if len(run.part_files("conversations")) != len(run.part_files("turns")):
        raise UsageError(f"{run.path} 的会话与话轮分片个数不同", "文件丢失或被移走：用 qc verify 核对，从备份恢复。")
    yield from zip(*(run.parts(n, TABLES[n].names) for n in ("conversations", "turns")), strict=True)


@contextmanager
def _readable(run: StoredRun) -> Iterator[None]:
    """Raises UsageError where rows hold what no qc writes: nulls where something must stand, names nobody knows."""
    try:
        yield
    except (ValueError, TypeError, LookupError, AttributeError):
        raise UsageError(
            f"{run.path} 里有看不懂的行", "文件被改动过，或由更新的 qc 写出：用 qc verify 核对。"
        ) from None


def _turn(row: Mapping[str, Any]) -> Turn:
    if row["text"] is None:
        raise ValueError("null")
    return Turn(
        role=Role(row["role"]),
        text=row["text"],
        start_ms=row["start_ms"],
        end_ms=row["end_ms"],
        confidence=row["confidence"],
        audio_channel=row["audio_channel"],
        energy_db=row["energy_db"],
        pitch_hz=row["pitch_hz"],
        pitch_range_st=row["pitch_range_st"],
        entities=tuple(Entity(**e) for e in row["entities"]),
        phrases=tuple(Phrase(**p) for p in row["phrases"] or ()),
        words=tuple(Word(**w) for w in row["words"] or ()),
        marks=tuple(Mark(**{**m, "kind": MarkKind(m["kind"])}) for m in row["marks"] or ()),
    )


_META = (
    "agent_id",
    "agent_name",
    "team",
    "customer_id",
    "duration_ms",
    "ring_count",
    "queue_wait_s",
    "hold_s",
    "after_call_s",
    "transfers",
    "satisfaction",
    "region",
)
_SOURCE = ("in_manifest", "audio_channels", "sample_rate", "codec", "asr_engine", "asr_model")
META_COLUMNS = (*_META, "started_at", "extra")
SOURCE_COLUMNS = ("source_path", "source_format", "source_sha256", *_SOURCE, "role_source")


def call_meta(row: Mapping[str, Any]) -> CallMeta:
    """What a row of `conversations` (its META_COLUMNS) says of the call."""
    started = row["started_at"]
    return CallMeta(
        **{name: row[name] for name in _META},
        started_at=None if started is None else started.isoformat(timespec="seconds"),
        extra=dict(row["extra"] or ()),
    )


def source(row: Mapping[str, Any]) -> Source:
    """Where the conversation of a row (its SOURCE_COLUMNS) came from."""
    return Source(
        path=row["source_path"],
        format=row["source_format"],
        sha256=row["source_sha256"],
        **{name: row[name] for name in _SOURCE},
        role_source=None if row["role_source"] is None else RoleSource(row["role_source"]),
    )


def _conversation(row: Mapping[str, Any], turns: tuple[Turn, ...]) -> Conversation:
    if any(row[name] is None for name in ("conversation_id", "project", "source_path", "source_format")):
        raise ValueError("null")
    return Conversation(
        id=row["conversation_id"],
        project=row["project"],
        channel=Channel(row["channel"]),
        turns=turns,
        meta=call_meta(row),
        source=source(row),
    )
