"""Alert: something that customers say more of than the days before explain, and how loud to say so (预警)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum


class AlertLevel(StrEnum):
    """提示, 关注, 预警, 严重: from the mildest to the gravest."""

    NOTICE = "notice"
    WATCH = "watch"
    WARNING = "warning"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 is the mildest."""
        return tuple(AlertLevel).index(self)


class Metric(StrEnum):
    """What is counted. VOLUME: customers, as a share of the day's (of all: as a number). NEGATIVE: customers who were
    negative, as a share of those counted. RISK: customers with a risk signal, as a share of those counted. WORD:
    conversations in which customers use a word."""

    VOLUME = "volume"
    NEGATIVE = "negative"
    RISK = "risk"
    WORD = "word"


class Dimension(StrEnum):
    """What is counted apart."""

    TOTAL = "total"
    PROJECT = "project"
    CHANNEL = "channel"
    REGION = "region"
    HOUR = "hour"
    TOPIC = "topic"
    INTENT = "intent"
    COMPLAINT = "complaint"


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelMeaning:
    """What a level asks for: its name and colour, who acts, within how many minutes."""

    level: AlertLevel
    title: str
    colour: str  # blue | yellow | orange | red
    who: str
    within_minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours:
    """From `start` to `end` (over midnight when the start is the later one) nobody is called for levels below `above`;
    such alerts wait, and their minutes run from `end` on."""

    start: time
    end: time
    above: AlertLevel


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """An alert reaches `level` when at least `min_count` were counted, at least `min_increase` more than expected (0.5:
    half as many again), and its q-value is at most `significance`."""

    level: AlertLevel
    min_count: int
    min_increase: float
    significance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertTest:
    """An inline test: one series of daily counts, the last of which is the day in question, and the level `rule` must
    come to (None: no alert). `of`: what the counts are a share of, one number per day; empty for the number of all.
    `among`: how many series are tested that day. The first day is `start`."""

    name: str
    rule: str
    days: tuple[int, ...]
    of: tuple[int, ...]
    among: int
    start: date
    expect: AlertLevel | None
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRule:
    """`dimensions`: one, or two that are counted together (a topic in a region); none for words. `steps` from the
    mildest level to the gravest."""

    id: str
    title: str
    metric: Metric
    dimensions: tuple[Dimension, ...]
    steps: tuple[Step, ...]
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSpecs:
    """`rules/_opinion/alerts.yml`. A day is compared with up to `window_days` before it, at least `min_days` of which
    must hold conversations. `digest` covers everything that can move an alert."""

    levels: tuple[LevelMeaning, ...]
    quiet_hours: QuietHours | None
    window_days: int
    min_days: int
    rules: tuple[AlertRule, ...]
    tests: tuple[AlertTest, ...] = ()
    digest: str = ""
    path: str = ""

    def meaning(self, level: AlertLevel) -> LevelMeaning:
        """What `level` asks for."""
        return next(m for m in self.levels if m.level is level)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alert with all its numbers.

    `observed` customers (for words: conversations) of `of` were counted where `expected` were to be expected; on 19 of
    20 ordinary days there are at most `usual_high`. `p_value`: how likely so many are by chance; `q_value`: after the
    correction for everything tested that day. `dispersion`: variance of the days before beyond chance, as a share of
    the squared mean. `log_likelihood_ratio`: of words only. `part_of`: the id of a more certain alert that most of
    these conversations belong to. `held`: in quiet hours nobody is called for it.
    """

    id: str
    rule: str
    title: str
    level: AlertLevel
    metric: Metric
    dimensions: tuple[Dimension, ...]
    values: tuple[str, ...]
    name: str
    day: date
    observed: int
    of: int | None
    expected: float
    usual_high: int | None
    increase: float | None
    test: str
    p_value: float
    q_value: float
    baseline_days: int
    same_weekdays: int
    seasonal: bool
    dispersion: float
    log_likelihood_ratio: float | None
    explanation: str
    """Every number in one paragraph that does not repeat the name."""
    examples: tuple[str, ...]
    who: str
    within_minutes: int
    held: bool
    part_of: str | None = None
