"""Inline tests of a rule: typed as dialogue, read as turns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from qc.domain.conversation import CallMeta, StatedEmotion, Turn
from qc.domain.finding import Verdict
from qc.domain.operators import EmotionLabel
from qc.domain.rule import RuleTest
from qc.specs.document import Document, Loc, Problems
from qc.specs.rule_shape import EmotionGivenSpec, TestSpec, TurnSpec

_EXPECTED = {
    "hit": Verdict.HIT,
    "miss": Verdict.MISS,
    "na": Verdict.NOT_APPLICABLE,
    "undecided": Verdict.UNDECIDED,
}
_NUMBERS = {
    **dict.fromkeys(("duration_ms", "ring_count", "transfers", "satisfaction"), int),
    **dict.fromkeys(("queue_wait_s", "hold_s", "after_call_s"), float),
}
_TEXTS = ("agent_id", "agent_name", "team", "customer_id", "started_at", "region")


def build_test(document: Document, index: int, spec: TestSpec, problems: Problems) -> RuleTest | None:
    """The test at `tests[index]`; problems are noted, a test that cannot be built is None."""
    return _test(document, ("tests", index), spec, problems)


def build_case(document: Document, spec: TestSpec, problems: Problems) -> RuleTest:
    """The test that a whole document is; problems are noted."""
    return _test(document, (), spec, problems)


def _test(document: Document, loc: Loc, spec: TestSpec, problems: Problems) -> RuleTest:
    meta = call_meta(document, (*loc, "meta"), spec.meta, problems)
    return RuleTest(
        name=spec.name,
        expect=_EXPECTED[spec.expect],
        turns=dialogue(document, (*loc, "turns"), spec.turns, problems),
        project=spec.project,
        channel=spec.channel,
        meta=meta,
        audio_channels=spec.audio_channels,
        line=document.where(loc).line,
    )


def dialogue(document: Document, loc: Loc, specs: Sequence[TurnSpec], problems: Problems) -> tuple[Turn, ...]:
    """The turns at `loc`; those that cannot be built are noted and left out."""
    turns = (_turn(document, (*loc, n), turn, problems) for n, turn in enumerate(specs))
    return tuple(turn for turn in turns if turn is not None)


def _turn(document: Document, loc: Loc, spec: TurnSpec, problems: Problems) -> Turn | None:
    if len(spec.spoken) != 1:
        message = "一轮话要写明一个角色" if not spec.spoken else "一轮话只能有一个角色"
        problems.add(document, loc, "R030", message, "例如 {agent: 您好} 或 {customer: 我要投诉}。")
        return None
    if spec.at is None and spec.to is not None:
        problems.add(document, loc, "R031", "写了 to 却没有 at", "请补上开始的秒数 at。")
        return None
    if spec.at is not None and spec.to is not None and spec.to < spec.at:
        problems.add(document, loc, "R031", f"结束 {spec.to:g} 秒早于开始 {spec.at:g} 秒", "请检查 at 和 to。")
        return None
    [(role, text)] = spec.spoken.items()
    start = None if spec.at is None else round(spec.at * 1000)
    end = start if spec.to is None else round(spec.to * 1000)
    return Turn(
        role=role,
        text=text,
        start_ms=start,
        end_ms=end,
        confidence=spec.confidence,
        energy_db=spec.energy_db,
        emotion=None if spec.emotion is None else _emotion(spec.emotion),
    )


def _emotion(given: EmotionGivenSpec) -> StatedEmotion:
    sign = {EmotionLabel.NEGATIVE: -1, EmotionLabel.NEUTRAL: 0, EmotionLabel.POSITIVE: 1}[given.label]
    return StatedEmotion(sign=sign, level=given.level if sign else 0, component=given.component)


def call_meta(document: Document, loc: Loc, given: Mapping[str, str | int | float], problems: Problems) -> CallMeta:
    """What is known of the call at `loc`; names that are no field of ours become `extra`."""
    known: dict[str, object] = {}
    extra: dict[str, str] = {}
    for name, value in given.items():
        if name in _NUMBERS:
            if isinstance(value, str) or (_NUMBERS[name] is int and value != int(value)):
                wanted = "整数" if _NUMBERS[name] is int else "数字"
                problems.add(document, (*loc, name), "R032", f"{name} 应是{wanted}", "请写半角数字，不加引号和单位。")
            else:
                known[name] = _NUMBERS[name](value)
        elif name in _TEXTS:
            known[name] = str(value)
        else:
            extra[name] = str(value)
    return CallMeta(**known, extra=extra)  # type: ignore[arg-type]
