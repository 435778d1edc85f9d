"""What a centre says of its own speech: words to get right, and what shows who is speaking."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class HotWord:
    """热词: a name, product or abbreviation that the recogniser should get right. `projects`: empty for all. `heard`:
    what it is known to be written as instead, beside whatever sounds like it."""

    text: str
    projects: tuple[str, ...] = ()
    heard: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleCue:
    """A phrase (literal text) that people in one role say and others hardly do; `weight` > 0 counts for the role
    (agent, customer, system). `projects`: empty for all."""

    role: str
    text: str
    weight: float
    projects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechSpecs:
    """`rules/_speech`. `digest` covers all of it: what is written there decides texts and roles."""

    hot_words: tuple[HotWord, ...] = ()
    cues: tuple[RoleCue, ...] = ()
    digest: str = ""

    def words_of(self, project: str) -> tuple[HotWord, ...]:
        """The hot words in force for a project."""
        return tuple(w for w in self.hot_words if not w.projects or project in w.projects)
