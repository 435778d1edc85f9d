"""The emotion lexicon: `customer.yml`, `agent.yml` and `modifiers.yml` of one folder → EmotionLexicon."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from qc.domain.conversation import Role
from qc.domain.emotion import COMPONENTS, EmotionLexicon, InQuestion, Modifiers, PhraseGroup, WhenNegated
from qc.specs.document import Document, Loc, Problems, read
from qc.specs.model import Spec

_Word = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^\S(.*\S)?$")]
_Words = tuple[_Word, ...]


class PhraseGroupSpec(Spec):
    """情绪、强度和用法相同的一组短语。"""

    component: Literal[COMPONENTS] = Field(  # type: ignore[valid-type]
        description="成分：anger 愤怒、anxiety 焦急、disappointment 失望、disgust 厌恶、threat 扬言升级、"
        "satisfaction 满意；坐席还有 indifference 冷漠、impatience 不耐烦、soothing 安抚、empathy 共情"
    )
    level: int = Field(ge=0, le=5, description="强度：0 提示（单独出现不定性）、1 轻微 … 5 极端")
    phrases: _Words = Field(min_length=1, description="短语")
    in_question: InQuestion = Field(
        default=InQuestion.KEEP, description="出现在问句里：keep 照算、damp 减弱、drop 不算"
    )
    when_negated: WhenNegated = Field(
        default=WhenNegated.DROP, description="前面有否定词：drop 不算、flip 反过来、keep 照算"
    )
    needs_degree: bool = Field(default=False, description="true：带程度词（太慢、有点贵）才算")


class PhrasesSpec(Spec):
    """一个角色的情绪短语。"""

    id: _Word = Field(description="编号")
    title: _Word = Field(description="名称")
    role: Literal["customer", "agent"] = Field(description="谁的话：customer 客户、agent 坐席；一个角色一个文件")
    groups: tuple[PhraseGroupSpec, ...] = Field(min_length=1, description="短语，按成分和强度分组")


class ModifiersSpec(Spec):
    """改变情绪短语的词（modifiers.yml）。"""

    id: _Word = Field(description="编号")
    title: _Word = Field(description="名称")
    negation: _Words = Field(default=(), description="否定词，如 不、没有")
    stronger: _Words = Field(default=(), description="加强的程度词，如 太、非常")
    plain: _Words = Field(default=(), description="一般的程度词，如 很")
    weaker: _Words = Field(default=(), description="减弱的程度词，如 有点")
    stronger_after: _Words = Field(default=(), description="写在后面的加强词，如 死了")
    question: _Words = Field(default=(), description="问句的标志，如 吗、是不是")
    neutral: _Words = Field(default=(), description="含有短语但没有情绪的更长的词")


_MODIFIERS = "modifiers.yml"
_LISTS = ("negation", "stronger", "plain", "weaker", "stronger_after", "question", "neutral")


def load_emotion_lexicon(folder: Path, shown_as: str | None = None) -> EmotionLexicon:
    """Read every `*.yml` of `folder` (usually `rules/_lexicons/emotion`).

    `shown_as` replaces the folder's path in messages. A folder that does not exist gives an empty lexicon: no phrase,
    every turn neutral. Raises SpecError with every problem of every file, a word listed twice among them.
    """
    problems = Problems()
    groups: dict[Role, tuple[PhraseGroup, ...]] = {}
    modifiers = Modifiers()
    shown = shown_as if shown_as is not None else str(folder)
    for path in sorted(folder.glob("*.yml")):
        with problems.catch():
            document = read(path, f"{shown}/{path.name}")
            if path.name == _MODIFIERS:
                if (found := problems.check(document, ModifiersSpec)) is not None:
                    modifiers = Modifiers(**{name: getattr(found, name) for name in _LISTS})
                    _refuse_twice(
                        problems, document, [((n, i), w) for n in _LISTS for i, w in enumerate(getattr(found, n))]
                    )
            elif (spec := problems.check(document, PhrasesSpec)) is not None:
                role = Role(spec.role)
                if role in groups:
                    problems.add(
                        document, ("role",), "E001", f"角色 {role} 的短语已在另一个文件里", "每个角色一个文件。"
                    )
                groups[role] = tuple(_group(g) for g in spec.groups)
                _refuse_twice(
                    problems,
                    document,
                    [
                        (("groups", g, "phrases", i), w)
                        for g, group in enumerate(spec.groups)
                        for i, w in enumerate(group.phrases)
                    ],
                )
    problems.raise_if_errors()
    return EmotionLexicon(groups=groups, modifiers=modifiers, digest=_digest(groups, modifiers))


def _group(spec: PhraseGroupSpec) -> PhraseGroup:
    return PhraseGroup(
        component=spec.component,
        level=spec.level,
        phrases=spec.phrases,
        in_question=spec.in_question,
        when_negated=spec.when_negated,
        needs_degree=spec.needs_degree,
    )


def _refuse_twice(problems: Problems, document: Document, words: list[tuple[Loc, str]]) -> None:
    seen: dict[str, Loc] = {}
    for loc, word in words:
        if word in seen:
            first = document.where(seen[word]).line
            problems.add(document, loc, "E002", f"“{word}”写了两次，第一次在第 {first} 行", "删掉其中一个。")
        seen.setdefault(word, loc)


def _digest(groups: dict[Role, tuple[PhraseGroup, ...]], modifiers: Modifiers) -> str:
    content = {
        "groups": {
            role.value: [
                [g.component, g.level, g.in_question, g.when_negated, g.needs_degree, list(g.phrases)] for g in listed
            ]
            for role, listed in groups.items()
        },
        "modifiers": {name: list(getattr(modifiers, name)) for name in _LISTS},
    }
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
