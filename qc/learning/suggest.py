"""Topics a taxonomy lacks: groups of what customers said that no topic caught, with words that tell them apart."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf, log

import numpy as np

from qc.learning.clusters import cluster
from qc.learning.new_words import new_words, says
from qc.text.normalise import normalise
from qc.text.terms import stop_words
from qc.text.words import Segmenter, segmenter

_HAN = re.compile("[一-鿿]+")
_ASIDE = re.compile(r"\[[^\[\]\n]{1,12}\]|(?:https?[：:]//|www\.)[!-~：？]+")
"""What nobody said: [图片], the address of a page."""
_MAX_TERM = 8
_MIN_PRECISION, _MIN_LIFT = 0.5, 4.0
"""A keyword of a group: of the statements without a topic that hold it, at least this share lie in the group; and it is
at least so many times as frequent there as where topics are known."""
_LABEL_WORDS, _KEYWORDS, _QUOTES = 4, 12, 3
_QUOTE_CHARS = 60
_DIGIT = re.compile(r"[0-9]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What the customer of one conversation said; personal data masked."""

    conversation: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyword:
    """A word of a group: in how many of its statements it stands, their share of all statements with it that have no
    topic, and how many times as frequent it is as where topics are known (infinite where it never occurs)."""

    text: str
    statements: int
    precision: float
    lift: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A group of statements. `label`: its most telling words; `keywords`: those fit for a taxonomy, the best first;
    `quotes`: its most typical statements; `size` statements are `share` of all that were grouped."""

    label: tuple[str, ...]
    keywords: tuple[Keyword, ...]
    size: int
    share: float
    cohesion: float
    quotes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestions:
    """Groups by falling size. `statements` were grouped; `scattered` of them lie in no group that is large enough."""

    groups: tuple[Suggestion, ...]
    statements: int
    scattered: int


def telling(text: str, words: Segmenter) -> bool:
    """Whether a customer's turn says what it is about: holds a word that is no stop word, numeral or courtesy."""
    return any(True for _ in _terms(_ASIDE.sub("，", text), words))


def suggest(
    statements: Sequence[Statement],
    caught: Sequence[Statement] = (),
    *,
    known: Collection[str] = (),
    clusters: int | None = None,
    min_size: int = 5,
) -> Suggestions:
    """Groups of at least `min_size` statements. `caught`: what was said where a topic was recognised; a word that is as
    usual there tells nothing. `known`: words of the taxonomies, which are cut as words.

    Labels are the words of the highest class-based TF-IDF: frequency in the group times ln(1 + average number of words
    per group / frequency in all groups) (Grootendorst 2022, BERTopic). Raises UsageError as `cluster` does.
    """
    texts = [_ASIDE.sub("，", s.text) for s in statements]
    groups = cluster(texts, clusters)
    words = segmenter(tuple(sorted({*known, *(w.text for w in new_words(texts, known=known, min_count=3))})))
    terms = [frozenset(_terms(text, words)) for text in texts]
    everywhere = Counter(term for listed in terms for term in listed)
    elsewhere = Counter(term for s in caught for term in set(_terms(_ASIDE.sub("，", s.text), words)))
    members = {c: groups.members(c) for c in range(int(groups.of_text.max(initial=-1)) + 1)}
    usual = {term: n / len(caught) for term, n in elsewhere.items()}
    average = sum(everywhere.values()) / max(len(members), 1)
    found = []
    for mine in members.values():
        if len(mine) < min_size:
            continue
        inside = Counter(term for i in mine.tolist() for term in terms[i])
        score = {t: n * log(1 + average / (everywhere[t] + elsewhere[t])) for t, n in inside.items() if n > 1}
        ranked = _without_pieces(sorted(score, key=lambda t: (-score[t], t)), inside)
        if ranked:
            found.append(
                Suggestion(
                    label=tuple(ranked[:_LABEL_WORDS]),
                    keywords=tuple(
                        keyword
                        for keyword in (_keyword(t, len(mine), inside, everywhere, usual) for t in ranked)
                        if keyword.precision >= _MIN_PRECISION and keyword.lift >= _MIN_LIFT
                    )[:_KEYWORDS],
                    size=len(mine),
                    share=round(len(mine) / len(texts), 4),
                    cohesion=round(float(np.mean(groups.likeness[mine])), 3),
                    quotes=tuple(dict.fromkeys(quote(statements[i].text) for i in mine.tolist()))[:_QUOTES],
                )
            )
    found.sort(key=lambda g: (-g.size, g.label))
    return Suggestions(
        groups=tuple(found), statements=len(texts), scattered=len(texts) - sum(group.size for group in found)
    )


def quote(text: str) -> str:
    """The beginning of a text as it may be shown: on one line, without any digit."""
    line = _DIGIT.sub("*", " ".join(text.split()))
    return line if len(line) <= _QUOTE_CHARS else f"{line[:_QUOTE_CHARS]}…"


def _keyword(
    term: str, size: int, inside: Counter[str], everywhere: Counter[str], usual: Mapping[str, float]
) -> Keyword:
    """`usual`: the share of statements with a topic that hold each word."""
    return Keyword(
        text=term,
        statements=inside[term],
        precision=round(inside[term] / everywhere[term], 2),
        lift=round(inside[term] / size / usual[term], 1) if term in usual else inf,
    )


def _terms(text: str, words: Segmenter) -> Iterator[str]:
    """Words of two characters and more, and two words in a row that are read as one (改|地址), without those that say
    nothing and those with a numeral."""
    stops = stop_words()
    for run in _HAN.findall(normalise(text)):
        before = ""
        for word in words.cut(run):
            if word in stops:
                before = ""
                continue
            if len(word) > 1 and says(word):
                yield word
            if before and len(before + word) in range(3, _MAX_TERM) and says(before + word):
                yield before + word
            before = word


def _without_pieces(ranked: Sequence[str], inside: Counter[str]) -> list[str]:
    """Without words that hardly occur in the group but inside a better one, and longer ones that add nothing."""
    kept: list[str] = []
    for term in ranked:
        same = (other for other in kept if other in term or term in other)
        if not any(min(inside[term], inside[o]) > 0.7 * max(inside[term], inside[o]) for o in same):
            kept.append(term)
    return kept
