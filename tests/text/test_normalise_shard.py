"""Normalisation keeps every offset; a shard finds every span again."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from qc.text.normalise import normalise, table
from tests.text.shards import shard

TEXT = st.text(st.characters(), max_size=60) | st.text(
    st.characters(categories=["Cs", "Lo", "Zl", "Cc", "So"]), max_size=30
)


@given(TEXT)
def test_one_character_for_one(text: str) -> None:
    assert len(normalise(text)) == len(text)
    assert "\n" not in normalise(text)


@given(TEXT)
def test_a_long_text_is_normalised_like_a_short_one(text: str) -> None:
    long = text * 40 + "好" * 600
    assert normalise(long) == long.translate(table())


def test_forms() -> None:
    assert normalise("ＡＢＣ１２３，您好!臺灣 WiFi") == "abc123，您好！台湾 wifi"


@given(st.lists(st.lists(TEXT, max_size=4), max_size=4))
def test_every_turn_is_found_again(conversations: list[list[str]]) -> None:
    made = shard(*([("customer", text) for text in texts] for texts in conversations))
    for turn, text in enumerate(t for texts in conversations for t in texts):
        assert made.normalised(turn) == normalise(text)
        if text:
            first, last = made.byte_start[turn : turn + 1], made.byte_start[turn + 1 : turn + 2] - 1
            assert [int(x[0]) for x in made.locate(first, last)] == [turn, 0, len(text)]
    assert len(np.unique(made.byte_start)) == len(made.byte_start)
