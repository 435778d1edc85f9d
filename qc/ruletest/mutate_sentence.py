"""Sentences that say something a little different: and for or, an operand less, a `not` less."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from qc.domain.sentence import And, AtLeast, Name, Not, Or, Sentence, show


def changed(sentence: Sentence) -> Iterator[tuple[Sentence, str]]:
    """Every sentence that differs in one place, with what was done to it in Chinese."""
    if isinstance(sentence, Name):
        return
    said = show(sentence)
    if isinstance(sentence, Not):
        yield sentence.inside, f"去掉“{said}”里的 not"
        for other, what in changed(sentence.inside):
            yield Not(other), what
        return
    parts = sentence.parts
    match sentence:
        case And():
            yield Or(parts), f"把“{said}”里的 and 改成 or"
        case Or():
            yield And(parts), f"把“{said}”里的 or 改成 and"
        case AtLeast(count):
            for other_count in (count - 1, count + 1):
                if 1 <= other_count <= len(parts):
                    yield replace(sentence, count=other_count), f"把“{said}”里的 {count} 改成 {other_count}"
    for number, part in enumerate(parts):
        if len(parts) > 1:
            yield _over(sentence, (*parts[:number], *parts[number + 1 :])), f"从“{said}”里去掉“{show(part)}”"
        for other, what in changed(part):
            yield _over(sentence, (*parts[:number], other, *parts[number + 1 :])), what


def _over(sentence: And | Or | AtLeast, parts: tuple[Sentence, ...]) -> Sentence:
    """The same connective over other parts."""
    if isinstance(sentence, AtLeast):
        return AtLeast(min(sentence.count, len(parts)), parts)
    return parts[0] if len(parts) == 1 else type(sentence)(parts)
