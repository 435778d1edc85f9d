"""What was said: shapes and builders of the word operators."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from pydantic import Field

from qc.domain import operators as op
from qc.specs.document import Loc
from qc.specs.model import Spec
from qc.specs.operators.site import OperatorShape, Site, about, listed
from qc.specs.scalars import Ids, Text, WordList, WordText

_SHORTEST = 4
"""Characters of a sentence for `similar`."""
_LEVEL = Annotated[int, Field(ge=1, le=5)]
_ROBUST = (
    "词可以差多少：exact 一字不差；variants 中间有停顿或嗯、呃等、数字的中文和阿拉伯写法（默认）；"
    "pinyin 还可以是同音的错字，命中时注明疑似同音"
)


class _FromLexicon(Spec):
    lexicon: Ids | None = Field(default=None, description="引用的词表编号")
    category: Ids | None = Field(default=None, description="词表里只要这些类别的词")
    min_level: _LEVEL | None = Field(default=None, description="词表里只要这一级以上的词")
    robust: op.Robust = Field(default=op.Robust.VARIANTS, description=_ROBUST)


class WordsSpec(_FromLexicon):
    """词表：直接写词，或引用词表，或都有。"""

    words: WordText | WordList | None = Field(default=None, description="一个词或一串词")


class KeywordSpec(_FromLexicon):
    """关键词的几种写法；any、all、none 写其中一个。"""

    any: WordText | WordList | None = Field(default=None, description="出现其中任意一个")
    all: WordText | WordList | None = Field(default=None, description="全部出现")
    none: WordText | WordList | None = Field(default=None, description="一个都不出现")
    at_least: Annotated[int, Field(ge=1)] | None = about(op.Keyword, "at_least", default=None)


class RegexSpec(Spec):
    """正则和例外；pattern 与 use 至少写一个，都写时匹配任意一个。"""

    pattern: Text | None = about(op.Regex, "pattern", default=None)
    use: Ids | None = Field(default=None, description="引用 _patterns 里的片段：一个编号或一串编号，匹配任意一个")
    exclude: Text | None = about(op.Regex, "exclude", default=None, alias="except")
    except_use: Ids | None = Field(default=None, description="引用 _patterns 里的片段作例外")


class NotInSpec(Spec):
    """一个词，但不作为更长的词的一部分。"""

    term: WordText | WordList = about(op.NotIn, "term")
    unless_part_of: WordText | WordList | WordsSpec = about(op.NotIn, "unless_part_of")
    robust: op.Robust = Field(default=op.Robust.VARIANTS, description=_ROBUST)


class SimilarSpec(Spec):
    """话术相似。"""

    sentences: Text | Annotated[list[Text], Field(min_length=1, max_length=200)] = about(op.Similar, "sentences")
    min_score: Annotated[float, Field(ge=0.05, le=1)] = about(op.Similar, "min_score", default=0.8)


class NearSpec(Spec):
    """两组词挨得近。"""

    a: WordText | WordList | WordsSpec = about(op.Near, "a")
    b: WordText | WordList | WordsSpec = about(op.Near, "b")
    within: Annotated[float, Field(ge=0, le=100_000)] = about(op.Near, "within")
    unit: op.NearUnit = about(op.Near, "unit", default=op.NearUnit.CHARS)
    ordered: bool = about(op.Near, "ordered", default=False)


def _words(at: Site, loc: Loc, own: str | list[str] | None, spec: _FromLexicon) -> op.Words:
    """The words written in a rule and those of its lexicons."""
    if spec.lexicon is None and (spec.category is not None or spec.min_level is not None):
        key = "category" if spec.category is not None else "min_level"
        at.wrong((*loc, key), "R021", f"{key} 只能与 lexicon 合用", "类别和等级写在词表里。")
    return op.Words(
        words=listed(own),
        lexicons=at.lexicons((*loc, "lexicon"), spec.lexicon),
        robust=spec.robust,
        categories=listed(spec.category),
        min_level=spec.min_level,
    )


def _keyword(at: Site, spec: str | list[str] | KeywordSpec) -> op.Keyword:
    if not isinstance(spec, KeywordSpec):
        return op.Keyword(words=op.Words(words=listed(spec)))
    given = [mode for mode in op.Mode if getattr(spec, mode) is not None]
    mode = given[0] if given else op.Mode.ANY
    words = _words(at, ("keyword",), getattr(spec, mode), spec)
    if len(given) > 1:
        at.wrong(("keyword", given[1]), "R021", "any、all、none 只能写一个", "请拆成几个片段。")
    if not given and spec.lexicon is None:
        at.wrong(("keyword",), "R021", "没有写词", "请写 any、all、none 之一，或用 lexicon 引用词表。")
    if mode is op.Mode.ALL and spec.lexicon is not None:
        at.wrong(("keyword", "lexicon"), "R021", "all 不能与 lexicon 合用", "请用 any 和 at_least。")
    if spec.at_least is not None and mode is not op.Mode.ANY:
        at.wrong(("keyword", "at_least"), "R021", "at_least 只能与 any 或 lexicon 合用")
    if spec.at_least is not None and spec.lexicon is None and spec.at_least > len(words.words):
        text = f"只有 {len(words.words)} 个词，不能要求至少 {spec.at_least} 个"
        at.wrong(("keyword", "at_least"), "R021", text, "请改小。")
    return op.Keyword(words=words, mode=mode, at_least=spec.at_least or 1)


def _regex(at: Site, spec: str | RegexSpec) -> op.Regex:
    if isinstance(spec, str):
        return op.Regex(pattern=spec)
    if spec.pattern is None and spec.use is None:
        at.wrong(("regex",), "R021", "没有写正则", "请写 pattern，或用 use 引用 _patterns 里的片段。")
    return op.Regex(
        pattern=_any_of(at.patterns(("regex", "use"), spec.use), spec.pattern) or "",
        exclude=_any_of(at.patterns(("regex", "except_use"), spec.except_use), spec.exclude),
    )


def _any_of(used: tuple[str, ...], own: str | None) -> str | None:
    """One expression that matches what any of the given ones does; None when there is none."""
    patterns = (*used, *(() if own is None else (own,)))
    return (
        "|".join(f"(?:{pattern})" for pattern in patterns) if len(patterns) > 1 else patterns[0] if patterns else None
    )


def either_words(at: Site, loc: Loc, given: str | list[str] | WordsSpec) -> op.Words:
    """Words as they may stand in several places: one, some, or a mapping."""
    if not isinstance(given, WordsSpec):
        return op.Words(words=listed(given))
    if given.words is None and given.lexicon is None:
        at.wrong(loc, "R021", "没有写词", "请写 words，或用 lexicon 引用词表。")
    return _words(at, loc, given.words, given)


def _near(at: Site, spec: NearSpec) -> op.Near:
    a, b = either_words(at, ("near", "a"), spec.a), either_words(at, ("near", "b"), spec.b)
    return op.Near(a=a, b=b, within=spec.within, unit=spec.unit, ordered=spec.ordered)


def _not_in(at: Site, spec: NotInSpec) -> op.NotIn:
    term = op.Words(words=listed(spec.term), robust=spec.robust)
    longer = either_words(at, ("not_in", "unless_part_of"), spec.unless_part_of)
    if not isinstance(spec.unless_part_of, WordsSpec):
        longer = replace(longer, robust=spec.robust)  # as loosely as the term, or 信用咖 would be the term alone
    return op.NotIn(term=term, unless_part_of=longer)


def _similar(at: Site, spec: SimilarSpec) -> op.Similar:
    for index, sentence in enumerate(listed(spec.sentences)):
        if sum(map(str.isalnum, sentence)) < _SHORTEST:
            place = ("similar", "sentences", *(() if isinstance(spec.sentences, str) else (index,)))
            at.wrong(place, "R022", f"“{sentence}”太短，谈不上相似", f"至少 {_SHORTEST} 个字；短词请用 keyword。")
    return op.Similar(sentences=listed(spec.sentences), min_score=spec.min_score)


WORDS = (
    OperatorShape(op.Keyword, KeywordSpec, _keyword, short=WordText | WordList),
    OperatorShape(op.Regex, RegexSpec, _regex, short=Text),
    OperatorShape(op.NotIn, NotInSpec, _not_in),
    OperatorShape(op.Near, NearSpec, _near),
    OperatorShape(op.Similar, SimilarSpec, _similar),
)
