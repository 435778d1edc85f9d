"""Whether the tables of a run agree with each other: rows, counts, and what refers to what, a shard at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from qc.domain.run import Lineage
from qc.errors import UsageError
from qc.pipeline.progress import Progress
from qc.pipeline.verification.check import Check, Problems
from qc.pipeline.verification.points import score_problems
from qc.schema.tables import SCHEMA_VERSION, TABLES
from qc.storage.read import StoredRun

Ints = npt.NDArray[np.int64]
_VERDICTS = pa.array(["hit", "undecided", "miss"])


@dataclass(slots=True)
class _Sums:
    """What the shards add up to."""

    rows: Counter[str] = field(default_factory=Counter)
    ids: list[pa.ChunkedArray] = field(default_factory=list)
    audio_ms: int = 0
    quarantined: int = 0
    shape: Problems = field(default_factory=Problems)
    references: Problems = field(default_factory=Problems)
    points: Problems = field(default_factory=Problems)


def check_tables(run: StoredRun, progress: Progress) -> Iterator[Check]:
    """Rows and schemas, the balance, references and points; every part is read once."""
    sums = _Sums()
    progress.stage("核对结果表", run.lineage.counts.ok, "个会话")
    _shapes(run, sums)
    try:
        for part in run.parts("failures", ["quarantined"]):
            sums.quarantined += int(pc.sum(part["quarantined"]).as_py() or 0)
    except UsageError as error:
        sums.references.add(error.message)
    for number in run.shards():
        try:
            _shard(run, number, sums)
        except UsageError as error:
            sums.references.add(error.message)
        else:
            progress.advance(len(sums.ids[-1]), "")
    progress.finish()
    yield _rows(run.lineage, sums)
    yield _balance(run.lineage, sums)
    yield sums.references.check(
        "references",
        "前后一致",
        "判定、证据、得分、情绪、话题都对得上会话与话轮，证据的文字就在原文里",
        "表与表之间对不上",
    )
    told = "评分项的得分合起来就是总分" if sums.rows["scores"] else "没有评分"
    yield sums.points.check("points", "得分", told, "总分与评分项对不上")


def _shapes(run: StoredRun, sums: _Sums) -> None:
    """Rows and columns by the files' footers."""
    for name, schema in TABLES.items():
        for path in run.part_files(name):
            try:
                metadata = pq.read_metadata(path)
                stored = metadata.schema.to_arrow_schema()
            except (OSError, pa.ArrowInvalid) as error:
                sums.shape.add(f"读不了 {path.relative_to(run.path).as_posix()}：{type(error).__name__}")
                continue
            sums.rows[name] += metadata.num_rows
            if run.lineage.schema_version == SCHEMA_VERSION and not stored.equals(schema):
                sums.shape.add(f"{path.relative_to(run.path).as_posix()} 的列不是 {name} 表的列")


def _rows(lineage: Lineage, sums: _Sums) -> Check:
    problems = sums.shape
    for name in TABLES:
        said, there = lineage.tables.get(name, 0), sums.rows[name]
        if said != there:
            problems.add(f"{name} 应有 {said} 行，实有 {there} 行")
    told = f"{len(TABLES)} 张表共 {sum(sums.rows.values()):,} 行，与 run.json 一致"
    return problems.check("rows", "行数", told, "表与 run.json 记的不一致")


def _balance(lineage: Lineage, sums: _Sums) -> Check:
    problems = Problems()
    counts = lineage.counts
    if not counts.balanced():
        problems.add(f"输入 {counts.input} ≠ 完成 {counts.ok} ＋ 失败 {counts.failed} ＋ 隔离 {counts.quarantined}")
    for told, said, there in (
        ("完成", counts.ok, sums.rows["conversations"]),
        ("失败", counts.failed, sums.rows["failures"] - sums.quarantined),
        ("隔离", counts.quarantined, sums.quarantined),
        ("录音毫秒", counts.audio_ms, sums.audio_ms),
    ):
        if said != there:
            problems.add(f"{told}：run.json 记 {said}，表中 {there}")
    ids = pa.chunked_array([chunk for one in sums.ids for chunk in one.chunks], pa.string())
    problems.add("有会话编号出现了两次", len(ids) - int(pc.count_distinct(ids).as_py()))
    told = (
        f"输入 {counts.input} ＝ 完成 {counts.ok} ＋ 失败 {counts.failed} ＋ 隔离 {counts.quarantined}，没有重复的会话"
    )
    return problems.check("balance", "计数", told, "计数不平")


def _shard(run: StoredRun, number: int, sums: _Sums) -> None:
    part = _Part(run, number, sums.references)
    conversations = part.conversations
    sums.ids.append(conversations["conversation_id"])
    audio = pc.equal(conversations["source_format"], "audio")
    sums.audio_ms += int(pc.sum(conversations["duration_ms"].filter(audio)).as_py() or 0)
    part.turns()
    if run.lineage.rules_digest:
        part.findings()
        part.signals()
        sums.points.extend(score_problems(run, number, part.ids))


class _Part:
    """One part of every table; what does not fit goes to `problems`."""

    def __init__(self, run: StoredRun, number: int, problems: Problems) -> None:
        self._run, self._number, self._problems = run, number, problems
        names = ("conversation_id", "source_format", "duration_ms", "turn_count", "not_applicable")
        self.conversations = self._table("conversations", names)
        self.ids: pa.Array = _one(self.conversations["conversation_id"])
        self._turn_count = _counts(self.conversations["turn_count"])
        self._first_turn = np.concatenate(([0], np.cumsum(self._turn_count)))
        self._rules = pa.array(sorted(run.lineage.rule_digests), pa.string())

    def turns(self) -> None:
        """Every conversation has its turns, numbered from 1, in order."""
        table = self._table("turns", ("conversation_id", "turn"))
        mine = self._owner(table, "turns")
        same = self._first_turn[-1] == table.num_rows  # before as many numbers are made as somebody says there are
        if same:
            owner = np.repeat(np.arange(len(self.ids)), self._turn_count)
            number = np.arange(len(owner)) - self._first_turn[owner] + 1
            same = np.array_equal(mine, owner) and np.array_equal(_numbers(table["turn"], 0), number)
        self._add("turns 的话轮与会话的话轮数对不上", not same)

    def findings(self) -> None:
        """Rules are those of the run, evidence belongs to a finding and stands in the text."""
        names = ("conversation_id", "rule_id", "rule_digest", "verdict", "hit_count", "first_turn")
        found = self._table("findings", names)
        owner = self._owner(found, "findings")
        rule = self._rule(found["rule_id"], "findings")
        key = owner * (len(self._rules) + 1) + rule
        self._add("findings 里一个会话的一条规则出现了两次", len(key) - len(np.unique(key)))
        digests = self._run.lineage.rule_digests
        expected = [digests.get(name) for name in found["rule_id"].to_pylist()]
        if digests and expected != found["rule_digest"].to_pylist():
            self._add("findings 的规则摘要不是本批次规则的")
        self._add("findings 有不认识的判定", int(pc.index_in(found["verdict"], value_set=_VERDICTS).null_count))
        self._within(found, "findings", "first_turn", owner)
        hits = self._table("hits", ("conversation_id", "rule_id", "hit", "turn", "char_start", "char_end", "text"))
        count = _counts(found["hit_count"])
        hit_owner = self._owner(hits, "hits")
        hit_key = hit_owner * (len(self._rules) + 1) + self._rule(hits["rule_id"], "hits")
        same = int(count.sum()) == hits.num_rows
        if same:
            number = np.arange(hits.num_rows) - np.repeat(np.cumsum(count) - count, count) + 1
            same = np.array_equal(hit_key, np.repeat(key, count)) and np.array_equal(_numbers(hits["hit"], 0), number)
        self._add("hits 的证据与 findings 的命中处数对不上", not same)
        if self._within(hits, "hits", "turn", hit_owner):
            self._quoted(hits, hit_owner)
        self._elsewhere(found, key)

    def _quoted(self, hits: pa.Table, owner: Ints) -> None:
        """A hit quotes the turn it points to."""
        there = np.flatnonzero(_valid(hits["char_start"]) & _valid(hits["turn"]) & (owner >= 0))
        at = pa.array(there)
        where = self._first_turn[owner[there]] + _numbers(hits["turn"].take(at), 1) - 1
        texts = self._table("turns", ("text",))["text"]
        if len(where) and where.max() >= len(texts):
            return  # told of already: turns are missing
        columns = [hits[name].take(at).to_pylist() for name in ("char_start", "char_end", "text")]
        spans = zip(texts.take(pa.array(where)).to_pylist(), *columns, strict=True)
        self._add("hits 的文字不在它指的地方", sum((text or "")[start:end] != said for text, start, end, said in spans))

    def _elsewhere(self, found: pa.Table, key: Ints) -> None:
        """A rule that did not apply was neither hit nor undecided."""
        lists = _one(self.conversations["not_applicable"])
        owner = pc.list_parent_indices(lists).to_numpy()
        absent = owner * (len(self._rules) + 1) + self._rule(lists.flatten(), "conversations.not_applicable")
        decided = pc.is_in(found["verdict"], value_set=_VERDICTS.slice(0, 2)).to_numpy()
        self._add("同一条规则既不适用又有判定", len(np.intersect1d(key[decided], absent)))

    def signals(self) -> None:
        """Emotions, topics and intentions are of turns that exist."""
        for name, turn in (
            ("emotions", "turn"),
            ("turn_topics", "turn"),
            ("topics", "first_turn"),
            ("intents", "turn"),
        ):
            table = self._table(name, ("conversation_id", turn))
            self._within(table, name, turn, self._owner(table, name))

    def _table(self, name: str, columns: Sequence[str]) -> pa.Table:
        return self._run.part(name, self._number, columns)

    def _add(self, told: str, count: int = 1) -> None:
        self._problems.add(f"分片 {self._number:05d}：{told}" + (f"（{count} 处）" if count > 1 else ""), count)

    def _owner(self, table: pa.Table, name: str) -> Ints:
        """Which conversation of the part each row is of; −1 for none."""
        found = _numbers(pc.index_in(table["conversation_id"], value_set=self.ids), -1)
        self._add(f"{name} 有不在 conversations 里的会话", int((found < 0).sum()))
        return found

    def _rule(self, column: pa.ChunkedArray | pa.Array, name: str) -> Ints:
        found = _numbers(pc.index_in(column, value_set=self._rules), len(self._rules))
        if self._run.lineage.rule_digests:
            self._add(f"{name} 有不是本批次的规则", int((found == len(self._rules)).sum()))
        return found

    def _within(self, table: pa.Table, name: str, column: str, owner: Ints) -> bool:
        turn = _numbers(table[column], 1)  # a measure of the whole conversation has none
        wrong = (owner >= 0) & ((turn < 1) | (turn > self._turn_count[owner]))
        self._add(f"{name} 指向不存在的话轮", int(wrong.sum()))
        return not wrong.any()


def _one(column: pa.ChunkedArray) -> pa.Array:
    return pa.concat_arrays([pa.array([], column.type), *column.chunks])


def _counts(column: pa.ChunkedArray) -> Ints:
    """How many rows of another table belong to each; what is no count is 0."""
    return np.maximum(_numbers(column, 0), 0)


def _numbers(column: pa.ChunkedArray | pa.Array, missing: int) -> Ints:
    return np.asarray(pc.fill_null(column, missing).to_numpy(), np.int64)


def _valid(column: pa.ChunkedArray) -> npt.NDArray[np.bool_]:
    return np.asarray(pc.is_valid(column).to_numpy(), bool)
