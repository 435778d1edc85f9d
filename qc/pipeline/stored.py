"""One part of a stored run as a shard: columns straight from Arrow, no object per turn.

What rules rarely ask for (metadata, sources, entities, emotions, topics) is read only when they do.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from qc.domain.conversation import CallMeta, Channel, Conversation, Entity, Role, Source
from qc.domain.emotion import COMPONENTS
from qc.domain.intent import IntentKind
from qc.domain.topic import UNKNOWN_TOPIC
from qc.errors import UsageError
from qc.matching.signals import Need, Signals
from qc.pipeline.restore import META_COLUMNS, SOURCE_COLUMNS, call_meta, source
from qc.storage.read import StoredRun
from qc.text.columns import NO_CHANNEL, NO_TIME, ROLE_CODES, ConversationColumns, Lazy, TurnColumns, Utf8Texts
from qc.text.emotion import NEGATIVE, NEUTRAL, NO_COMPONENT, POSITIVE, Emotions, emotions_of
from qc.text.entities import ENTITY_TYPES, Entities
from qc.text.heard import PhraseColumns
from qc.text.intents import Intents, ShownIntent
from qc.text.shard import Shard
from qc.text.topics import Reason, Topics, TopicShare

_ROLES = pa.array([role.value for role in ROLE_CODES])
_FELT = [ROLE_CODES[role] for role in (Role.AGENT, Role.CUSTOMER, Role.UNKNOWN)]
_LABELS = pa.array(["negative", "neutral", "positive"])
_LABEL_CODES = np.array([NEGATIVE, NEUTRAL, POSITIVE], np.int8)
_EMOTIONS = (
    *("polarity", "label", "level", "component", "phrases", "snownlp"),
    *("features", "negative_probability", "positive_probability"),
)
_TURNS = (
    "role",
    "start_ms",
    "end_ms",
    "confidence",
    "audio_channel",
    "energy_db",
    "pitch_hz",
    "pitch_range_st",
    "text",
    "phrases",
)


class StoredPart:
    """Part `number` of a stored run. Raises UsageError, from any of its methods, when a file of it is damaged."""

    def __init__(self, run: StoredRun, number: int) -> None:
        self._run = run
        self._number = number
        columns = ("conversation_id", "project", "channel", "duration_ms", "audio_channels", "turn_count")
        self._conversations = self.table("conversations", columns)
        self.ids: list[str] = self._conversations["conversation_id"].to_pylist()

    def table(self, name: str, columns: Sequence[str]) -> pa.Table:
        """Some columns of one table of this part."""
        return self._run.part(name, self._number, columns)

    def positions(self, conversation_ids: pa.ChunkedArray) -> npt.NDArray[np.int64]:
        """Which conversation of the part each id is."""
        found = pc.index_in(conversation_ids, value_set=pa.array(self.ids, pa.string()))
        if found.null_count:
            raise self._inconsistent()
        return np.asarray(found.to_numpy(), np.int64)

    @cached_property
    def meta(self) -> Sequence[CallMeta]:
        """What is known of each call."""
        return tuple(map(call_meta, self.table("conversations", META_COLUMNS).to_pylist()))

    @cached_property
    def columns(self) -> ConversationColumns:
        """The conversations."""
        table = self._conversations
        rows = self._rows("conversations", SOURCE_COLUMNS)
        sources: Sequence[Source] = Lazy(len(self.ids), lambda i: source(rows(i)))
        counts = _numbers(table["turn_count"], 0)
        return ConversationColumns(
            id=self.ids,
            project=table["project"].to_pylist(),
            channel=[Channel(value) for value in table["channel"].to_pylist()],
            first_turn=np.concatenate(([0], np.cumsum(counts))),
            duration_ms=_numbers(table["duration_ms"], NO_TIME),
            audio_channels=_numbers(table["audio_channels"], NO_CHANNEL),
            meta=Lazy(len(self.ids), lambda i: self.meta[i]),
            source=sources,
        )

    def conversation(self, i: int) -> Conversation:
        """One conversation without its turns, which scoring does not ask for."""
        columns = self.columns
        return Conversation(
            id=columns.id[i],
            project=columns.project[i],
            channel=columns.channel[i],
            turns=(),
            meta=self.meta[i],
            source=columns.source[i],
        )

    @cached_property
    def shard(self) -> Shard:
        """All conversations of the part with their turns, text as stored."""
        table = self.table("turns", _TURNS)
        columns = self.columns
        if table.num_rows != columns.first_turn[-1]:
            raise self._inconsistent()
        entities = self._rows("turns", ("entities",))
        turns = TurnColumns(
            role=_codes(table["role"], _ROLES).astype(np.int8),
            start_ms=_numbers(table["start_ms"], NO_TIME),
            end_ms=_numbers(table["end_ms"], NO_TIME),
            confidence=_measures(table["confidence"]),
            energy_db=_measures(table["energy_db"]),
            pitch_hz=_measures(table["pitch_hz"]),
            pitch_range_st=_measures(table["pitch_range_st"]),
            audio_channel=_numbers(table["audio_channel"], NO_CHANNEL),
            text=_texts(table["text"]),
            phrases=_phrases(_one(table["phrases"])),
            entities=Lazy(table.num_rows, lambda i: tuple(Entity(**e) for e in entities(i)["entities"] or ())),
        )
        return Shard.from_columns(columns, turns)

    def signals(self, need: Need) -> Signals:
        """The signals asked for, as the run stored them."""
        return Signals(
            emotions=self._emotions() if Need.EMOTIONS in need else None,
            topics=self._topics() if Need.TOPICS in need else None,
            entities=self._entities() if Need.ENTITIES in need else None,
            intents=self._intents() if Need.INTENTS in need else None,
        )

    def _emotions(self) -> Emotions:
        shard = self.shard
        table = self.table("emotions", _EMOTIONS)
        felt = np.flatnonzero(np.isin(shard.role, _FELT))
        if len(felt) != table.num_rows:
            raise self._inconsistent()

        def spread(values: npt.NDArray[Any], fill: float, kind: type) -> npt.NDArray[Any]:
            out: npt.NDArray[Any] = np.full(len(shard.role), fill, kind)
            out[felt] = values
            return out

        components = pc.fill_null(pc.index_in(table["component"], value_set=pa.array(COMPONENTS)), NO_COMPONENT)

        def texts(name: str) -> dict[int, tuple[str, ...]]:
            some = np.flatnonzero(_numbers(pc.list_value_length(table[name]), 0))
            listed = table[name].take(pa.array(some)).to_pylist()
            return {int(felt[i]): tuple(found) for i, found in zip(some, listed, strict=True)}

        return emotions_of(
            shard,
            polarity=spread(table["polarity"].to_numpy(), 0.0, np.float32),
            label=spread(_LABEL_CODES[_codes(table["label"], _LABELS)], NEUTRAL, np.int8),
            level=spread(table["level"].to_numpy(), 0, np.int8),
            component=spread(components.to_numpy(), NO_COMPONENT, np.int8),
            snownlp=spread(table["snownlp"].to_numpy(), 0.5, np.float32),
            phrases=texts("phrases"),
            features=texts("features"),
            probabilities=(
                spread(_measures(table["negative_probability"]), 0.0, np.float32),
                spread(_measures(table["positive_probability"]), 0.0, np.float32),
            ),
        )

    def _topics(self) -> Topics:
        names = ("conversation_id", "topic_id", "topic", "parent", "share", "rank", "words", "first_turn")
        table = self.table("topics", names)
        shares: list[list[TopicShare]] = [[] for _ in self.ids]
        for i, row in zip(self.positions(table["conversation_id"]).tolist(), table.to_pylist(), strict=True):
            share = TopicShare(
                topic_id=row["topic_id"],
                title=row["topic"],
                parent=row["parent"],
                share=row["share"],
                rank=row["rank"],
                words=tuple(row["words"] or ()),
                first_turn=row["first_turn"],
            )
            shares[i].append(share)
        stated = self.table("conversations", ("contact_reason", "contact_reason_turn")).to_pylist()
        reasons = (Reason(row["contact_reason"] or UNKNOWN_TOPIC, row["contact_reason_turn"]) for row in stated)
        return Topics(shares=tuple(map(tuple, shares)), reasons=tuple(reasons))

    def _intents(self) -> Intents:
        names = ("conversation_id", "intent_id", "intent", "kind", "level", "turn", "phrases", "probability", "source")
        table = self.table("intents", names)
        shown: list[list[ShownIntent]] = [[] for _ in self.ids]
        for i, row in zip(self.positions(table["conversation_id"]).tolist(), table.to_pylist(), strict=True):
            intent = ShownIntent(
                intent_id=row["intent_id"],
                title=row["intent"],
                kind=IntentKind(row["kind"]),
                level=row["level"],
                turn=row["turn"],
                phrases=tuple(row["phrases"] or ()),
                probability=row["probability"],
                source=row["source"],
            )
            shown[i].append(intent)
        return Intents(shown=tuple(map(tuple, shown)))

    def _entities(self) -> Entities:
        lists = _one(self.table("turns", ("entities",))["entities"])
        spans = lists.flatten()
        per_turn = _numbers(pc.list_value_length(lists), 0)
        valid, personal = (pc.fill_null(spans.field(name), False) for name in ("valid", "personal"))
        return Entities(
            turn=np.repeat(np.arange(len(per_turn)), per_turn),
            type=_codes(spans.field("type"), pa.array(ENTITY_TYPES)).astype(np.int8),
            start=_numbers(spans.field("start"), 0),
            end=_numbers(spans.field("end"), 0),
            valid=np.asarray(valid.to_numpy(zero_copy_only=False), bool),
            personal=np.asarray(personal.to_numpy(zero_copy_only=False), bool),
        )

    def _rows(self, name: str, columns: Sequence[str]) -> Any:
        """Rows as dicts by number, read when the first is asked for."""
        read: list[pa.Table] = []

        def row(i: int) -> dict[str, Any]:
            if not read:
                read.append(self.table(name, columns))
            one: dict[str, Any] = read[0].slice(i, 1).to_pylist()[0]
            return one

        return row

    def _inconsistent(self) -> UsageError:
        return UsageError(
            f"{self._run.path} 的分片 {self._number} 前后不一致",
            "文件可能被改动或换过，请重新运行 qc run 或 qc inspect。",
        )


def _one(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    if isinstance(column, pa.ChunkedArray):
        return (
            column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays([pa.array([], column.type), *column.chunks])
        )
    return column


def _numbers(column: pa.ChunkedArray | pa.Array, missing: int) -> npt.NDArray[np.int64]:
    return np.asarray(pc.fill_null(column, missing).to_numpy(), np.int64)


def _measures(column: pa.ChunkedArray | pa.Array) -> npt.NDArray[np.float32]:
    return np.asarray(pc.fill_null(column, float("nan")).to_numpy(), np.float32)


def _codes(column: pa.ChunkedArray | pa.Array, names: pa.Array) -> npt.NDArray[np.int64]:
    """Each value as its index in `names`; a value that is none of them becomes the last."""
    return _numbers(pc.index_in(column, value_set=names), len(names) - 1)


def _phrases(lists: pa.Array) -> PhraseColumns | None:
    """The phrases of all turns; None where no turn has any."""
    spans = lists.flatten()
    if not len(spans):
        return None
    counts = _numbers(pc.list_value_length(lists), 0)
    return PhraseColumns(
        first=np.concatenate(([0], np.cumsum(counts))),
        start=_numbers(spans.field("start"), 0),
        end=_numbers(spans.field("end"), 0),
        start_ms=_numbers(spans.field("start_ms"), 0),
        end_ms=_numbers(spans.field("end_ms"), 0),
        confidence=_measures(spans.field("confidence")),
    )


def _texts(column: pa.ChunkedArray) -> Utf8Texts:
    """An Arrow column of texts without a copy."""
    texts = _one(pc.fill_null(column, "")) if column.null_count else _one(column)
    _, offsets, data = texts.buffers()
    if not len(texts):
        return Utf8Texts(np.zeros(1, np.int64), b"")
    starts = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    return Utf8Texts(starts, b"" if data is None else data)
