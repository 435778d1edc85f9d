"""Single sentences of agents. `innocent.txt`: polite or factual, each close to a fault (negated, quoted, asked,
conditional, a word inside a word). `faults.txt`: rule id | project | what the agent says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from qc.domain.conversation import Channel, Conversation, Role
from qc.domain.finding import Verdict
from qc.domain.rule import RuleKind
from qc.matching.judge import VERDICTS, judge
from qc.text.shard import Shard
from tests.rules.packs import compiled, conversation, signals

HERE = Path(__file__).parent
INNOCENT = (HERE / "innocent.txt").read_text(encoding="utf-8").splitlines()
FAULTS = [line.split("|") for line in (HERE / "faults.txt").read_text(encoding="utf-8").splitlines()]
CHANNELS = {"电商": Channel.CHAT, "保险": Channel.VOICE_OUTBOUND, "95598": Channel.VOICE_INBOUND}


def said(text: str, project: str) -> Conversation:
    lines = [(Role.CUSTOMER, "嗯。"), (Role.AGENT, text), (Role.CUSTOMER, "好的。")]
    return conversation(lines, project=project, channel=CHANNELS[project], audio_channels=2)


def violations(conversations: list[Conversation]) -> list[set[str]]:
    """Ids of the violations found in each conversation."""
    shard = Shard(conversations)
    judged = judge(compiled(), shard, signals(shard, compiled().need))
    hit = judged.verdicts == VERDICTS.index(Verdict.HIT)
    faults = np.array([rule.kind is RuleKind.VIOLATION for rule in judged.rules])
    return [{judged.rules[r].id for r in np.flatnonzero(hit[:, c] & faults)} for c in range(len(shard))]


@pytest.mark.parametrize("project", CHANNELS)
def test_innocent_sentences_are_left_alone(project: str) -> None:
    found = violations([said(text, project) for text in INNOCENT])
    assert {text: ids for text, ids in zip(INNOCENT, found, strict=True) if ids} == {}
    assert len(INNOCENT) > 100


def test_faults_are_found() -> None:
    found = violations([said(text, project) for _, project, text in FAULTS])
    missed = [(rule, text) for (rule, _, text), ids in zip(FAULTS, found, strict=True) if ids != {rule}]
    assert missed == []
    assert len(FAULTS) > 50
