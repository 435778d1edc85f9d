"""`_speech/roles.yml` → role cues."""

from __future__ import annotations

from pathlib import Path

from qc.domain.speech import RoleCue


def load_role_cues(folder: Path) -> tuple[RoleCue, ...]:
    """Cues in order of the file. Raises SpecError with all problems."""
    return ()
