"""Complaints as code: `_opinion/complaints.yml` → ComplaintSpecs.

Codes: P001 a condition that asks for nothing, P002 words or categories with nothing they narrow, P003 an id twice,
P004 the ladder out of order, P005 an unknown rule, P006 an unknown topic, P007 an unknown type in a test.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from qc.domain.complaint import (
    ESCALATIONS,
    OTHER,
    SCOPES,
    ComplaintSpecs,
    ComplaintTest,
    ComplaintType,
    Condition,
    Escalation,
    Expectation,
    ScopeLimit,
    Step,
)
from qc.domain.conversation import Channel
from qc.domain.emotion import COMPONENTS
from qc.domain.intent import IntentKind
from qc.domain.rule import Severity
from qc.specs.document import Document, Loc, Problems, read, suggest
from qc.specs.model import Spec
from qc.specs.rule_shape import TurnSpec
from qc.specs.rule_tests import call_meta, dialogue
from qc.specs.scalars import Text, WordText

FILE = "_opinion/complaints.yml"
_Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
_Level = Annotated[int, Field(ge=1, le=5)]
_Words = Annotated[tuple[WordText, ...], Field(min_length=1)]
_NARROWED = ("rules", "topics", "components")


class ConditionSpec(Spec):
    """一个条件：写出的各项都要成立，一项里列出几个的，有一个就算。"""

    rules: _Words | None = Field(default=None, description="命中了其中一条规则（编号）")
    categories: _Words | None = Field(default=None, description="规则的命中属于词表的这些类别之一，与 rules 同写")
    words: _Words | None = Field(
        default=None,
        description="同写的 rules、topics、components 的依据里含有其中一个词（命中的文字、话题的词、情绪短语）",
    )
    topics: _Words | None = Field(default=None, description="谈到了其中一个话题（文件编号.话题编号）")
    intents: Annotated[tuple[IntentKind, ...], Field(min_length=1)] | None = Field(
        default=None,
        description="有其中一类意向：purchase 购买、churn 流失、complaint 投诉、repayment 还款、other 其他",
    )
    intent_level: Annotated[int, Field(ge=1, le=3)] = Field(
        default=1, description="意向至少多强：1 提到、2 明确、3 强烈"
    )
    components: Annotated[tuple[Literal[COMPONENTS], ...], Field(min_length=1)] | None = Field(  # type: ignore[valid-type]
        default=None, description="客户有一轮负面情绪是其中一种成分，如 anger 愤怒、threat 扬言升级"
    )
    emotion_level: _Level | None = Field(default=None, description="客户负面情绪至少几级 1–5")
    satisfaction_at_most: _Level | None = Field(default=None, description="满意度不高于几分")
    contacts: Annotated[int, Field(ge=2, le=1000)] | None = Field(
        default=None, description="同一客户在本批为同一件事至少联系了几次（客户编号未知的不算）"
    )
    affected: Annotated[int, Field(ge=2, le=1_000_000)] | None = Field(
        default=None, description="影响面：本批至少有几个客户说的是同一件事（见 scopes）"
    )
    because: Annotated[str, Field(max_length=100)] = Field(default="", description="怎样称呼这个条件，写进原因里")


_Conditions = Annotated[tuple[ConditionSpec, ...], Field(min_length=1)]


class ComplaintTypeSpec(Spec):
    """一种投诉类型；几种都成立时取写在前面的。"""

    id: _Slug = Field(description="编号，定下后不改；other 留给不属于任何一类的")
    title: Text = Field(description="名称，如 频繁停电")
    projects: Annotated[tuple[Text, ...], Field(min_length=1)] | None = Field(
        default=None, description="只用于哪些业务项目；不写就都用"
    )
    any: _Conditions = Field(description="条件，有一个成立就是")


class StepSpec(Spec):
    """严重程度的一级；从最重的往下看，第一个成立的就是。"""

    severity: Severity = Field(description="low 低、medium 中、high 高、critical 严重")
    deadline_minutes: Annotated[int, Field(ge=1, le=100_000)] = Field(description="应在多少分钟内首次回应")
    any: _Conditions = Field(description="条件，有一个成立就算到了这一级")


class EscalationSpec(Spec):
    """可能升级到哪里。"""

    to: Literal[ESCALATIONS] = Field(  # type: ignore[valid-type]
        description="regulator 监管、media 媒体、superior 上级、hotline 政府热线、court 司法"
    )
    any: _Conditions = Field(description="条件，有一个成立就算")


class ScopeLimitSpec(Spec):
    """影响面：多少客户说同一件事才算一起事件。"""

    kind: Literal[SCOPES] = Field(  # type: ignore[valid-type]
        description="area 同一地区、hour 同一时段（一小时）、product 同一产品"
    )
    by: Annotated[tuple[Text, ...], Field(min_length=1)] | None = Field(
        default=None, description="看清单的哪一列：region 或其他随录参数的列名，取会话有值的第一个；hour 不写"
    )
    least: Annotated[int, Field(ge=2, le=1_000_000)] = Field(description="至少几个客户")
    lift: Annotated[float, Field(ge=1, le=1000)] = Field(
        default=2.0, description="这里的客户说这件事的比例，是别处（别的时段、别的产品）的几倍"
    )
    share: Annotated[float, Field(gt=0, le=1)] | None = Field(
        default=None, description="只用于 product：清单没有产品列时，这件事占本业务项目客户的多少就算"
    )


class ExpectSpec(Spec):
    """应有的结果。"""

    severity: Severity = Field(description="严重程度")
    type: _Slug | None = Field(default=None, description="投诉类型；不写就不看")
    escalations: tuple[Literal[ESCALATIONS], ...] | None = Field(  # type: ignore[valid-type]
        default=None, description="可能升级到哪里，须正好是这些；不写就不看"
    )


class ComplaintTestSpec(Spec):
    """一个测试：一小段对话，按现在的规则、词表和话题判定，和应有的结果。"""

    name: Text = Field(description="测试名")
    project: Text = Field(description="业务项目")
    channel: Channel = Field(default=Channel.CHAT, description="渠道")
    meta: dict[Text, str | int | float] = Field(default={}, description="随录参数，如 {satisfaction: 1}")
    turns: Annotated[tuple[TurnSpec, ...], Field(min_length=1)] = Field(description="对话")
    expect: ExpectSpec | Literal["none"] = Field(description="应有的结果；none 不是投诉")


class ComplaintsSpec(Spec):
    """投诉与升级风险，放在 _opinion/complaints.yml。"""

    types: tuple[ComplaintTypeSpec, ...] = Field(default=(), description="投诉类型")
    severities: Annotated[tuple[StepSpec, ...], Field(min_length=1)] = Field(
        description="严重程度与时限，从最重的写起；哪一级都不成立的会话不进投诉清单"
    )
    escalations: tuple[EscalationSpec, ...] = Field(default=(), description="可能升级到哪里")
    scopes: tuple[ScopeLimitSpec, ...] = Field(default=(), description="影响面，几种都够时取写在前面的")
    tests: tuple[ComplaintTestSpec, ...] = Field(default=(), description="测试")


def load_complaints(
    path: Path,
    shown_as: str | None = None,
    *,
    rules: Collection[str] | None = None,
    topics: Collection[str] | None = None,
) -> ComplaintSpecs:
    """Read complaints.yml; `shown_as` replaces its path in messages.

    `rules` and `topics`: the ids that exist; a condition that names another is an error. None: not checked (the file
    that comes with qc names rules a workspace may have left out; what does not exist never hits).
    Raises SpecError with all problems.
    """
    problems = Problems()
    document = read(path, shown_as)
    spec = problems.check(document, ComplaintsSpec)
    made = None
    if spec is not None:
        for loc, condition in _conditions(spec):
            _check(condition, loc, document, problems)
            _known(condition.rules, (*loc, "rules"), rules, "P005", "规则", document, problems)
            _known(condition.topics, (*loc, "topics"), topics, "P006", "话题", document, problems)
        _once([(("types", i, "id"), t.id) for i, t in enumerate(spec.types)], document, problems)
        _once([(("escalations", i, "to"), e.to) for i, e in enumerate(spec.escalations)], document, problems)
        _once([(("scopes", i, "kind"), s.kind) for i, s in enumerate(spec.scopes)], document, problems)
        _ordered(spec, document, problems)
        made = _complaints(spec, document, problems)
    problems.raise_if_errors()
    if made is None:
        raise AssertionError("a file without errors makes specs")
    return made


def _conditions(spec: ComplaintsSpec) -> Iterator[tuple[Loc, ConditionSpec]]:
    for name in ("types", "severities", "escalations"):
        entries: Sequence[ComplaintTypeSpec | StepSpec | EscalationSpec] = getattr(spec, name)
        for i, entry in enumerate(entries):
            for c, condition in enumerate(entry.any):
                yield (name, i, "any", c), condition


def _check(spec: ConditionSpec, loc: Loc, document: Document, problems: Problems) -> None:
    asked = spec.model_dump(exclude={"because", "intent_level", "words", "categories"}, exclude_none=True)
    if spec.words is not None and not any(getattr(spec, name) for name in _NARROWED):
        hint = "words 是同一条件里 rules、topics 或 components 的依据要含的词，请写上其中一项。"
        problems.add(document, (*loc, "words"), "P002", "words 没有可以看的依据", hint, key=True)
    elif spec.categories is not None and spec.rules is None:
        hint = "categories 是规则命中的词在词表里的类别，请写上 rules。"
        problems.add(document, (*loc, "categories"), "P002", "categories 没有可以看的命中", hint, key=True)
    elif not asked:
        problems.add(document, loc, "P001", "这个条件什么也没有要求", "至少写一项，如 rules、topics、emotion_level。")


def _known(
    given: Sequence[str] | None,
    loc: Loc,
    known: Collection[str] | None,
    code: str,
    what: str,
    document: Document,
    problems: Problems,
) -> None:
    for i, name in enumerate(given or ()):
        if known is not None and name not in known:
            hint = suggest(name, known, f"请写已有{what}的编号。")
            problems.add(document, (*loc, i), code, f"没有{what} {name}", hint)


def _once(names: Sequence[tuple[Loc, str]], document: Document, problems: Problems) -> None:
    seen = {OTHER}
    for loc, name in names:
        if name in seen:
            problems.add(document, loc, "P003", f"{name} 已经用过", "换一个，或并到前面那一个里。")
        seen.add(name)


def _ordered(spec: ComplaintsSpec, document: Document, problems: Problems) -> None:
    order = list(Severity)
    for i, (before, step) in enumerate(pairwise(spec.severities), 1):
        if order.index(step.severity) >= order.index(before.severity):
            message = f"{step.severity.value} 不比前一级 {before.severity.value} 轻"
            problems.add(document, ("severities", i, "severity"), "P004", message, "从最重的写起，每级一次。")
        if step.deadline_minutes < before.deadline_minutes:
            message = f"时限 {step.deadline_minutes} 分钟比更重的一级还短"
            problems.add(document, ("severities", i, "deadline_minutes"), "P004", message, "越重的时限越短。")


def _complaints(spec: ComplaintsSpec, document: Document, problems: Problems) -> ComplaintSpecs:
    types = {t.id for t in spec.types} | {OTHER}
    tests = []
    for i, test in enumerate(spec.tests):
        loc: Loc = ("tests", i)
        expect = None
        if isinstance(test.expect, ExpectSpec):
            if test.expect.type is not None and test.expect.type not in types:
                hint = suggest(test.expect.type, types, "请写 types 里的 id，或 other。")
                problems.add(document, (*loc, "expect", "type"), "P007", f"没有投诉类型 {test.expect.type}", hint)
            going = test.expect.escalations
            expect = Expectation(
                severity=test.expect.severity,
                type=test.expect.type,
                escalations=None if going is None else frozenset(going),
            )
        tests.append(
            ComplaintTest(
                name=test.name,
                project=test.project,
                channel=test.channel,
                turns=dialogue(document, (*loc, "turns"), test.turns, problems),
                meta=call_meta(document, (*loc, "meta"), test.meta, problems),
                expect=expect,
                line=document.where(loc).line,
            )
        )
    return ComplaintSpecs(
        types=tuple(
            ComplaintType(id=t.id, title=t.title, projects=t.projects or (), any=_all(t.any)) for t in spec.types
        ),
        ladder=tuple(
            Step(severity=s.severity, deadline_minutes=s.deadline_minutes, any=_all(s.any)) for s in spec.severities
        ),
        escalations=tuple(Escalation(to=e.to, any=_all(e.any)) for e in spec.escalations),
        scopes=tuple(
            ScopeLimit(kind=s.kind, by=s.by or (), least=s.least, lift=s.lift, share=s.share) for s in spec.scopes
        ),
        tests=tuple(tests),
        digest=_digest(spec),
        path=document.path,
    )


def _all(specs: Sequence[ConditionSpec]) -> tuple[Condition, ...]:
    return tuple(
        Condition(
            rules=c.rules or (),
            categories=c.categories or (),
            words=c.words or (),
            topics=c.topics or (),
            intents=tuple(k.value for k in c.intents or ()),
            intent_level=c.intent_level,
            components=c.components or (),
            emotion_level=c.emotion_level,
            satisfaction_at_most=c.satisfaction_at_most,
            contacts=c.contacts,
            affected=c.affected,
            because=c.because,
        )
        for c in specs
    )


def _digest(spec: ComplaintsSpec) -> str:
    content = spec.model_dump(mode="json", exclude={"tests"}, exclude_none=True)
    return hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
