"""What the text stage tells the operators of one shard."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Flag, auto

from qc.errors import InternalError
from qc.text.emotion import Emotions
from qc.text.entities import Entities
from qc.text.intents import Intents
from qc.text.shard import Shard
from qc.text.signals import Analyser
from qc.text.topics import Topics


class Need(Flag):
    """Which signals a set of rules asks for, so that the others need not be computed."""

    NOTHING = 0
    EMOTIONS = auto()
    TOPICS = auto()
    ENTITIES = auto()
    INTENTS = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """Signals over the turns of one shard; None: not computed."""

    emotions: Emotions | None = None
    topics: Topics | None = None
    entities: Entities | None = None
    intents: Intents | None = None

    def check(self, need: Need) -> None:
        """Raises InternalError when a signal that is needed was not computed."""
        given = {
            Need.EMOTIONS: self.emotions,
            Need.TOPICS: self.topics,
            Need.ENTITIES: self.entities,
            Need.INTENTS: self.intents,
        }
        for one, signal in given.items():
            if one in need and signal is None:
                raise InternalError(f"规则用到的{_ZH[one]}没有计算")


def signals_of(analyser: Analyser, shard: Shard, need: Need) -> Signals:
    """The signals asked for, computed; the others are not."""
    return Signals(
        emotions=analyser.emotions(shard) if Need.EMOTIONS in need else None,
        topics=analyser.topics(shard) if Need.TOPICS in need else None,
        entities=analyser.entities(shard) if Need.ENTITIES in need else None,
        intents=analyser.intents(shard) if Need.INTENTS in need else None,
    )


_ZH = {Need.EMOTIONS: "情绪", Need.TOPICS: "话题", Need.ENTITIES: "信息实体", Need.INTENTS: "意向"}
NO_SIGNALS = Signals()
