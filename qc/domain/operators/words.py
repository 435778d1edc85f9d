"""What was said: operators over the words of turns."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from qc.domain.operators.base import zh as _zh


class Robust(StrEnum):
    """How far what is said may be from the letters of a word; each step includes those before it."""

    EXACT = "exact"
    VARIANTS = "variants"
    PINYIN = "pinyin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Literal words and the ids of lexicons whose words are added to them.

    Of the lexicons only the words of `category` (any of them; empty: all) and of at least `min_level` are taken.
    """

    words: tuple[str, ...] = ()
    lexicons: tuple[str, ...] = ()
    robust: Robust = Robust.VARIANTS
    categories: tuple[str, ...] = ()
    min_level: int | None = None


class Mode(StrEnum):
    """How many of the words must occur in one unit of text (turn, clause, or the joined turns)."""

    ANY = "any"
    ALL = "all"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyword:
    """Literal containment of words."""

    key: ClassVar[str] = "keyword"
    zh: ClassVar[str] = "关键词"
    about: ClassVar[str] = (
        "话里出现了词表中的词就成立。比对前先统一大小写、全角半角和繁简；数字和英文按整个词比对。"
        "词中间有空格、停顿或嗯、啊等语气词的（保证，嗯，收益），数字换了写法的（24小时、二十四小时，"
        "12398、幺二三九八）也算；"
        "写 robust: pinyin，同音的错字也算（公号→工号），命中处注明疑似同音，错成另一个词的除外：两三个字的要音节相同，"
        "四个字以上平翘舌、前后鼻音、n 和 l 也不分。robust: exact 则一字不差。证据总是原文。"
        "all 要求一个话轮里全部出现，"
        "at_least 要求至少几个不同的词；加 in_clause 则要求在同一个分句里，加 joined 则在范围内的话轮连起来看。"
        "none 表示一个都不出现。"
    )

    words: Words = field(metadata=_zh("要找的词：一个词、一串词，或用 lexicon 引用词表"))
    mode: Mode = field(metadata=_zh("any 出现任意一个（默认）；all 全部出现；none 一个都不出现"), default=Mode.ANY)
    at_least: int = field(metadata=_zh("与 any 合用：至少出现几个不同的词"), default=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Regex:
    """A linear-time regular expression over the normalised text."""

    key: ClassVar[str] = "regex"
    zh: ClassVar[str] = "正则"
    about: ClassVar[str] = (
        "用 RE2 正则匹配统一后的文字：半角、小写、简体；逗号、问号、感叹号、冒号、分号是全角的“，？！：；”。"
        "^ 和 $ 是话轮的开头和结尾，匹配不会跨话轮（joined 时除外）。不支持回看、前瞻和反向引用，用 except 排除例外。"
    )

    pattern: str = field(metadata=_zh("正则表达式"))
    exclude: str | None = field(metadata=_zh("与它的匹配处重叠的命中不算"), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotIn:
    """A term, but not where it is part of a longer one."""

    key: ClassVar[str] = "not_in"
    zh: ClassVar[str] = "不作为其一部分"
    about: ClassVar[str] = (
        "话里出现了 term，而且它不在 unless_part_of 的某个词里面：要“信用”而不要“信用卡”。"
        "按最长的词算：同一处既是信用又是信用卡，就是信用卡。"
    )

    term: Words = field(metadata=_zh("要找的词，一个或几个"))
    unless_part_of: Words = field(metadata=_zh("含有它的更长的词，在这些词里面不算"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Similar:
    """A passage of a turn that says about the same as one of the sentences."""

    key: ClassVar[str] = "similar"
    zh: ClassVar[str] = "话术相似"
    about: ClassVar[str] = (
        "一轮话里有一段（连着的几个分句）与其中一句意思相近就成立，一轮算一处，取最像的一段。"
        "得分从 0 到 1，是两段话说的是同一件事的概率，由共同的字、共同的相邻两字和句子长短算出，"
        "不联网、不用模型，长句短句同一个标准：0.5 换了不少说法，0.8 个别字不同，0.95 几乎一字不差。"
        "意思相同而字面全不同的认不出，请多写几句常用的说法；"
        "一字之差意思相反的（能、不能）分不开，请用 regex 或 keyword。{value} 是得分。"
    )

    sentences: tuple[str, ...] = field(metadata=_zh("标准话术，一句或几句，与其中一句相近就算"))
    min_score: float = field(metadata=_zh("最低得分，0.05–1"), default=0.8)


class NearUnit(StrEnum):
    CHARS = "chars"
    TURNS = "turns"
    SECONDS = "seconds"


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """Two words close to each other."""

    key: ClassVar[str] = "near"
    zh: ClassVar[str] = "邻近"
    about: ClassVar[str] = (
        "a 中的词和 b 中的词挨得够近就成立。按字数时两者须在同一话轮（in_clause 时同一分句，joined 时连起来的话轮）里；"
        "按轮数或秒数时可以在不同的话轮里。两个词不能互相重叠。"
        "每组可以写成 {words: […], lexicon: 编号, category: 类别, min_level: 等级, robust: pinyin}，"
        "含义与 keyword 相同。"
    )

    a: Words = field(metadata=_zh("第一组词"))
    b: Words = field(metadata=_zh("第二组词"))
    within: float = field(metadata=_zh("最远多远：两词之间相隔的字数，或话轮相差几轮，或相差几秒"))
    unit: NearUnit = field(metadata=_zh("距离的单位：chars 字、turns 轮、seconds 秒"), default=NearUnit.CHARS)
    ordered: bool = field(metadata=_zh("true 时 a 必须在 b 前面"), default=False)
