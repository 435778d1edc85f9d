"""A comparison as JSON for machines.

`format` is `qc.rules.diff` and `version` counts up when a field goes or changes its meaning; new fields may come any
time. Verdicts are hit, miss, not_applicable, undecided, and absent where the rule is not in force on that side. Rates
are 0..1, scores are points on the card's scale, and a mean without scores is null. Text is as stored (masked).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from qc.domain.rule import Rule
from qc.ruletest.budget import Check
from qc.ruletest.changes import RuleChange
from qc.ruletest.diff import Confusion, Diff, Group, Movement, Totals

FORMAT = "qc.rules.diff"
VERSION = 1


def to_json(diff: Diff, checks: Sequence[Check] = ()) -> str:
    """The document, keys in a fixed order."""
    return json.dumps(_document(diff, checks), ensure_ascii=False, indent=1) + "\n"


def _document(diff: Diff, checks: Sequence[Check]) -> dict[str, Any]:
    moves = diff.moves
    return {
        "format": FORMAT,
        "version": VERSION,
        "old": diff.old,
        "new": diff.new,
        "runs": list(diff.runs),
        "conversations": moves.conversations,
        "turns": moves.turns,
        "evaluated_rules": list(diff.evaluated),
        "unchanged_rules": diff.changes.unchanged,
        "changed_scorecards": list(diff.changes.cards),
        "affected_conversations": moves.affected,
        "scores_computed": moves.scored,
        "hits_gained": diff.gained,
        "hits_lost": diff.lost,
        "notes": list(diff.notes),
        "budget": [asdict(check) for check in checks],
        "rules": [_rule(diff, change) for change in diff.changes.rules],
        "scorecards": [
            {
                **_movement(diff, group, movement),
                "grades": [
                    {"before": a, "after": b, "conversations": n}
                    for (card, a, b), n in sorted(moves.grades.items())
                    if card == group.scorecard_id
                ],
            }
            for group, movement in diff.groups("card")
        ],
        "teams": [{"team": g.team or None, **_movement(diff, g, m)} for g, m in diff.groups("team")],
        "agents": [
            {"agent": g.agent or None, "team": g.team or None, **_movement(diff, g, m)} for g, m in diff.groups("agent")
        ],
        "auto_fail_flips": [asdict(flip) for flip in moves.flips],
        "verdict_changes": [asdict(change) for change in moves.verdicts],
    }


def _rule(diff: Diff, change: RuleChange) -> dict[str, Any]:
    moves = diff.of(change)
    return {
        "id": change.id,
        "title": change.rule.title,
        "kind": change.rule.kind.value,
        "change": change.change.value,
        "details": list(change.details),
        "old": _side(change.old),
        "new": _side(change.new),
        "evaluated": change.id in diff.evaluated,
        "hits_before": moves.count(before="hit"),
        "hits_after": moves.count(after="hit"),
        "hits_gained": moves.hits_gained,
        "hits_lost": moves.hits_lost,
        "recounted": moves.recounted,
        "transitions": [
            {"before": before, "after": after, "conversations": n}
            for (before, after), n in sorted(moves.transitions.items())
        ],
        "samples_gained": [asdict(sample) for sample in moves.gained],
        "samples_lost": [asdict(sample) for sample in moves.lost],
        "labels_before": _confusion(moves.before_labels),
        "labels_after": _confusion(moves.after_labels),
    }


def _side(rule: Rule | None) -> dict[str, Any] | None:
    if rule is None:
        return None
    return {
        "version": rule.version,
        "status": rule.status.value,
        "severity": rule.severity.value,
        "digest": rule.digest,
    }


def _confusion(counts: Confusion) -> dict[str, Any]:
    return {
        "true_positives": counts.right,
        "false_positives": counts.wrong,
        "false_negatives": counts.missed,
        "precision": counts.precision,
        "recall": counts.recall,
    }


def _movement(diff: Diff, group: Group, movement: Movement) -> dict[str, Any]:
    return {
        "scorecard_id": group.scorecard_id,
        "scorecard_title": diff.titles.get(group.scorecard_id, group.scorecard_id),
        "before": _totals(movement.before),
        "after": _totals(movement.after),
        "scores_moved": movement.moved,
    }


def _totals(totals: Totals) -> dict[str, Any]:
    return {
        "scores": totals.n,
        "mean": None if totals.mean is None else round(totals.mean, 6),
        "pass_rate": None if totals.pass_rate is None else round(totals.pass_rate, 6),
        "auto_fail": totals.auto_fail,
    }
