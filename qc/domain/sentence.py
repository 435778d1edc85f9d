"""The sentences of `when` and `given`: pieces joined by and, or, not, `any of (…)`, `all of (…)`, `2 of (…)`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(r"\s*(?:(?P<number>\d+)|(?P<name>[^\W\d]\w*)|(?P<mark>[(),，（）])|(?P<other>\S))")
RESERVED = frozenset({"and", "or", "not", "any", "all", "of"})
_MARKS = {"（": "(", "）": ")", "，": ","}
_SYMBOLS = {"&": "and", "|": "or", "!": "not", "！": "not", "-": "not"}
"""What people write for the words."""
_MAX_DEPTH = 50
_MAX_CHARS = 2000


@dataclass(frozen=True, slots=True)
class Name:
    """A piece by name; `at` is its place in the sentence, from 0."""

    name: str
    at: int = 0


@dataclass(frozen=True, slots=True)
class Not:
    inside: Sentence


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class AtLeast:
    """`n of (…)`: at least `count` of the parts."""

    count: int
    parts: tuple[Sentence, ...]


Sentence = Name | Not | And | Or | AtLeast


class SentenceError(ValueError):
    """The sentence cannot be read. `at` is the place of the trouble, from 0; the message is Chinese."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.message = message
        self.at = at


def parse(text: str) -> Sentence:
    """Read a sentence. `not` binds closest, then `and`, then `or`. Raises SentenceError."""
    if len(text) > _MAX_CHARS:
        raise SentenceError(f"句子超过 {_MAX_CHARS} 个字，请拆成几条规则", 0)
    reader = _Reader(text)
    sentence = reader.either(0)
    reader.finish()
    return sentence


def names(sentence: Sentence) -> Iterator[tuple[Name, bool]]:
    """The pieces in order, each with whether it stands positive (True) or under an odd number of `not`."""
    match sentence:
        case Name():
            yield sentence, True
        case Not(inside):
            for name, positive in names(inside):
                yield name, not positive
        case And(parts) | Or(parts) | AtLeast(_, parts):
            for part in parts:
                yield from names(part)


def show(sentence: Sentence) -> str:
    """The sentence as text, with as few parentheses as are needed."""
    return _show(sentence, 0)


def _show(sentence: Sentence, tightness: int) -> str:
    match sentence:
        case Name(name):
            return name
        case AtLeast(count, parts):
            return f"{count} of ({', '.join(_show(part, 0) for part in parts)})"
        case Not(inside):
            return f"not {_show(inside, 3)}"
        case And(parts):
            text, own = " and ".join(_show(part, 3) for part in parts), 2
        case Or(parts):
            text, own = " or ".join(_show(part, 2) for part in parts), 1
    return f"({text})" if own < tightness else text


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[tuple[str, str, int]] = []
        for match in _TOKEN.finditer(text.rstrip()):
            kind = str(match.lastgroup)
            word, at = match[kind], match.start(kind)
            if kind == "other" and word in _SYMBOLS:
                raise SentenceError(f"“{word}”要写成 {_SYMBOLS[word]}，前后空格", at)
            if kind == "other":
                raise SentenceError(f"不认识的符号“{word}”，句子里只有片段名、and、or、not、括号和逗号", at)
            if kind == "name" and word.lower() in RESERVED:
                kind, word = "word", word.lower()
            self.tokens.append((kind, _MARKS.get(word, word), at))
        self.tokens.append(("end", "", len(text.rstrip())))
        self.next = 0

    def peek(self, word: str) -> bool:
        kind, text, _ = self.tokens[self.next]
        return text == word and kind in ("word", "mark")

    def take(self, word: str) -> bool:
        found = self.peek(word)
        self.next += found
        return found

    def fail(self, wanted: str) -> SentenceError:
        kind, text, at = self.tokens[self.next]
        found = "句子到这里就结束了" if kind == "end" else f"写的是“{self.text[at : at + len(text)]}”"
        return SentenceError(f"这里应是{wanted}，{found}", at)

    def finish(self) -> None:
        kind, text, at = self.tokens[self.next]
        if text == ")":
            raise SentenceError("多了一个右括号", at)
        if kind != "end":
            raise self.fail(" and、or 或句子的结尾")

    def either(self, depth: int) -> Sentence:
        if depth > _MAX_DEPTH:
            raise SentenceError(f"括号嵌套超过 {_MAX_DEPTH} 层", self.tokens[self.next][2])
        parts = [self.both(depth)]
        while self.take("or"):
            parts.append(self.both(depth))
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def both(self, depth: int) -> Sentence:
        parts = [self.one(depth)]
        while self.take("and"):
            parts.append(self.one(depth))
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def one(self, depth: int) -> Sentence:
        negations = 0
        while self.take("not"):
            negations += 1
        if negations > _MAX_DEPTH:
            raise SentenceError(f"连写的 not 超过 {_MAX_DEPTH} 个", self.tokens[self.next][2])
        sentence = self.atom(depth)
        for _ in range(negations):
            sentence = Not(sentence)
        return sentence

    def atom(self, depth: int) -> Sentence:
        kind, text, at = self.tokens[self.next]
        if kind == "name":
            self.next += 1
            return Name(text, at)
        if self.take("("):
            inside = self.either(depth + 1)
            if not self.take(")"):
                raise self.fail("右括号")
            return inside
        if kind == "number" or text in ("any", "all"):
            self.next += 1
            if not self.take("of"):
                raise self.fail(f" of（写作 {text} of (甲, 乙)）")
            parts = self.listed(depth)
            count = {"any": 1, "all": len(parts)}.get(text) or int(text)
            if not 1 <= count <= len(parts):
                raise SentenceError(f"列了 {len(parts)} 项，不能要求其中 {count} 项", at)
            return AtLeast(count, parts)
        raise self.fail("片段名、not 或括号")

    def listed(self, depth: int) -> tuple[Sentence, ...]:
        if not self.take("("):
            raise self.fail("左括号")
        parts = [self.either(depth + 1)]
        while self.take(","):
            parts.append(self.either(depth + 1))
        if not self.take(")"):
            raise self.fail("逗号或右括号")
        return tuple(parts)
