"""Two runs over the same recordings, heard in two ways: which findings are not the same, and why.

The recordings are the same, so no agent has changed. Where both runs were judged by the same rules, their stored
verdicts are compared; where not, both transcripts are judged anew by the rules in force now, so that what remains is
due to the transcripts, and what the rules moved is told apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from qc.domain.conversation import Conversation
from qc.domain.finding import Verdict
from qc.domain.rule import RuleStatus
from qc.domain.run import Lineage
from qc.domain.score import Score
from qc.domain.specs import Specs
from qc.errors import QcError, UsageError
from qc.matching.judge import VERDICTS
from qc.pipeline.asr_diff_evidence import Changed, Reader, Told, changed_texts, tell
from qc.pipeline.progress import Progress
from qc.pipeline.stored import StoredPart
from qc.pipeline.verdicts import ABSENT, HIT, UNDECIDED, Judge, Verdicts, stored_verdicts
from qc.ruletest.diff import Group, Movement, Totals
from qc.scoring.score import Scorer, applicable
from qc.storage.read import StoredRun, open_run, require_judged
from qc.text.error_rate import Errors

_NAMES = (*(v.value for v in VERDICTS), "absent")
_ALL: tuple[Verdict, ...] = (*VERDICTS, Verdict.NOT_APPLICABLE)
"""By code; a rule that was not judged does not apply."""
_SAMPLED = 2000
"""Recordings whose texts are compared character by character to say how far the transcripts are apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A finding that is not the same. `before`, `after`: verdict names, `absent` for a rule not judged; `told`: why,
    with the places."""

    conversation_id: str
    other_id: str
    agent: str
    rule_id: str
    before: str
    after: str
    told: Told


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleDrift:
    """One rule on the shared recordings. `by_rules`: findings that differ between the stored runs only because the
    rule itself (or the words it reads) was not the same."""

    id: str
    title: str
    kind: str
    before: int
    after: int
    gained: int
    lost: int
    undecided_before: int
    undecided_after: int
    changed: int
    recounted: int
    by_rules: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AsrDiff:
    """Run B against run A. `shared`: recordings in both; `only_a`, `only_b`: in one; `texts`: conversations without
    a recording, left out; `heard_otherwise`: recordings whose turns differ. `apart`: how far the transcripts are apart,
    B against A, on the first `sampled` of them. `same_rules`: stored verdicts were compared."""

    a: Lineage
    b: Lineage
    shared: int
    only_a: int
    only_b: int
    texts: int
    heard_otherwise: int
    apart: Errors
    sampled: int
    same_rules: bool
    rules: tuple[RuleDrift, ...]
    changes: tuple[Change, ...]
    groups: Mapping[Group, Movement]
    titles: Mapping[str, str]
    notes: tuple[str, ...]


def compare_runs(
    a: Path, b: Path, *, by_id: bool, specs: Callable[[], Specs], floor: float, progress: Progress
) -> AsrDiff:
    """`by_id`: recordings are paired by the ids of conversations instead of their audio. `specs` gives the rules in
    force, asked for when the runs were not judged alike; `floor` serves runs that do not say theirs. Raises UsageError
    for runs that are unfinished or not judged, or that share no recording."""
    runs = require_judged(open_run(a)), require_judged(open_run(b))
    lines = runs[0].lineage, runs[1].lineage
    unlike = _unlike(*lines)
    own = specs() if unlike else None
    floors = tuple(floor if line.confidence_floor is None else line.confidence_floor for line in lines)
    rules = sorted({r for line in lines for r in line.rule_digests} | {r.id for r in (own.in_force if own else ())})
    progress.stage("判定", sum(line.counts.ok for line in lines), "个会话")
    sides = tuple(_Side(run, rules, own, floors[1] if own else 0.0, progress) for run in runs)
    progress.finish()
    pairs = _pairs(sides[0], sides[1], by_id)
    if not len(pairs):
        raise UsageError(*_nothing_shared(sides, by_id))
    return _Comparison(runs, sides, pairs, by_id, own, specs, unlike, progress).result()


def _unlike(a: Lineage, b: Lineage) -> list[str]:
    """What the two were judged with that is not the same."""
    out = []
    if not a.rule_digests or not b.rule_digests or dict(a.rule_digests) != dict(b.rule_digests):
        out.append("规则")
    if a.lexicons_digest != b.lexicons_digest:
        out.append("情绪词表或话题")
    if {c.id: c.digest for c in a.scorecards} != {c.id: c.digest for c in b.scorecards}:
        out.append("评分表")
    if a.confidence_floor != b.confidence_floor:
        out.append("置信度下限")
    if a.qc_version != b.qc_version:
        out.append("qc 版本")
    return out


class _Side:
    """One run: what is known of its conversations, and the verdicts on them. `common`: those that are compared,
    `stored`: those of the run itself."""

    def __init__(self, run: StoredRun, rules: Sequence[str], specs: Specs | None, floor: float, progress: Progress):
        self.run = run
        self.floor = floor
        self._specs = specs
        own = specs is not None and specs.lexicons_digest != run.lineage.lexicons_digest
        self.judge = None if specs is None else Judge(specs, rules, floor=floor, own_signals=own)
        self.rows: list[dict[str, str]] = []
        self.place: list[tuple[int, int]] = []  # (part, conversation in it)
        stored, common = [], []
        columns = ("conversation_id", "source_sha256", "source_format", "agent_id", "agent_name", "team")
        for number in run.shards():
            part = StoredPart(run, number)
            self.rows += part.table("conversations", columns).to_pylist()
            self.place += [(number, i) for i in range(len(part.ids))]
            stored.append(stored_verdicts(part, rules, run.lineage.rule_digests.keys()))
            common.append(stored[-1] if self.judge is None else self._judged(part, rules))
            progress.advance(len(part.ids), "")
        self.stored, self.common = _together(stored, rules), _together(common, rules)

    def _judged(self, part: StoredPart, rules: Sequence[str]) -> Verdicts:
        assert self.judge is not None  # noqa: S101 - only called with one
        shape = (len(rules), len(part.ids))
        nothing = Verdicts(rules=tuple(rules), codes=np.full(shape, ABSENT, np.int8), hits=np.zeros(shape, np.int32))
        found = nothing.overlaid(self.judge.judge(part))
        return Verdicts(rules=found.rules, codes=found.codes, hits=found.hits)

    def comparable(self, by_id: bool) -> int:
        """How many conversations could be paired."""
        return sum(by_id or row["source_format"] == "audio" for row in self.rows)

    def agent(self, i: int) -> tuple[str, str]:
        """Agent and team, empty where not given."""
        row = self.rows[i]
        return row["agent_id"] or row["agent_name"] or "", row["team"] or ""


def _together(parts: Sequence[Verdicts], rules: Sequence[str]) -> Verdicts:
    nothing = np.zeros((len(rules), 0), np.int8)
    return Verdicts(
        rules=tuple(rules),
        codes=np.concatenate([nothing, *(p.codes for p in parts)], axis=1),
        hits=np.concatenate([nothing.astype(np.int32), *(p.hits for p in parts)], axis=1),
    )


def _pairs(a: _Side, b: _Side, by_id: bool) -> npt.NDArray[np.int64]:
    """[n, 2]: positions of the same recording in both, in the order of A. One that is there several times in a run
    goes by its id, too."""

    def keys(side: _Side) -> Iterator[tuple[str, str]]:
        for row in side.rows:
            own = row["conversation_id"] if by_id else row["source_sha256"]
            yield (own or "" if by_id or row["source_format"] == "audio" else ""), row["conversation_id"]

    exact = {key: i for i, key in enumerate(keys(b)) if key[0]}
    alike: dict[str, list[int]] = {}
    for i, (audio, _) in enumerate(keys(b)):
        alike.setdefault(audio, []).append(i)
    taken = {exact[key] for key in keys(a) if key in exact}
    out = []
    for i, key in enumerate(keys(a)):
        if not key[0]:
            continue
        j = exact.get(key)
        if j is None:
            j = next((k for k in alike.get(key[0], ()) if k not in taken), None)
        if j is not None:
            taken.add(j)
            out.append((i, j))
    return np.array(out, np.int64).reshape(-1, 2)


def _nothing_shared(sides: Sequence[_Side], by_id: bool) -> tuple[str, str]:
    names = [side.run.lineage.run_id for side in sides]
    heard = [sum(row["source_format"] == "audio" for row in side.rows) for side in sides]
    ids = {r["conversation_id"] for r in sides[0].rows} & {r["conversation_id"] for r in sides[1].rows}
    what = f"批次 {names[0]}（{heard[0]} 个录音）与 {names[1]}（{heard[1]} 个录音）没有同一个录音"
    if by_id:
        return f"批次 {names[0]} 与 {names[1]} 没有同一个会话编号", "qc diff-asr 比的是同一批录音的两份转写。"
    if ids:
        return what, f"有 {len(ids)} 个会话编号相同：转写若是从别的系统导入的，加上 --by-id 按编号配对。"
    return what, "qc diff-asr 比的是同一批录音的两份转写；改了规则请用 qc rules diff。"


class _Comparison:
    def __init__(
        self,
        runs: tuple[StoredRun, StoredRun],
        sides: Sequence[_Side],
        pairs: npt.NDArray[np.int64],
        by_id: bool,
        specs: Specs | None,
        current: Callable[[], Specs],
        unlike: Sequence[str],
        progress: Progress,
    ) -> None:
        self._runs, self._pairs, self._by_id, self._specs, self._current = runs, pairs, by_id, specs, current
        self._a, self._b = sides
        self._unlike, self._progress = unlike, progress
        self._readers = (Reader(self._a.run, self._a.judge), Reader(self._b.run, self._b.judge))

    def result(self) -> AsrDiff:
        """Everything."""
        texts = sum(r["source_format"] != "audio" for side in (self._a, self._b) for r in side.rows)
        otherwise, apart, sampled = changed_texts(self._readers[0], self._readers[1], self._places(), _SAMPLED)
        changes = tuple(self._changes())
        return AsrDiff(
            a=self._a.run.lineage,
            b=self._b.run.lineage,
            shared=len(self._pairs),
            only_a=self._a.comparable(self._by_id) - len(self._pairs),
            only_b=self._b.comparable(self._by_id) - len(self._pairs),
            texts=0 if self._by_id else texts,
            heard_otherwise=otherwise,
            apart=apart,
            sampled=sampled,
            same_rules=self._specs is None,
            rules=tuple(self._drifts()),
            changes=changes,
            groups=self._groups(),
            titles=self._card_titles(),
            notes=tuple(self._notes()),
        )

    @cached_property
    def _codes(self) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.int8]]:
        """Compared verdicts [rules, pairs]."""
        return self._a.common.codes[:, self._pairs[:, 0]], self._b.common.codes[:, self._pairs[:, 1]]

    @cached_property
    def _moved(self) -> npt.NDArray[np.bool_]:
        """Where they differ; a rule that one side lacks says nothing."""
        a, b = self._codes
        return np.asarray((a != b) & (a != ABSENT) & (b != ABSENT), np.bool_)

    def _places(self) -> list[tuple[tuple[int, int], tuple[int, int]]]:
        return [(self._a.place[i], self._b.place[j]) for i, j in self._pairs.tolist()]

    def _changes(self) -> Iterator[Change]:
        """In the order of A's conversations, so that every part is read once."""
        a, b = self._codes
        places = self._places()
        cells = np.argwhere(self._moved.T).tolist()
        self._progress.stage("找证据", len(cells), "处")
        for pair, rule in cells:
            i, j = self._pairs[pair].tolist()
            changed = Changed(
                rule=self._a.common.rules[rule],
                a=places[pair][0],
                b=places[pair][1],
                before=_ALL[a[rule, pair]],
                after=_ALL[b[rule, pair]],
            )
            yield Change(
                conversation_id=self._a.rows[i]["conversation_id"],
                other_id=self._b.rows[j]["conversation_id"],
                agent=self._a.agent(i)[0],
                rule_id=changed.rule,
                before=_NAMES[a[rule, pair]],
                after=_NAMES[b[rule, pair]],
                told=tell(changed, self._readers[0], self._readers[1]),
            )
            self._progress.advance(1, "")
        self._progress.finish()

    def _drifts(self) -> Iterator[RuleDrift]:
        a, b = self._codes
        hits = self._a.common.hits[:, self._pairs[:, 0]], self._b.common.hits[:, self._pairs[:, 1]]
        stored = self._a.stored.codes[:, self._pairs[:, 0]], self._b.stored.codes[:, self._pairs[:, 1]]
        for row, rule in enumerate(self._a.common.rules):
            x, y = a[row], b[row]
            recounted = (x == HIT) & (y == HIT) & (hits[0][row] != hits[1][row])
            by_rules = np.zeros(len(x), bool)
            if self._specs is not None:
                by_rules = (stored[0][row] != stored[1][row]) & (x == y)
            if not (self._moved[row].any() or recounted.any() or by_rules.any()):
                continue
            title, kind = self._name(rule)
            yield RuleDrift(
                id=rule,
                title=title,
                kind=kind,
                before=int((x == HIT).sum()),
                after=int((y == HIT).sum()),
                gained=int((self._moved[row] & (y == HIT)).sum()),
                lost=int((self._moved[row] & (x == HIT)).sum()),
                undecided_before=int((x == UNDECIDED).sum()),
                undecided_after=int((y == UNDECIDED).sum()),
                changed=int(self._moved[row].sum()),
                recounted=int(recounted.sum()),
                by_rules=int(by_rules.sum()),
            )

    @cached_property
    def _named(self) -> dict[str, tuple[str, str]]:
        """Rule → title and kind, as the runs stored them with their findings."""
        out = {}
        for run in self._runs:
            for part in run.parts("findings", ("rule_id", "rule_title", "kind")):
                rows = part.group_by(["rule_id", "rule_title", "kind"]).aggregate([]).to_pylist()
                out.update({row["rule_id"]: (row["rule_title"], row["kind"]) for row in rows})
        return out

    @cached_property
    def _in_force(self) -> dict[str, tuple[str, str]]:
        """Rule → title and kind in the rules at hand. None of them where these cannot be read: they are not needed."""
        try:
            specs = self._current() if self._specs is None else self._specs
        except QcError:
            return {}
        return {rule.id: (rule.title, rule.kind.value) for rule in specs.in_force}

    def _name(self, rule: str) -> tuple[str, str]:
        """A run stores the title of a rule with what it found; of one that found nothing only the rules know it."""
        if self._specs is None:
            return self._named.get(rule) or self._in_force.get(rule, (rule, "violation"))
        return self._in_force.get(rule) or self._named.get(rule, (rule, "violation"))

    # ── scores ──

    def _groups(self) -> dict[Group, Movement]:
        scores = self._stored_scores() if self._specs is None else self._worked_out(self._specs)
        groups: dict[Group, Movement] = {}
        for i, before, after in scores:
            agent, team = self._a.agent(i)
            for card in sorted(before.keys() | after.keys()):
                one, two = before.get(card), after.get(card)
                group = Group(scorecard_id=card, team=team, agent=agent)
                moved = Movement(one or Totals(), two or Totals(), int(one != two))
                groups[group] = groups.get(group, Movement()) + moved
        return dict(sorted(groups.items()))

    def _stored_scores(self) -> Iterator[tuple[int, dict[str, Totals], dict[str, Totals]]]:
        of = tuple(_scores_of(side.run) for side in (self._a, self._b))
        for i, j in self._pairs.tolist():
            a, b = self._a.rows[i]["conversation_id"], self._b.rows[j]["conversation_id"]
            yield i, of[0].get(a, {}), of[1].get(b, {})

    def _worked_out(self, specs: Specs) -> Iterator[tuple[int, dict[str, Totals], dict[str, Totals]]]:
        shadow = frozenset(r.id for r in specs.in_force if r.status is RuleStatus.SHADOW)
        scorers = {card.id: Scorer(card, shadow) for card in specs.cards}
        for i, j in self._pairs.tolist():
            conversation = self._readers[0].conversation(self._a.place[i])
            cards = [card.id for card in applicable(specs.cards, conversation)]
            sides = ((self._a.common, i), (self._b.common, j))
            before, after = ({c: _totals(_score(scorers[c], conversation, *side)) for c in cards} for side in sides)
            yield i, before, after

    def _card_titles(self) -> dict[str, str]:
        if self._specs is not None:
            return {card.id: card.title for card in self._specs.cards}
        return {card.id: card.title for run in self._runs for card in run.lineage.scorecards}

    def _notes(self) -> Iterator[str]:
        a, b = self._a.run.lineage, self._b.run.lineage
        if self._unlike:
            yield (
                f"两个批次的{'、'.join(self._unlike)}不同：两份转写都用现在的规则（置信度下限 {self._b.floor:g}）"
                "重新判定再比，因规则不同而变的判定另外计数。"
            )
        heard = [(x.asr_engine, x.asr_model, x.asr_options, x.speech_digest) for x in (a, b)]
        if heard[0] == heard[1]:
            yield "两个批次的引擎、模型、选项和热词都相同，转写也应相同。"
        if a.personal_data != b.personal_data:
            yield "两个批次一个脱敏、一个没有脱敏：被遮住的字会显示为不同。"


def _scores_of(run: StoredRun) -> dict[str, dict[str, Totals]]:
    out: dict[str, dict[str, Totals]] = {}
    for part in run.parts("scores", ("conversation_id", "scorecard_id", "score", "passed", "auto_fail")):
        for row in part.to_pylist():
            totals = Totals(1, row["score"], int(row["passed"]), int(row["auto_fail"]))
            out.setdefault(row["conversation_id"], {})[row["scorecard_id"]] = totals
    return out


def _score(scorer: Scorer, conversation: Conversation, verdicts: Verdicts, i: int) -> Score:
    codes = zip(verdicts.rules, verdicts.codes[:, i].tolist(), strict=True)
    of_rule = {rule: _ALL[code] for rule, code in codes}
    return scorer.score(conversation.id, of_rule, dict(zip(verdicts.rules, verdicts.hits[:, i].tolist(), strict=True)))


def _totals(score: Score) -> Totals:
    return Totals(1, score.score, int(score.passed), int(score.auto_fail))
