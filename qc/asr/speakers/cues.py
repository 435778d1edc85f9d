"""Role cues in what was heard: phrases that give away who is speaking, found through pauses, marks and homophones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from qc.domain.speech import RoleCue
from qc.text.automaton import Automaton, Matches
from qc.text.homophones import Homophones, has_homophones
from qc.text.normalise import normalise

_BY_SOUND = 4
"""Characters from which a cue is also found by its sound: 很高兴为您服雾. Shorter ones sound like too much."""


@dataclass(frozen=True, slots=True)
class Cue:
    """A cue found in one of the texts. `weight` counts for `role`; `length`: characters heard."""

    text: int
    start: int
    role: str
    weight: float
    length: int
    words: str


class CueFinder:
    """The cues of a project, compiled."""

    def __init__(self, cues: Sequence[RoleCue], project: str) -> None:
        mine = {_letters(c.text): c for c in cues if not c.projects or project in c.projects}
        self._cues = list(mine.values())
        self._words = [w for w in mine if w]
        self._literal = Automaton(self._words, longest=True)
        self._sounding = [i for i, w in enumerate(self._words) if len(w) >= _BY_SOUND and has_homophones(w)]
        self._homophones = Homophones([self._words[i] for i in self._sounding]) if self._sounding else None

    def find(self, texts: Sequence[str]) -> list[Cue]:
        """The cues in each text, in order, none inside or across another: of two the longer counts, and what is written
        before what only sounds so. Marks and spaces do not matter."""
        letters = [_letters(text) for text in texts]
        joined = "\n".join(letters)
        if not joined.strip() or not self._words:
            return []
        spans = _in_characters(self._literal.scan(joined.encode("utf-8", "replace")), joined)
        if self._homophones is not None:
            alike = self._homophones.scan(np.frombuffer(joined.encode("utf-32-le", "replace"), np.uint32))
            rows = zip(alike.start.tolist(), alike.end.tolist(), alike.pattern.tolist(), strict=True)
            spans += [(start, end, self._sounding[word]) for start, end, word in rows]
        taken = np.zeros(len(joined) + 1, bool)
        found = []
        for start, end, word in sorted(spans, key=lambda s: s[0] - s[1]):  # stable: as written before as it sounds
            if not taken[start:end].any():
                taken[start:end] = True
                found.append((start, end, word))
        starts = np.cumsum([0, *(len(t) + 1 for t in letters)])
        out = []
        for start, end, word in sorted(found):
            text = int(np.searchsorted(starts, start, side="right")) - 1
            cue = self._cues[word]
            out.append(Cue(text, start - int(starts[text]), cue.role, cue.weight, end - start, self._words[word]))
        return out


def _letters(text: str) -> str:
    return "".join(c for c in normalise(text) if c.isalnum())


def _in_characters(matches: Matches, text: str) -> list[tuple[int, int, int]]:
    """Byte spans of UTF-8 → (first character, end character, pattern)."""
    ends = np.cumsum([len(c.encode("utf-8", "replace")) for c in text])
    first = np.searchsorted(ends, matches.start, side="right").tolist()
    last = np.searchsorted(ends, matches.end, side="left").tolist()
    return [(a, b + 1, w) for a, b, w in zip(first, last, matches.pattern.tolist(), strict=True)]


@lru_cache(maxsize=16)
def cue_finder(cues: tuple[RoleCue, ...], project: str) -> CueFinder:
    """The finder of these cues, made once per process and project."""
    return CueFinder(cues, project)
