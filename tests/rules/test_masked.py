"""A stored run holds masked texts and is judged again without its audio: the verdicts must not change."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from qc.domain.conversation import Conversation
from qc.matching.judge import judge
from qc.ruletest.inline import conversation_of
from qc.text.masking import mask_turns
from qc.text.shard import Shard
from tests.rules.packs import compiled, pack, signals


def read_back(shard: Shard) -> list[Conversation]:
    """The shard's conversations as they come back from a stored run: masked, with the entities found before."""
    found = signals(shard, compiled().need).entities
    assert found is not None
    entities, texts = found.by_turn(), mask_turns(shard, found)
    turns = [replace(t, text=texts[i], entities=entities.get(i, ())) for i, t in enumerate(shard.turns)]
    return [
        replace(c, turns=tuple(turns[first:after]))
        for c, first, after in zip(shard.conversations, shard.first_turn, shard.first_turn[1:], strict=False)
    ]


def test_masking_moves_no_verdict() -> None:
    cases = [(rule, test) for rule in pack().rules for test in rule.tests]
    plain = Shard([conversation_of(rule, test, f"{rule.id}/{test.name}") for rule, test in cases])
    masked = Shard(read_back(plain))
    assert sum(a.text != b.text for a, b in zip(plain.turns, masked.turns, strict=True)) >= 10
    before = judge(compiled(), plain, signals(plain, compiled().need)).verdicts
    after = judge(compiled(), masked, signals(masked, compiled().need)).verdicts
    moved = [(compiled().rules[r].rule.id, plain.conversations[c].id) for r, c in np.argwhere(before != after)]
    assert moved == []
