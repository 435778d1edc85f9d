"""How much a rule change may move before its gate says no."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from qc.domain.finding import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class HitBudget:
    """At most so many conversations newly hit, and no longer hit; None: no bound."""

    gained: int | None = None
    lost: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CardBudget:
    """How far a scorecard's mean score (points) and pass rate (percentage points) may fall; None: no bound."""

    mean_drop: float | None = None
    pass_rate_drop: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What people say a rule should have said of a conversation: HIT, or anything else."""

    conversation_id: str
    rule_id: str
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelBudget:
    """Labelled verdicts, and how many percentage points of precision and recall each rule may lose on them."""

    labels: tuple[Label, ...]
    precision_drop: float = 0.0
    recall_drop: float = 0.0
    path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """The bounds of `qc rules diff --budget`. `total` bounds all rules together, `each` every rule, `rules` single
    ones; `every_card` every scorecard, `cards` single ones. `auto_fail` bounds 一票否决 newly triggered."""

    auto_fail: int | None = None
    total: HitBudget = HitBudget()
    each: HitBudget = HitBudget()
    rules: Mapping[str, HitBudget] = field(default_factory=dict)
    every_card: CardBudget = CardBudget()
    cards: Mapping[str, CardBudget] = field(default_factory=dict)
    labelled: LabelBudget | None = None
    path: str = ""
