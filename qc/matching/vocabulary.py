"""All words of all rules in one automaton, scanned once over a buffer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

import numpy as np

from qc.domain.operators import Words
from qc.domain.rule import Lexicon, Word
from qc.errors import UsageError
from qc.matching.word_search import LEVELS, PINYIN, Found, WordSearch
from qc.text.columns import Points, ranges
from qc.text.normalise import normalise
from qc.text.shard import Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrences:
    """Where the words of all lists stand in a buffer (bytes): ordered by list, then place, longer ones first. List l
    owns rows `first[l]:first[l + 1]`. A word of several lists has a row in each."""

    first: list[int]
    word: Ints
    start: Ints
    end: Ints

    def of(self, rank: int) -> tuple[Ints, Ints, Ints]:
        """(word, first byte, end byte) of one list, in order."""
        rows = slice(self.first[rank], self.first[rank + 1])
        return self.word[rows], self.start[rows], self.end[rows]


class Vocabulary:
    """The words of all word lists, numbered; equal words of different lists share a number. What merely sounds like
    word w has the number w + len(texts).

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
        self._rank = {words: rank for rank, words in enumerate(self._entries)}
        self._level = np.array([LEVELS.index(words.robust) for words in self._rank], np.int8)
        # word → its lists: word w is in lists self._of_word[self._first[w]:self._first[w + 1]]
        listed = np.repeat(np.arange(len(self._rank)), [len(entries) for entries in self._entries.values()])
        member = np.concatenate([np.zeros(0, np.int64), *self._numbers.values()])
        self._of_word = listed[np.argsort(member, kind="stable")].astype(np.int32 if len(listed) > 2**15 else np.int16)
        self._first: Ints = np.searchsorted(np.sort(member), np.arange(len(self.texts) + 1))

    def numbers(self, words: Words) -> Ints:
        """The numbers of a list's words, rising."""
        return self._numbers[words]

    def entry(self, words: Words, number: int) -> Word | None:
        """The list's own entry for a word: its category and level."""
        return self._entries[words].get(number % len(self.texts))

    def text(self, number: int) -> str:
        """The word of that number, normalised."""
        return self.texts[number % len(self.texts)]

    @cached_property
    def _search(self) -> WordSearch:
        levels = np.zeros(len(self.texts), np.int8)
        for words, numbers in self._numbers.items():
            levels[numbers] = np.maximum(levels[numbers], LEVELS.index(words.robust))
        return WordSearch(self.texts, levels.tolist())

    def rank(self, words: Words) -> int:
        """Which list it is, in Occurrences."""
        return self._rank[words]

    def scan(self, buffer: bytes, points: Points | None = None) -> Occurrences:
        """Every occurrence of every word, as robustly as its list wants; at one place the nearest to the letters.
        `points`: the same text as code points, if they are at hand."""
        found = self._search.scan(buffer, points)
        order = np.argsort((found.start << 24) - (found.end - found.start << 4) + found.level, kind="stable")
        found = Found(found.word[order], found.start[order], found.end[order], found.level[order])
        # one row for each list of each word, then all lists apart with one sort
        begin, end = self._first[found.word], self._first[found.word + 1]
        row = np.repeat(np.arange(len(begin)), end - begin)
        listed = self._of_word[ranges(begin, end)]
        near = found.level[row] <= self._level[listed]
        row, listed = row[near], listed[near]
        order = np.argsort(listed, kind="stable")
        row, listed = row[order], listed[order]
        again = (np.diff(listed) == 0) & (np.diff(found.start[row]) == 0) & (np.diff(found.end[row]) == 0)
        kept = np.concatenate(([True], ~again))[: len(row)]
        row, listed = row[kept], listed[kept]
        first = np.searchsorted(listed, np.arange(len(self._rank) + 1)).tolist()
        word = found.word + np.where(found.level == PINYIN, len(self.texts), 0)
        return Occurrences(first=first, word=word[row], start=found.start[row], end=found.end[row])


def _lexicon_words(words: Words, lexicons: Mapping[str, Lexicon]) -> Iterable[Iterable[Word]]:
    for name in words.lexicons:
        if name not in lexicons:
            raise UsageError(f"找不到词表 {name}", "词表放在规则目录的 _lexicons 文件夹里，文件名就是编号。")
        yield (word for word in lexicons[name].words if _is_wanted(words, word))


def _is_wanted(words: Words, word: Word) -> bool:
    """Whether a lexicon's word is of the categories and level that are asked for."""
    grave = words.min_level is None or (word.level or 0) >= words.min_level
    return grave and (not words.categories or word.category in words.categories)
