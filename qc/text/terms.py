"""Words customers use, counted per project: the ground of hot words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from qc.domain.conversation import Role
from qc.domain.topic import Taxonomy
from qc.text.columns import ranges
from qc.text.emotion import Emotions
from qc.text.entities import Entities
from qc.text.phrases import Bools
from qc.text.regex import compile_pattern
from qc.text.shard import ROLE_CODES, Ints, Shard
from qc.text.topics import domain_words
from qc.text.words import Segmenter, segmenter

_MAX_CHARS = 20
_NUMERAL = "零〇一二三四五六七八九十百千万亿两几多半廿幺"
_MEASURE = (
    "个只条件次台部张块元角分毛天日号月年周秒点钟遍回趟笔单份位名户家层楼栋幢间套双对副本支瓶盒箱包袋桶片颗粒根米里斤克吨升瓦度岁届"
    "级类种项门期批组轮句段章页字番场阵顿声倍成折股档辆架把座样群圈步眼口道人"
)
_UNIT = "个多?月|个半?小时|小时|分钟|秒钟|点钟|块钱|公里|公斤|平米|平方米|季度|星期|礼拜"
_COUNT = re.compile(rf"第?[{_NUMERAL}]+[来余]?(?:[{_MEASURE}][多半]?|{_UNIT})?|{_UNIT}|[百千万]分之[{_NUMERAL}点]*")
"""三, 第三次, 一个月, 十几块钱: jieba's pieces of a number, or a number of something."""
_NO_COUNTS = frozenset(("百度", "三包"))
_ASIDE = r"\[[^\[\]\n]{1,12}\]|(?:https?：//|www\.)[!-~：？]+"
"""RE2: what nobody said: [图片], [订单号], the address of a page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TermTable:
    """One row per project and term, ordered by both. Counts are over customer turns: conversations the term occurs in,
    occurrences, and those of the conversations in which the customer was negative."""

    project: tuple[str, ...]
    term: tuple[str, ...]
    conversations: Ints
    occurrences: Ints
    negative_conversations: Ints


def count_terms(shard: Shard, emotions: Emotions, entities: Entities, taxonomies: Sequence[Taxonomy] = ()) -> TermTable:
    """Words of two characters and more, and Latin words, in the customer turns of the shard.

    Cut by jieba with the keywords of the taxonomies in its dictionary; the words within such a keyword count too, for
    who says 停电了 says 停电. Stop words, numbers (三次), placeholders
    ([图片]) and whatever lies in an entity (names, addresses, numbers, amounts, dates) are left out: no personal data
    gets into the table.
    """
    words = segmenter(domain_words(taxonomies))
    starts, ends = _pieces(shard, entities, words)
    text = shard.text
    seen: dict[str, int] = {}
    piece = np.fromiter(
        (seen.setdefault(text[a:b], len(seen)) for a, b in zip(starts.tolist(), ends.tolist(), strict=True)),
        np.int64,
        len(starts),
    )
    terms_of = [[w for whole in words.cut(p) for w in _held(words, whole) if _is_term(w)] for p in seen]
    terms = sorted({w for listed in terms_of for w in listed})
    number = {w: i for i, w in enumerate(terms)}
    # Every occurrence of a piece brings all of its terms: expand (piece) → (owner, term).
    sizes = np.array([len(listed) for listed in terms_of], np.int64)
    flat = np.array([number[w] for listed in terms_of for w in listed], np.int64)
    first = np.cumsum(sizes) - sizes
    owner = shard.conversation[np.searchsorted(shard.char_start, starts, side="right") - 1]
    times = sizes[piece]
    at = ranges(first[piece], first[piece] + times)
    return _count(shard, emotions, np.repeat(owner, times), flat[at], terms)


def _held(words: Segmenter, word: str) -> Iterator[str]:
    """The word, and what is in it where it is a phrase of ours."""
    yield word
    for part in words.parts(word):
        if part != word:
            yield from _held(words, part)


def _pieces(shard: Shard, entities: Entities, words: Segmenter) -> tuple[Ints, Ints]:
    """Spans of `shard.text` to be cut: runs of Han characters between sure boundaries, and runs of Latin letters."""
    text = shard.text
    codes = np.frombuffer(text.encode("utf-32-le", "replace"), np.uint32)
    if not len(codes):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    allowed = _allowed(shard, entities, len(codes))
    han = (codes >= 0x4E00) & (codes < 0xA000) & allowed
    latin = (codes >= ord("a")) & (codes <= ord("z")) & allowed
    bound = (words.bonds(text) & han[:-1] & han[1:]) | (latin[:-1] & latin[1:])
    edge = np.diff(np.concatenate(([False], bound, [False])).astype(np.int8))
    return np.flatnonzero(edge == 1), np.flatnonzero(edge == -1) + 1


def _allowed(shard: Shard, entities: Entities, n: int) -> Bools:
    """Characters of customer turns outside of entities and asides."""
    lengths = np.diff(shard.char_start)
    allowed = np.repeat((shard.role == ROLE_CODES[Role.CUSTOMER]) & ~shard.invented, lengths)[:n]
    spans = np.array([*compile_pattern(_ASIDE).spans(shard.buffer)], np.int64).reshape(-1, 2)
    turn, start, end = shard.locate(spans[:, 0], spans[:, 1])
    base = shard.char_start[np.concatenate((turn, entities.turn))]
    inside = np.zeros(n + 1, np.int64)
    np.add.at(inside, base + np.concatenate((start, entities.start)), 1)
    np.add.at(inside, base + np.concatenate((end, entities.end)), -1)
    return np.asarray(allowed & (np.cumsum(inside[:n]) == 0), bool)


def _count(shard: Shard, emotions: Emotions, owner: Ints, term: Ints, terms: list[str]) -> TermTable:
    projects = sorted(set(shard.columns.project))
    project = np.array([projects.index(p) for p in shard.columns.project], np.int64)
    width = max(len(terms), 1)
    pair, occurrences = np.unique(owner * width + term, return_counts=True)
    holder = pair // width
    row, inverse = np.unique(project[holder] * width + pair % width, return_inverse=True)
    negative = (emotions.customer.level > 0)[holder]
    return TermTable(
        project=tuple(projects[i] for i in (row // width).tolist()),
        term=tuple(terms[i] for i in (row % width).tolist()),
        conversations=np.bincount(inverse, minlength=len(row)).astype(np.int64),
        occurrences=np.bincount(inverse, weights=occurrences, minlength=len(row)).astype(np.int64),
        negative_conversations=np.bincount(inverse, weights=negative, minlength=len(row)).astype(np.int64),
    )


def _is_term(word: str) -> bool:
    return (
        1 < len(word) <= _MAX_CHARS and word not in stop_words() and (word in _NO_COUNTS or not _COUNT.fullmatch(word))
    )


@cache
def stop_words() -> frozenset[str]:
    """Words that say nothing about what a conversation is about."""
    return frozenset(files("qc.text").joinpath("stopwords.txt").read_text("utf-8").split())
