"""The course of a dialogue: shapes and builders of its operators."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from qc.domain import operators as op
from qc.domain.conversation import Role
from qc.specs.model import Spec
from qc.specs.operators.site import OperatorShape, Site, about, bounds
from qc.specs.operators.words import WordsSpec, either_words
from qc.specs.scalars import Count, Slug, Text, WordList, WordText

_Speaker = Literal["agent", "customer", "bot", "system"]
_Turns = Annotated[int, Field(ge=1, le=10_000)]
_Names = Slug | Annotated[list[Slug], Field(min_length=1)]


class TurnCountSpec(Spec):
    """语句数；至少写一个。"""

    min: Count | None = about(op.TurnCount, "min", default=None)
    max: Count | None = about(op.TurnCount, "max", default=None)


class RoleIsSpec(Spec):
    """第几轮是谁说的。"""

    turn: Annotated[int, Field(ge=-10_000, le=10_000)] = about(op.RoleIs, "turn")
    role: _Speaker | Annotated[list[_Speaker], Field(min_length=1)] = about(op.RoleIs, "role")


class RepeatSpec(Spec):
    """上下文重复；都可以不写：repeat: {}。"""

    previous: Annotated[int, Field(ge=1, le=100)] = about(op.Repeat, "previous", default=3)
    min_chars: Annotated[int, Field(ge=2, le=1000)] = about(op.Repeat, "min_chars", default=6)
    times: Annotated[int, Field(ge=2, le=100)] = about(op.Repeat, "times", default=2)
    score: Annotated[float, Field(ge=0.5, le=1)] = about(op.Repeat, "score", default=0.9)
    exclude: WordText | WordList | WordsSpec | None = about(op.Repeat, "exclude", default=None, alias="except")


class SequenceSpec(Spec):
    """几个片段先后命中。"""

    steps: Annotated[list[Slug], Field(min_length=2, max_length=50)] = about(op.Sequence, "steps")
    max_gap: _Turns | None = about(op.Sequence, "max_gap", default=None)


class StepSpec(Spec):
    """流程的一步；piece、any 写其中一个。"""

    piece: Slug | None = Field(default=None, description="片段名")
    any: Annotated[list[Slug], Field(min_length=1)] | None = Field(default=None, description="几选一：片段名")
    title: Text | None = Field(default=None, description="给人看的名称；不写时用片段名")
    optional: bool = Field(default=False, description="可以不做；做了就要在这个位置上")


class FlowSpec(Spec):
    """流程的步骤。"""

    steps: Annotated[list[Slug | StepSpec], Field(min_length=1, max_length=50)] = about(op.Flow, "steps")
    max_gap: _Turns | None = about(op.Flow, "max_gap", default=None)
    ordered: bool = about(op.Flow, "ordered", default=True)


class AnswerAfterQuestionSpec(Spec):
    """知识点问答；accepted、wrong 至少写一个。"""

    question: Slug = about(op.AnswerAfterQuestion, "question")
    accepted: _Names | None = about(op.AnswerAfterQuestion, "accepted", default=None)
    wrong: _Names | None = about(op.AnswerAfterQuestion, "wrong", default=None)
    turns: _Turns = about(op.AnswerAfterQuestion, "turns", default=3)


def _turn_count(at: Site, spec: TurnCountSpec) -> op.TurnCount:
    bounds(at, "turn_count", spec.min, spec.max, "min、max")
    return op.TurnCount(**spec.model_dump())


def _role_is(at: Site, spec: RoleIsSpec) -> op.RoleIs:
    if spec.turn == 0:
        at.wrong(("role_is", "turn"), "R023", "话轮从 1 数起，没有第 0 轮", "第一轮写 1，最后一轮写 -1。")
    roles = [spec.role] if isinstance(spec.role, str) else dict.fromkeys(spec.role)
    return op.RoleIs(turn=spec.turn, role=tuple(Role(name) for name in roles))


def _repeat(at: Site, spec: RepeatSpec) -> op.Repeat:
    if spec.times > spec.previous + 1:
        message = f"只与前面 {spec.previous} 轮比，不可能说到第 {spec.times} 遍"
        at.wrong(("repeat", "times"), "R023", message, f"请把 previous 写成至少 {spec.times - 1}。")
    words = op.Words() if spec.exclude is None else either_words(at, ("repeat", "except"), spec.exclude)
    return op.Repeat(
        previous=spec.previous, min_chars=spec.min_chars, times=spec.times, score=spec.score, exclude=words
    )


def _sequence(at: Site, spec: SequenceSpec) -> op.Sequence:
    at.pieces(("sequence", "steps"), spec.steps)
    return op.Sequence(steps=tuple(spec.steps), max_gap=spec.max_gap)


def _flow(at: Site, spec: FlowSpec) -> op.Flow:
    steps = [_step(at, index, step) for index, step in enumerate(spec.steps)]
    if all(step.optional for step in steps):
        at.wrong(("flow", "steps"), "R026", "每一步都可以不做，流程就没有要求", "请去掉至少一步的 optional。")
    if not spec.ordered and spec.max_gap is not None:
        at.wrong(("flow", "max_gap"), "R024", "不看次序时没有相邻的两步，max_gap 没有意义", "请去掉 max_gap。")
    titles = [step.title for step in steps]
    for index, title in enumerate(titles):
        if title in titles[:index]:
            message = f"有两步都叫 {title}，分不清是哪一步"
            at.wrong(("flow", "steps", index), "R026", message, "请给每一步写不同的 title。")
    return op.Flow(steps=tuple(steps), max_gap=spec.max_gap, ordered=spec.ordered)


def _step(at: Site, index: int, spec: str | StepSpec) -> op.Step:
    loc = ("flow", "steps", index)
    if not isinstance(spec, StepSpec):
        at.pieces(loc, spec)
        return op.Step(pieces=(spec,), title=spec)
    if (spec.piece is None) == (spec.any is None):
        at.wrong(loc, "R022", "piece、any 要写一个，也只能写一个", "例如 {piece: verify} 或 {any: [by_id, by_phone]}。")
    pieces = at.pieces((*loc, "piece"), spec.piece) or at.pieces((*loc, "any"), spec.any)
    return op.Step(pieces=pieces, title=spec.title or "或".join(pieces), optional=spec.optional)


def _answer(at: Site, spec: AnswerAfterQuestionSpec) -> op.AnswerAfterQuestion:
    key = "answer_after_question"
    at.pieces((key, "question"), spec.question)
    accepted, wrong = at.pieces((key, "accepted"), spec.accepted), at.pieces((key, "wrong"), spec.wrong)
    if not accepted and not wrong:
        at.wrong((key,), "R022", "accepted、wrong 至少写一个")
    for name in accepted:
        if name in wrong:
            at.wrong((key, "wrong"), "R026", f"片段 {name} 既算正确回答又算错误回答")
    return op.AnswerAfterQuestion(question=spec.question, accepted=accepted, wrong=wrong, turns=spec.turns)


DIALOGUE = (
    OperatorShape(op.TurnCount, TurnCountSpec, _turn_count),
    OperatorShape(op.RoleIs, RoleIsSpec, _role_is),
    OperatorShape(op.Repeat, RepeatSpec, _repeat),
    OperatorShape(op.Sequence, SequenceSpec, _sequence),
    OperatorShape(op.Flow, FlowSpec, _flow),
    OperatorShape(op.AnswerAfterQuestion, AnswerAfterQuestionSpec, _answer),
)
