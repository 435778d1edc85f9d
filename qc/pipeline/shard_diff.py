"""One part of a stored run under two states of the rules: what moved in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from qc.domain.budget import Label
from qc.domain.finding import Verdict
from qc.domain.score import Score
from qc.domain.specs import Specs
from qc.pipeline.rescoring import Rescorer
from qc.pipeline.samples import samples
from qc.pipeline.stored import StoredPart
from qc.pipeline.verdicts import ABSENT, HIT, NAMES, NOT_APPLICABLE, Judge, Verdicts, nothing_judged, stored_verdicts
from qc.ruletest.changes import Change, Changes, RuleChange
from qc.ruletest.diff import Confusion, Flip, Group, Movement, Moves, RuleMoves, Totals, VerdictChange
from qc.storage.read import open_run


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPlan:
    """How one run is compared. `judged`: rules it has verdicts of; `old_judged`, `new_judged`: rules to judge anew on
    either side. `whole`: it has no verdicts that can be read, so that `old_judged` is all rules. `trusted`: its scores
    are those of the old side. `old_signals`, `new_signals`: the side's words for emotions and topics are not the run's.
    """

    path: Path
    name: str
    judged: frozenset[str]
    old_judged: tuple[str, ...]
    new_judged: tuple[str, ...]
    whole: bool
    trusted: bool
    floor: float
    old_signals: bool
    new_signals: bool
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """All that a worker needs; plain data that crosses to a spawned process."""

    runs: tuple[RunPlan, ...]
    old: Specs
    new: Specs
    changes: Changes
    labels: Mapping[str, tuple[Label, ...]]


class ShardDiff:
    """Made once per process; compares parts of the runs of `compared`."""

    def __init__(self, compared: Compared) -> None:
        self._compared = compared
        self._old, self._new = Rescorer(compared.old), Rescorer(compared.new)
        judged = {rule for plan in compared.runs for rule in plan.judged}
        before, after = ({r.id for r in side.in_force} for side in (compared.old, compared.new))
        self._rules = sorted(judged | before | after)
        self._judges: dict[tuple[object, ...], Judge] = {}
        self._absent_before = sorted(set(self._rules) - before)
        self._absent_after = sorted(set(self._rules) - after)

    def diff(self, run: int, number: int) -> Moves:
        """What moved in part `number` of the run."""
        plan = self._compared.runs[run]
        part = StoredPart(open_run(plan.path), number)
        before, after = self._verdicts(plan, part)
        return _Part(self._compared, plan, part, before, after, self._old, self._new).moves()

    def _verdicts(self, plan: RunPlan, part: StoredPart) -> tuple[Verdicts, Verdicts]:
        compared = self._compared
        if plan.whole:
            stored = nothing_judged(self._rules, len(part.ids))
        else:
            stored = stored_verdicts(part, self._rules, plan.judged)
        old = self._judge(compared.old, plan.old_judged, plan.floor, plan.old_signals).judge(part)
        new = self._judge(compared.new, plan.new_judged, plan.floor, plan.new_signals).judge(part)
        before = stored.overlaid(old, self._absent_before)
        base = replace(before, findings={}) if plan.whole else stored
        return before, base.overlaid(new, self._absent_after)

    def _judge(self, specs: Specs, rules: Sequence[str], floor: float, own_signals: bool) -> Judge:
        key = (id(specs), tuple(rules), floor, own_signals)
        if key not in self._judges:
            self._judges[key] = Judge(specs, rules, floor=floor, own_signals=own_signals)
        return self._judges[key]


class _Part:
    def __init__(
        self,
        compared: Compared,
        plan: RunPlan,
        part: StoredPart,
        before: Verdicts,
        after: Verdicts,
        old: Rescorer,
        new: Rescorer,
    ) -> None:
        self._compared, self._plan, self._part = compared, plan, part
        self._before, self._after = before, after
        self._old, self._new = old, new

    def moves(self) -> Moves:
        """Everything."""
        changes = self._compared.changes
        affected = self._affected()
        groups: dict[Group, Movement] = {}
        flips: list[Flip] = []
        grades: Counter[tuple[str, str, str]] = Counter()
        anew = np.ones(len(affected), bool) if not self._plan.trusted else affected
        scored = self._rescore(np.flatnonzero(anew), affected, groups, flips, grades)
        if self._plan.trusted:
            self._stored_scores(~affected, groups)
        rules = {c.id: self._rule(c) for c in changes.rules}
        return Moves(
            conversations=len(affected),
            turns=int(self._part.columns.first_turn[-1]),
            affected=int(affected.sum()),
            scored=scored,
            rules=rules,
            groups=groups,
            grades=dict(grades),
            flips=tuple(flips),
            verdicts=tuple(v for c in changes.rules for v in self._changed(c)),
            labelled=frozenset(
                (i, label.rule_id) for i in self._part.ids for label in self._compared.labels.get(i, ())
            ),
        )

    def _affected(self) -> npt.NDArray[np.bool_]:
        """Conversations whose scores can move."""
        n = len(self._part.ids)
        if self._compared.changes.cards:
            return np.ones(n, bool)
        affected = np.zeros(n, bool)
        for change in self._compared.changes.rules:
            row = self._before.row(change.id)
            before, after = self._before.codes[row], self._after.codes[row]
            if change.moves_verdicts:
                affected |= (before != after) | ((after == HIT) & (self._before.hits[row] != self._after.hits[row]))
            details = change.old is not None and change.new is not None and change.old.status is not change.new.status
            if details:
                affected |= (after != NOT_APPLICABLE) & (after != ABSENT)
        return affected

    # ── rules ──

    def _rule(self, change: RuleChange) -> RuleMoves:
        row = self._before.row(change.id)
        before, after = self._before.codes[row], self._after.codes[row]
        pairs, counts = np.unique(before.astype(np.int64) * len(NAMES) + after, return_counts=True)
        transitions = {
            (NAMES[pair // len(NAMES)], NAMES[pair % len(NAMES)]): n
            for pair, n in zip(pairs.tolist(), counts.tolist(), strict=True)
        }
        gained = np.flatnonzero((after == HIT) & (before != HIT))
        lost = np.flatnonzero((before == HIT) & (after != HIT))
        recounted = (before == HIT) & (after == HIT) & (self._before.hits[row] != self._after.hits[row])
        labels = [(i, x) for i, name in enumerate(self._part.ids) for x in self._compared.labels.get(name, ())]
        mine = [(i, label.verdict is Verdict.HIT) for i, label in labels if label.rule_id == change.id]
        return RuleMoves(
            transitions=transitions,
            recounted=int(recounted.sum()),
            gained=samples(self._part, self._plan.name, change.id, gained, self._after.findings, self._callers),
            lost=samples(self._part, self._plan.name, change.id, lost, self._before.findings, self._callers),
            before_labels=_confusion(before, mine),
            after_labels=_confusion(after, mine),
        )

    def _changed(self, change: RuleChange) -> Iterator[VerdictChange]:
        if change.change is Change.TEXT:
            return
        row = self._before.row(change.id)
        before, after = self._before.codes[row], self._after.codes[row]
        old_hits, new_hits = self._before.hits[row], self._after.hits[row]
        quiet = (before == ABSENT) & (after != HIT) | (after == ABSENT) & (before != HIT)
        moved = ((before != after) & ~quiet) | ((before == HIT) & (after == HIT) & (old_hits != new_hits))
        for i in np.flatnonzero(moved).tolist():
            yield VerdictChange(
                run=self._plan.name,
                conversation_id=self._part.ids[i],
                rule_id=change.id,
                before=NAMES[before[i]],
                after=NAMES[after[i]],
                before_hits=int(old_hits[i]),
                after_hits=int(new_hits[i]),
            )

    # ── scores ──

    @cached_property
    def _callers(self) -> list[tuple[str, str]]:
        """Agent and team of every conversation, empty where not given."""
        table = self._part.table("conversations", ("agent_id", "agent_name", "team"))
        return [
            (identifier or name or "", team or "")
            for identifier, name, team in zip(*(table[c].to_pylist() for c in table.column_names), strict=True)
        ]

    @cached_property
    def _titles(self) -> tuple[dict[str, str], dict[str, str]]:
        """Titles of the rules in force before and after."""
        old, new = ({r.id: r.title for r in s.in_force} for s in (self._compared.old, self._compared.new))
        return old, new

    def _rescore(
        self,
        which: npt.NDArray[np.int64],
        affected: npt.NDArray[np.bool_],
        groups: dict[Group, Movement],
        flips: list[Flip],
        grades: Counter[tuple[str, str, str]],
    ) -> int:
        count = 0
        for i in which.tolist():
            conversation = self._part.conversation(i)
            before = self._old.scores(conversation, self._before, i)
            after = self._new.scores(conversation, self._after, i) if affected[i] else before
            count += len(before) + (len(after) if affected[i] else 0)
            agent, team = self._callers[i]
            for card in sorted(before.keys() | after.keys()):
                a, b = before.get(card), after.get(card)
                group = Group(scorecard_id=card, agent=agent, team=team)
                moved = a is None or b is None or (a.score, a.passed, a.grade) != (b.score, b.passed, b.grade)
                groups[group] = groups.get(group, Movement()) + Movement(Totals.of(a), Totals.of(b), int(moved))
                if a is not None and b is not None and a.grade != b.grade:
                    grades[card, a.grade, b.grade] += 1
                if (a is not None and a.auto_fail) != (b is not None and b.auto_fail):
                    flips.append(self._flip(i, a, b))
        return count

    def _flip(self, i: int, before: Score | None, after: Score | None) -> Flip:
        gained = after is not None and after.auto_fail
        score, verdicts, titles = (
            (after, self._after, self._titles[1]) if gained else (before, self._before, self._titles[0])
        )
        if score is None:  # one of the two failed
            raise ValueError("no score")
        items = []
        for item in score.items:
            if item.fatal:
                hit = [r for r in item.rule_ids if r in titles and verdicts.codes[verdicts.row(r), i] == HIT]
                items.append(f"{item.item_title}（{'、'.join(titles[r] for r in hit)}）")
        agent, team = self._callers[i]
        return Flip(
            run=self._plan.name,
            conversation_id=self._part.ids[i],
            agent=agent or None,
            team=team or None,
            scorecard_id=score.scorecard_id,
            scorecard_title=score.scorecard_title,
            gained=gained,
            items=tuple(items),
        )

    def _stored_scores(self, kept: npt.NDArray[np.bool_], groups: dict[Group, Movement]) -> None:
        """Add the stored scores of the conversations selected: the same before and after."""
        table = self._part.table("scores", ("conversation_id", "scorecard_id", "score", "passed", "auto_fail"))
        owner = self._part.positions(table["conversation_id"])
        table = table.filter(pa.array(kept[owner]))
        owner = owner[kept[owner]]
        numbers = {pair: code for code, pair in enumerate(dict.fromkeys(self._callers))}
        caller = np.fromiter((numbers[pair] for pair in self._callers), np.int64, len(self._callers))
        for card in sorted(pc.unique(table["scorecard_id"]).to_pylist()):
            mine = pc.equal(table["scorecard_id"], card).to_numpy()
            who = caller[owner[mine]]
            sums = [np.bincount(who, minlength=len(numbers))]
            for name in ("score", "passed", "auto_fail"):
                values = table[name].to_numpy()[mine].astype(np.float64)
                sums.append(np.bincount(who, weights=values, minlength=len(numbers)))
            for (agent, team), n, points, passed, failed in zip(numbers, *(s.tolist() for s in sums), strict=True):
                if n:
                    group = Group(scorecard_id=card, agent=agent, team=team)
                    total = Totals(n, points, int(passed), int(failed))
                    groups[group] = groups.get(group, Movement()) + Movement(total, total)


def _confusion(codes: npt.NDArray[np.int8], labels: Sequence[tuple[int, bool]]) -> Confusion:
    right = sum(codes[i] == HIT and wanted for i, wanted in labels)
    wrong = sum(codes[i] == HIT and not wanted for i, wanted in labels)
    missed = sum(codes[i] != HIT and wanted for i, wanted in labels)
    return Confusion(int(right), int(wrong), int(missed))
