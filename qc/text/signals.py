"""Everything the text room says about a shard, compiled once per process."""

from __future__ import annotations

from collections.abc import Sequence

from qc.domain.emotion import EmotionLexicon
from qc.domain.head import TrainedHead
from qc.domain.intent import IntentList
from qc.domain.specs import Specs
from qc.domain.topic import Taxonomy
from qc.text.emotion import Emotions, EmotionScorer
from qc.text.entities import Entities, find_entities
from qc.text.head import HeadScorer
from qc.text.intents import IntentFinder, Intents
from qc.text.shard import Shard
from qc.text.topics import TopicAssigner, Topics


class Analyser:
    """Emotions, topics, intentions and entities of shards. `lexicon` None: neither emotions nor intentions (which share
    its negations and questions) are asked for. Nothing is compiled or imported before it is used."""

    def __init__(
        self,
        lexicon: EmotionLexicon | None,
        taxonomies: Sequence[Taxonomy],
        intents: Sequence[IntentList] = (),
        *,
        emotion_head: TrainedHead | None = None,
        intent_head: TrainedHead | None = None,
    ) -> None:
        self._lexicon = lexicon
        self._taxonomies = tuple(taxonomies)
        self._intents = tuple(intents)
        self._emotion_head = emotion_head
        self._intent_head = intent_head
        self._finder: IntentFinder | None = None
        self._scorer: EmotionScorer | None = None
        self._assigner: TopicAssigner | None = None

    def emotions(self, shard: Shard) -> Emotions:
        """Emotions per turn and conversation; all neutral by lexicon when there is none."""
        if self._scorer is None:
            self._scorer = EmotionScorer(self._lexicon or EmotionLexicon(), self._emotion_head)
        return self._scorer.score(shard)

    def topics(self, shard: Shard) -> Topics:
        """Topic shares per conversation."""
        if self._assigner is None:
            self._assigner = TopicAssigner(self._taxonomies)
        return self._assigner.assign(shard)

    def intents(self, shard: Shard) -> Intents:
        """Intentions per conversation."""
        if self._finder is None:
            modifiers = (self._lexicon or EmotionLexicon()).modifiers
            head = None if self._intent_head is None else HeadScorer(self._intent_head)
            self._finder = IntentFinder(self._intents, modifiers, head)
        return self._finder.find(shard)

    def entities(self, shard: Shard) -> Entities:
        """Entities per turn."""
        return find_entities(shard)


def analyser_of(specs: Specs) -> Analyser:
    """What the specs in force say of a shard."""
    return Analyser(
        specs.emotion,
        specs.taxonomies,
        specs.intents,
        emotion_head=specs.emotion_head,
        intent_head=specs.intent_head,
    )
