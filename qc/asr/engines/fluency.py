"""How well a text reads as Chinese words: what tells 理财 from 立财, which sound the same.

A recogniser as small as whisper base hears syllables well and often writes the wrong characters for them: half of its
errors vanish when only sounds are compared. So the beams of a search are also judged by how usual the words are that
they write, and how usual after each other, as an input method judges what was typed by its sound. The best way to cut a
text into words is followed character by character (Viterbi 1967), with the pairs of words of `WordPairs`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from qc.asr.engines.pairs import START, WordPairs
from qc.text.normalise import table

WEIGHT = 0.2
"""How much the words count against what was heard."""
PER_CHARACTER = 5.0
"""Added for each Chinese character, about what one costs (nats): texts shall be neither shorter nor longer for it."""
LONGEST = 6
"""Characters of the longest word."""


class Reading(NamedTuple):
    """A text that grows token by token. `score`: what a search adds to the log probability of all its tokens; `rest`:
    the bytes of a character that is not complete; `tail`: the last Chinese characters in a row, as simplified ones;
    `ways`: for the places before, between and behind the last of them the log probability of the best words up to
    there, and the last of these words."""

    score: float = 0.0
    rest: bytes = b""
    tail: str = ""
    ways: tuple[tuple[float, int], ...] = ((0.0, START),)


class Fluency:
    """For one tokenizer. `spelled(token)`: the bytes of a token below `eot`."""

    def __init__(self, pairs: WordPairs, spelled: Callable[[int], bytes], eot: int) -> None:
        self._pairs, self._spelled, self._eot = pairs, spelled, eot

    def after(self, reading: Reading, token: int) -> Reading:
        """The reading with one more token. Marks, letters, figures and timestamps cost nothing and begin anew."""
        if token >= self._eot:
            return Reading(WEIGHT * reading.ways[-1][0], ways=((reading.ways[-1][0], START),))
        spelled = reading.rest + self._spelled(token)
        text = spelled.decode("utf-8", "ignore")
        whole = text.encode()
        rest = spelled[len(whole) :] if spelled.startswith(whole) else b""
        tail, ways = reading.tail, reading.ways
        for char in text:
            simple = table().get(ord(char), char)
            if "\u4e00" <= simple <= "\u9fff":
                tail = (tail + simple)[-LONGEST:]
                ways = (*ways[1 - LONGEST :], self._best(tail, ways))
            else:
                tail, ways = "", ((ways[-1][0], START),)
        return Reading(WEIGHT * self._hoped(tail, ways), rest, tail, ways)

    def _hoped(self, tail: str, ways: tuple[tuple[float, int], ...]) -> float:
        """The log probability of the text, where its end may still become the likeliest word that begins so."""
        hoped = ways[-1][0]
        for length in range(1, min(len(tail), len(ways) - 1) + 1):
            word = self._pairs.beginning(tail[-length:])
            if word is not None:
                alone = self._pairs.log_probability(START, word)
                hoped = max(hoped, ways[-1 - length][0] + alone + PER_CHARACTER * length)
        return hoped

    def _best(self, tail: str, ways: tuple[tuple[float, int], ...]) -> tuple[float, int]:
        """The best words up to the last character of `tail`; `ways` end before it."""
        best = None
        for length in range(1, min(len(tail), len(ways)) + 1):
            word = self._pairs.number(tail[-length:])
            if word is not None or length == 1:
                before, last = ways[-length]
                sum_ = before + self._pairs.log_probability(last, word)
                if best is None or sum_ > best[0]:
                    best = (sum_, START if word is None else word)
        assert best is not None  # noqa: S101
        return best[0] + PER_CHARACTER, best[1]
