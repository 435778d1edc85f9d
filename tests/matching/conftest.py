"""Small dialogues judged through the real compiler: `judged("p: {keyword: 投诉}", "C 我要投诉")`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import pytest
from pydantic import TypeAdapter

from qc.domain.conversation import CallMeta, Channel, Conversation, Role, Source, Turn
from qc.domain.finding import Finding, Hit
from qc.domain.rule import ErrorClass, Lexicon, Rule, RuleKind, RulePack, RuleStatus, Scope, Severity, Word
from qc.matching.compile import CompiledRules, compile_rules
from qc.matching.judge import VERDICTS, judge
from qc.matching.signals import NO_SIGNALS, Signals
from qc.specs.document import Problems, parse
from qc.specs.pieces import build_piece
from qc.specs.rule_shape import PieceSpec
from qc.text.shard import Shard

_ROLES = {"A": Role.AGENT, "C": Role.CUSTOMER, "B": Role.BOT, "S": Role.SYSTEM, "U": Role.UNKNOWN}
_LINE = re.compile(r"([ACBSU]) (.*?)(?: @([\d.]+)-([\d.]+))?(?: ~([\d.]+))?(?: \^(-[\d.]+))?", re.DOTALL)
FLOOR = 0.35


def turn(line: str) -> Turn:
    """`C 我要投诉 @1.5-3 ~0.2 ^-30`: role, text, seconds, confidence, level in dBFS."""
    match = _LINE.fullmatch(line)
    assert match, line
    role, text, start, end, confidence, energy = match.groups()
    return Turn(
        role=_ROLES[role],
        text=text,
        start_ms=None if start is None else round(float(start) * 1000),
        end_ms=None if end is None else round(float(end) * 1000),
        confidence=None if confidence is None else float(confidence),
        energy_db=None if energy is None else float(energy),
    )


def conversation(
    lines: Sequence[str] | str,
    *,
    meta: CallMeta | None = None,
    audio_channels: int | None = 2,
    channel: Channel = Channel.VOICE_INBOUND,
    project: str = "95598",
    identifier: str = "c",
) -> Conversation:
    turns = tuple(turn(line) for line in ([lines] if isinstance(lines, str) else lines))
    source = Source(path="c.wav", format="audio", sha256="", audio_channels=audio_channels)
    return Conversation(
        id=identifier, project=project, channel=channel, turns=turns, meta=meta or CallMeta(), source=source
    )


def rule(
    find: str, *, when: str = "p", given: str | None = None, message: str = "", identifier: str = "t.rule"
) -> Rule:
    """A rule from the `find` part of a rule file."""
    document = parse("find:\n" + "\n".join("  " + line for line in find.splitlines()), "t.yml")
    problems = Problems()
    specs = problems.check(document, TypeAdapter(dict[str, PieceSpec]), ("find",))
    problems.raise_if_errors()
    assert specs is not None
    pieces = [
        build_piece(document, name, spec, problems, lexicons=["lex"], siblings=specs) for name, spec in specs.items()
    ]
    problems.raise_if_errors()
    return Rule(
        id=identifier,
        title="",
        kind=RuleKind.VIOLATION,
        severity=Severity.LOW,
        error_class=ErrorClass.NONE,
        status=RuleStatus.STABLE,
        version="1.0.0",
        scope=Scope(),
        pieces=tuple(piece for piece in pieces if piece is not None),
        when=when,
        given=given,
        message=message,
    )


def compiled(rules: Sequence[Rule], lexicons: Sequence[Lexicon] = (), floor: float = FLOOR) -> CompiledRules:
    return compile_rules(RulePack(rules=tuple(rules), lexicons=tuple(lexicons), digest=""), confidence_floor=floor)


@dataclass(frozen=True)
class Judged:
    verdict: str
    finding: Finding | None

    @property
    def hits(self) -> tuple[Hit, ...]:
        return () if self.finding is None else self.finding.hits

    @property
    def texts(self) -> list[str]:
        return [hit.text for hit in self.hits]

    @property
    def turns(self) -> list[int | None]:
        return [hit.turn for hit in self.hits]


class Judging:
    """What the fixture gives: the makers above and `judged(find, lines, …)`."""

    turn = staticmethod(turn)
    conversation = staticmethod(conversation)
    rule = staticmethod(rule)
    compiled = staticmethod(compiled)

    def __call__(
        self,
        find: str,
        lines: Sequence[str] | str,
        *,
        when: str = "p",
        given: str | None = None,
        message: str = "",
        words: Sequence[Word] = (),
        signals: Callable[[Shard], Signals] = lambda shard: NO_SIGNALS,
        scope: Scope | None = None,
        meta: CallMeta | None = None,
        audio_channels: int | None = 2,
    ) -> Judged:
        made = replace(rule(find, when=when, given=given, message=message), scope=scope or Scope())
        lexicons = [Lexicon(id="lex", title="", words=tuple(words))] if words else []
        shard = Shard([conversation(lines, meta=meta, audio_channels=audio_channels)])
        judgement = judge(compiled([made], lexicons), shard, signals(shard))
        findings = judgement.findings[0]
        return Judged(VERDICTS[judgement.verdicts[0, 0]].value, findings[0] if findings else None)


@pytest.fixture(scope="session")
def judged() -> Judging:
    return Judging()
