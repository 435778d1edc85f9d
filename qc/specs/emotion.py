"""The emotion lexicon: `customer.yml`, `agent.yml` and `modifiers.yml` of one folder → EmotionLexicon."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from qc.domain.conversation import Role
from qc.domain.emotion import COMPONENTS, EmotionLexicon, InQuestion, Modifiers, PhraseGroup, WhenNegated
from qc.specs.document import Document, Loc, Problems, read

_Word = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^\S(.*\S)?$")]
_Words = tuple[_Word, ...]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _Group(_Strict):
    component: Literal[COMPONENTS]  # type: ignore[valid-type]
    level: Annotated[int, Field(ge=0, le=5)]
    phrases: Annotated[_Words, Field(min_length=1)]
    in_question: InQuestion = InQuestion.KEEP
    when_negated: WhenNegated = WhenNegated.DROP
    needs_degree: bool = False


class _Phrases(_Strict):
    id: _Word
    title: _Word
    role: Literal["customer", "agent"]
    groups: Annotated[tuple[_Group, ...], Field(min_length=1)]


class _Modifiers(_Strict):
    id: _Word
    title: _Word
    negation: _Words = ()
    stronger: _Words = ()
    plain: _Words = ()
    weaker: _Words = ()
    stronger_after: _Words = ()
    question: _Words = ()
    neutral: _Words = ()


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
                if (found := problems.check(document, _Modifiers)) is not None:
                    modifiers = Modifiers(**{name: getattr(found, name) for name in _LISTS})
                    _refuse_twice(
                        problems, document, [((n, i), w) for n in _LISTS for i, w in enumerate(getattr(found, n))]
                    )
            elif (spec := problems.check(document, _Phrases)) is not None:
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


def _group(spec: _Group) -> PhraseGroup:
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
