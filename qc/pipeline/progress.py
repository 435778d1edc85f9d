"""How a run says where it is. The command line draws a bar or prints lines; tests collect."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Told of stages and of advance within a stage; all texts are Chinese and hold no customer speech."""

    def note(self, message: str) -> None:
        """One line of information."""

    def stage(self, title: str, total: float | None, unit: str) -> None:
        """A stage begins; `total` in `unit`, None when unknown."""

    def advance(self, amount: float, message: str) -> None:
        """`amount` more is done; `message` says what."""

    def finish(self) -> None:
        """The stage is over."""
