"""Topic taxonomies as data: what conversations of a project are about."""

from __future__ import annotations

from dataclasses import dataclass

UNKNOWN_TOPIC = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyword:
    """A word or phrase that speaks for a topic, with its weight."""

    text: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """话题. `id` is `taxonomy.slug`, `parent` the title of the group (上级话题)."""

    id: str
    title: str
    parent: str
    keywords: tuple[Keyword, ...]
    excludes: tuple[str, ...] = ()
    """Longer words that contain a keyword without meaning the topic."""
    reason: bool = True
    """Whether the topic may be a contact reason (来电原因): 转人工 is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicTest:
    """An inline test: what a customer says and the id of the topic it must get (or `unknown`)."""

    text: str
    topic: str
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Taxonomy:
    """话题分类. Applies to conversations of `projects`. A topic needs a score of `min_score` (sum of weights) to count.
    `digest` covers everything that can move a share."""

    id: str
    title: str
    projects: tuple[str, ...]
    topics: tuple[Topic, ...]
    min_score: float = 1.0
    tests: tuple[TopicTest, ...] = ()
    digest: str = ""
    path: str = ""
