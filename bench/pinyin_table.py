"""Write qc/text/pinyin.tsv from pypinyin: `python bench/pinyin_table.py`. The package itself does not need pypinyin.

Which reading of a character is the common one is counted over the words of jieba's dictionary, weighted by frequency.
"""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from importlib.metadata import version
from pathlib import Path

import jieba
from pypinyin import lazy_pinyin
from pypinyin.constants import PINYIN_DICT

from qc.text.normalise import normalise

TARGET = Path(__file__).resolve().parent.parent / "qc" / "text" / "pinyin.tsv"
HEADER = """\
# Syllable without tone, and the characters whose most common reading it is.
# Made by bench/pinyin_table.py from pypinyin {version} (MIT License, Copyright (c) 2016 mozillazg), whose readings come
# from the pinyin-data project (MIT License, same author), and the word frequencies of jieba {jieba} (MIT License).
"""


def table() -> str:
    """The file's text: every character of the basic plane that normalisation keeps, by syllable."""
    spoken = common_readings()
    syllables: dict[str, list[str]] = {}
    for code, readings in sorted(PINYIN_DICT.items()):
        char = chr(code)
        if 0x4E00 <= code <= 0x9FFF and normalise(char) == char:
            syllables.setdefault(spoken.get(char) or plain(readings.split(",")[0]), []).append(char)
    rows = [f"{syllable}\t{''.join(chars)}\n" for syllable, chars in sorted(syllables.items())]
    return HEADER.format(version=version("pypinyin"), jieba=version("jieba")) + "".join(rows)


def common_readings() -> dict[str, str]:
    """The most frequent reading of each character that words of the dictionary hold."""
    jieba.initialize()
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for word, frequency in jieba.dt.FREQ.items():
        if frequency and all(0x4E00 <= ord(char) <= 0x9FFF for char in word):
            for char, syllable in zip(word, lazy_pinyin(word, v_to_u=True), strict=True):
                counts[char][plain(syllable)] += frequency
    return {char: max(sorted(readings), key=readings.__getitem__) for char, readings in counts.items()}


def plain(reading: str) -> str:
    """Without tone, in ASCII.

    >>> plain("lǜ"), plain("zhōng")
    ('lv', 'zhong')
    """
    letters = unicodedata.normalize("NFD", reading).replace("u\u0308", "v")
    return "".join(c for c in letters if "a" <= c <= "z")


if __name__ == "__main__":
    TARGET.write_text(table(), "utf-8")
