"""Which recordings are in both runs, and where the verdicts on them differ."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np
import numpy.typing as npt

from qc.errors import UsageError
from qc.pipeline.asr_diff.reader import Place
from qc.pipeline.asr_diff.side import Side
from qc.pipeline.verdicts import ABSENT

Codes = npt.NDArray[np.int8]
Counts = npt.NDArray[np.int32]


class Pairs:
    """The same recordings of `a` and `b`, in the order of A. `by_id`: paired by the ids of conversations instead of
    their audio. Raises UsageError when there is none."""

    def __init__(self, a: Side, b: Side, *, by_id: bool) -> None:
        self.a, self.b = a, b
        self.rules = a.common.rules
        self.indices = list(_paired(a, b, by_id))
        """Which conversation of A goes with which of B."""
        if not self.indices:
            raise UsageError(*_nothing_shared(a, b, by_id))

    def __len__(self) -> int:
        return len(self.indices)

    def places(self) -> list[tuple[Place, Place]]:
        """Where they are stored."""
        return [(self.a.places[i], self.b.places[j]) for i, j in self.indices]

    @cached_property
    def codes(self) -> tuple[Codes, Codes]:
        """Compared verdicts [rules, pairs] of A and of B."""
        return self.a.common.codes[:, self._columns[0]], self.b.common.codes[:, self._columns[1]]

    @cached_property
    def stored(self) -> tuple[Codes, Codes]:
        """Stored verdicts [rules, pairs] of A and of B."""
        return self.a.stored.codes[:, self._columns[0]], self.b.stored.codes[:, self._columns[1]]

    @cached_property
    def hits(self) -> tuple[Counts, Counts]:
        """Pieces of evidence of the compared verdicts [rules, pairs] of A and of B."""
        return self.a.common.hits[:, self._columns[0]], self.b.common.hits[:, self._columns[1]]

    @cached_property
    def moved(self) -> npt.NDArray[np.bool_]:
        """Where the compared verdicts differ; a rule that one side lacks says nothing."""
        a, b = self.codes
        return np.asarray((a != b) & (a != ABSENT) & (b != ABSENT), np.bool_)

    @cached_property
    def _columns(self) -> npt.NDArray[np.int64]:
        return np.array(self.indices, np.int64).T


def _paired(a: Side, b: Side, by_id: bool) -> Iterator[tuple[int, int]]:
    """Positions of the same recording in both. One that is there several times in a run goes by its id, too."""

    def keys(side: Side) -> list[tuple[str, str]]:
        own = "conversation_id" if by_id else "source_sha256"
        known = [by_id or row["source_format"] == "audio" for row in side.rows]
        return [(row[own] or "" if k else "", row["conversation_id"]) for row, k in zip(side.rows, known, strict=True)]

    here, there = keys(a), keys(b)
    exact = {key: j for j, key in enumerate(there) if key[0]}
    alike: dict[str, list[int]] = {}
    for j, (same, _) in enumerate(there):
        alike.setdefault(same, []).append(j)
    taken = {exact[key] for key in here if key in exact}
    for i, key in enumerate(here):
        if not key[0]:
            continue
        found = exact.get(key)
        if found is None:
            found = next((j for j in alike.get(key[0], ()) if j not in taken), None)
        if found is not None:
            taken.add(found)
            yield i, found


def _nothing_shared(a: Side, b: Side, by_id: bool) -> tuple[str, str]:
    one, other = a.run.lineage.run_id, b.run.lineage.run_id
    if by_id:
        return f"批次 {one} 与 {other} 没有同一个会话编号", "qc diff-asr 比的是同一批录音的两份转写。"
    heard = [sum(row["source_format"] == "audio" for row in side.rows) for side in (a, b)]
    what = f"批次 {one}（{heard[0]} 个录音）与 {other}（{heard[1]} 个录音）没有同一个录音"
    ids = {row["conversation_id"] for row in a.rows} & {row["conversation_id"] for row in b.rows}
    if ids:
        return what, f"有 {len(ids)} 个会话编号相同：转写若是从别的系统导入的，加上 --by-id 按编号配对。"
    return what, "qc diff-asr 比的是同一批录音的两份转写；改了规则请用 qc rules diff。"
