"""Who speaks: roles of the voices of a recording, by its channels and by what the voices say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from qc.domain.config import AudioConfig
from qc.domain.conversation import Role, RoleSource
from qc.domain.recording import ChannelTranscript
from qc.domain.speech import RoleCue

Voice = tuple[int, int | None]
"""Audio channel and, where several share it, the speaker's number."""


def roles_of(
    channels: Sequence[ChannelTranscript], audio: AudioConfig, project: str, cues: Sequence[RoleCue]
) -> tuple[Mapping[Voice, Role], RoleSource]:
    """The role of every voice that has segments (readable ones), and how it is known."""
    voices = {(c.audio_channel, s.speaker) for c in channels for s in c.segments}
    if len(channels) == 1:
        known = audio.mono_role is not Role.UNKNOWN
        return dict.fromkeys(voices, audio.mono_role), RoleSource.CONFIGURED if known else RoleSource.UNSURE
    wired = audio.project_roles.get(project, audio.roles)
    roles = {(c, s): wired[c] if c < len(wired) else Role.UNKNOWN for c, s in voices}
    return roles, RoleSource.CHANNELS
