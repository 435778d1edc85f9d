"""Scores from verdicts that are stored or were judged anew."""

from __future__ import annotations

from collections.abc import Collection

from qc.domain.conversation import Conversation
from qc.domain.rule import RuleStatus
from qc.domain.score import Score
from qc.domain.specs import Specs
from qc.pipeline.verdicts import OF_CODE, Verdicts
from qc.scoring.score import Scorer, applicable


class Rescorer:
    """The scorecards of one state of the specs; `only`: ids of those that are asked for, None: all."""

    def __init__(self, specs: Specs, only: Collection[str] | None = None) -> None:
        shadow = frozenset(rule.id for rule in specs.in_force if rule.status is RuleStatus.SHADOW)
        self._cards = specs.cards
        self._scorers = {card.id: Scorer(card, shadow) for card in specs.cards if only is None or card.id in only}

    def scores(self, conversation: Conversation, verdicts: Verdicts, i: int) -> dict[str, Score]:
        """The scores of a conversation, column `i` of the verdicts, by the ids of the cards that apply to it."""
        cards = [card.id for card in applicable(self._cards, conversation) if card.id in self._scorers]
        if not cards:
            return {}
        codes, counts = verdicts.codes[:, i].tolist(), verdicts.hits[:, i].tolist()
        of_rule = {rule: OF_CODE[code] for rule, code in zip(verdicts.rules, codes, strict=True)}
        hits = dict(zip(verdicts.rules, counts, strict=True))
        return {card: self._scorers[card].score(conversation.id, of_rule, hits) for card in cards}
