"""Intention lists: one YAML file each → IntentList."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from qc.domain.emotion import InQuestion, WhenNegated
from qc.domain.intent import GAP, Intent, IntentKind, IntentList, IntentPhrases, IntentTest
from qc.specs.document import Document, Problems, read, suggest
from qc.specs.model import Spec

NONE = "none"
"""In a test: the sentence shows no intention of this file."""


def _anchored(phrase: str) -> str:
    if not all(phrase.split(GAP)):
        raise ValueError(f"{GAP} 的前后都要有字\n例如 想{GAP}退保；不能写在开头、结尾，也不能连写。")
    return phrase


_Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
_Word = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^\S(.*\S)?$")]
_Phrase = Annotated[_Word, AfterValidator(_anchored)]


class IntentPhrasesSpec(Spec):
    """强度和用法相同的一组短语。"""

    level: Literal[1, 2, 3] = Field(description="强度：1 提到、2 明确、3 强烈")
    phrases: tuple[_Phrase, ...] = Field(
        min_length=1, description=f"短语；{GAP} 代表同一小句里不超过八个字，如 想{GAP}退保"
    )
    in_question: InQuestion = Field(
        default=InQuestion.DAMP, description="出现在问句里：keep 照算、damp 降一级（最低 1 级）、drop 不算"
    )
    when_negated: Literal[WhenNegated.DROP, WhenNegated.KEEP] = Field(
        default=WhenNegated.DROP, description="前面有否定词：drop 不算、keep 照算"
    )


class IntentSpec(Spec):
    """一种意向。"""

    id: _Slug = Field(description="编号：小写字母、数字、下划线，定下后不改")
    title: _Word = Field(description="名称")
    kind: IntentKind = Field(description="类别：purchase 购买、churn 流失、complaint 投诉、repayment 还款、other 其他")
    groups: tuple[IntentPhrasesSpec, ...] = Field(min_length=1, description="短语，按强度分组")
    excludes: tuple[_Word, ...] = Field(default=(), description="含有短语但不算的更长的词")
    labels: tuple[_Word, ...] = Field(default=(), description="训练出的意向模型里，哪些标签就是这种意向")


class IntentTestSpec(Spec):
    """一个测试：客户的一句话和它的意向。"""

    text: Annotated[str, Field(min_length=1)] = Field(description="客户的一句话")
    intent: _Slug = Field(description="应当认出哪种意向的编号，或 none")
    level: Literal[1, 2, 3] | None = Field(default=None, description="应当是几级；不写则不论几级")


class IntentListSpec(Spec):
    """一张意向表，放在 _intents 文件夹里。"""

    id: _Slug = Field(description="编号；规则里的意向写作 编号.意向编号")
    title: _Word = Field(description="名称")
    projects: tuple[_Word, ...] | None = Field(default=None, min_length=1, description="用于哪些业务项目；不写则全部")
    intents: tuple[IntentSpec, ...] = Field(min_length=1, description="意向")
    tests: tuple[IntentTestSpec, ...] = Field(default=(), description="测试：句子和应有的意向")


def load_intents(folder: Path, shown_as: str | None = None) -> tuple[IntentList, ...]:
    """Every `*.yml` of `folder` (usually `rules/_intents`), ordered by id; none when there is no such folder.

    `shown_as` replaces the folder's path in messages. Raises SpecError with every problem of every file: an id in two
    files, an intention or a phrase twice, a model's label claimed twice, a test for an intention that does not exist.
    """
    problems = Problems()
    shown = shown_as if shown_as is not None else str(folder)
    found: list[IntentList] = []
    for path in sorted(folder.glob("*.yml")):
        with problems.catch():
            document = read(path, f"{shown}/{path.name}")
            spec = problems.check(document, IntentListSpec)
            if spec is not None:
                made = _list(spec, document, problems)
                if (other := next((o for o in found if o.id == made.id), None)) is not None:
                    problems.add(document, ("id",), "I004", f"编号 {made.id} 与 {other.path} 相同", "换一个编号。")
                found.append(made)
    problems.raise_if_errors()
    return tuple(sorted(found, key=lambda one: one.id))


def _list(spec: IntentListSpec, document: Document, problems: Problems) -> IntentList:
    intents: dict[str, Intent] = {}
    labels: dict[str, str] = {}
    for i, intent in enumerate(spec.intents):
        if intent.id in intents or intent.id == NONE:
            problems.add(document, ("intents", i, "id"), "I001", f"意向编号 {intent.id} 已经用过", "换一个编号。")
        _refuse_twice(intent, document, i, problems)
        for n, label in enumerate(intent.labels):
            if labels.setdefault(label, intent.id) != intent.id:
                message = f"标签“{label}”已归意向 {labels[label]}"
                problems.add(document, ("intents", i, "labels", n), "I003", message, "一个标签只能归一种意向。")
        intents[intent.id] = Intent(
            id=f"{spec.id}.{intent.id}",
            title=intent.title,
            kind=intent.kind,
            groups=tuple(IntentPhrases(**dict(group)) for group in intent.groups),
            excludes=intent.excludes,
            labels=intent.labels,
        )
    tests = []
    for i, test in enumerate(spec.tests):
        if test.intent != NONE and test.intent not in intents:
            hint = suggest(test.intent, intents, "请写本文件里某种意向的 id，或 none。")
            problems.add(document, ("tests", i, "intent"), "I002", f"没有编号为 {test.intent} 的意向", hint)
        intent_id = "" if test.intent == NONE else f"{spec.id}.{test.intent}"
        line = document.where(("tests", i)).line
        tests.append(IntentTest(text=test.text, intent=intent_id, level=test.level, line=line))
    return IntentList(
        id=spec.id,
        title=spec.title,
        projects=tuple(sorted(set(spec.projects or ()))),
        intents=tuple(intents.values()),
        tests=tuple(tests),
        digest=_digest(spec),
        path=document.path,
    )


def _refuse_twice(intent: IntentSpec, document: Document, i: int, problems: Problems) -> None:
    seen: set[str] = set()
    for g, group in enumerate(intent.groups):
        for p, phrase in enumerate(group.phrases):
            if phrase in seen:
                loc = ("intents", i, "groups", g, "phrases", p)
                problems.add(document, loc, "I005", f"短语“{phrase}”在本意向里写了两次", "删掉其中一个。")
            seen.add(phrase)


def _digest(spec: IntentListSpec) -> str:
    content = spec.model_dump(mode="json", exclude={"tests"})
    return hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
