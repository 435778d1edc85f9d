"""Numbers read out on the telephone, from what the recogniser wrote to what is stored."""

from __future__ import annotations

import pytest

from qc.asr.assemble import Assembly, assemble
from qc.domain.config import AsrConfig, AudioConfig
from qc.domain.conversation import CallMeta, Channel, Conversation, Source, Turn
from qc.domain.recording import ChannelTranscript, Segment, Transcript
from qc.domain.speech import HotWord, SpeechSpecs
from qc.pipeline.privacy import masked
from qc.text.entities import find_entities
from qc.text.shard import Shard


def _stored(*heard: str) -> tuple[Turn, ...]:
    """The masked turns of a call in which the customer says these phrases."""
    segments = [
        Segment(start_ms=1200 * i, end_ms=1200 * i + 1000, text=text, confidence=0.8) for i, text in enumerate(heard)
    ]
    transcript = Transcript(
        sha256="0" * 64,
        duration_ms=60_000,
        sample_rate=8000,
        codec="ulaw",
        engine="e",
        model="m",
        options="o",
        channels=(
            ChannelTranscript(audio_channel=0, segments=(), speech_ms=0),
            ChannelTranscript(audio_channel=1, segments=tuple(segments), speech_ms=10_000),
        ),
    )
    speech = SpeechSpecs(hot_words=(HotWord(text="户号"),))
    turns, _ = assemble(transcript, "95598", Assembly(audio=AudioConfig(), asr=AsrConfig(), speech=speech))
    call = Conversation(
        id="A1",
        project="95598",
        channel=Channel.VOICE_INBOUND,
        turns=turns,
        meta=CallMeta(),
        source=Source(path="a.wav", format="audio", sha256="0" * 64),
    )
    shard = Shard([call])
    (kept,) = masked(shard, find_entities(shard))
    return kept.turns


@pytest.mark.parametrize(
    ("heard", "read"),
    [
        (("我的电话是一三八零零一三八零零零",), "我的电话是138****8000。"),
        (("我的电话是", "一三八零零一三八零零零"), "我的电话是，138****8000。"),
        (("身份证号是一一零一零五一九四九一二三一零零二X",), "身份证号是110105********002X。"),
        (("户号是三三零一二三四五六七",), "户号是33******67。"),
        (("胡号是三三零一二三四五六七",), "户号是33******67。"),
    ],
)
def test_a_number_read_out_is_masked_in_digits_and_in_words(heard: tuple[str, ...], read: str) -> None:
    (turn,) = _stored(*heard)
    assert turn.text == read
    (mark,) = [m for m in turn.marks if m.kind == "number"]
    assert mark.original is not None
    assert set(mark.original) == {"*"}


def test_a_hotline_and_an_amount_are_nobodys_and_keep_what_was_said() -> None:
    (turn,) = _stored("请拨打九五五九八，电费是二百三十块五")
    assert turn.text == "请拨打95598，电费是230.5块。"
    assert [m.original for m in turn.marks] == ["九五五九八", "二百三十块五"]
