"""What clean-up replaced may hold personal data that the clean text does not."""

from __future__ import annotations

from dataclasses import replace

from qc.domain.conversation import CallMeta, Channel, Conversation, Mark, MarkKind, Role, Source, Turn
from qc.pipeline.privacy import masked
from qc.text.entities import find_entities
from qc.text.shard import Shard


def _masked(*turns: Turn) -> tuple[Turn, ...]:
    source = Source(path="a.wav", format="audio", sha256="0" * 64)
    call = Conversation(id="a", project="p", channel=Channel.VOICE_INBOUND, turns=turns, meta=CallMeta(), source=source)
    shard = Shard([call])
    (out,) = masked(shard, find_entities(shard))
    return out.turns


def _turn(text: str, *marks: tuple[MarkKind, str, str]) -> Turn:
    """`marks`: what it is now, what was heard."""
    at = [(kind, text.index(now), len(now), heard) for kind, now, heard in marks]
    return Turn(
        role=Role.CUSTOMER,
        text=text,
        marks=tuple(Mark(kind=kind, start=i, end=i + n, original=heard) for kind, i, n, heard in at),
    )


def test_a_name_that_became_a_hot_word_is_hidden_in_the_original() -> None:
    (turn,) = _masked(
        _turn("嗯，20元，我叫网小店。", (MarkKind.NUMBER, "20", "二十"), (MarkKind.HOT_WORD, "网小店", "王小店"))
    )
    assert turn.text == "嗯，20元，我叫网小店。"
    assert [m.original for m in turn.marks] == ["二十", "***"]  # a number that is nobody's stays


def test_digits_of_which_some_belong_to_a_number_are_hidden_whole() -> None:
    text = "电话13800138000。"
    (turn,) = _masked(_turn(text, (MarkKind.NUMBER, "13800138000", "一三八零零一三八零零零")))
    assert "0138" not in turn.text
    assert [m.original for m in turn.marks] == ["*" * 11]
    (part,) = _masked(_turn(text, (MarkKind.NUMBER, "8000", "八零零零")))
    assert [m.original for m in part.marks] == ["****"]


def test_masking_again_changes_nothing() -> None:
    once = _masked(_turn("我叫网小店，电话13800138000。", (MarkKind.HOT_WORD, "网小店", "王小店")))
    assert _masked(*(replace(t, entities=()) for t in once)) == tuple(replace(t, entities=()) for t in once)
