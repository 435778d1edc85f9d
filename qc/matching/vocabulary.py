"""All words of all rules in one automaton, scanned once over a buffer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

import numpy as np
import numpy.typing as npt

from qc.domain.operators import Words
from qc.domain.rule import Lexicon, Word
from qc.errors import UsageError
from qc.text.automaton import Automaton
from qc.text.normalise import normalise
from qc.text.shard import Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class WordMatches:
    """All, also overlapping, occurrences in a buffer, ordered by word: word w owns rows `first[w]:first[w+1]`."""

    first: Ints
    start: Ints
    end: Ints

    def of(self, words: Ints) -> tuple[Ints, Ints, Ints]:
        """(word, first byte, end byte) of every occurrence of the given words, ordered by place."""
        counts = self.first[words + 1] - self.first[words]
        words, counts = words[counts > 0], counts[counts > 0]
        # rows first[w], first[w]+1, … for each word, without a loop over words
        skipped = np.repeat(self.first[words] - np.concatenate(([0], np.cumsum(counts)[:-1])), counts)
        rows = np.arange(len(skipped)) + skipped
        found = np.repeat(words, counts)
        order = np.lexsort((found, -self.end[rows], self.start[rows]))
        return found[order], self.start[rows][order], self.end[rows][order]


class Vocabulary:
    """The words of all word lists, numbered; equal words of different lists share a number.

    Raises UsageError for a lexicon that does not exist.
    """

    def __init__(self, lists: Iterable[Words], lexicons: Mapping[str, Lexicon]) -> None:
        self._entries: dict[Words, dict[int, Word]] = {}
        numbers: dict[str, int] = {}
        for words in lists:
            if words in self._entries:
                continue
            entries = self._entries[words] = {}
            for word in chain((Word(text=text) for text in words.words), *_lexicon_words(words, lexicons)):
                text = normalise(word.text)
                if text:
                    number = numbers.setdefault(text, len(numbers))
                    if number not in entries or (word.level or 0) > (entries[number].level or 0):
                        entries[number] = word
        self.texts = tuple(numbers)
        self._numbers = {
            words: np.fromiter(sorted(entries), np.int64, len(entries)) for words, entries in self._entries.items()
        }

    def numbers(self, words: Words) -> Ints:
        """The numbers of a list's words, rising."""
        return self._numbers[words]

    def entry(self, words: Words, number: int) -> Word | None:
        """The list's own entry for a word: its category and level."""
        return self._entries[words].get(number)

    @cached_property
    def _automaton(self) -> Automaton:
        return Automaton(self.texts, longest=False)

    def scan(self, buffer: bytes) -> WordMatches:
        """Every occurrence of every word; 12345 does not occur in 13812345678, nor vip in vipshop."""
        found = self._automaton.scan(buffer)
        if buffer:
            found = found.where(_whole(buffer, found.start, found.end))
        found = found.where(np.argsort(found.pattern, kind="stable"))
        first = np.searchsorted(found.pattern, np.arange(len(self.texts) + 1))
        return WordMatches(first=first, start=found.start, end=found.end)


_KIND = np.zeros(256, np.int8)
"""Of a byte: 1 a digit, 2 a (lower-case) Latin letter, 0 anything else."""
_KIND[ord("0") : ord("9") + 1] = 1
_KIND[ord("a") : ord("z") + 1] = 2


def _whole(buffer: bytes, start: Ints, end: Ints) -> npt.NDArray[np.bool_]:
    """Which spans do not cut a number or a Latin word in two."""
    text = np.frombuffer(buffer, np.uint8)

    def kind(at: Ints) -> npt.NDArray[np.int8]:
        """Of the bytes at these places; nothing stands before the beginning and after the end."""
        return np.where((at >= 0) & (at < len(text)), _KIND[text[np.clip(at, 0, len(text) - 1)]], np.int8(0))

    first, last = kind(start), kind(end - 1)
    return np.asarray(((first == 0) | (kind(start - 1) != first)) & ((last == 0) | (kind(end) != last)))


def _lexicon_words(words: Words, lexicons: Mapping[str, Lexicon]) -> Iterable[tuple[Word, ...]]:
    for name in words.lexicons:
        if name not in lexicons:
            raise UsageError(f"找不到词表 {name}", "词表放在规则目录的 _lexicons 文件夹里，文件名就是编号。")
        yield lexicons[name].words
