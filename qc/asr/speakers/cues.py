"""Role cues in what was heard: phrases that give away who is speaking, found through pauses, marks and homophones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from qc.domain.speech import RoleCue
from qc.text.automaton import Matches
from qc.text.homophones import Homophones, has_homophones
from qc.text.longest import LongestWords
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
        self._literal = LongestWords(self._words)
        self._sounding = [i for i, w in enumerate(self._words) if len(w) >= _BY_SOUND and has_homophones(w)]
        self._homophones = Homophones([self._words[i] for i in self._sounding]) if self._sounding else None

    def find(self, texts: Sequence[str]) -> list[Cue]:
        """The cues in each text, in order, none inside or across another: of two the longer counts, and what is written
        before what only sounds so. Marks and spaces do not matter."""
        letters = [_letters(text) for text in texts]
        joined = "\n".join(letters)
        if not joined.strip() or not self._words:
            return []
        points = np.frombuffer(joined.encode("utf-32-le", "replace"), np.uint32)
        spans = list(_spans(self._literal.scan(points)))
        if self._homophones is not None:
            spans += [(start, end, self._sounding[word]) for start, end, word in _spans(self._homophones.scan(points))]
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


def _spans(found: Matches) -> Iterator[tuple[int, int, int]]:
    """(first character, end character, word) of each match."""
    return zip(found.start.tolist(), found.end.tolist(), found.pattern.tolist(), strict=True)


@lru_cache(maxsize=16)
def cue_finder(cues: tuple[RoleCue, ...], project: str) -> CueFinder:
    """The finder of these cues, made once per process and project."""
    return CueFinder(cues, project)
