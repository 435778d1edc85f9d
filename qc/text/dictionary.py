"""The words of jieba's dictionary, read from its file: jieba itself takes a second to start."""

from __future__ import annotations

import importlib.util
import re
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from qc.errors import UsageError

Points = npt.NDArray[np.uint32]
_TWO = re.compile(rb"^((?:[\xe4-\xe9][\x80-\xbf]{2}){2}) (\d+)", re.MULTILINE)
_MIN_COUNT = 3
"""Rarer entries are slips of the pen and names."""


class TwoCharacterWords:
    """A set of words, asked for whole columns at once."""

    def __init__(self, words: str) -> None:
        """`words` one after another, two characters each."""
        points = np.frombuffer(words.encode("utf-32-le"), np.uint32).reshape(-1, 2)
        self._keys = np.unique(_key(points[:, 0], points[:, 1]))

    def holds(self, first: Points, second: Points) -> npt.NDArray[np.bool_]:
        """Whether each pair of characters is a word."""
        keys = _key(first, second)
        at = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        return np.asarray(self._keys[at] == keys)


@cache
def two_characters() -> TwoCharacterWords:
    """The words of two characters, read once per process (a tenth of a second)."""
    words = (word for word, count in _TWO.findall(_file()) if int(count) >= _MIN_COUNT)
    return TwoCharacterWords(b"".join(words).decode())


@lru_cache(maxsize=10_000)
def is_word(text: str) -> bool:
    """Whether a text of any length is a word (a millisecond when asked for the first time)."""
    return f"\n{text} ".encode() in _file()


@cache
def _file() -> bytes:
    spec = importlib.util.find_spec("jieba")
    if spec is None or not spec.submodule_search_locations:
        raise UsageError("没有安装 jieba，同音匹配需要它的词典", "请运行 pip install jieba。")
    return (Path(spec.submodule_search_locations[0]) / "dict.txt").read_bytes()


def _key(first: Points, second: Points) -> npt.NDArray[np.uint64]:
    return (first.astype(np.uint64) << np.uint64(32)) | second
