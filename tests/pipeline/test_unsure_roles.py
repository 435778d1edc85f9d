"""From voices to verdicts: where nobody can tell who spoke, rules that need to know are undecided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from qc.asr.assemble import Assembly
from qc.domain.config import AsrConfig, AudioConfig
from qc.domain.conversation import CallMeta, Channel, Conversation, RoleSource, Source
from qc.domain.recording import ChannelTranscript, Recording, Segment, Transcript
from qc.domain.speech import SpeechSpecs
from qc.matching.compile import compile_rules
from qc.matching.judge import VERDICTS, judge
from qc.matching.signals import NO_SIGNALS
from qc.paths import packaged
from qc.pipeline.restore import heard
from qc.specs.role_cues import load_role_cues
from qc.specs.rules import load_rules
from qc.text.shard import Shard

RULES = ("service.forbidden_words", "service.interrupt")
TALK = [
    (0, "您好，很高兴为您服务。"),
    (1, "你好，我想问一下，我家停电了。"),
    (0, "你爱找谁找谁，不归我们管。"),
    (1, "我要投诉你们。"),
    (0, "请问还有其他需要吗？"),
]


def _conversation(speakers: Sequence[int | None], channels: int) -> Conversation:
    segments = tuple(
        Segment(start_ms=i * 3000, end_ms=i * 3000 + 2500, text=text, confidence=0.9, speaker=speaker)
        for i, ((_, text), speaker) in enumerate(zip(TALK, speakers, strict=True))
    )
    transcript = Transcript(
        sha256="0" * 64,
        duration_ms=20_000,
        sample_rate=8000,
        codec="ulaw",
        engine="e",
        model="m",
        options="o",
        channels=(
            ChannelTranscript(audio_channel=0, segments=segments, speech_ms=12_500),
            *(ChannelTranscript(audio_channel=i, segments=(), speech_ms=0) for i in range(1, channels)),
        ),
    )
    recording = Recording(
        conversation_id="c",
        file="c.wav",
        project="95598",
        channel=Channel.VOICE_INBOUND,
        meta=CallMeta(),
        source=Source(path="c.wav", format="audio", sha256="0" * 64),
    )
    speech = SpeechSpecs(cues=load_role_cues(packaged("rules") / "_speech"))
    found = heard(recording, transcript, Assembly(audio=AudioConfig(), asr=AsrConfig(), speech=speech))
    assert isinstance(found, Conversation)
    return found


def _verdicts(conversation: Conversation) -> dict[str, str]:
    shipped = load_rules([packaged("rules")])
    pack = replace(shipped, rules=tuple(r for r in shipped.rules if r.id in RULES))
    judgement = judge(compile_rules(pack, confidence_floor=0.35), Shard([conversation]), NO_SIGNALS)
    found = {r.id: VERDICTS[v].value for r, v in zip(pack.rules, judgement.verdicts[:, 0], strict=True)}
    return {name: found[name] for name in RULES}


@pytest.mark.parametrize("channels", [1, 2])
def test_voices_told_apart_are_judged_but_not_for_interrupting(channels: int) -> None:
    conversation = _conversation([v for v, _ in TALK], channels)
    assert conversation.source.role_source is RoleSource.VOICES
    assert _verdicts(conversation) == {"service.forbidden_words": "hit", "service.interrupt": "undecided"}


def test_voices_not_told_apart_are_undecided() -> None:
    conversation = _conversation([None] * len(TALK), 1)
    assert conversation.source.role_source is RoleSource.UNSURE
    assert _verdicts(conversation) == {"service.forbidden_words": "undecided", "service.interrupt": "undecided"}
