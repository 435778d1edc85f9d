"""One run as the pages need it: a row per conversation with its score, its findings and its mood beside it.

Where people reviewed a conversation, its verdicts and scores are the final ones; the machine's stand beside them.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from qc.reporting.finals import final_verdicts, over, with_final_verdicts, with_percent
from qc.storage.read import StoredRun

NEGATIVE_LEVEL = 2
"""From this level (0..5) of a customer's worst turn on, the conversation counts as negative."""
POSITIVE_END = 0.2
"""A customer who was never negative and ends above this polarity (−1..1) counts as positive."""

_CONVERSATION = [
    *("conversation_id", "project", "channel", "date", "started_at", "duration_ms", "agent_id", "agent_name", "team"),
    *("region", "satisfaction", "source_format", "silence_ms", "longest_silence_ms", "agent_chars_per_min"),
    *("customer_emotion_start", "customer_emotion_end", "customer_emotion_worst", "customer_emotion_worst_turn"),
    *("customer_emotion_level", "soothed", "primary_topic"),
]
_SCORE = [
    *("conversation_id", "scorecard_id", "scorecard_title", "scorecard_version", "base", "score", "grade", "passed"),
    *("auto_fail", "undecided_items", "customer_error", "business_error", "compliance_error"),
]
_FINDING = [
    *("conversation_id", "rule_id", "rule_title", "rule_version", "kind", "severity", "error_class", "status"),
    *("verdict", "reason", "message", "advice", "hit_count", "first_turn"),
]
_ITEM = [
    *("conversation_id", "scorecard_id", "section_title", "item_title", "rule_ids", "status"),
    *("points", "max_points", "auto_fail", "fatal"),
]


class Batch:
    """The tables of `run`, each read once. Scores are in percent of their card's base, so that cards compare."""

    def __init__(self, run: StoredRun) -> None:
        self.run = run

    @cached_property
    def finals(self) -> pa.Table:
        """A row per verdict that people confirmed or overturned: conversation_id, rule_id, machine_verdict,
        final_verdict."""
        return final_verdicts(self.run)

    @cached_property
    def reviewed(self) -> pa.Array:
        """The ids of the conversations with a final verdict or score, each once."""
        ids = pa.chunked_array([*self.finals["conversation_id"].chunks, *self.final_scores["conversation_id"].chunks])
        return pc.unique(ids) if ids.num_chunks else pa.array([], pa.string())

    @cached_property
    def machine_scores(self) -> pa.Table:
        """Rows of `scores` with `percent` (0..100), as the machine gave them."""
        return with_percent(self.run.table("scores", _SCORE))

    @cached_property
    def final_scores(self) -> pa.Table:
        """The same of the reviewed conversations, from their final verdicts."""
        return with_percent(self.run.table("final_scores", _SCORE))

    @cached_property
    def scores(self) -> pa.Table:
        """Rows of `scores` with `percent`, the final ones where there are, by conversation, lowest first."""
        return over(self.machine_scores, self.final_scores).sort_by(
            [("conversation_id", "ascending"), ("percent", "ascending"), ("scorecard_id", "ascending")]
        )

    @cached_property
    def findings(self) -> pa.Table:
        """Findings that hit or are undecided by their final verdict, by conversation and rule; `machine_verdict` beside
        it. Without what an exception excused, which is a miss."""
        found = self.run.table("findings", _FINDING)
        items = self.run.table("final_item_scores", ["rule_ids", "effect"])
        table = with_final_verdicts(found, self.finals, items, self.run.lineage)
        return table.sort_by([("conversation_id", "ascending"), ("rule_id", "ascending")])

    @cached_property
    def items(self) -> pa.Table:
        """Rows of `item_scores` with `zeroed` (its 一票否决 made the score 0), the final ones where there are. The
        largest of the tables: as they are stored, not sorted, texts as dictionaries (`plain` undoes it)."""
        table = over(self.run.encoded("item_scores", _ITEM), self.run.encoded("final_item_scores", _ITEM))
        for number, name in enumerate(table.column_names):
            if name not in ("conversation_id", "rule_ids"):  # grouping wants one dictionary, ids are too many for it
                table = table.set_column(number, name, table[name].unify_dictionaries())
        zero = self.scores.filter(pc.fill_null(self.scores["auto_fail"], False))
        reach = pc.fill_null(pc.not_equal(table["auto_fail"], "section"), True)  # earlier versions did not store it
        fatal = pc.and_(pc.fill_null(table["fatal"], False), reach)
        zeroed = np.asarray(fatal.to_numpy(), np.bool_)
        few = plain(table.select(["conversation_id", "scorecard_id"]).filter(fatal))
        zeroed[np.flatnonzero(zeroed)] = pc.is_in(_card_key(few), value_set=_card_key(zero)).to_numpy()
        return table.append_column("zeroed", pa.array(zeroed))

    @cached_property
    def conversations(self) -> pa.Table:
        """A row per conversation: `conversations`, then score columns (null: no card applied), then counts of
        findings (violations, fatal, grave, merits, risks, undecided), then `machine_score`, `machine_passed` and
        `reviewed`, then `sentiment`, `voice` and `hour`."""
        table = self.run.table("conversations", _CONVERSATION).sort_by("conversation_id")
        ids = table["conversation_id"]
        for part in (_per_conversation_scores(self.scores), _per_conversation_findings(self.findings)):
            beside = lookup(ids, part)
            for name in beside.column_names[1:]:
                table = table.append_column(name, beside[name])
        for name in (*FINDING_COUNTS, "undecided_items"):
            column = pc.fill_null(table[name], 0)
            table = table.set_column(table.column_names.index(name), name, column)
        machine = table
        if len(self.reviewed):
            machine = lookup(ids, _per_conversation_scores(self.machine_scores))
        table = table.append_column("machine_score", machine["score"])
        table = table.append_column("machine_passed", machine["passed"])
        table = table.append_column("reviewed", pc.is_in(ids, value_set=self.reviewed))
        table = table.append_column("sentiment", _sentiment(table))
        table = table.append_column("voice", pc.equal(table["source_format"], "audio"))
        return table.append_column("hour", pc.hour(table["started_at"]))

    @property
    def size(self) -> int:
        """Conversations that were inspected."""
        return int(self.conversations.num_rows)


FINDING_COUNTS = ("violations", "fatal", "grave", "merits", "risks", "undecided")


def lookup(keys: pa.ChunkedArray, table: pa.Table, key: str = "conversation_id") -> pa.Table:
    """The row of `table` for each of `keys`, in their order; nulls where there is none. `key` must be unique."""
    values = table[key].combine_chunks() if table.num_rows else pa.array([], table.schema.field(key).type)
    return table.take(pc.index_in(keys, value_set=values))


def plain(table: pa.Table) -> pa.Table:
    """`table` with its texts as texts, which joins, sorting and minima need."""
    return table.cast(pa.schema([f.with_type(_plain(f.type)) for f in table.schema]))


def _plain(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_list(kind):
        return pa.list_(kind.value_field.with_type(_plain(kind.value_type)))
    return kind.value_type if pa.types.is_dictionary(kind) else kind


def _card_key(table: pa.Table) -> pa.ChunkedArray:
    return pc.binary_join_element_wise(table["conversation_id"], table["scorecard_id"], "\0")


def is_risk(findings: pa.Table) -> pa.ChunkedArray:
    """Which findings are risks: signals above low severity. Low ones (praise, interest in buying) are only facts."""
    signal = pc.and_(pc.equal(findings["kind"], "signal"), pc.equal(findings["verdict"], "hit"))
    grave = pc.and_(pc.not_equal(findings["severity"], "low"), pc.not_equal(findings["status"], "shadow"))
    return pc.and_(signal, grave)


def _per_conversation_scores(scores: pa.Table) -> pa.Table:
    flags = ["auto_fail", "customer_error", "business_error", "compliance_error"]
    grouped = scores.group_by("conversation_id", use_threads=False).aggregate(
        [("percent", "mean"), ("grade", "first"), ("passed", "all"), ("undecided_items", "sum")]
        + [(flag, "any") for flag in flags]
    )
    names = ["conversation_id", "score", "grade", "passed", "undecided_items", *flags]
    return grouped.select([0, *range(1, grouped.num_columns)]).rename_columns(names)


def _per_conversation_findings(findings: pa.Table) -> pa.Table:
    hit = pc.equal(findings["verdict"], "hit")
    live = pc.not_equal(findings["status"], "shadow")  # rules on trial are reported, never counted against anybody
    counted = pc.and_(hit, live)

    def of_kind(kind: str) -> pa.ChunkedArray:
        return pc.and_(counted, pc.equal(findings["kind"], kind))

    violation = of_kind("violation")
    masks = (
        violation,
        pc.and_(violation, pc.equal(findings["severity"], "critical")),
        pc.and_(violation, pc.is_in(findings["severity"], value_set=pa.array(["critical", "high"]))),
        of_kind("merit"),
        is_risk(findings),
        pc.and_(live, pc.equal(findings["verdict"], "undecided")),
    )
    table = pa.table(
        {"conversation_id": findings["conversation_id"]}
        | {name: pc.cast(mask, pa.int64()) for name, mask in zip(FINDING_COUNTS, masks, strict=True)}
    )
    grouped = table.group_by("conversation_id", use_threads=False).aggregate([(n, "sum") for n in FINDING_COUNTS])
    return grouped.rename_columns(["conversation_id", *FINDING_COUNTS])


def _sentiment(table: pa.Table) -> pa.ChunkedArray:
    level = pc.fill_null(table["customer_emotion_level"], 0)
    end = pc.fill_null(table["customer_emotion_end"], 0.0)
    return pc.case_when(
        pc.make_struct(
            pc.is_null(table["customer_emotion_worst"]),
            pc.greater_equal(level, NEGATIVE_LEVEL),
            pc.greater_equal(end, POSITIVE_END),
        ),
        "none",
        "negative",
        "positive",
        "neutral",
    )
