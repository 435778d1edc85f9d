"""A sample of a run judged again from its stored turns, and scored again by the scoring code."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

import pyarrow as pa
import pyarrow.compute as pc

from qc.domain.conversation import Conversation
from qc.domain.score import Score
from qc.errors import UsageError
from qc.opinion.complaints import assess
from qc.pipeline.inspect import Inspector
from qc.pipeline.progress import Progress
from qc.pipeline.rescoring import Rescorer
from qc.pipeline.restore import part_conversations
from qc.pipeline.stored import StoredPart
from qc.pipeline.verdicts import stored_verdicts
from qc.pipeline.verification.check import Check, Problems, State
from qc.pipeline.verification.rules import Known
from qc.schema import rows
from qc.schema.tables import TABLES
from qc.storage.read import StoredRun

_WORDS = frozenset({"rule_title", "rule_version", "message", "advice", "error_class"})
"""Columns of findings that a rule's digest does not cover: they may read otherwise today."""
_DECIDED = ("conversation_id", "rule_id", "rule_digest", "verdict", "pieces", "excused", "hit_count", "first_turn")
_AGAIN = ("conversations", "turns", "emotions", "topics", "turn_topics", "intents", "findings", "hits")
_EVIDENCE = ("findings", "hits", "topics", "intents", "emotions")
"""What complaints are judged by."""
_TITLES = frozenset({"scorecard_title", "scorecard_version", "section_title", "item_title"})


def sample_of(run: StoredRun, size: int) -> dict[int, list[str]]:
    """`size` conversations by part: those whose id, hashed with the run's, comes first. Always the same ones."""

    def drawn() -> Iterator[tuple[bytes, int, str]]:
        for number in run.shards():
            for name in (
                run.part("conversations", number, ["conversation_id"])["conversation_id"].drop_null().to_pylist()
            ):
                yield hashlib.sha256(f"{run.lineage.run_id} {name}".encode()).digest(), number, name

    chosen = sorted((number, name) for _, number, name in heapq.nsmallest(size, drawn()))
    return {number: [name for _, name in some] for number, some in groupby(chosen, key=lambda one: one[0])}


def check_verdicts(run: StoredRun, known: Known, sample: dict[int, list[str]], progress: Progress) -> Iterator[Check]:
    """Verdicts and signals of the sample, then its scores."""
    if known.specs is None:
        for id, title in (("verdicts", "抽样重判"), ("scores", "重算得分")):
            yield Check(id=id, title=title, state=State.UNCHECKED, told=known.told)
        return
    judged, scored = Problems(), Problems()
    again = _Again(run, known, judged, scored)
    size = sum(map(len, sample.values()))
    progress.stage("抽样重判", size, "个会话")
    for number, ids in sample.items():
        try:
            again.part(number, ids)
        except UsageError as error:
            judged.add(error.message)
        progress.advance(len(ids), "")
    progress.finish()
    told = f"{size} 个会话由存下的话轮重新判定，{again.rules} 条规则的结果都相同。{known.told}"
    state = State.PASSED if known.whole else State.UNCHECKED
    yield judged.check("verdicts", "抽样重判", told, "重新判定与存下的不同", state)
    if not known.whole:
        yield Check(id="scores", title="重算得分", state=State.UNCHECKED, told=known.told)
        return
    gone = sorted({card.id for card in run.lineage.scorecards} - known.cards)
    told = f"{again.scores} 个得分由判定重新算出，都相同"
    if gone:
        told += f"；评分表 {'、'.join(gone)} 后来改过，没有核对"
    yield scored.check("scores", "重算得分", told, "重算的得分与存下的不同", State.UNCHECKED if gone else State.PASSED)


def check_complaints(run: StoredRun, known: Known) -> Check:
    """The table `complaints`, made again of the stored tables."""
    same = known.whole and known.specs is not None
    if known.specs is None or not same or known.specs.complaints.digest != run.lineage.complaints_digest:
        told = "投诉分级的规则后来改过，没有核对" if known.whole else known.told
        return Check(id="complaints", title="投诉分级", state=State.UNCHECKED, told=told)
    problems = Problems()
    uneven = [name for name in _EVIDENCE if len(run.part_files(name)) != len(run.shards())]
    if uneven:  # they are read side by side
        problems.add(f"{'、'.join(uneven)} 的分片个数与 conversations 不同")
        return problems.check("complaints", "投诉分级", "", "不能重新分级")
    try:
        made, stored = assess(run.parts, known.specs.complaints), run.table("complaints")
        if not made.equals(stored):
            problems.add(f"存下 {stored.num_rows} 行，重算 {made.num_rows} 行，内容不同")
    except UsageError as error:
        problems.add(error.message)
        stored = TABLES["complaints"].empty_table()
    told = f"{stored.num_rows} 个有风险的会话由结果表重新分级，都相同"
    return problems.check("complaints", "投诉分级", told, "重新分级与存下的不同")


class _Again:
    def __init__(self, run: StoredRun, known: Known, judged: Problems, scored: Problems) -> None:
        specs = known.specs
        assert specs is not None  # noqa: S101 - the caller made sure
        lineage = run.lineage
        self._run, self._known, self._judged, self._scored = run, known, judged, scored
        self._rules = [rule.id for rule in specs.in_force]
        floor = 0.0 if lineage.confidence_floor is None else lineage.confidence_floor
        cardless = replace(specs, cards=())  # scores are made of the stored verdicts, apart
        self._inspector = Inspector(cardless, confidence_floor=floor, mask=lineage.personal_data == "masked")
        self._rescorer = Rescorer(specs, known.cards)
        self.rules = len(self._rules)
        self.scores = 0

    def part(self, number: int, ids: Sequence[str]) -> None:
        """The sampled conversations of one part. Raises UsageError for a damaged one."""
        conversations = part_conversations(self._run, number, ids)
        made = self._inspector.inspect(conversations, ()).tables
        for name in _AGAIN:
            columns = self._columns(name)
            if columns:
                stored = self._mine(self._run.part(name, number, columns), ids, name)
                self._compare(name, made[name].select(columns), stored)
        if self._known.whole:
            self._score(number, conversations)

    def _columns(self, name: str) -> list[str]:
        """What must be the same; of rules that are not all as they were only their own verdicts and evidence."""
        if self._known.whole:
            return [column for column in TABLES[name].names if column not in _WORDS]
        if name == "findings":
            return list(_DECIDED)
        return TABLES[name].names if name in ("turns", "hits") else []

    def _mine(self, table: pa.Table, ids: Collection[str], name: str) -> pa.Table:
        mine = pc.is_in(table["conversation_id"], value_set=pa.array(ids, pa.string()))
        if name in ("findings", "hits"):
            mine = pc.and_(mine, pc.is_in(table["rule_id"], value_set=pa.array(self._rules, pa.string())))
        return table.filter(mine)

    def _compare(self, name: str, made: pa.Table, stored: pa.Table) -> None:
        if made.cast(stored.schema).equals(stored):
            return
        for identifier in dict.fromkeys([*made["conversation_id"].to_pylist(), *stored["conversation_id"].to_pylist()]):
            one, other = (t.filter(pc.equal(t["conversation_id"], identifier)) for t in (made, stored))
            if not one.cast(other.schema).equals(other):
                self._judged.add(f"会话 {identifier} 的 {name} 不同{_which(one, other)}")

    def _score(self, number: int, conversations: Sequence[Conversation]) -> None:
        part = StoredPart(self._run, number)
        verdicts = stored_verdicts(part, self._rules, self._run.lineage.rule_digests)
        made: list[Score] = []
        for conversation in conversations:
            made += self._rescorer.scores(conversation, verdicts, part.ids.index(conversation.id)).values()
        self.scores += len(made)
        for name, table in (("scores", rows.scores(made)), ("item_scores", rows.item_scores(made))):
            columns = [column for column in TABLES[name].names if column not in _TITLES]
            stored = self._run.part(name, number, columns)
            wanted = pc.is_in(stored["conversation_id"], value_set=pa.array([c.id for c in conversations], pa.string()))
            cards = pc.is_in(stored["scorecard_id"], value_set=pa.array(sorted(self._known.cards), pa.string()))
            stored = stored.filter(pc.and_(wanted, cards))
            for conversation in conversations:
                one, other = (
                    t.filter(pc.equal(t["conversation_id"], conversation.id)) for t in (table.select(columns), stored)
                )
                if not one.equals(other):
                    self._scored.add(f"会话 {conversation.id} 的 {name} 不同{_which(one, other)}")


def _which(one: pa.Table, other: pa.Table) -> str:
    """Where they part: rows, or columns."""
    if one.num_rows != other.num_rows:
        return f"：重做 {one.num_rows} 行，存下 {other.num_rows} 行"
    return f"（{'、'.join(name for name in one.column_names if not one[name].equals(other[name]))}）"
