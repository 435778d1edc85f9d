"""How far a transcript is from what was said: the character error rate (CER) and what kind of errors make it up.

CER = (substitutions + insertions + deletions) ÷ characters of the reference, by the smallest number of edits
(Levenshtein 1966; for Chinese, characters are counted where other languages count words).

Before they are compared, both texts are brought to what can be heard, so that spelling is not counted as hearing:
NFKC, simplified characters, lower case, no punctuation or space; numbers spoken out, each in the reading that fits the
other text best (2003: 二千零三 or 二零零三; 95%: 百分之九十五); 两 = 二, 幺 = 一, 她 = 它 = 他, 哪 = 那.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from rapidfuzz.distance import Levenshtein, Opcodes

from qc.text.normalise import simplify
from qc.text.numerals import spellings
from qc.text.pinyin import read, syllables

_SAME_SOUND = str.maketrans("两幺她它妳哪〇", "二一他他你那零")
_DIGITS = str.maketrans("0123456789", "零一二三四五六七八九")
_NUMBER = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]{1,2}:[0-9]{2}(?![0-9])|[0-9]+(?:\.[0-9]+)?")
_LONGEST_SAID = 8
"""More digits in a row are said one by one."""
_NO_READING = 0x10000
"""Added to the code point of what has no syllable: it sounds like itself only."""


@dataclass(frozen=True, slots=True)
class Errors:
    """Counts that add up over texts. `characters`: of the references. `syllable_errors`: the edits left when both
    texts are compared by their sound, in syllables without tone."""

    characters: int = 0
    substitutions: int = 0
    insertions: int = 0
    deletions: int = 0
    syllable_errors: int = 0

    def __add__(self, other: Errors) -> Errors:
        return Errors(
            self.characters + other.characters,
            self.substitutions + other.substitutions,
            self.insertions + other.insertions,
            self.deletions + other.deletions,
            self.syllable_errors + other.syllable_errors,
        )

    @property
    def total(self) -> int:
        return self.substitutions + self.insertions + self.deletions

    @property
    def rate(self) -> float:
        """CER as a fraction; may pass 1. Without any reference character: 0.0 when nothing was heard, else 1.0."""
        return self.total / self.characters if self.characters else float(self.total > 0)

    @property
    def homophone_share(self) -> float:
        """The share of the errors that are right by their sound: they vanish when syllables are compared."""
        return 1 - self.syllable_errors / self.total if self.total else 0.0


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of an alignment: what was said and what was written there, as compared. Both the same: right;
    `reference` empty: an insertion; `hypothesis` empty: a deletion; else a substitution, of the same length. `said`,
    `written`: where the stretch stands in the texts as given, (first, end)."""

    reference: str
    hypothesis: str
    said: tuple[int, int]
    written: tuple[int, int]

    @property
    def is_equal(self) -> bool:
        return self.reference == self.hypothesis


@dataclass(frozen=True, slots=True)
class Alignment:
    """A reference and a hypothesis, compared. `right[i]`: whether character i of the hypothesis as given is right;
    None for what is not compared (marks, spaces)."""

    errors: Errors
    pieces: tuple[Piece, ...]
    right: tuple[bool | None, ...]


def errors(reference: str, hypothesis: str) -> Errors:
    """The errors of a hypothesis, without where they are."""
    return align(reference, hypothesis).errors


def align(reference: str, hypothesis: str) -> Alignment:
    """The smallest edit of `reference` into `hypothesis`. Time grows with the product of their lengths, but slowly
    (bit-parallel: two texts of 10,000 characters take some ten milliseconds); memory with their sum."""
    said, heard = _Text(reference), _Text(hypothesis)
    _choose(heard, said)
    _choose(said, heard)
    substitutions = insertions = deletions = 0
    pieces = []
    right: list[bool | None] = [None] * len(hypothesis)
    for op in _opcodes(said.spoken, heard.spoken):
        a, b, c, d = op.src_start, op.src_end, op.dest_start, op.dest_end
        substitutions += b - a if op.tag == "replace" else 0
        insertions += d - c if op.tag == "insert" else 0
        deletions += b - a if op.tag == "delete" else 0
        pieces.append(Piece(said.spoken[a:b], heard.spoken[c:d], said.given(a, b), heard.given(c, d)))
        for i in range(c, d):
            at = heard.origin[i]
            right[at] = (right[at] is not False) and op.tag == "equal"
    return Alignment(
        Errors(
            len(said.spoken),
            substitutions,
            insertions,
            deletions,
            Levenshtein.distance(sounds(said.spoken), sounds(heard.spoken)),
        ),
        tuple(pieces),
        tuple(right),
    )


def divide(references: Sequence[str], phrases: Sequence[str]) -> list[int]:
    """Where the joined `phrases` divide into what was heard of each of the joined `references`: for each of these the
    character at which its stretch ends, the last at the very end.

    A character too many between two references goes with the first one, unless its phrase goes on in the second.
    """
    said, heard = _Text("".join(references)), _Text("".join(phrases))
    _choose(heard, said)
    _choose(said, heard)
    part_of = [i for i, text in enumerate(references) for _ in text]
    phrase_of = [i for i, text in enumerate(phrases) for _ in text]
    owner: list[int | None] = [None] * len(phrase_of)
    compared = set(heard.origin)
    for op in _opcodes(said.spoken, heard.spoken):
        if op.tag in ("equal", "replace"):
            for i in range(op.src_end - op.src_start):
                owner[heard.origin[op.dest_start + i]] = part_of[said.origin[op.src_start + i]]
    following: list[int | None] = [None] * len(owner)
    for i in range(len(owner) - 2, -1, -1):
        goes_on = phrase_of[i] == phrase_of[i + 1]
        following[i] = (following[i + 1] if owner[i + 1] is None else owner[i + 1]) if goes_on else None
    ends = [0] * len(references)
    last = 0
    for i, own in enumerate(owner):
        ahead = following[i] if i in compared else None  # a mark belongs to what it stands behind
        last = max(last, next((o for o in (own, ahead) if o is not None), last))
        ends[last] = i + 1
    for i in range(1, len(ends)):
        ends[i] = max(ends[i], ends[i - 1])
    if ends:
        ends[-1] = len(owner)
    return ends


def spoken(text: str) -> str:
    """A text as it is compared, numbers as cardinals.

    >>> spoken("她们２００３年，涨了 3.5%！"), spoken("臺灣 WiFi")
    ('他们二千零三年涨了百分之三点五', '台湾wifi')
    """
    return _Text(text).spoken


def sounds(text: str) -> list[int]:
    """The toneless syllable of each character as a number; what has none stands for itself."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    numbers = read(codes, syllables().plain)
    none = syllables().plain[-1]
    found: list[int] = np.where(numbers == none, codes + _NO_READING, numbers).tolist()
    return found


class _Text:
    """A text on its way to what can be heard. `spoken`: what is compared; `origin[i]`: the character of the text as
    given from which character i of it comes; `spans`: (first, end) in `spoken` of each number."""

    def __init__(self, text: str) -> None:
        safe = text.encode("utf-8", "replace").decode()  # a lone surrogate becomes a mark, length kept
        simple = simplify(safe)
        plain: list[str] = []
        origin: list[int] = []
        for i, char in enumerate(simple if len(simple) == len(safe) else safe):
            wide = unicodedata.normalize("NFKC", char).lower()
            plain += wide
            origin += [i] * len(wide)
        self._plain, self._origin = "".join(plain), origin
        self._numbers = []
        for found in _NUMBER.finditer(self._plain):
            ways, more = _readings(found[0], self._plain[found.end() : found.end() + 1])
            self._numbers.append((found.start(), found.end() + more, ways))
        self.readings = [ways for *_, ways in self._numbers]
        self.say([0] * len(self._numbers))

    def say(self, chosen: Sequence[int]) -> None:
        """Spells every number in the chosen one of its readings."""
        parts: list[str] = []
        origin: list[int] = []
        spans = []
        at = 0
        for (first, end, ways), way in zip(self._numbers, chosen, strict=True):
            self._copy(at, first, parts, origin)
            spans.append((len(parts), len(parts) + len(ways[way])))
            parts += ways[way]
            origin += [self._origin[first + i * (end - first) // len(ways[way])] for i in range(len(ways[way]))]
            at = end
        self._copy(at, len(self._plain), parts, origin)
        self.spoken, self.origin, self.spans = "".join(parts), origin, spans

    def given(self, first: int, end: int) -> tuple[int, int]:
        """Where characters `first`..`end` of `spoken` stand in the text as given."""
        if first < end:
            return self.origin[first], self.origin[end - 1] + 1
        at = self.origin[first] if first < len(self.origin) else self.origin[-1] + 1 if self.origin else 0
        return at, at

    def _copy(self, first: int, end: int, parts: list[str], origin: list[int]) -> None:
        for i in range(first, end):
            if self._plain[i].isalnum():
                parts.append(self._plain[i].translate(_SAME_SOUND))
                origin.append(self._origin[i])


def _choose(text: _Text, other: _Text) -> None:
    """Reads each number of `text` in the way nearest to the stretch of `other` that stands against it."""
    if all(len(ways) == 1 for ways in text.readings):
        return
    blocks = [(op.dest_start, op.dest_end, op.src_start, op.src_end) for op in _opcodes(other.spoken, text.spoken)]
    chosen = []
    at = 0
    for (first, end), ways in zip(text.spans, text.readings, strict=True):
        while at < len(blocks) and blocks[at][1] < first:
            at += 1
        against = []  # what is missing beside the number may be a part of it: 八百 for 八零零
        for begin, stop, a, b in blocks[at:]:
            if begin > end:
                break
            against.append((a + max(first - begin, 0), b - max(stop - end, 0)) if stop - begin == b - a else (a, b))
        opposite = other.spoken[against[0][0] : max(against[-1])] if against else ""
        chosen.append(_nearest(ways, opposite))
    text.say(chosen)


def _nearest(ways: Sequence[str], opposite: str) -> int:
    return min(range(len(ways)), key=lambda i: (Levenshtein.distance(ways[i], opposite), i))


def _opcodes(reference: str, hypothesis: str) -> Opcodes:
    return Levenshtein.opcodes(reference, hypothesis)


def _readings(number: str, rest: str) -> tuple[tuple[str, ...], int]:
    """The ways to say a number, the usual one first, and how many characters of `rest`, which follows it, they say."""
    if ":" in number:
        hour, minute = number.split(":")
        return _folded(f"{way}点{end}" for end in _minutes(minute) for way in _whole(hour)), 0
    percent = "百分之" if rest.startswith("%") else ""
    whole, _, fraction = number.replace(",", "").partition(".")
    tail = "点" + fraction.translate(_DIGITS) if fraction else ""
    return _folded(percent + way + tail for way in _whole(whole)), len(percent) // 3


def _whole(digits: str) -> tuple[str, ...]:
    one_by_one = digits.translate(_DIGITS)
    return (*spellings(digits), one_by_one) if len(digits) <= _LONGEST_SAID else (one_by_one,)


def _minutes(digits: str) -> tuple[str, ...]:
    if digits == "00":
        return "", "整"
    said = digits.translate(_DIGITS) if digits[0] == "0" else spellings(digits)[0]
    return (said, said + "分", "半") if digits == "30" else (said, said + "分")


def _folded(ways: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(way.translate(_SAME_SOUND) for way in ways))
