"""Targets: what people say, from the words of a transcript to every table of a run."""

from __future__ import annotations

import io
import wave
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from unittest.mock import patch

from qc.asr.assemble import Assembly, assemble
from qc.asr.cache import TranscriptCache
from qc.domain.config import Config
from qc.domain.conversation import CallMeta, Channel, Conversation, Role, Source, Turn
from qc.domain.failure import Failure
from qc.domain.recording import GivenTranscript, Recording
from qc.paths import packaged
from qc.pipeline.importing import Importer
from qc.pipeline.inspect import Inspector
from qc.pipeline.specs import folders, load
from qc.privacy import pseudonyms
from qc.specs.speech import load_speech
from tests.fuzz.target import Target

_ROLES = (Role.AGENT, Role.CUSTOMER, Role.CUSTOMER, Role.UNKNOWN, Role.BOT, Role.SYSTEM)
_SPOKEN = (Channel.VOICE_INBOUND, Channel.CHAT)
_MOST_TURNS = 400


def talk(data: bytes, folder: Path) -> Iterator[str]:
    """A line is a turn; the first byte chooses the channel. Masked, judged and scored by the rules that come with qc:
    texts keep their lengths, whatever they are made of."""
    said = data[1:].decode("utf-8", "replace").split("\n")[:_MOST_TURNS]
    channel = _SPOKEN[data[0] % len(_SPOKEN)] if data else Channel.CHAT
    voice = channel is Channel.VOICE_INBOUND
    turns = tuple(
        Turn(
            role=_ROLES[number % len(_ROLES)],
            text=text,
            start_ms=number * 3000,
            end_ms=number * 3000 + 2000 if voice else None,
            audio_channel=number % 2 if voice else None,
            confidence=0.8 if voice else None,
        )
        for number, text in enumerate(said)
    )
    origin = Source(path="a.wav" if voice else "a.json", format="audio" if voice else "chat_json", sha256="ab")
    conversation = Conversation(
        id="甲", project="95598", channel=channel, turns=turns, meta=CallMeta(duration_ms=3_600_000), source=origin
    )
    with patch.object(pseudonyms, "_in_force", [bytes(32)]):
        tables = _inspector().inspect([conversation], ()).tables
    shown = tables["turns"]["text"].to_pylist()
    assert list(map(len, shown)) == list(map(len, said))
    for name in ("findings", "scores", "complaints"):
        for row in tables[name].to_pylist():
            assert row["conversation_id"] == "甲"
    yield from ()


@cache
def _inspector() -> Inspector:
    made = Inspector(load(folders(None)), confidence_floor=0.35, mask=True)
    with patch.object(pseudonyms, "_in_force", [bytes(32)]):
        turns = (Turn(role=Role.CUSTOMER, text="我要投诉你们，电话一直打不通"),)
        source = Source(path="a.json", format="chat_json", sha256="ab")
        made.inspect([Conversation(id="a", project="95598", channel=Channel.CHAT, turns=turns, meta=CallMeta(),
                                   source=source)], ())  # fmt: skip
    return made


def given(data: bytes, folder: Path) -> Iterator[str]:
    """A transcript beside its recording, laid over it."""
    (folder / "a.wav").write_bytes(_wav())
    (folder / "a.json").write_bytes(data)
    beside = GivenTranscript(path="a.json", file=str(folder / "a.json"), format="json", sha256="ab")
    recording = Recording(
        conversation_id="a",
        file=str(folder / "a.wav"),
        project="95598",
        channel=Channel.VOICE_INBOUND,
        meta=CallMeta(),
        source=Source(path="a.wav", format="audio", sha256="ef"),
        given=beside,
    )
    made = Importer(Config())(recording)
    if isinstance(made, Failure):
        yield made.message
        return
    cache = TranscriptCache(folder / "cache")
    cache.put("abcd", made)
    assert cache.get("abcd") == made, "what was heard is heard again for ever"
    turns, _ = assemble(made, "95598", _assembly())
    for turn in turns:
        turn.text.encode()
        assert turn.start_ms is not None and turn.end_ms is not None
        assert 0 <= turn.start_ms <= turn.end_ms


@cache
def _assembly() -> Assembly:
    config = Config()
    return Assembly(audio=config.audio, asr=config.asr, speech=load_speech(packaged("rules") / "_speech"))


@cache
def _wav() -> bytes:
    """Four seconds in two channels, the second of which is silent for the first half."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setparams((2, 2, 8000, 0, "NONE", ""))
        file.writeframes(b"\0\x20\0\0\0\xe0\0\0" * 8000 + b"\0\0\0\x20\0\0\0\xe0" * 8000)
    return out.getvalue()


TARGETS = (
    Target(name="talk", run=talk, ready=_inspector),
    Target(name="given", run=given, ready=_assembly),
)
