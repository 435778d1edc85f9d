"""Complaints as code: which conversations are complaints or may become one, how grave, and until when to answer."""

from __future__ import annotations

from dataclasses import dataclass

from qc.domain.conversation import CallMeta, Channel, Turn
from qc.domain.rule import Severity

ESCALATIONS = ("regulator", "media", "superior", "hotline", "court")
"""Where a customer may carry it: 监管, 媒体, 上级, 政府热线, 司法."""
SCOPES = ("area", "hour", "product")
"""Whom else it concerns, most concrete first; `single` when none of them is reached."""
SINGLE = "single"
OTHER = "other"
"""The type of a complaint that no type describes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What must be stored of a conversation; everything that is given must hold, of a list one entry is enough.

    `words` and `categories` narrow the evidence of the rules, topics and emotions named beside them: a piece of it must
    contain one of the words; a hit must come from one of these categories of a word list.
    """

    rules: tuple[str, ...] = ()
    """One of these rules hit."""
    categories: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    """One of these topics was spoken of."""
    intents: tuple[str, ...] = ()
    """An intent of one of these kinds, at least `intent_level`."""
    intent_level: int = 1
    components: tuple[str, ...] = ()
    """A negative customer turn of one of these components, at least `emotion_level`."""
    emotion_level: int | None = None
    satisfaction_at_most: int | None = None
    contacts: int | None = None
    """The customer came at least so often in this batch with the same matter."""
    affected: int | None = None
    """At least so many customers of the batch are concerned."""
    because: str = ""
    """What people call it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintType:
    """投诉类型. `projects` empty: all."""

    id: str
    title: str
    projects: tuple[str, ...]
    any: tuple[Condition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of the ladder: the conversation is at least so grave where any condition holds."""

    severity: Severity
    deadline_minutes: int
    any: tuple[Condition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """Where it may go (`to`: one of ESCALATIONS), and what says so."""

    to: str
    any: tuple[Condition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeLimit:
    """When conversations on one matter count as one event.

    `kind` is one of SCOPES. `by`: `region` or columns of the manifest, the first a conversation has; hours need none.
    The event needs `least` customers, and of all customers there a share that is `lift` times that of all other places
    (hours, products). Where no product is known, the matter must be `share` of all customers of the project.
    """

    kind: str
    least: int
    lift: float
    by: tuple[str, ...] = ()
    share: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What a test expects; None: not looked at."""

    severity: Severity
    type: str | None = None
    escalations: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintTest:
    """A small conversation, judged by the rules in force, and what must come out; `expect` None: no complaint."""

    name: str
    project: str
    channel: Channel
    turns: tuple[Turn, ...]
    meta: CallMeta
    expect: Expectation | None
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintSpecs:
    """Types in order (the first that holds is it), the ladder from the gravest step down. `digest` covers all but the
    tests."""

    types: tuple[ComplaintType, ...] = ()
    ladder: tuple[Step, ...] = ()
    escalations: tuple[Escalation, ...] = ()
    scopes: tuple[ScopeLimit, ...] = ()
    tests: tuple[ComplaintTest, ...] = ()
    digest: str = ""
    path: str = ""

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """Every condition of the file."""
        lists = [
            *(t.any for t in self.types),
            *(s.any for s in self.ladder),
            *(e.any for e in self.escalations),
        ]
        return tuple(condition for conditions in lists for condition in conditions)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintOutcome:
    """A test and what came out: None where the conversation is no complaint."""

    path: str
    test: ComplaintTest
    got: Expectation | None

    @property
    def passed(self) -> bool:
        """Everything the test asks for is so."""
        want, got = self.test.expect, self.got
        if want is None or got is None:
            return want is got
        return (
            want.severity is got.severity
            and want.type in (None, got.type)
            and want.escalations in (None, got.escalations)
        )


NO_COMPLAINTS = ComplaintSpecs()
"""No ladder: nothing is a complaint."""
