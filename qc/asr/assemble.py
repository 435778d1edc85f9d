"""Transcript → turns: readable words, the role of each voice, phrases joined. Nothing is heard here, so that it runs
again at no cost whenever hot words, cues or settings change."""

from __future__ import annotations

from dataclasses import dataclass, replace

from qc.asr.speakers.announcements import without_announcements
from qc.asr.speakers.cues import cue_finder
from qc.asr.speakers.roles import Voice, roles_of
from qc.asr.turns import to_turns
from qc.asr.wording.readable import readable
from qc.domain.config import AsrConfig, AudioConfig
from qc.domain.conversation import Role, RoleSource, Turn
from qc.domain.recording import Transcript
from qc.domain.speech import SpeechSpecs


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembly:
    """How transcripts become conversations."""

    audio: AudioConfig
    asr: AsrConfig
    speech: SpeechSpecs


def assemble(transcript: Transcript, project: str, assembly: Assembly) -> tuple[tuple[Turn, ...], RoleSource]:
    """The turns of a recording in order of their start, and how their roles are known."""
    words = assembly.speech.words_of(project)
    channels = tuple(
        replace(channel, segments=tuple(readable(channel.segments, words, assembly.asr)))
        for channel in transcript.channels
    )
    finder = cue_finder(assembly.speech.cues, project)
    channels = without_announcements(channels, finder)
    roles, source = roles_of(channels, assembly.audio, project, finder)
    if transcript.roles:
        given: dict[Voice, Role] = {
            (c.audio_channel, s.speaker): transcript.roles[s.speaker]
            for c in channels
            for s in c.segments
            if s.speaker is not None
        }
        roles, source = {**roles, **given}, RoleSource.GIVEN
    return to_turns(channels, roles), source
