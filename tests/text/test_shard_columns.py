"""A shard made from columns is the shard made from objects."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from qc.domain.conversation import CallMeta, Channel, Conversation, Entity, Role, Source, Turn
from qc.text.columns import Lazy, Utf8Texts, conversation_columns, turn_columns
from qc.text.shard import Shard

_TIME = st.none() | st.integers(0, 10**7)
_TURN = st.builds(
    Turn,
    role=st.sampled_from(Role),
    text=st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(["甲\n乙", "\ue000", "😀Ａ"]),
    start_ms=_TIME,
    end_ms=_TIME,
    confidence=st.none() | st.floats(0, 1, width=32),
    audio_channel=st.none() | st.integers(0, 3),
    entities=st.none() | st.just((Entity(type="mobile", start=0, end=1),)),
)
_CONVERSATION = st.builds(
    Conversation,
    id=st.text(max_size=3),
    project=st.sampled_from(["电商", "保险"]),
    channel=st.sampled_from(Channel),
    turns=st.lists(_TURN, max_size=4).map(tuple),
    meta=st.builds(CallMeta, duration_ms=_TIME, region=st.sampled_from([None, "北京"])),
    source=st.builds(
        Source,
        path=st.just("a"),
        format=st.just("qc"),
        sha256=st.just(""),
        audio_channels=st.sampled_from([None, 1, 2]),
    ),
)


@given(st.lists(_CONVERSATION, max_size=4), st.booleans())
def test_columns_and_objects_say_the_same(conversations: list[Conversation], joined: bool) -> None:
    plain = Shard(conversations)
    turns = turn_columns([t for c in conversations for t in c.turns])
    if joined:  # as Arrow keeps them, after something else
        data = [b"front", *(text.encode() for text in turns.text)]
        offsets = np.cumsum([len(text) for text in data])
        turns = replace(turns, text=Utf8Texts(offsets, b"".join(data) + b"behind"))
    made = Shard.from_columns(conversation_columns(conversations), turns)
    assert (made.text, made.buffer, len(made)) == (plain.text, plain.buffer, len(plain))
    for name in ("first_turn", "conversation", "role", "start_ms", "end_ms", "confidence", "char_start", "byte_start"):
        np.testing.assert_array_equal(getattr(made, name), getattr(plain, name))
    assert list(made.conversations) == conversations
    assert list(made.turns) == list(plain.turns)


def test_nothing_is_made_before_it_is_asked_for() -> None:
    made: list[int] = []

    def make(i: int) -> Any:
        made.append(i)
        return str(i)

    lazy = Lazy(5, make)
    assert (len(lazy), lazy[-1], lazy[1:3], made) == (5, "4", ["1", "2"], [4, 1, 2])
