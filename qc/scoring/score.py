"""Verdicts → item scores → a score, its grade, and what was fatal.

The arithmetic, and one example carried through it. A card of base 100 has the sections

- 服务 (60): 问候 10, 静音 4 each time up to 20, 态度 30;
- 合规 (40): 核身 20, 承诺 20 and an auto-fail for the card; and, as an award, 共情 +3.

1. **Item.** The item is hit when one of its rules is HIT. A deducting item that is hit loses `points`, or `points`
   for every hit up to `cap`; what it can lose at most is its worth. Of the others, an item none of whose rules
   concerned the conversation is not applicable and leaves the denominator; one with an undecided rule is undecided
   and keeps its points; the rest passed. Shadow rules, and rules without a verdict (draft, retired), count as not
   applicable. An item with conditions (`if`) counts only when one of these rules is HIT; else it is not applicable, or
   undecided when one of them is and the item's own rules concerned the conversation.
   *问候 missed its greeting: −10. 静音 was hit twice: −8. 核身 is not applicable; 态度 is undecided.*
2. **Section.** It is worth its points, or the worth of its applicable items if that is less, and loses what they
   lose but not more. *服务: 60 − 18 = 42 of 60. 合规: 20 of 20, since 核身 left.*
3. **Card.** base × kept ÷ worth, over all sections. *100 × (42 + 20) ÷ (60 + 20) = 77.5.* A card with nothing
   applicable gives its base.
4. **Awards** together add up to `bonus_cap`; the score stays at or below base unless the card says `over_base`.
   *共情 was hit: 77.5 + 3 = 80.5.* This is `raw_score`.
5. **Auto-fail.** A hit of a section-fatal item makes its section count with all its points and keep none; a hit of a
   card-fatal item makes the score 0, awards or not. *Had 承诺 been hit: raw_score 55.5, score 0.*

Scores are rounded to two decimals before they are graded, so that the grade agrees with the number people see.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields, replace
from math import fsum

from qc.domain.conversation import CallMeta, Conversation
from qc.domain.finding import Verdict
from qc.domain.rule import ErrorClass
from qc.domain.score import ItemScore, ItemStatus, Score
from qc.domain.scorecard import AutoFail, Effect, Item, Per, Scorecard, Section


def applicable(cards: Sequence[Scorecard], conversation: Conversation) -> list[Scorecard]:
    """The cards whose scope holds the conversation, in their order; fallback cards only when no other does."""
    concerned = [
        card
        for card in cards
        if (not card.scope.projects or conversation.project in card.scope.projects)
        and (not card.scope.channels or conversation.channel in card.scope.channels)
        and all(_said(conversation.meta, wanted.field) in wanted.values for wanted in card.scope.meta)
    ]
    return [card for card in concerned if not card.fallback] or concerned


_META = frozenset(f.name for f in fields(CallMeta)) - {"extra"}


def _said(meta: CallMeta, field: str) -> str | None:
    """A metadata field or other manifest column as text; None: not given."""
    value = getattr(meta, field) if field in _META else meta.extra.get(field)
    return None if value is None else f"{value:g}" if isinstance(value, float) else str(value).strip()


def score(
    card: Scorecard,
    conversation_id: str,
    verdicts: Mapping[str, Verdict],
    hit_counts: Mapping[str, int],
    shadow: Collection[str] = (),
) -> Score:
    """Score one conversation by one card; a `Scorer` does many, faster."""
    return Scorer(card, shadow).score(conversation_id, verdicts, hit_counts)


class Scorer:
    """One card, prepared once for many conversations. `shadow`: the rules that must not score."""

    def __init__(self, card: Scorecard, shadow: Collection[str] = ()) -> None:
        self._card = card
        self._parts = [(s.points, [_Line(s, item, shadow) for item in s.items]) for s in card.sections]

    def score(self, conversation_id: str, verdicts: Mapping[str, Verdict], hit_counts: Mapping[str, int]) -> Score:
        """`verdicts` holds the verdict of every rule that ran, `hit_counts` how many hits a rule had (absent: 1)."""
        card = self._card
        items: list[ItemScore] = []
        worth: list[float] = []
        kept: list[float] = []
        worth_after: list[float] = []  # after the sections' auto-fail
        kept_after: list[float] = []
        awards: list[float] = []
        fatal: list[str] = []
        card_failed = False
        for points, lines in self._parts:
            able: list[float] = []
            lost: list[float] = []
            section_failed = False
            for line in lines:
                judged = line.judge(verdicts, hit_counts)
                items.append(judged)
                if line.award:
                    awards.append(judged.points)
                elif judged is not line.absent:
                    able.append(judged.max_points)
                    lost.append(judged.points)
                if judged.fatal:
                    fatal.append(judged.item_id)
                    card_failed = card_failed or line.fatal is AutoFail.CARD
                    section_failed = section_failed or line.fatal is AutoFail.SECTION
            section_worth = min(points, fsum(able))
            section_kept = max(0.0, section_worth + fsum(lost))
            worth.append(section_worth)
            kept.append(section_kept)
            worth_after.append(points if section_failed else section_worth)
            kept_after.append(0.0 if section_failed else section_kept)
        bonus = min(fsum(awards), card.bonus_cap)
        raw = _points(card, kept, worth, bonus)
        final = 0.0 if card_failed else _points(card, kept_after, worth_after, bonus)
        errors = {i.error_class for i in items if i.status is _DEDUCTED}
        return Score(
            conversation_id=conversation_id,
            scorecard_id=card.id,
            scorecard_title=card.title,
            scorecard_version=card.version,
            scorecard_digest=card.digest,
            base=card.base,
            raw_score=raw,
            score=final,
            grade=next((g.name for g in card.grades if final >= g.min), ""),
            passed=final >= card.pass_mark and not card_failed,
            auto_fail=card_failed,
            auto_fail_items=tuple(fatal),
            undecided_items=sum([i.status is _UNDECIDED for i in items]),
            customer_error=ErrorClass.CUSTOMER in errors,
            business_error=ErrorClass.BUSINESS in errors,
            compliance_error=ErrorClass.COMPLIANCE in errors,
            items=tuple(items),
        )


# attribute access on an enum class costs more than the comparison it is for
_HIT, _UNSURE, _NA = Verdict.HIT, Verdict.UNDECIDED, Verdict.NOT_APPLICABLE
_DEDUCTED, _UNDECIDED = ItemStatus.DEDUCTED, ItemStatus.UNDECIDED


class _Line:
    """One item with the outcomes that need no arithmetic made in advance."""

    __slots__ = ("_conditions", "_item", "_rules", "absent", "award", "fatal", "passed", "undecided")

    def __init__(self, section: Section, item: Item, shadow: Collection[str]) -> None:
        self._item = item
        self._rules = tuple(rule for rule in item.rules if rule not in shadow)
        self._conditions = tuple(rule for rule in item.conditions if rule not in shadow) if item.conditions else None
        self.award = item.effect is Effect.AWARD
        self.fatal = item.auto_fail
        self.passed = ItemScore(
            section_id=section.id,
            section_title=section.title,
            section_points=section.points,
            item_id=item.id,
            item_title=item.title,
            rule_ids=item.rules,
            effect=item.effect.value,
            status=ItemStatus.NOT_AWARDED if self.award else ItemStatus.PASSED,
            points=0.0,
            max_points=item.points if item.cap is None else item.cap,
            hits=0,
            error_class=item.error_class,
            auto_fail=item.auto_fail.value,
            fatal=False,
        )
        self.undecided = replace(self.passed, status=ItemStatus.UNDECIDED)
        self.absent = replace(self.passed, status=ItemStatus.NOT_APPLICABLE)

    def judge(self, verdicts: Mapping[str, Verdict], hit_counts: Mapping[str, int]) -> ItemScore:
        """The item on one conversation; `self.absent` itself when it is not applicable."""
        if self._conditions is None:
            return self._own(verdicts, hit_counts)
        met = [verdicts.get(rule, _NA) for rule in self._conditions]
        if _HIT in met:
            return self._own(verdicts, hit_counts)
        if _UNSURE in met and self._own(verdicts, hit_counts) is not self.absent:
            return self.undecided
        return self.absent

    def _own(self, verdicts: Mapping[str, Verdict], hit_counts: Mapping[str, int]) -> ItemScore:
        hits, outcome = 0, self.absent
        for rule in self._rules:
            verdict = verdicts.get(rule, _NA)
            if verdict is _HIT:
                hits += hit_counts.get(rule) or 1
            elif verdict is _UNSURE:
                outcome = self.undecided
            elif verdict is not _NA and outcome is self.absent:
                outcome = self.passed
        return outcome if not hits else self._hit(hits)

    def _hit(self, hits: int) -> ItemScore:
        item = self._item
        size = item.points if item.per is Per.ONCE else item.points * hits
        size = size if item.cap is None else min(size, item.cap)
        return replace(
            self.passed,
            status=ItemStatus.AWARDED if self.award else ItemStatus.DEDUCTED,
            points=size if self.award else 0.0 - size,
            hits=hits,
            fatal=self.fatal is not AutoFail.NONE,
        )


def _points(card: Scorecard, kept: Sequence[float], worth: Sequence[float], bonus: float) -> float:
    whole = fsum(worth)
    earned = (card.base * fsum(kept) / whole if whole else card.base) + bonus
    return round(earned if card.over_base else min(earned, card.base), 2)
