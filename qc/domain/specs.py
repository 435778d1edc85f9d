"""Specs: all that decides a verdict."""

from __future__ import annotations

from dataclasses import dataclass

from qc.domain.complaint import NO_COMPLAINTS, ComplaintSpecs
from qc.domain.emotion import EmotionLexicon
from qc.domain.head import TrainedHead
from qc.domain.intent import IntentList
from qc.domain.rule import Rule, RulePack, RuleStatus
from qc.domain.scorecard import Scorecard
from qc.domain.topic import Taxonomy


@dataclass(frozen=True, slots=True, kw_only=True)
class Specs:
    """Rules, scorecards, emotion lexicon, topic taxonomies and intention lists in force. Plain data, so that a worker
    that is handed it need not load what reads YAML."""

    pack: RulePack
    cards: tuple[Scorecard, ...]
    emotion: EmotionLexicon
    taxonomies: tuple[Taxonomy, ...]
    intents: tuple[IntentList, ...] = ()
    complaints: ComplaintSpecs = NO_COMPLAINTS
    lexicons_digest: str
    emotion_head: TrainedHead | None = None
    """Trained on the centre's labels; None: none is in force."""
    intent_head: TrainedHead | None = None

    @property
    def in_force(self) -> tuple[Rule, ...]:
        """The rules that are judged: stable and shadow ones, not drafts and retired ones."""
        return tuple(rule for rule in self.pack.rules if rule.status in (RuleStatus.STABLE, RuleStatus.SHADOW))
