"""Reference: what was really said, written down by a person, to measure a transcript against."""

from __future__ import annotations

from dataclasses import dataclass

from qc.domain.conversation import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """标注: the text of a recording or of a stretch of it. `file`: path relative to the folder of recordings, or a
    conversation's id. `channel` (audio channel, from 0) or `role` say which side is meant; both None: whatever is
    heard. `speaker` is a name to group results by. Times in ms from the start. `line`: where it stands."""

    file: str
    text: str
    line: int
    project: str | None = None
    channel: int | None = None
    role: Role | None = None
    speaker: str | None = None
    start_ms: int | None = None
    end_ms: int | None = None
