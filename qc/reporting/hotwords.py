"""Hot words: terms that stand out by TF-IDF against earlier runs, or against the other projects of the batch."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from qc.reporting.estimates import Rate
from qc.storage.read import StoredRun

_SHOWN = 24
_FEW = 10
"""Up to this many conversations a word may stand on one of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HotWord:
    """`weight` is TF-IDF with a logarithmic TF. `lift`: how many times more frequent than in the background; None
    when new there or when there is no background."""

    term: str
    weight: float
    found: Rate
    occurrences: int
    negative: Rate
    lift: float | None
    new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HotWords:
    """`background`: earlier (earlier runs), projects (other projects of this batch) or none."""

    project: str
    background: str
    background_size: int
    words: tuple[HotWord, ...]


def hot_words(run: StoredRun, earlier: Sequence[StoredRun]) -> tuple[HotWords, ...]:
    """Per project of the run, the words its customers use more than usual, heaviest first."""
    terms, sizes = _merged([run])
    past, past_sizes = _merged(earlier)
    found = []
    for project in sorted(sizes, key=lambda p: (-sizes[p], p)):
        mine = terms.filter(pc.equal(terms["project"], project))
        if past_sizes.get(project):
            kind, size = "earlier", past_sizes[project]
            known = _frequencies(past.filter(pc.equal(past["project"], project)))
        else:
            size = sum(n for p, n in sizes.items() if p != project)
            kind = "projects" if size else "none"
            known = _frequencies(terms.filter(pc.not_equal(terms["project"], project)))
        words = _rank(mine, sizes[project], known, size)
        found.append(HotWords(project=project, background=kind, background_size=size, words=words))
    return tuple(found)


def _merged(runs: Sequence[StoredRun]) -> tuple[pa.Table, dict[str, int]]:
    """Terms of all runs by project and term, and how many conversations each project had."""
    counts = ["conversations", "occurrences", "negative_conversations"]
    if not runs:
        return pa.table({"project": pa.array([], pa.string()), "term": pa.array([], pa.string())}), {}
    table = pa.concat_tables([r.table("terms", ["project", "term", *counts]) for r in runs])
    table = table.group_by(["project", "term"], use_threads=False).aggregate([(c, "sum") for c in counts])
    table = table.rename_columns(["project", "term", *counts])
    projects = pa.concat_tables([r.table("conversations", ["project"]) for r in runs])
    rows = projects.group_by("project", use_threads=False).aggregate([("project", "count")]).to_pylist()
    return table, {row["project"]: row["project_count"] for row in rows}


def _frequencies(table: pa.Table) -> Mapping[str, int]:
    if table.num_rows == 0:
        return {}
    rows = table.group_by("term", use_threads=False).aggregate([("conversations", "sum")])
    return dict(zip(rows["term"].to_pylist(), rows["conversations_sum"].to_pylist(), strict=True))


def _rank(mine: pa.Table, size: int, known: Mapping[str, int], background: int) -> tuple[HotWord, ...]:
    least = 1 if size <= _FEW else max(2, min(5, size // 200))
    words = []
    for row in mine.filter(pc.greater_equal(mine["conversations"], least)).to_pylist():
        before = known.get(row["term"], 0)
        idf = math.log((1 + background) / (1 + before)) if background else 1.0
        expected = before / background if background else 0.0
        words.append(
            HotWord(
                term=row["term"],
                weight=(1 + math.log(row["occurrences"])) * max(idf, 0.0),
                found=Rate(count=row["conversations"], n=size),
                occurrences=row["occurrences"],
                negative=Rate(count=row["negative_conversations"], n=row["conversations"]),
                lift=row["conversations"] / size / expected if expected else None,
                new=bool(background) and before == 0,
            )
        )
    words.sort(key=lambda w: (-w.weight, -w.found.count, w.term))
    hot = [w for w in words if w.weight > 0 and (w.lift is None or w.lift > 1)]
    return tuple(hot[:_SHOWN])
