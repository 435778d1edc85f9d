"""Inline tests: every small dialogue of every rule through the same compilation and judgement as a run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from qc.domain.conversation import VOICE_CHANNELS, Channel, Conversation, Source
from qc.domain.finding import Finding, Verdict
from qc.domain.rule import Rule, RulePack, RuleStatus, RuleTest
from qc.matching.compile import compile_rules
from qc.matching.judge import VERDICTS, judge
from qc.matching.signals import Need, Signals
from qc.text.shard import Shard

SignalsFactory = Callable[[Shard, Need], Signals]
"""Computes the needed signals of a shard: the real text stage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TestOutcome:
    """One inline test: what was expected and what the rule said. `finding` is set for HIT and UNDECIDED."""

    __test__ = False  # not a test of pytest's

    rule: Rule
    test: RuleTest
    verdict: Verdict
    finding: Finding | None

    @property
    def path(self) -> str:
        """The file the test stands in."""
        return self.test.path or self.rule.path

    @property
    def passed(self) -> bool:
        return self.verdict is self.test.expect

    @property
    def pending(self) -> bool:
        """Failed, but the rule is a draft: work to do, not a fault."""
        return not self.passed and self.rule.status is RuleStatus.DRAFT


def unwritten(pack: RulePack, rules: Sequence[str] | None = None) -> list[tuple[Rule, Verdict]]:
    """The drafts (of all rules or of those named by id) without a test that expects a hit, or a miss."""
    drafts = (r for r in pack.rules if r.status is RuleStatus.DRAFT and (rules is None or r.id in rules))
    return [
        (rule, verdict)
        for rule in sorted(drafts, key=lambda r: r.id)
        for verdict in (Verdict.HIT, Verdict.MISS)
        if all(test.expect is not verdict for test in rule.tests)
    ]


def run_tests(
    pack: RulePack, signals: SignalsFactory, *, confidence_floor: float, rules: Sequence[str] | None = None
) -> list[TestOutcome]:
    """Judge the tests of all rules (or of those named by id), all together in one shard; retired rules have none to
    pass. In order of rule id and of tests in the file.

    Raises UsageError when a rule cannot be compiled.
    """
    chosen = tuple(
        rule
        for rule in sorted(pack.rules, key=lambda r: r.id)
        if rule.status is not RuleStatus.RETIRED and (rules is None or rule.id in rules)
    )
    tested = RulePack(rules=chosen, lexicons=pack.lexicons, digest=pack.digest)
    compiled = compile_rules(tested, confidence_floor=confidence_floor, drafts=True)
    cases = [(rule, test) for rule in chosen for test in rule.tests]
    if not cases:
        return []
    shard = Shard([conversation_of(rule, test, str(n)) for n, (rule, test) in enumerate(cases)])
    judgement = judge(compiled, shard, signals(shard, compiled.need))
    rows = {rule.id: row for row, rule in enumerate(judgement.rules)}
    outcomes = []
    for number, (rule, test) in enumerate(cases):
        found = next((f for f in judgement.findings[number] if f.rule_id == rule.id), None)
        verdict = VERDICTS[judgement.verdicts[rows[rule.id], number]]
        outcomes.append(TestOutcome(rule=rule, test=test, verdict=verdict, finding=found))
    return outcomes


def conversation_of(rule: Rule, test: RuleTest, identifier: str) -> Conversation:
    """The conversation a test describes: project and channel default to the first of the rule's scope, a voice call has
    two audio channels unless the test says otherwise."""
    project = test.project or next(iter(sorted(rule.scope.projects)), "测试")
    channel = test.channel or next((c for c in Channel if c in rule.scope.channels), Channel.VOICE_INBOUND)
    voice = channel in VOICE_CHANNELS
    return Conversation(
        id=identifier,
        project=project,
        channel=channel,
        turns=test.turns,
        meta=test.meta,
        source=Source(
            path=rule.path,
            format="test",
            sha256="",
            audio_channels=(test.audio_channels or 2) if voice else None,
        ),
    )
