"""Topic taxonomies: one YAML file each → Taxonomy."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Annotated

from pydantic import Field

from qc.domain.topic import UNKNOWN_TOPIC, Keyword, Taxonomy, Topic, TopicTest
from qc.specs.document import Document, Problems, read, suggest
from qc.specs.model import Spec

_Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
_Word = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^\S(.*\S)?$")]


class WeightedSpec(Spec):
    """带权重的关键词。"""

    text: _Word = Field(description="关键词")
    weight: float = Field(default=1.0, gt=0, le=10, description="权重，不写为 1")


class TopicSpec(Spec):
    """一个话题。"""

    id: _Slug = Field(description="编号：小写字母、数字、下划线，定下后不改")
    title: _Word = Field(description="名称")
    keywords: tuple[_Word | WeightedSpec, ...] = Field(min_length=1, description="词，或 {text: 词, weight: 权重}")
    excludes: tuple[_Word, ...] = Field(default=(), description="含有关键词但不算的更长的词")
    reason: bool = Field(default=True, description="false：不当作来电原因，如转人工；客户没说别的时才是")


class GroupSpec(Spec):
    """一组话题（上级话题）。"""

    title: _Word = Field(description="上级话题的名称")
    topics: tuple[TopicSpec, ...] = Field(min_length=1, description="这一组的话题")


class TopicTestSpec(Spec):
    """一个测试：一句话和它的话题。"""

    text: Annotated[str, Field(min_length=1)] = Field(description="一句话")
    topic: _Slug = Field(description="应当判为哪个话题的编号，或 unknown")


class TaxonomySpec(Spec):
    """一套话题分类，放在 _topics 文件夹里。"""

    id: _Slug = Field(description="编号；规则里的话题写作 编号.话题编号")
    title: _Word = Field(description="名称")
    projects: tuple[_Word, ...] = Field(min_length=1, description="用于哪些业务项目")
    min_score: float = Field(default=1.0, gt=0, le=10, description="关键词权重合计至少多少才算谈到")
    groups: tuple[GroupSpec, ...] = Field(min_length=1, description="话题，两级：上级话题和话题")
    tests: tuple[TopicTestSpec, ...] = Field(default=(), description="测试：句子和应有的话题")


def load_taxonomies(folder: Path, shown_as: str | None = None) -> tuple[Taxonomy, ...]:
    """Every `*.yml` of `folder` (usually `rules/_topics`), ordered by id.

    `shown_as` replaces the folder's path in messages. Raises SpecError with every problem of every file: a project or
    an id in two files, a topic id twice, a test for a topic that does not exist.
    """
    problems = Problems()
    shown = shown_as if shown_as is not None else str(folder)
    found: list[Taxonomy] = []
    for path in sorted(folder.glob("*.yml")):
        with problems.catch():
            document = read(path, f"{shown}/{path.name}")
            spec = problems.check(document, TaxonomySpec)
            if spec is not None:
                taxonomy = _taxonomy(spec, document, problems)
                _refuse_claimed(taxonomy, found, document, problems)
                found.append(taxonomy)
    problems.raise_if_errors()
    return tuple(sorted(found, key=lambda t: t.id))


def _taxonomy(spec: TaxonomySpec, document: Document, problems: Problems) -> Taxonomy:
    topics: dict[str, Topic] = {}
    for g, group in enumerate(spec.groups):
        for t, topic in enumerate(group.topics):
            where = ("groups", g, "topics", t, "id")
            if topic.id in topics or topic.id == UNKNOWN_TOPIC:
                problems.add(document, where, "T001", f"话题编号 {topic.id} 已经用过", "换一个编号。")
            topics[topic.id] = Topic(
                id=f"{spec.id}.{topic.id}",
                title=topic.title,
                parent=group.title,
                keywords=_keywords(topic, document, (*where[:-1], "keywords"), problems),
                excludes=topic.excludes,
                reason=topic.reason,
            )
    tests = []
    for i, test in enumerate(spec.tests):
        if test.topic != UNKNOWN_TOPIC and test.topic not in topics:
            hint = suggest(test.topic, topics, "请写本文件里某个话题的 id，或 unknown。")
            problems.add(document, ("tests", i, "topic"), "T002", f"没有编号为 {test.topic} 的话题", hint)
        topic_id = UNKNOWN_TOPIC if test.topic == UNKNOWN_TOPIC else f"{spec.id}.{test.topic}"
        line = document.where(("tests", i)).line
        tests.append(TopicTest(text=test.text, topic=topic_id, line=line))
    return Taxonomy(
        id=spec.id,
        title=spec.title,
        projects=tuple(sorted(set(spec.projects))),
        topics=tuple(topics.values()),
        min_score=spec.min_score,
        tests=tuple(tests),
        digest=_digest(spec),
        path=document.path,
    )


def _keywords(
    topic: TopicSpec, document: Document, where: tuple[str | int, ...], problems: Problems
) -> tuple[Keyword, ...]:
    out: dict[str, Keyword] = {}
    for i, word in enumerate(topic.keywords):
        keyword = Keyword(text=word) if isinstance(word, str) else Keyword(text=word.text, weight=word.weight)
        if keyword.text in out:
            problems.add(document, (*where, i), "T003", f"关键词“{keyword.text}”在本话题里写了两次", "删掉其中一个。")
        out[keyword.text] = keyword
    return tuple(out.values())


def _refuse_claimed(taxonomy: Taxonomy, others: list[Taxonomy], document: Document, problems: Problems) -> None:
    for other in others:
        if taxonomy.id == other.id:
            problems.add(document, ("id",), "T004", f"分类编号 {taxonomy.id} 与 {other.path} 相同", "换一个编号。")
        for project in taxonomy.projects:
            if project in other.projects:
                message = f"业务项目“{project}”已归 {other.path}"
                problems.add(document, ("projects",), "T005", message, "一个业务项目只能用一套话题分类。")


def _digest(spec: TaxonomySpec) -> str:
    content = spec.model_dump(mode="json", exclude={"tests"})
    return hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
