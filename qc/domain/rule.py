"""Rule: what to look for, as data. Operators' own parameters live in `qc.domain.operators`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING

from qc.domain.conversation import CallMeta, Channel, Role, Turn
from qc.domain.finding import Verdict

if TYPE_CHECKING:
    from qc.domain.operators import Operator


class Truth(IntEnum):
    """Kleene's three values, ordered so that `and` is min, `or` is max and `not x` is `2 - x`."""

    FALSE = 0
    UNKNOWN = 1
    TRUE = 2


class Severity(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class ErrorClass(StrEnum):
    """COPC error class."""

    CUSTOMER = "customer"
    BUSINESS = "business"
    COMPLIANCE = "compliance"
    NONE = "none"


class RuleStatus(StrEnum):
    """SHADOW runs and is reported but never scores; DRAFT runs in tests only; RETIRED does not run."""

    DRAFT = "draft"
    SHADOW = "shadow"
    STABLE = "stable"
    RETIRED = "retired"


class RuleKind(StrEnum):
    """What a hit means: a fault of the agent or bot (违规), something worth praise (亮点), or a fact to know (信号)."""

    VIOLATION = "violation"
    MERIT = "merit"
    SIGNAL = "signal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which conversations a rule or scorecard concerns. Empty: all."""

    projects: frozenset[str] = frozenset()
    channels: frozenset[Channel] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Validity:
    """生效时间: the rule concerns conversations that began on these days, both included; None: no bound.

    A conversation without a date is concerned.
    """

    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnRange:
    """`1..3`, `-3..-1`, `3..-3`: turns of the filtered speaker, 1-based, negative from the end, both ends included."""

    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeWindow:
    """A part of the conversation. Exactly one form: first N s, last N s, from..to s, first percent, last percent."""

    first_s: float | None = None
    last_s: float | None = None
    from_s: float | None = None
    to_s: float | None = None
    first_percent: float | None = None
    last_percent: float | None = None


class OnEmpty(StrEnum):
    """What a piece is when no turn lies in its range."""

    HIT = "hit"
    MISS = "miss"
    NA = "na"


class AnchorRelation(StrEnum):
    """Where a turn stands relative to another piece's hit. AFTER and BEFORE exclude the hit's own turn."""

    AFTER = "after"
    BEFORE = "before"
    AROUND = "around"
    SAME_TURN = "same_turn"


class Which(StrEnum):
    """Relative to which hits of the other piece: any of them, the first, the last, the n-th, or each of them."""

    ANY = "any"
    FIRST = "first"
    LAST = "last"
    NTH = "nth"
    EACH = "each"


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """前置条件: only turns near a hit of `piece`, at most `turns` turns of any speaker and `seconds` away.

    Neither given: any distance.
    """

    relation: AnchorRelation
    piece: str
    turns: int | None = None
    seconds: float | None = None
    which: Which = Which.ANY
    nth: int | None = None
    """With `Which.NTH`: which one, from 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The part common to all operators: which turns, how many hits, absence instead of presence."""

    speaker: frozenset[Role] | None = None
    """None: any speaker."""
    range: TurnRange | None = None
    window: TimeWindow | None = None
    joined: bool = False
    in_clause: bool = False
    all_turns: bool = False
    """Every turn in range must have a hit."""
    count_min: int = 1
    count_max: int | None = None
    negate: bool = False
    on_empty: OnEmpty | None = None
    """None: not said; taken as MISS."""
    anchors: tuple[Anchor, ...] = ()
    """All must hold."""
    unless: tuple[Anchor, ...] = ()
    """Exceptions: hits in turns that stand so to a hit of `piece` do not count, and are recorded as excused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A named piece of `find`: one operator inside one frame. `line` is where it stands in the rule file."""

    name: str
    operator: Operator
    frame: Frame
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTest:
    """A small dialogue and the expected verdict. `path`: the file it stands in, empty for that of its rule."""

    name: str
    expect: Verdict
    turns: tuple[Turn, ...]
    project: str | None = None
    channel: Channel | None = None
    meta: CallMeta = field(default_factory=CallMeta)
    audio_channels: int | None = None
    path: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """规则. `when` is the sentence over piece names; `given` a sentence that must hold for the rule to apply at all.

    `digest` is the SHA-256 of what decides its verdicts (normalised, comments and tests left out).
    `message` may use {turn}, {text}, {start}, {value}, {count}.
    """

    id: str
    title: str
    kind: RuleKind
    severity: Severity
    error_class: ErrorClass
    status: RuleStatus
    version: str
    scope: Scope
    pieces: tuple[Piece, ...]
    when: str
    given: str | None
    message: str
    valid: Validity = Validity()
    advice: str = ""
    """What the agent should do instead, one sentence."""
    owner: str = ""
    basis: str = ""
    exceptions: tuple[str, ...] = ()
    tests: tuple[RuleTest, ...] = ()
    digest: str = ""
    path: str = ""

    def piece(self, name: str) -> Piece:
        """The piece of that name, which the rule has."""
        return next(piece for piece in self.pieces if piece.name == name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One entry of a lexicon."""

    text: str
    category: str | None = None
    level: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexicon:
    """词表: a shared list of words; sensitive-word lexicons carry category and level (1 mild .. 5 grave)."""

    id: str
    title: str
    words: tuple[Word, ...]
    path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternTests:
    """Sentences a shared pattern must find something in, and sentences it must not."""

    match: tuple[str, ...] = ()
    not_match: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedPattern:
    """共用正则: a named regular expression. Rules hold its text already; `rules` are the ids of those that name it."""

    id: str
    title: str
    pattern: str
    tests: PatternTests = PatternTests()
    rules: tuple[str, ...] = ()
    path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RulePack:
    """All rules, lexicons and shared patterns in force. `digest` covers everything that can move a verdict."""

    rules: tuple[Rule, ...]
    lexicons: tuple[Lexicon, ...]
    digest: str
    patterns: tuple[SharedPattern, ...] = ()
