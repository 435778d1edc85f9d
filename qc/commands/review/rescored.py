"""What reviews came to, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qc.pipeline.review import Rescored


def lines(rescored: Rescored) -> Iterator[str]:
    """Verdicts and scores, then the cards that could not be used."""
    yield (
        f"终审：{rescored.conversations} 个会话，人判过 {rescored.verdicts} 条判定（不适用的不计），"
        f"改判 {rescored.changed} 条；"
        f"重算 {rescored.scores} 个分数，{rescored.moved} 个有变化。"
    )
    for told in rescored.refused:
        yield f"没有重算：{told}。"
    if rescored.refused:
        yield (
            "提示：意见已经存下。用 --at 给出当时的 git 版本再算一次，如 qc review import --run 批次目录 --at v1.2；"
            "或用 qc inspect 以现在的评分表重新判定，再用 --from 把意见带过去。"
        )
