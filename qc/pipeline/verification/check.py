"""What one check of a run came to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

_SHOWN = 5


class State(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    UNCHECKED = "unchecked"
    """There was nothing to check it against: older runs, rules that have changed since."""


class Trust(StrEnum):
    """What all checks together come to."""

    TRUSTED = "trusted"
    UNTRUSTED = "untrusted"
    PARTLY = "partly"
    """Nothing is wrong, but not everything could be checked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """`told` is one Chinese sentence; `problems` are the first few, `more` says how many others there are."""

    id: str
    title: str
    state: State
    told: str
    problems: tuple[str, ...] = ()
    more: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    run_id: str
    checks: tuple[Check, ...]

    @property
    def trust(self) -> Trust:
        states = {check.state for check in self.checks}
        if State.FAILED in states:
            return Trust.UNTRUSTED
        return Trust.PARTLY if State.UNCHECKED in states else Trust.TRUSTED


class Problems:
    """What is wrong, the first few in words and the others counted."""

    def __init__(self) -> None:
        self._told: list[str] = []
        self._count = 0

    def __bool__(self) -> bool:
        return self._count > 0

    def add(self, told: str, count: int = 1) -> None:
        """`count` things of one kind; none when it is 0."""
        if count:
            self._count += 1
            if len(self._told) < _SHOWN:
                self._told.append(told)

    def extend(self, told: Iterable[str]) -> None:
        for one in told:
            self.add(one)

    def check(self, id: str, title: str, passed: str, failed: str, otherwise: State = State.PASSED) -> Check:
        """The check: failed when there is any problem, else `otherwise` with the sentence `passed`."""
        if not self:
            return Check(id=id, title=title, state=otherwise, told=passed)
        return Check(
            id=id,
            title=title,
            state=State.FAILED,
            told=failed,
            problems=tuple(self._told),
            more=self._count - len(self._told),
        )
