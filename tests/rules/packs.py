"""The shipped packs, loaded once, and a way to judge a conversation by them as a run would."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from qc.domain.conversation import VOICE_CHANNELS, CallMeta, Channel, Conversation, Role, Source, Turn
from qc.domain.finding import Finding
from qc.domain.rule import RuleKind, RulePack
from qc.matching.compile import CompiledRules, compile_rules
from qc.matching.judge import judge
from qc.matching.signals import Need, Signals, signals_of
from qc.pipeline.specs import Folders, emotion_lexicon, folders, intents, taxonomies
from qc.ruletest.inline import TestOutcome, run_tests
from qc.specs.rules import load_rules
from qc.text.shard import Shard
from qc.text.signals import Analyser

ROOT = Path(__file__).resolve().parents[2]
FLOOR = 0.35


@cache
def where() -> Folders:
    return folders(None, rules=ROOT / "rules", scorecards=ROOT / "scorecards")


@cache
def pack() -> RulePack:
    return load_rules([where().rules])


@cache
def compiled() -> CompiledRules:
    return compile_rules(pack(), confidence_floor=FLOOR)


@cache
def analyser() -> Analyser:
    return Analyser(emotion_lexicon(where()), taxonomies(where()), intents(where()))


def signals(shard: Shard, need: Need) -> Signals:
    """What the text stage says of a shard, compiled once for all tests."""
    return signals_of(analyser(), shard, need)


@cache
def outcomes() -> tuple[TestOutcome, ...]:
    return tuple(run_tests(pack(), signals, confidence_floor=FLOOR))


def conversation(
    lines: Sequence[tuple[Role, str]],
    *,
    project: str,
    channel: Channel,
    meta: CallMeta | None = None,
    audio_channels: int | None = None,
) -> Conversation:
    """A dialogue spoken at an ordinary pace (4.5 characters a second, half a second between turns); a call is hung up
    two seconds after the last word."""
    turns = []
    clock = 500
    for role, text in lines:
        length = max(400, round(len(text) / 4.5 * 1000)) if channel in VOICE_CHANNELS else 0
        turns.append(Turn(role=role, text=text, start_ms=clock, end_ms=clock + length))
        clock += length + (500 if channel in VOICE_CHANNELS else 20_000)
    return Conversation(
        id="one",
        project=project,
        channel=channel,
        turns=tuple(turns),
        meta=_with_length(meta or CallMeta(), clock + 1500 if channel in VOICE_CHANNELS else None),
        source=Source(path="one", format="test", sha256="", audio_channels=audio_channels),
    )


def _with_length(meta: CallMeta, duration_ms: int | None) -> CallMeta:
    return meta if meta.duration_ms is not None else replace(meta, duration_ms=duration_ms)


def findings(one: Conversation) -> tuple[Finding, ...]:
    """Everything the packs have to say of a conversation (HIT and UNDECIDED)."""
    shard = Shard([one])
    return judge(compiled(), shard, signals(shard, compiled().need)).findings[0]


def violations(one: Conversation) -> set[str]:
    """Ids of the violations found, of rules in trial (shadow) too."""
    kinds = {rule.id: rule.kind for rule in pack().rules}
    return {f.rule_id for f in findings(one) if kinds[f.rule_id] is RuleKind.VIOLATION}
