"""Everything the text room says about a shard, compiled once per process."""

from __future__ import annotations

from collections.abc import Sequence

from qc.domain.emotion import EmotionLexicon
from qc.domain.topic import Taxonomy
from qc.text.emotion import Emotions, EmotionScorer
from qc.text.entities import Entities, find_entities
from qc.text.shard import Shard
from qc.text.topics import TopicAssigner, Topics


class Analyser:
    """Emotions, topics and entities of shards. `lexicon` None: emotions are not asked for. Nothing is compiled or
    imported before it is used."""

    def __init__(self, lexicon: EmotionLexicon | None, taxonomies: Sequence[Taxonomy]) -> None:
        self._lexicon = lexicon
        self._taxonomies = tuple(taxonomies)
        self._scorer: EmotionScorer | None = None
        self._assigner: TopicAssigner | None = None

    def emotions(self, shard: Shard) -> Emotions:
        """Emotions per turn and conversation; all neutral by lexicon when there is none."""
        if self._scorer is None:
            self._scorer = EmotionScorer(self._lexicon or EmotionLexicon())
        return self._scorer.score(shard)

    def topics(self, shard: Shard) -> Topics:
        """Topic shares per conversation."""
        if self._assigner is None:
            self._assigner = TopicAssigner(self._taxonomies)
        return self._assigner.assign(shard)

    def entities(self, shard: Shard) -> Entities:
        """Entities per turn."""
        return find_entities(shard)
