"""The inline tests of the emotion lexicon: what one side says → the emotion it must get."""

from __future__ import annotations

from dataclasses import dataclass

from qc.domain.conversation import CallMeta, Channel, Conversation, Source, Turn
from qc.domain.emotion import COMPONENTS, EmotionLexicon, EmotionTest
from qc.text.emotion import NO_COMPONENT, EmotionScorer
from qc.text.shard import Shard


@dataclass(frozen=True, slots=True, kw_only=True)
class EmotionResult:
    """A test and what the sentence got; `polarity` -1..1."""

    test: EmotionTest
    label: int
    component: str | None
    level: int
    polarity: float

    @property
    def passed(self) -> bool:
        wanted, sign = self.test, (self.polarity > 0) - (self.polarity < 0)
        return (
            wanted.label in (None, self.label)
            and wanted.component in (None, self.component)
            and wanted.level in (None, self.level)
            and wanted.polarity in (None, sign)
        )


def run_emotion_tests(lexicon: EmotionLexicon) -> tuple[EmotionResult, ...]:
    """Results of all inline tests, in the order of the files."""
    felt = EmotionScorer(lexicon).score(Shard([_conversation(test) for test in lexicon.tests]))
    return tuple(
        EmotionResult(
            test=test,
            label=int(felt.label[i]),
            component=None if felt.component[i] == NO_COMPONENT else COMPONENTS[felt.component[i]],
            level=int(felt.level[i]),
            polarity=float(felt.polarity[i]),
        )
        for i, test in enumerate(lexicon.tests)
    )


def _conversation(test: EmotionTest) -> Conversation:
    return Conversation(
        id="test",
        project="test",
        channel=Channel.CHAT,
        turns=(Turn(role=test.role, text=test.text),),
        meta=CallMeta(),
        source=Source(path=test.path, format="qc", sha256=""),
    )
