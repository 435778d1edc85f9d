"""The emotion lexicon: customer.yml, agent.yml, modifiers.yml and evaluation.yml of one folder → EmotionLexicon."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from qc.domain.conversation import Role
from qc.domain.emotion import (
    COMPONENTS,
    EmotionLexicon,
    EmotionTest,
    Evaluation,
    InQuestion,
    Modifiers,
    PhraseGroup,
    WhenNegated,
)
from qc.specs.document import Document, Loc, Problems, read
from qc.specs.model import Spec

_Word = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^\S(.*\S)?$")]
_Words = tuple[_Word, ...]
_Role = Literal["customer", "agent"]
_Label = Literal["negative", "neutral", "positive"]


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
    courtesy: bool = Field(
        default=False, description="true：客套话，同一话轮里有请求或疑问时只算提示（帮我改一下，谢谢）"
    )


class EmotionTestSpec(Spec):
    """一个测试：一句话和应有的判断；写出的都要对上，至少写一项。"""

    text: Annotated[str, Field(min_length=1)] = Field(description="一句话")
    role: _Role | None = Field(default=None, description="谁说的；不写为本文件的角色，公用的文件里为 customer")
    label: _Label | None = Field(default=None, description="应判为 negative 负面、neutral 中性、positive 正面")
    component: Literal[COMPONENTS] | None = Field(default=None, description="应判的成分")  # type: ignore[valid-type]
    level: int | None = Field(default=None, ge=0, le=5, description="应判的强度")
    polarity: _Label | None = Field(default=None, description="极性应偏向哪一边；标签是中性的话轮也有极性")


_Tests = tuple[EmotionTestSpec, ...]


class PhrasesSpec(Spec):
    """一个角色的情绪短语。"""

    id: _Word = Field(description="编号")
    title: _Word = Field(description="名称")
    role: _Role = Field(description="谁的话：customer 客户、agent 坐席；一个角色一个文件")
    groups: tuple[PhraseGroupSpec, ...] = Field(min_length=1, description="短语，按成分和强度分组")
    tests: _Tests = Field(default=(), description="测试：句子和应有的判断")


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
    condition: _Words = Field(default=(), description="假设的标志，如 如果；假设里只有 in_question: keep 的短语算")
    request: _Words = Field(default=(), description="请求的标志，如 帮我；同一话轮里的客套话（courtesy）只算提示")
    neutral: _Words = Field(default=(), description="含有短语但没有情绪的更长的词")
    tests: _Tests = Field(default=(), description="测试：句子和应有的判断")


class EvaluationSpec(Spec):
    """一般的褒贬词（evaluation.yml）：轻微移动极性，从不决定标签和强度。"""

    id: _Word = Field(description="编号")
    title: _Word = Field(description="名称")
    positive: _Words = Field(default=(), description="褒义词；前面有否定时算贬")
    negative: _Words = Field(default=(), description="贬义词；前面有否定时算褒")
    tests: _Tests = Field(default=(), description="测试：句子和应有的判断")


_MODIFIERS = "modifiers.yml"
_EVALUATION = "evaluation.yml"
_LISTS = ("negation", "stronger", "plain", "weaker", "stronger_after", "question", "condition", "request", "neutral")
_SIDES = ("positive", "negative")
_EXPECTATIONS = {"label", "component", "level", "polarity"}
_SIGNS = {None: None, "negative": -1, "neutral": 0, "positive": 1}


def load_emotion_lexicon(folder: Path, shown_as: str | None = None) -> EmotionLexicon:
    """Read every `*.yml` of `folder` (usually `rules/_lexicons/emotion`).

    `shown_as` replaces the folder's path in messages. A folder that does not exist gives an empty lexicon: no phrase,
    every turn neutral. Raises SpecError with every problem of every file, a word listed twice among them.
    """
    problems = Problems()
    groups: dict[Role, tuple[PhraseGroup, ...]] = {}
    modifiers, evaluation = Modifiers(), Evaluation()
    tests: list[EmotionTest] = []
    shown = shown_as if shown_as is not None else str(folder)
    for path in sorted(folder.glob("*.yml")):
        with problems.catch():
            document = read(path, f"{shown}/{path.name}")
            if path.name == _MODIFIERS:
                if (words := problems.check(document, ModifiersSpec)) is not None:
                    modifiers = Modifiers(**{name: getattr(words, name) for name in _LISTS})
                    _refuse_twice(problems, document, _placed(words, _LISTS))
                    tests += _tests(problems, document, words.tests, Role.CUSTOMER)
            elif path.name == _EVALUATION:
                if (found := problems.check(document, EvaluationSpec)) is not None:
                    evaluation = Evaluation(positive=found.positive, negative=found.negative)
                    _refuse_twice(problems, document, _placed(found, _SIDES))
                    tests += _tests(problems, document, found.tests, Role.CUSTOMER)
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
                tests += _tests(problems, document, spec.tests, role)
    problems.raise_if_errors()
    return EmotionLexicon(
        groups=groups,
        modifiers=modifiers,
        evaluation=evaluation,
        tests=tuple(tests),
        digest=_digest(groups, modifiers, evaluation),
    )


def _group(spec: PhraseGroupSpec) -> PhraseGroup:
    return PhraseGroup(
        component=spec.component,
        level=spec.level,
        phrases=spec.phrases,
        in_question=spec.in_question,
        when_negated=spec.when_negated,
        needs_degree=spec.needs_degree,
        courtesy=spec.courtesy,
    )


def _tests(problems: Problems, document: Document, specs: _Tests, role: Role) -> list[EmotionTest]:
    out = []
    for i, spec in enumerate(specs):
        if not spec.model_fields_set & _EXPECTATIONS:
            problems.add(
                document, ("tests", i), "E003", "测试没有写应有的判断", "写 label、component、level 或 polarity。"
            )
        out.append(
            EmotionTest(
                path=document.path,
                line=document.where(("tests", i)).line,
                role=Role(spec.role) if spec.role else role,
                text=spec.text,
                label=_SIGNS[spec.label],
                component=spec.component,
                level=spec.level,
                polarity=_SIGNS[spec.polarity],
            )
        )
    return out


def _placed(spec: ModifiersSpec | EvaluationSpec, names: tuple[str, ...]) -> list[tuple[Loc, str]]:
    return [((name, i), word) for name in names for i, word in enumerate(getattr(spec, name))]


def _refuse_twice(problems: Problems, document: Document, words: list[tuple[Loc, str]]) -> None:
    seen: dict[str, Loc] = {}
    for loc, word in words:
        if word in seen:
            first = document.where(seen[word]).line
            problems.add(document, loc, "E002", f"“{word}”写了两次，第一次在第 {first} 行", "删掉其中一个。")
        seen.setdefault(word, loc)


def _digest(groups: dict[Role, tuple[PhraseGroup, ...]], modifiers: Modifiers, evaluation: Evaluation) -> str:
    content = {
        "groups": {
            role.value: [
                [g.component, g.level, g.in_question, g.when_negated, g.needs_degree, g.courtesy, list(g.phrases)]
                for g in listed
            ]
            for role, listed in groups.items()
        },
        "modifiers": {name: list(getattr(modifiers, name)) for name in _LISTS},
        "evaluation": {name: list(getattr(evaluation, name)) for name in _SIDES},
    }
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
