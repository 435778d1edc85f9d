"""What became of the input: received, read or transcribed, inspected, and what could not be decided, with reasons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from qc.domain.language import say
from qc.reporting.batch import Batch
from qc.reporting.charts import r
from qc.reporting.estimates import Rate
from qc.reporting.summaries import share_of

_REASONS = 8
_WIDTH, _HEIGHT, _GAP, _THICK, _LEAST, _LINE = 660.0, 190.0, 12.0, 12.0, 2.0, 16.0
_STEP = 240.0
"""From one column of the flow to the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A stage of the flow. `share`: of all received, 0..1."""

    name: str
    count: int
    share: float
    ink: str
    x: float
    y: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """What goes from one node to another, as the path of its outline."""

    path: str
    ink: str
    told: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """The flow as a picture; `nodes` in reading order are also its table."""

    title: str
    summary: str
    width: float
    height: float
    thick: float
    nodes: tuple[Node, ...]
    bands: tuple[Band, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A clause of why verdicts are undecided, as stored; the conversations and the verdicts it concerns."""

    text: str
    conversations: int
    verdicts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    flow: Flow | None
    """None where nothing came in."""
    undecided: Rate
    """Conversations with a rule that nobody could decide, of all inspected."""
    reasons: tuple[Reason, ...]
    more: int
    """Further reasons."""


def intake(batch: Batch) -> Intake:
    """From the counts of the run and its tables."""
    table = batch.conversations
    unsure = pc.greater(table["undecided"], 0)
    reasons = _reasons(batch)
    return Intake(
        flow=_flow(batch, unsure) if batch.run.lineage.counts.input else None,
        undecided=share_of(unsure),
        reasons=reasons[:_REASONS],
        more=max(0, len(reasons) - _REASONS),
    )


def _flow(batch: Batch, unsure: pa.ChunkedArray) -> Flow:
    counts, voice = batch.run.lineage.counts, batch.conversations["voice"]
    heard, unsure_heard = share_of(voice).count, share_of(pc.and_(voice, unsure)).count
    undecided = share_of(unsure).count
    read, unsure_read = batch.size - heard, undecided - unsure_heard
    names = {
        "input": say("收到"),
        "heard": say("录音，已转写"),
        "read": say("文字，已读入"),
        "failed": say("失败"),
        "quarantined": say("隔离"),
        "decided": say("规则全部判定"),
        "unsure": say("有规则无法判定"),
    }
    columns = (
        [("input", counts.input, "ink-main")],
        [
            ("heard", heard, "flow-heard"),
            ("read", read, "flow-read"),
            ("failed", counts.failed, "flow-failed"),
            ("quarantined", counts.quarantined, "flow-failed"),
        ],
        [("decided", batch.size - undecided, "flow-done"), ("unsure", undecided, "flow-unsure")],
    )
    scale = (_HEIGHT - 3 * _GAP) / max(counts.input, batch.size, 1)
    nodes = {
        key: node for i, column in enumerate(columns) for key, node in _column(i, column, names, counts.input, scale)
    }
    links = [("input", key, n, ink) for key, n, ink in columns[1]]
    links += [
        ("heard", "decided", heard - unsure_heard, "flow-done"),
        ("heard", "unsure", unsure_heard, "flow-unsure"),
        ("read", "decided", read - unsure_read, "flow-done"),
        ("read", "unsure", unsure_read, "flow-unsure"),
    ]
    left: dict[str, float] = {}
    right: dict[str, float] = {}
    bands = []
    for start, end, n, ink in links:
        if n:
            a, b = nodes[start], nodes[end]
            thick = n * scale
            y0, y1 = a.y + left.get(start, 0.0), b.y + right.get(end, 0.0)
            left[start], right[end] = left.get(start, 0.0) + thick, right.get(end, 0.0) + thick
            told = say("{label}：{value}", label=f"{a.name} → {b.name}", value=n)
            bands.append(Band(path=_path(a.x + _THICK, y0, b.x, y1, thick), ink=ink, told=told))
    return Flow(
        title=say("输入的去向"),
        summary=say(
            "收到 {input} 个：质检 {ok} 个，失败 {failed} 个，隔离 {quarantined} 个；其中 {unsure} 个有规则判不了。",
            input=counts.input,
            ok=batch.size,
            failed=counts.failed,
            quarantined=counts.quarantined,
            unsure=undecided,
        ),
        width=_WIDTH,
        height=max(_HEIGHT, *(n.y + max(n.height, _LINE) + 4 for n in nodes.values())),
        thick=_THICK,
        nodes=tuple(nodes.values()),
        bands=tuple(bands),
    )


def _column(
    number: int, parts: Sequence[tuple[str, int, str]], names: dict[str, str], total: int, scale: float
) -> list[tuple[str, Node]]:
    found, y = [], 14.0
    for key, count, ink in parts:
        if count or key == "input":
            tall = max(count * scale, _LEAST)
            share = count / total if total else 0.0
            node = Node(name=names[key], count=count, share=share, ink=ink, x=number * _STEP, y=r(y), height=r(tall))
            found.append((key, node))
            y += max(tall, _LINE) + _GAP
    return found


def _path(x0: float, y0: float, x1: float, y1: float, thick: float) -> str:
    """A band of even thickness with an S-shaped course."""
    mid = (x0 + x1) / 2
    low0, low1 = y0 + thick, y1 + thick
    return (
        f"M{r(x0)} {r(y0)}C{r(mid)} {r(y0)} {r(mid)} {r(y1)} {r(x1)} {r(y1)}"
        f"V{r(low1)}C{r(mid)} {r(low1)} {r(mid)} {r(low0)} {r(x0)} {r(low0)}Z"
    )


def _reasons(batch: Batch) -> tuple[Reason, ...]:
    """The clauses of the stored reasons, those of most conversations first. Rules on trial do not count."""
    found = batch.findings
    mask = pc.and_(pc.equal(found["verdict"], "undecided"), pc.not_equal(found["status"], "shadow"))
    found = found.filter(mask).select(["conversation_id", "reason"])
    distinct = pc.unique(pc.fill_null(found["reason"], ""))
    clauses = pa.array([[c for c in text.split("；") if c] for text in distinct.to_pylist()], pa.list_(pa.string()))
    lists = clauses.take(pc.index_in(pc.fill_null(found["reason"], ""), value_set=distinct).combine_chunks())
    flat = pa.table(
        {
            "clause": pc.list_flatten(lists),
            "conversation": found["conversation_id"].take(pc.list_parent_indices(lists)),
        }
    )
    grouped = flat.group_by("clause", use_threads=False).aggregate(
        [("conversation", "count_distinct"), ("conversation", "count")]
    )
    rows = [
        Reason(text=g["clause"], conversations=g["conversation_count_distinct"], verdicts=g["conversation_count"])
        for g in grouped.to_pylist()
    ]
    return tuple(sorted(rows, key=lambda x: (-x.conversations, -x.verdicts, x.text)))
