"""Topics, contact reasons and intentions of a stored run are those it was judged with."""

from __future__ import annotations

from pathlib import Path

from qc.domain.conversation import CallMeta, Channel, Conversation, Role, Source, Turn
from qc.domain.rule import RulePack
from qc.domain.specs import Specs
from qc.matching.signals import Need
from qc.pipeline.inspect import Inspector
from qc.pipeline.specs import emotion_lexicon, folders, intents, taxonomies
from qc.pipeline.stored import StoredPart
from qc.storage.read import StoredRun
from qc.storage.write import write_part
from qc.text.shard import Shard
from qc.text.signals import analyser_of


def call(name: str, *lines: tuple[Role, str]) -> Conversation:
    return Conversation(
        id=name,
        project="保险",
        channel=Channel.CHAT,
        turns=tuple(Turn(role=role, text=text) for role, text in lines),
        meta=CallMeta(),
        source=Source(path=f"{name}.jsonl", format="chat_jsonl", sha256="0" * 64),
    )


CALLS = [
    call(
        "a",
        (Role.AGENT, "您好"),
        (Role.CUSTOMER, "喂，我有个保单"),
        (Role.CUSTOMER, "我想退保"),
        (Role.CUSTOMER, "再不处理就投诉"),
    ),
    call("b", (Role.CUSTOMER, "你好")),
    call("c"),
]


def test_a_stored_run_says_the_same(tmp_path: Path) -> None:
    where = folders(None)
    specs = Specs(
        pack=RulePack(rules=(), lexicons=(), digest=""),
        cards=(),
        emotion=emotion_lexicon(where),
        taxonomies=taxonomies(where),
        intents=intents(where),
        lexicons_digest="",
    )
    for name, table in Inspector(specs, confidence_floor=0.35, mask=True).inspect(CALLS, ()).tables.items():
        if name != "terms":
            write_part(tmp_path, name, 0, table)
    part = StoredPart(StoredRun(tmp_path, lineage=None), 0)  # type: ignore[arg-type]  # of no interest here
    stored = part.signals(Need.TOPICS | Need.INTENTS)
    analyser, shard = analyser_of(specs), Shard(CALLS)
    assert stored.intents == analyser.intents(shard)
    assert [s.intent_id for s in stored.intents.shown[0]] == ["common.complaint", "insurance.surrender"]  # type: ignore[union-attr]
    topics = analyser.topics(shard)
    assert stored.topics is not None
    assert stored.topics.reasons == topics.reasons
    assert (topics.reasons[0].topic_id, topics.reasons[0].turn) == ("insurance.surrender", 3)
    assert [[s.topic_id for s in shares] for shares in stored.topics.shares] == [
        [s.topic_id for s in shares] for shares in topics.shares
    ]
    assert part.table("turn_topics", ("turn",)).num_rows == len(topics.turns) > 0
