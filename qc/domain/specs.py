"""Specs: all that decides a verdict."""

from __future__ import annotations

from dataclasses import dataclass

from qc.domain.emotion import EmotionLexicon
from qc.domain.rule import RulePack
from qc.domain.scorecard import Scorecard
from qc.domain.topic import Taxonomy


@dataclass(frozen=True, slots=True, kw_only=True)
class Specs:
    """Rules, scorecards, emotion lexicon and topic taxonomies in force. Plain data, so that a worker that is handed it
    need not load what reads YAML."""

    pack: RulePack
    cards: tuple[Scorecard, ...]
    emotion: EmotionLexicon
    taxonomies: tuple[Taxonomy, ...]
    lexicons_digest: str
