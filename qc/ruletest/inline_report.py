"""What the inline tests of rules, topics, emotions, intentions and complaints came to, for a terminal and as a gate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qc.domain.complaint import ComplaintOutcome, Expectation
from qc.domain.finding import Verdict
from qc.domain.rule import Rule
from qc.ruletest.gate import Annotation, Case, GateResult, cell
from qc.ruletest.inline import TestOutcome
from qc.text.emotion_tests import EmotionResult
from qc.text.intent_tests import IntentResult
from qc.text.topic_tests import TopicResult

PASSED, FAILED, PENDING = "[通过]", "[失败]", "[待办]"
_VERDICTS = {
    Verdict.HIT: "命中",
    Verdict.MISS: "未命中",
    Verdict.NOT_APPLICABLE: "不适用",
    Verdict.UNDECIDED: "无法判定",
}
_SIGNS = {-1: "negative", 0: "neutral", 1: "positive"}
_SHOWN = 30
"""Failed tests listed in a pull request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One test and how it went; `suite` is the rule, or the topic."""

    path: str
    line: int
    suite: str
    name: str
    passed: bool
    pending: bool = False
    message: str = ""

    @property
    def annotation(self) -> Annotation:
        """The remark at a test that did not pass."""
        word = "待办" if self.pending else "失败"
        return Annotation(
            path=self.path,
            line=self.line,
            level="notice" if self.pending else "error",
            title=f"测试{word}：{self.name}",
            message=self.message,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TestReport:
    """Outcomes of the inline tests of rules, topic taxonomies, intention lists and complaints; `unwritten`: drafts
    that lack a test."""

    outcomes: Sequence[TestOutcome]
    topics: Sequence[TopicResult] = ()
    emotions: Sequence[EmotionResult] = ()
    intents: Sequence[IntentResult] = ()
    complaints: Sequence[ComplaintOutcome] = ()
    unwritten: Sequence[tuple[Rule, Verdict]] = ()

    @property
    def passed(self) -> bool:
        sound = all(o.passed or o.pending for o in self.outcomes)
        sound = (
            sound
            and all(t.passed for t in self.topics)
            and all(e.passed for e in self.emotions)
            and all(i.passed for i in self.intents)
        )
        return sound and all(c.passed for c in self.complaints)

    @property
    def summary(self) -> str:
        """Counts, in one line."""
        rules = len({o.rule.id for o in self.outcomes})
        passed, pending = sum(o.passed for o in self.outcomes), sum(o.pending for o in self.outcomes)
        text = f"{rules} 条规则，{len(self.outcomes)} 个测试："
        text += f"通过 {passed}，失败 {len(self.outcomes) - passed - pending}"
        if pending or self.unwritten:
            text += f"，待办 {pending + len(self.unwritten)}"
        for name, results in (
            ("话题", self.topics),
            ("情绪", self.emotions),
            ("意向", self.intents),
            ("投诉", self.complaints),
        ):
            if results:
                sound = sum(r.passed for r in results)
                text += f"；{name} {len(results)} 个测试：通过 {sound}，失败 {len(results) - sound}"
        return text

    def lines(self, verbose: bool) -> Iterator[str]:
        """One line per test that did not pass (with `verbose`: per test) and why, then the counts."""
        for outcome in self.outcomes:
            if outcome.passed and verbose:
                yield f"{PASSED} {outcome.rule.id} {outcome.test.name}"
            elif not outcome.passed:
                mark = PENDING if outcome.pending else FAILED
                yield f"{mark} {outcome.path}:{outcome.test.line}: {outcome.rule.id} {outcome.test.name}"
                yield from (f"    {line}" for line in _why(outcome))
        for rule, verdict in self.unwritten:
            yield f"{PENDING} {rule.path}: {rule.id} 还没有期望{_VERDICTS[verdict]}（{verdict.value}）的测试"
        for told in self._beside_rules():
            if told.passed and verbose:
                yield f"{PASSED} {told.suite} {told.name}"
            elif not told.passed:
                yield f"{FAILED} {told.suite.split()[0]} {told.path}:{told.line}: {told.name}"
                yield f"    {told.message}"
        yield f"{self.summary}。"

    def told(self) -> Iterator[Told]:
        """Every test that was run, those of rules first."""
        for o in self.outcomes:
            yield Told(
                path=o.path,
                line=o.test.line,
                suite=o.rule.id,
                name=o.test.name,
                passed=o.passed,
                pending=o.pending,
                message="" if o.passed else "\n".join(_why(o)),
            )
        yield from self._beside_rules()

    def _beside_rules(self) -> Iterator[Told]:
        """The tests of topics, intentions and complaints."""
        for r in self.topics:
            yield Told(
                path=r.path,
                line=r.test.line,
                suite=f"话题 {r.test.topic}",
                name=r.test.text,
                passed=r.passed,
                message="" if r.passed else _topic_why(r),
            )
        for e in self.emotions:
            yield Told(
                path=e.test.path,
                line=e.test.line,
                suite="情绪",
                name=e.test.text,
                passed=e.passed,
                message="" if e.passed else _emotion_why(e),
            )
        for i in self.intents:
            yield Told(
                path=i.path,
                line=i.test.line,
                suite=f"意向 {i.test.intent or 'none'}",
                name=i.test.text,
                passed=i.passed,
                message="" if i.passed else _intent_why(i),
            )
        for c in self.complaints:
            yield Told(
                path=c.path,
                line=c.test.line,
                suite="投诉",
                name=c.test.name,
                passed=c.passed,
                message="" if c.passed else _complaint_why(c),
            )

    def gate(self) -> GateResult:
        """The report as a gate."""
        told = list(self.told())
        failed = [
            f"- {cell(t.suite)} {cell(t.name)}：{cell(t.message)}" for t in told if not t.passed and not t.pending
        ]
        if len(failed) > _SHOWN:
            failed = [*failed[:_SHOWN], f"- 另有 {len(failed) - _SHOWN} 个失败的测试"]
        cases = [Case(suite=t.suite, name=t.name, passed=t.passed, message=t.message, pending=t.pending) for t in told]
        for rule, verdict in self.unwritten:
            name = f"期望{_VERDICTS[verdict]}"
            cases.append(Case(suite=rule.id, name=name, passed=False, message="还没有这样的测试", pending=True))
        return GateResult(
            key="test",
            title="规则测试",
            passed=self.passed,
            summary=self.summary,
            markdown="\n".join(failed),
            annotations=tuple(t.annotation for t in told if not t.passed),
            cases=tuple(cases),
        )


def _expected(outcome: TestOutcome) -> str:
    return f"应为{_VERDICTS[outcome.test.expect]}，实为{_VERDICTS[outcome.verdict]}"


def _why(outcome: TestOutcome) -> Iterator[str]:
    yield _expected(outcome)
    if outcome.finding is not None:
        yield outcome.finding.reason or outcome.finding.message
        for hit in outcome.finding.hits:
            yield f"证据：片段 {hit.piece}" + (f"，第 {hit.turn} 轮" if hit.turn else "") + f"“{hit.text}”"


def _topic_why(result: TopicResult) -> str:
    return f"应为 {result.test.topic}，实为 {result.got}"


def _emotion_why(result: EmotionResult) -> str:
    wanted, got = result.test, [_SIGNS[result.label]]
    expected = [] if wanted.label is None else [_SIGNS[wanted.label]]
    if wanted.component is not None:
        expected.append(wanted.component)
        got.append(result.component or "没有成分")
    if wanted.level is not None:
        expected.append(f"{wanted.level} 级")
        got.append(f"{result.level} 级")
    if wanted.polarity is not None:
        expected.append(f"极性偏 {_SIGNS[wanted.polarity]}")
        got.append(f"极性 {result.polarity:+.2f}")
    return f"应为 {'，'.join(expected)}，实为 {'，'.join(got)}"


def _intent_why(result: IntentResult) -> str:
    level = "" if result.test.level is None else f" {result.test.level} 级"
    got = "、".join(f"{intent} {found} 级" for intent, found in result.got) or "没有意向"
    return f"应为 {result.test.intent or '没有意向'}{level}，实为 {got}"


def _complaint_why(outcome: ComplaintOutcome) -> str:
    return f"应为 {_graded(outcome.test.expect)}，实为 {_graded(outcome.got)}"


def _graded(expected: Expectation | None) -> str:
    if expected is None:
        return "不是投诉"
    parts: list[str] = [expected.severity.value]
    if expected.type is not None:
        parts.append(expected.type)
    if expected.escalations is not None:
        parts.append("升级到 " + ("、".join(sorted(expected.escalations)) or "无"))
    return "，".join(parts)
