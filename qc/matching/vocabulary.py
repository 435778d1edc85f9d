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
        self._rank = {words: rank for rank, words in enumerate(self._entries)}
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
        return self._entries[words].get(number)

    @cached_property
    def _automaton(self) -> Automaton:
        return Automaton(self.texts, longest=False)

    def rank(self, words: Words) -> int:
        """Which list it is, in Occurrences."""
        return self._rank[words]

    def scan(self, buffer: bytes) -> Occurrences:
        """Every occurrence of every word; 12345 does not occur in 13812345678, nor vip in vipshop."""
        found = self._automaton.scan(buffer)
        if buffer:
            found = found.where(_whole(buffer, found.start, found.end))
        found = found.where(np.lexsort((-found.end, found.start)))
        # one row for each list of each word, then all lists apart with one sort
        lists = self._first[found.pattern + 1] - self._first[found.pattern]
        row = np.repeat(np.arange(len(lists)), lists)
        at = np.arange(len(row)) - np.repeat(np.cumsum(lists) - lists, lists) + self._first[found.pattern][row]
        listed = self._of_word[at]
        order = np.argsort(listed, kind="stable")
        first = np.searchsorted(listed[order], np.arange(len(self._rank) + 1)).tolist()
        row = row[order]
        return Occurrences(first=first, word=found.pattern[row], start=found.start[row], end=found.end[row])


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
