"""SCA's lambda expressions (`1&&!(2||3)`) and our sentences. `!` binds closest, then `&&`, then `||`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import combinations

from qc.domain.sentence import And, AtLeast, Name, Not, Or, Sentence

_TOKEN = re.compile(r"\s*(&&?|\|\|?|!|\(|\)|[^\s&|!()]+)")
_DEPTH = 50
_MAX_WAYS = 200
"""`3 of (…)` is written out as its combinations; more of them than this nobody can read."""


class FormulaError(ValueError):
    """The expression cannot be read, or one of ours cannot be written; the message is Chinese."""


def read_formula(text: str) -> Sentence:
    """Ids become names. Raises FormulaError."""
    tokens = _TOKEN.findall(text)
    sentence, at = _either(tokens, 0, 0)
    if at < len(tokens):
        raise FormulaError(f"“{tokens[at]}”是多余的")
    return sentence


def _either(tokens: list[str], at: int, depth: int) -> tuple[Sentence, int]:
    if depth > _DEPTH:
        raise FormulaError(f"括号嵌套超过 {_DEPTH} 层")
    first, at = _both(tokens, at, depth)
    parts = [first]
    while at < len(tokens) and tokens[at].startswith("|"):
        part, at = _both(tokens, at + 1, depth)
        parts.append(part)
    return (parts[0] if len(parts) == 1 else Or(tuple(parts))), at


def _both(tokens: list[str], at: int, depth: int) -> tuple[Sentence, int]:
    first, at = _one(tokens, at, depth)
    parts = [first]
    while at < len(tokens) and tokens[at].startswith("&"):
        part, at = _one(tokens, at + 1, depth)
        parts.append(part)
    return (parts[0] if len(parts) == 1 else And(tuple(parts))), at


def _one(tokens: list[str], at: int, depth: int) -> tuple[Sentence, int]:
    if depth > _DEPTH:
        raise FormulaError(f"! 或括号超过 {_DEPTH} 层")
    if at >= len(tokens):
        raise FormulaError("没有写完")
    if tokens[at] == "!":
        inside, at = _one(tokens, at + 1, depth + 1)
        return Not(inside), at
    if tokens[at] == "(":
        inside, at = _either(tokens, at + 1, depth + 1)
        if at >= len(tokens) or tokens[at] != ")":
            raise FormulaError("少了右括号")
        return inside, at + 1
    if tokens[at][0] in "&|)":
        raise FormulaError(f"“{tokens[at]}”的前面少了编号")
    return Name(tokens[at]), at + 1


def write_formula(sentence: Sentence, ids: Mapping[str, str]) -> str:
    """The expression of a sentence whose names have `ids`. Raises FormulaError for `n of (…)` with too many ways."""
    return _written(sentence, ids, 0)


def _written(sentence: Sentence, ids: Mapping[str, str], tightness: int) -> str:
    match sentence:
        case Name(name):
            return ids[name]
        case Not(inside):
            return "!" + _written(inside, ids, 3)
        case And(parts):
            text, own = "&&".join(_written(part, ids, 3) for part in parts), 2
        case Or(parts):
            text, own = "||".join(_written(part, ids, 2) for part in parts), 1
        case AtLeast(count, parts):
            return _written(_spelt_out(count, parts), ids, tightness)
    return f"({text})" if own < tightness else text


def _spelt_out(count: int, parts: tuple[Sentence, ...]) -> Sentence:
    if len(parts) == 1:
        return parts[0]
    if count == 1:
        return Or(parts)
    if count == len(parts):
        return And(parts)
    ways: list[Sentence] = []
    for chosen in combinations(parts, count):
        if len(ways) >= _MAX_WAYS:
            raise FormulaError(f"{count} of ({len(parts)} 项) 写成 SCA 的表达式太长")
        ways.append(And(chosen))
    return Or(tuple(ways))


def without(sentence: Sentence, missing: frozenset[str]) -> Sentence | None:
    """The sentence with the names of `missing` taken out; None when nothing is left."""
    match sentence:
        case Name(name):
            return None if name in missing else sentence
        case Not(inside):
            left = without(inside, missing)
            return None if left is None else Not(left)
        case And(parts) | Or(parts) | AtLeast(_, parts):
            kept = tuple(part for part in (without(p, missing) for p in parts) if part is not None)
            if len(kept) < 2:
                return kept[0] if kept else None
            return And(kept) if isinstance(sentence, And) else Or(kept)


def renamed(sentence: Sentence, by: Mapping[str, Sentence]) -> Sentence:
    """The sentence with every name replaced."""
    match sentence:
        case Name(name):
            return by[name]
        case Not(inside):
            return Not(renamed(inside, by))
        case And(parts):
            return And(tuple(renamed(part, by) for part in parts))
        case Or(parts):
            return Or(tuple(renamed(part, by) for part in parts))
        case AtLeast(count, parts):
            return AtLeast(count, tuple(renamed(part, by) for part in parts))
