"""Hits that are whole turns."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from qc.matching.evidence import Flags, Hits, hits
from qc.text.shard import Ints, Shard


def whole_turns(
    shard: Shard,
    turns: Ints,
    *,
    value: npt.NDArray[np.floating] | Ints | None = None,
    cause: Flags | None = None,
    start_ms: Ints | None = None,
    end_ms: Ints | None = None,
    note: Ints | None = None,
) -> Hits:
    """One hit per turn, from its first to its last character."""
    length = shard.char_start[turns + 1] - 1 - shard.char_start[turns]
    return hits(
        shard.conversation[turns],
        turn=turns,
        start=np.zeros(len(turns), np.int64),
        end=length,
        value=value,
        cause=cause,
        start_ms=start_ms,
        end_ms=end_ms,
        note=note,
    )
