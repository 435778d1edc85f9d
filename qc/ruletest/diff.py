"""What a rule change moves over stored conversations: hits, scores, 一票否决; all of it additive over shards.

Plain data without Arrow: `qc.pipeline.backtest` fills one `Diff` per shard and adds them up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from qc.domain.finding import Verdict
from qc.domain.score import Score
from qc.ruletest.changes import Changes, RuleChange

ABSENT = "absent"
"""The verdict of a rule that is not in force on that side."""
HIT = Verdict.HIT.value
SAMPLES = 5
"""Sample sentences kept per rule and direction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One sentence as stored: `before` + `hit` + `after`. `turn` None: something measured or absent, with
    the rule's message in `hit`."""

    run: str
    conversation_id: str
    agent: str | None
    turn: int | None
    role: str | None
    before: str
    hit: str
    after: str

    @property
    def sentence(self) -> str:
        return self.before + self.hit + self.after


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """一票否决 gained or lost. `items` are the titles of the fatal items with the titles of their rules that hit."""

    run: str
    conversation_id: str
    agent: str | None
    team: str | None
    scorecard_id: str
    scorecard_title: str
    gained: bool
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictChange:
    """One rule says something else of one conversation; `*_hits` count its evidence."""

    run: str
    conversation_id: str
    rule_id: str
    before: str
    after: str
    before_hits: int
    after_hits: int


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over scores; `points` is the sum of the scores themselves."""

    n: int = 0
    points: float = 0.0
    passed: int = 0
    auto_fail: int = 0

    @classmethod
    def of(cls, score: Score | None) -> Totals:
        """Those of one score; nothing where there is none."""
        return cls() if score is None else cls(1, score.score, int(score.passed), int(score.auto_fail))

    def __add__(self, other: Totals) -> Totals:
        return Totals(
            self.n + other.n,
            self.points + other.points,
            self.passed + other.passed,
            self.auto_fail + other.auto_fail,
        )

    @property
    def mean(self) -> float | None:
        return self.points / self.n if self.n else None

    @property
    def pass_rate(self) -> float | None:
        return self.passed / self.n if self.n else None


@dataclass(frozen=True, slots=True)
class Movement:
    """The scores of one group before and after; `moved` counts scores that are not the same."""

    before: Totals = Totals()
    after: Totals = Totals()
    moved: int = 0

    def __add__(self, other: Movement) -> Movement:
        return Movement(self.before + other.before, self.after + other.after, self.moved + other.moved)

    @property
    def mean_change(self) -> float:
        """Points; 0 where one side has no scores."""
        before, after = self.before.mean, self.after.mean
        return 0.0 if before is None or after is None else after - before


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Group:
    """Scores of one card: those of an agent, or of a team; empty: not given, or of all."""

    scorecard_id: str
    team: str = ""
    agent: str = ""


@dataclass(frozen=True, slots=True)
class Confusion:
    """A rule against labels: hits that should be, hits that should not, and hits that are missing."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    def __add__(self, other: Confusion) -> Confusion:
        return Confusion(self.right + other.right, self.wrong + other.wrong, self.missed + other.missed)

    @property
    def precision(self) -> float | None:
        return self.right / (self.right + self.wrong) if self.right + self.wrong else None

    @property
    def recall(self) -> float | None:
        return self.right / (self.right + self.missed) if self.right + self.missed else None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleMoves:
    """What one rule says differently. `transitions` counts conversations by verdict before and after, those that stay
    too; `recounted` those that stay hit with another number of hits."""

    transitions: Mapping[tuple[str, str], int] = field(default_factory=dict)
    recounted: int = 0
    gained: tuple[Sample, ...] = ()
    lost: tuple[Sample, ...] = ()
    before_labels: Confusion = Confusion()
    after_labels: Confusion = Confusion()

    def __add__(self, other: RuleMoves) -> RuleMoves:
        return RuleMoves(
            transitions=dict(Counter(self.transitions) + Counter(other.transitions)),
            recounted=self.recounted + other.recounted,
            gained=few([*self.gained, *other.gained]),
            lost=few([*self.lost, *other.lost]),
            before_labels=self.before_labels + other.before_labels,
            after_labels=self.after_labels + other.after_labels,
        )

    def count(self, *, before: str | None = None, after: str | None = None) -> int:
        """Conversations with these verdicts; None: any."""
        return sum(n for (a, b), n in self.transitions.items() if before in (None, a) and after in (None, b))

    @property
    def hits_gained(self) -> int:
        return self.count(after=HIT) - self.count(before=HIT, after=HIT)

    @property
    def hits_lost(self) -> int:
        return self.count(before=HIT) - self.count(before=HIT, after=HIT)

    @property
    def other(self) -> dict[tuple[str, str], int]:
        """Changes between verdicts neither of which is a hit, but for those of rules that came or went."""
        return {
            pair: n
            for pair, n in sorted(self.transitions.items())
            if pair[0] != pair[1] and HIT not in pair and ABSENT not in pair
        }


def few(samples: Iterable[Sample]) -> tuple[Sample, ...]:
    """The first samples whose sentences differ."""
    kept: dict[str, Sample] = {}
    for sample in samples:
        kept.setdefault(sample.sentence if sample.turn else sample.conversation_id, sample)
        if len(kept) == SAMPLES:
            break
    return tuple(kept.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Moves:
    """What moved in some conversations. `evaluations` counts rules judged anew: (rule, side) pairs, by rule id."""

    conversations: int = 0
    turns: int = 0
    affected: int = 0
    """Conversations in which a verdict moved, or a scorecard's."""
    scored: int = 0
    """Scores worked out anew."""
    rules: Mapping[str, RuleMoves] = field(default_factory=dict)
    groups: Mapping[Group, Movement] = field(default_factory=dict)
    grades: Mapping[tuple[str, str, str], int] = field(default_factory=dict)
    """(scorecard, grade before, grade after) → conversations whose grade is not the same."""
    flips: tuple[Flip, ...] = ()
    verdicts: tuple[VerdictChange, ...] = ()
    labelled: frozenset[tuple[str, str]] = frozenset()
    """(conversation, rule) of the labels that were met."""

    def __add__(self, other: Moves) -> Moves:
        return Moves(
            conversations=self.conversations + other.conversations,
            turns=self.turns + other.turns,
            affected=self.affected + other.affected,
            scored=self.scored + other.scored,
            rules=_added(self.rules, other.rules, RuleMoves()),
            groups=_added(self.groups, other.groups, Movement()),
            grades=dict(Counter(self.grades) + Counter(other.grades)),
            flips=self.flips + other.flips,
            verdicts=self.verdicts + other.verdicts,
            labelled=self.labelled | other.labelled,
        )


def _added(one: Mapping, other: Mapping, nothing: object) -> dict:  # type: ignore[type-arg]
    return {key: one.get(key, nothing) + other.get(key, nothing) for key in [*one, *(k for k in other if k not in one)]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff:
    """A rule change and what it moves. `old`, `new` and `runs` are names for people; `evaluated` are the ids of the
    rules that were judged anew; `known` the ids of all rules of either side; `titles` name the scorecards of either;
    `notes` say (in Chinese) what a reader must know."""

    old: str
    new: str
    runs: tuple[str, ...]
    changes: Changes
    evaluated: tuple[str, ...]
    titles: Mapping[str, str]
    moves: Moves
    known: frozenset[str]
    notes: tuple[str, ...] = ()

    def of(self, change: RuleChange) -> RuleMoves:
        """What the rule says differently."""
        return self.moves.rules.get(change.id, RuleMoves())

    def groups(self, by: str) -> list[tuple[Group, Movement]]:
        """Scores by `card`, `team` or `agent`: every card that has scores; of teams and agents those whose scores
        moved, the largest change of the mean first."""
        summed: dict[Group, Movement] = {}
        for group, movement in sorted(self.moves.groups.items()):
            whole = {
                "card": Group(scorecard_id=group.scorecard_id),
                "team": Group(scorecard_id=group.scorecard_id, team=group.team),
                "agent": group,
            }[by]
            summed[whole] = summed.get(whole, Movement()) + movement
        listed = [(g, m) for g, m in summed.items() if by == "card" or m.moved]
        if by == "card":
            return sorted(listed)
        return sorted(listed, key=lambda pair: (-abs(round(pair[1].mean_change, 9)), pair[0]))

    @property
    def gained(self) -> int:
        return sum(m.hits_gained for m in self.moves.rules.values())

    @property
    def lost(self) -> int:
        return sum(m.hits_lost for m in self.moves.rules.values())

    @property
    def flips_gained(self) -> int:
        return sum(f.gained for f in self.moves.flips)
