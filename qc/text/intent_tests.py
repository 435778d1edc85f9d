"""The inline tests of intention lists: what a customer says → the intention it must show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qc.domain.conversation import CallMeta, Channel, Conversation, Role, Source, Turn
from qc.domain.emotion import Modifiers
from qc.domain.intent import IntentList, IntentTest
from qc.text.intents import IntentFinder
from qc.text.shard import Shard

_ANY_PROJECT = "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class IntentResult:
    """A test of `path` and the (id, level) pairs of the intentions of its own list that were found."""

    path: str
    test: IntentTest
    got: tuple[tuple[str, int], ...]

    @property
    def passed(self) -> bool:
        if not self.test.intent:
            return not self.got
        return any(i == self.test.intent and self.test.level in (None, level) for i, level in self.got)


def run_intent_tests(lists: Sequence[IntentList], modifiers: Modifiers) -> tuple[IntentResult, ...]:
    """Results of all inline tests, in the order of the files; a list is tested by itself, without a trained head."""
    results: list[IntentResult] = []
    for one in lists:
        project = one.projects[0] if one.projects else _ANY_PROJECT
        shown = IntentFinder([one], modifiers).find(Shard([_conversation(t.text, project) for t in one.tests])).shown
        results += [
            IntentResult(path=one.path, test=test, got=tuple((s.intent_id, s.level) for s in found))
            for test, found in zip(one.tests, shown, strict=True)
        ]
    return tuple(results)


def _conversation(text: str, project: str) -> Conversation:
    return Conversation(
        id="test",
        project=project,
        channel=Channel.CHAT,
        turns=(Turn(role=Role.CUSTOMER, text=text),),
        meta=CallMeta(),
        source=Source(path="test", format="qc", sha256=""),
    )
