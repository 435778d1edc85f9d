"""Lint of word lists: words that another word of the list already covers."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

import numpy as np

from qc.domain.operators import Keyword, Mode, NotIn, Robust, Words, word_lists
from qc.domain.rule import Lexicon, Piece, Rule, Word
from qc.matching.vocabulary import Vocabulary
from qc.ruletest.places import Notes
from qc.text.normalise import normalise

_SEPARATOR = re.compile("[，、；]")
QUOTED = re.compile("[“‘].*[”’]", re.DOTALL)
"""A text in quotes that YAML takes for part of it."""


def _mistyped(word: str) -> tuple[str, str] | None:
    """What to say of several words written as one, and of quotes that YAML does not take for quotes."""
    if QUOTED.fullmatch(word):
        return f"{word} 两头的引号是全角的，会当作字来找", "请改成半角引号，或去掉引号。"
    if separator := _SEPARATOR.search(word):
        return f"“{word}”里有“{separator[0]}”，会当作一个词来找", "几个词要用半角逗号隔开：[甲, 乙]。"
    return None


def lint_words(rule: Rule, piece: Piece, notes: Notes) -> None:
    """The words written in a keyword piece itself (in `near` a longer word changes the distance)."""
    if isinstance(piece.operator, NotIn):
        _lint_not_in(rule, piece, piece.operator, notes)
    if not isinstance(piece.operator, Keyword):
        return
    several = piece.operator.at_least > 1 or piece.operator.mode is Mode.ALL
    loc = ("find", piece.name, piece.operator.key)
    for words in word_lists(piece.operator):
        for word in words.words:
            if slip := _mistyped(word):
                notes.warning(rule.path, loc, "R123", *slip)
        for longer, shorter in covered([Word(text=text) for text in words.words]):
            if several:
                text = f"“{longer.text}”里含有“{shorter.text}”，说一次会算作两个词"
                notes.warning(rule.path, loc, "R121", text, "请只留一个。")
            else:
                notes.warning(
                    rule.path, loc, "R120", f"“{longer.text}”已被更短的“{shorter.text}”包含", "请删掉较长的那个。"
                )


def _lint_not_in(rule: Rule, piece: Piece, operator: NotIn, notes: Notes) -> None:
    """Longer words that are longer words of nothing that is looked for."""
    terms = [normalise(term) for term in operator.term.words]
    for word in operator.unless_part_of.words:
        if not any(term in normalise(word) for term in terms):
            text = f"“{word}”里没有要找的词，写它没有用"
            loc = ("find", piece.name, "not_in", "unless_part_of")
            notes.warning(rule.path, loc, "R123", text, "请写含有 term 的更长的词，或删掉它。")


def lint_lexicons(lexicons: Collection[Lexicon], used: Collection[str], notes: Notes) -> None:
    """The words of lexicons, and lexicons that no rule uses."""
    for lexicon in lexicons:
        for number, word in enumerate(lexicon.words):
            if slip := _mistyped(word.text):
                notes.warning(lexicon.path, ("words", number), "R123", *slip)
        numbers = {word: number for number, word in reversed(list(enumerate(lexicon.words)))}
        for longer, shorter in covered(lexicon.words):
            same = normalise(longer.text) == normalise(shorter.text)
            text = f"“{longer.text}”重复" if same else f"“{longer.text}”已被更短的“{shorter.text}”包含"
            hint = "请删掉一个。" if same else "请删掉较长的那个；要区别对待，请给它不同的 category 或 level。"
            notes.warning(lexicon.path, ("words", numbers[longer]), "R120", text, hint)
        if lexicon.id not in used:
            hint = "请在规则里写 keyword: {lexicon: " + lexicon.id + "}，或删掉这个文件。"
            notes.warning(lexicon.path, ("id",), "R122", f"词表 {lexicon.id} 没有被任何规则用到", hint)


def covered(words: Sequence[Word]) -> Iterator[tuple[Word, Word]]:
    """(longer, shorter) for each word that contains another one of the same category and level, or repeats it."""
    first: dict[str, Word] = {}
    for word in words:
        text = normalise(word.text)
        if text in first:
            yield word, first[text]
        else:
            first[text] = word
    texts = tuple(first)
    wanted = Words(words=texts, robust=Robust.EXACT)
    vocabulary = Vocabulary([wanted], {})
    buffer = "\n".join(texts).encode("utf-8", "replace")
    number, start, _ = vocabulary.scan(buffer).of(vocabulary.rank(wanted))
    lines = np.concatenate(([0], np.cumsum([len(t.encode("utf-8", "replace")) + 1 for t in texts])))
    told: set[int] = set()
    for inside, outer in zip(number.tolist(), (np.searchsorted(lines, start, side="right") - 1).tolist(), strict=True):
        longer, shorter = first[texts[outer]], first[vocabulary.texts[inside]]
        alike = (longer.category, longer.level) == (shorter.category, shorter.level)
        if longer is not shorter and alike and outer not in told:
            told.add(outer)
            yield longer, shorter
