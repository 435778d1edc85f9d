"""The engine that does not hear: transcripts another recogniser made, laid over the recordings they were made of.

Words, times, roles and confidence are those of the transcript; levels, pitch, and the channel of a turn where the
transcript names none, are measured in the audio.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from qc.asr.engines.transcriber import AsrIdentity
from qc.asr.sound.audio import RATE, AudioError, open_audio
from qc.asr.sound.detect import Span
from qc.asr.sound.level import LevelMeter
from qc.asr.sound.prosody import PitchMeter
from qc.domain.config import AsrConfig
from qc.domain.conversation import Role, Turn
from qc.domain.recording import ChannelTranscript, Recording, Segment, Transcript
from qc.errors import UsageError

VERSION = 2
SURE = 1.0
"""The confidence of a transcript that states none: it is taken at its word, as that of a chat is."""
MS_PER_CHAR = 300
"""How long a character may take, where only its beginning is known: slow speech."""
LEAST_MS = 500
BEYOND_MS = 2000
"""A transcript that goes on longer than this after the recording's end was made of another recording."""
_IDENTITY = AsrIdentity(engine=f"imported {VERSION}", model="none", options="given")


def identify(config: AsrConfig) -> AsrIdentity:
    """As `qc.asr.engines.registry.Engine` asks."""
    return _IDENTITY


def open(config: AsrConfig) -> NoReturn:
    """Raises UsageError: there is nothing to hear with."""
    raise UsageError("引擎 imported 只取录音旁边已有的转写，不能用来听录音。", "要重新转写，把 asr.engine 改成 auto。")


def transcribe(recording: Recording, turns: Sequence[Turn], max_duration_s: float) -> Transcript:
    """The transcript of a recording from the turns of the one given with it, in time order.

    Raises AudioError: the recording cannot be read, or the turns have no times or reach beyond its end.
    """
    audio = open_audio(recording.file, max_duration_s)
    meter = LevelMeter(audio.channels)
    pitch = PitchMeter([(Span(0, round(max_duration_s * RATE)),)] * audio.channels)
    samples = 0
    for block in pitch.listening(audio.blocks()):
        meter.feed(block)
        samples += block.shape[1]
    duration_ms = samples * 1000 // RATE
    roles = tuple(dict.fromkeys(t.role for t in turns if t.role is not Role.UNKNOWN))
    segments = _segments(turns, roles, duration_ms)
    levels = [meter.measured(channel, segments) for channel in range(audio.channels)]
    if all(a.energy_db == b.energy_db for other in levels[1:] for a, b in zip(levels[0], other, strict=True)):
        levels = levels[:1]  # one microphone, however often it was written down
    channels: list[list[Segment]] = [[] for _ in levels]
    for i, turn in enumerate(turns):
        named = turn.audio_channel
        own = named if named is not None and named < len(levels) else _loudest([level[i] for level in levels])
        channels[own].append(levels[own][i])
    return Transcript(
        sha256=recording.source.sha256,
        duration_ms=duration_ms,
        sample_rate=audio.source_rate,
        codec=audio.codec,
        engine=_IDENTITY.engine,
        model=_IDENTITY.model,
        options=_IDENTITY.options,
        channels=tuple(
            ChannelTranscript(
                audio_channel=i, segments=pitch.measured(i, own), speech_ms=sum(s.end_ms - s.start_ms for s in own)
            )
            for i, own in enumerate(channels)
        ),
        roles=roles,
    )


def _segments(turns: Sequence[Turn], roles: tuple[Role, ...], duration_ms: int) -> tuple[Segment, ...]:
    starts = [t.start_ms for t in turns if t.start_ms is not None]
    if len(starts) < len(turns):
        raise AudioError("no_times", "转写里有的话没有时间，无法与录音对应；请导出带起止时间的转写")
    if max(starts, default=0) > duration_ms + BEYOND_MS:
        raise AudioError(
            "times_beyond_end",
            f"转写里最晚的一句在第 {max(starts) / 1000:.0f} 秒，录音只有 {duration_ms / 1000:.0f} 秒；"
            "可能不是这个录音的转写",
        )
    out = []
    for i, (turn, start) in enumerate(zip(turns, starts, strict=True)):
        end = turn.end_ms
        if end is None:
            following = starts[i + 1] if i + 1 < len(starts) else duration_ms
            end = min(max(following, start), start + LEAST_MS + MS_PER_CHAR * len(turn.text))
        confidence = SURE if turn.confidence is None else turn.confidence
        speaker = roles.index(turn.role) if turn.role in roles else None
        end = max(min(end, duration_ms), start)  # Whisper ends a last phrase with its window, seconds after the call
        out.append(Segment(start_ms=start, end_ms=end, text=turn.text, confidence=confidence, speaker=speaker))
    return tuple(out)


def _loudest(measured: Sequence[Segment]) -> int:
    """The channel on which a turn is loudest, the first of equals."""
    return max(range(len(measured)), key=lambda c: (measured[c].energy_db or 0.0, -c))
