"""What was recognised once in a conversation is hidden wherever it is said again: a name whose label came five turns
earlier, an account number the agent repeats."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import combinations

from qc.text.automaton import Automaton
from qc.text.digits import arabic, groups_of

_LEAST_DIGITS = 6
_MAX_GROUPS = 12
_LEAST_NAME = 2


def repeated_texts(
    buffer: bytes, texts: Iterable[tuple[int, int]], owner: Callable[[int], int]
) -> Iterator[tuple[int, int]]:
    """Bytes of `buffer` where what was said at one of `texts` (a name, a WeChat id) stands again in the conversation
    that `owner` gives."""
    said: dict[str, set[int]] = {}
    for start, end in texts:
        name = buffer[start:end].decode()
        if len(name) >= _LEAST_NAME:
            said.setdefault(name, set()).add(owner(start))
    if not said:
        return
    known = sorted(said)
    found = Automaton(known).scan(buffer)
    for pattern, start, end in zip(found.pattern.tolist(), found.start.tolist(), found.end.tolist(), strict=True):
        if owner(start) in said[known[pattern]]:
            yield start, end


def repeated_numbers(text: str, known: dict[str, int]) -> Iterator[tuple[int, int, int]]:
    """(first character, end, type) of what in `text`, a run of digits, is one of the `known` numbers."""
    groups = groups_of(text)[:_MAX_GROUPS]
    taken = 0
    for i, j in combinations(range(len(groups) + 1), 2):
        start, end = groups[i][0], groups[j - 1][1]
        digits = arabic(text[start:end])
        if start >= taken and len(digits) >= _LEAST_DIGITS and digits in known:
            yield start, end, known[digits]
            taken = end
