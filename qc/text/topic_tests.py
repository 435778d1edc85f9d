"""The inline tests of topic taxonomies: what a customer says → the main topic it must get."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qc.domain.conversation import CallMeta, Channel, Conversation, Role, Source, Turn
from qc.domain.topic import Taxonomy, TopicTest
from qc.text.shard import Shard
from qc.text.topics import TopicAssigner


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicResult:
    """A test of `path` and the id of the topic it got."""

    path: str
    test: TopicTest
    got: str

    @property
    def passed(self) -> bool:
        return self.got == self.test.topic


def run_topic_tests(taxonomies: Sequence[Taxonomy]) -> tuple[TopicResult, ...]:
    """Results of all inline tests, in the order of the files."""
    assigner = TopicAssigner(taxonomies)
    results: list[TopicResult] = []
    for taxonomy in taxonomies:
        shard = Shard([_conversation(test.text, taxonomy.projects[0]) for test in taxonomy.tests])
        topics = assigner.assign(shard)
        results += [
            TopicResult(path=taxonomy.path, test=test, got=topics.primary(i)) for i, test in enumerate(taxonomy.tests)
        ]
    return tuple(results)


def _conversation(text: str, project: str) -> Conversation:
    return Conversation(
        id="test",
        project=project,
        channel=Channel.CHAT,
        turns=(Turn(role=Role.CUSTOMER, text=text),),
        meta=CallMeta(),
        source=Source(path="test", format="qc", sha256=""),
    )
