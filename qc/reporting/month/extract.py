"""What a night adds to a month: counts and sums per day, worked out once and kept in the run's summary.

`figures`      a row per day, project, channel, team and agent: the columns of `qc.reporting.summaries.figures` added
               up, scores and their squares, and both scores of what was reviewed
`rules`        a row per day and rule: conversations hit, undecided, single spots
`overturned`   a row per day and rule people judged: what they changed
`topics`       a row per day and topic: conversations mainly about it by mood, and those that mention it
`complaints`   a row per day, type and severity: conversations

Days are those on which conversations began; of conversations that do not say, the day the run was started. Everything
is by the final verdicts where there are any, as on the pages of the night.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from qc.opinion.dedupe import conversations_of
from qc.reporting.batch import Batch, lookup
from qc.reporting.labels import SENTIMENT, UNKNOWN_TOPIC
from qc.reporting.people import agent_column
from qc.reporting.summaries import SUMS, figures
from qc.reporting.verdicts import judged_verdicts
from qc.storage.read import StoredRun
from qc.storage.summary import kept

WHO = ("project", "channel", "team", "agent", "agent_id", "agent_name")
PAIRED = ("reviewed", "paired", "machine", "final", "machine_pass", "final_pass", "changed")
"""Of the reviewed conversations: all of them, those with a score by the machine and a final one, and of these the sums
of both, how many passed by each, and how many have another score now."""
ADDED = (*SUMS, "lost", "lost2", "pace", "paced", *PAIRED, "machine2", "final2")
"""`lost`: 100 less the score, so that a group without a deduction has a spread of exactly 0; `2`: squares."""
CHANGES = ("withdrawn", "added", "settled")
_KINDS = ("figures", "rules", "overturned", "topics", "complaints")
_FORMAT = hashlib.sha256(repr((1, WHO, ADDED, CHANGES, tuple(SENTIMENT))).encode()).hexdigest()


def days(run: StoredRun) -> Mapping[date, int]:
    """The conversations of the run by day."""

    def counted() -> Mapping[str, pa.Table]:
        dates = run.table("conversations", ["date"])["date"]
        rows = pa.table({"day": _day(run, dates)}).group_by("day", use_threads=False).aggregate([("day", "count")])
        return {"month-days": rows.sort_by("day")}

    table = kept(run, ["month-days"], _FORMAT, counted)["month-days"]
    return dict(zip(table["day"].to_pylist(), table["day_count"].to_pylist(), strict=True))


def talks(run: StoredRun) -> pa.Table:
    """A row per conversation in stored order: what tells it from others (`qc.opinion.dedupe`), and its `day`."""

    def told() -> Mapping[str, pa.Table]:
        table = conversations_of(run, ["conversation_id", "started_at", "source_sha256", "date"])
        digest = pc.fill_null(table["source_sha256"], "")  # null and empty tell as little; only empty takes no room
        columns = {name: table[name] for name in ("conversation_id", "started_at")}
        return {"month-talks": pa.table(columns | {"source_sha256": digest, "day": _day(run, table["date"])})}

    return kept(run, ["month-talks"], _FORMAT, told)["month-talks"]


def extract(run: StoredRun, without: Sequence[str] = ()) -> Mapping[str, pa.Table]:
    """The tables of a night by name. `without`: its conversations that count in a later run."""
    names = [f"month-{kind}" for kind in _KINDS]
    key = f"{_FORMAT} {hashlib.sha256(chr(0).join(sorted(without)).encode()).hexdigest()}" if without else _FORMAT
    found = kept(run, names, key, lambda: dict(zip(names, _extract(run, without), strict=True)))
    return {kind: found[name] for kind, name in zip(_KINDS, names, strict=True)}


def _day(run: StoredRun, dates: pa.ChunkedArray) -> pa.ChunkedArray:
    begun = pa.scalar(date.fromisoformat(run.lineage.started_at[:10] or "1970-01-01"), pa.date32())
    return pc.fill_null(pc.cast(dates, pa.date32()), begun)


def _extract(run: StoredRun, without: Sequence[str]) -> Sequence[pa.Table]:
    batch = Batch(run)
    conversations = batch.conversations
    conversations = conversations.append_column("day", _day(run, conversations["date"]))
    if without:
        gone = pc.is_in(conversations["conversation_id"], value_set=pa.array(without, pa.string()))
        conversations = conversations.filter(pc.invert(gone))
    return (
        _figures(conversations),
        _rules(batch, conversations),
        _overturned(batch, conversations),
        _topics(run, conversations),
        _complaints(run, conversations),
    )


def _added(table: pa.Table, keys: Sequence[str], sums: Sequence[str], titles: Sequence[str] = ()) -> pa.Table:
    """Rows of `table` added up by `keys`, in their order; of `titles` the last."""
    grouped = table.group_by(list(keys), use_threads=False).aggregate(
        [*((name, "sum") for name in sums), *((name, "max") for name in titles)]
    )
    grouped = grouped.select([*keys, *(f"{n}_sum" for n in sums), *(f"{n}_max" for n in titles)])
    return grouped.rename_columns([*keys, *sums, *titles]).sort_by([(key, "ascending") for key in keys])


def _with_day(rows: pa.Table, conversations: pa.Table) -> pa.Table:
    """`rows` of conversations that count, with their `day` and `sentiment`."""
    beside = lookup(rows["conversation_id"], conversations.select(["conversation_id", "day", "sentiment"]))
    rows = rows.append_column("day", beside["day"]).append_column("sentiment", beside["sentiment"])
    return rows if not beside["day"].null_count else rows.filter(pc.is_valid(beside["day"]))


def _figures(conversations: pa.Table) -> pa.Table:
    table = agent_column(conversations)
    score, machine = table["score"], table["machine_score"]
    both = pc.and_(table["reviewed"], pc.and_(pc.is_valid(score), pc.is_valid(machine)))

    def paired(values: pa.ChunkedArray) -> pa.ChunkedArray:
        return pc.if_else(both, values, None)

    def count(mask: pa.ChunkedArray) -> pa.ChunkedArray:
        return pc.cast(pc.fill_null(mask, False), pa.int64())

    lost = pc.subtract(100.0, score)
    given, final = pc.subtract(100.0, paired(machine)), pc.subtract(100.0, paired(score))
    base = figures(table)
    columns = {name: base[name] for name in (*SUMS, "pace")} | {
        "lost": lost,
        "lost2": pc.multiply(lost, lost),
        "paced": count(pc.is_valid(base["pace"])),
        "reviewed": count(table["reviewed"]),
        "paired": count(both),
        "machine": given,
        "machine2": pc.multiply(given, given),
        "final": final,
        "final2": pc.multiply(final, final),
        "machine_pass": count(paired(table["machine_passed"])),
        "final_pass": count(paired(table["passed"])),
        "changed": count(paired(pc.greater(pc.abs(pc.subtract(given, final)), 1e-9))),
    }
    keys = {name: table[name] for name in ("day", *WHO)}
    return _added(pa.table(keys | columns), ("day", *WHO), ADDED)


def _rules(batch: Batch, conversations: pa.Table) -> pa.Table:
    rows = _with_day(batch.findings, conversations)
    hit = pc.equal(rows["verdict"], "hit")
    columns = {name: rows[name] for name in ("day", "rule_id", "kind", "severity", "status", "rule_title")} | {
        "hit": pc.cast(hit, pa.int64()),
        "undecided": pc.cast(pc.equal(rows["verdict"], "undecided"), pa.int64()),
        "evidence": pc.cast(pc.if_else(hit, pc.fill_null(rows["hit_count"], 0), 0), pa.int64()),
    }
    sums = ("hit", "undecided", "evidence")
    return _added(pa.table(columns), ("day", "rule_id", "kind", "severity", "status"), sums, ("rule_title",))


def _overturned(batch: Batch, conversations: pa.Table) -> pa.Table:
    rows = _with_day(judged_verdicts(batch), conversations)
    rows = rows.append_column("judged", pa.array([1] * rows.num_rows, pa.int64()))
    return _added(rows, ("day", "rule_id"), ("judged", *CHANGES))


def _topics(run: StoredRun, conversations: pa.Table) -> pa.Table:
    rows = run.table("topics", ["conversation_id", "topic_id", "topic", "parent", "rank"])
    # as on the page of public opinion: what no topic covers of a conversation that has one is no topic it mentions
    rows = rows.filter(pc.or_(pc.not_equal(rows["topic_id"], UNKNOWN_TOPIC), pc.equal(rows["rank"], 1)))
    rows = _with_day(rows, conversations)
    main = pc.fill_null(pc.equal(rows["rank"], 1), False)
    columns = {name: rows[name] for name in ("day", "topic_id", "topic", "parent")} | {
        "mentioned": pa.array([1] * rows.num_rows, pa.int64()),
        "main": pc.cast(main, pa.int64()),
    }
    for code in SENTIMENT:
        columns[code] = pc.cast(pc.and_(main, pc.equal(rows["sentiment"], code)), pa.int64())
    return _added(pa.table(columns), ("day", "topic_id"), ("mentioned", "main", *SENTIMENT), ("topic", "parent"))


def _complaints(run: StoredRun, conversations: pa.Table) -> pa.Table:
    rows = _with_day(run.table("complaints", ["conversation_id", "type_id", "type", "severity"]), conversations)
    rows = rows.append_column("count", pa.array([1] * rows.num_rows, pa.int64()))
    return _added(rows, ("day", "type_id", "severity"), ("count",), ("type",))
