"""Whether the points of a shard add up, by the arithmetic of `qc.scoring.score` over stored rows.

What a card alone knows (how much awards may add, whether a score may pass its base) is not stored: with awards the
score must lie between the one without them and the one with all of them. Scores are worked out to the last digit where
the cards of the run are at hand (`qc.pipeline.verification.verdicts`).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from qc.storage.read import StoredRun

Floats = npt.NDArray[np.float64]
_CENT = 0.0101
"""Scores are rounded to two decimals; half of the last one, and what sums of decimals differ by."""
_SCORES = (
    *("conversation_id", "scorecard_id", "scorecard_digest", "base", "raw_score", "score", "auto_fail"),
    *("auto_fail_items", "undecided_items", "customer_error", "business_error", "compliance_error"),
)
_ITEMS = (
    *("conversation_id", "scorecard_id", "section_id", "section_points", "item_id", "effect", "status", "points"),
    *("max_points", "error_class", "auto_fail", "fatal"),
)


def score_problems(run: StoredRun, number: int, ids: pa.Array) -> Iterator[str]:
    """What is wrong with the scores of part `number`, whose conversations are `ids`. Raises UsageError."""
    scores, items = run.part("scores", number, _SCORES), run.part("item_scores", number, _ITEMS)
    cards = {card.id: card.digest for card in run.lineage.scorecards}
    given = zip(scores["scorecard_id"].to_pylist(), scores["scorecard_digest"].to_pylist(), strict=True)
    place = f"分片 {number:05d}："
    if any(cards.get(card) != digest for card, digest in given):
        yield f"{place}scores 有不是本批次的评分表"
        return
    names = pa.array(sorted(cards), pa.string())
    key, item_key = (_key(table, ids, names) for table in (scores, items))
    order, of = np.unique(key, return_inverse=True)
    if (key < 0).any() or len(order) != len(key):
        yield f"{place}scores 有不在 conversations 里的会话，或一个会话同一张评分表出现了两次"
        return
    at = np.searchsorted(order, item_key)
    if len(items) and ((at >= len(order)).any() or (order[np.minimum(at, len(order) - 1)] != item_key).any()):
        yield f"{place}item_scores 有不在 scores 里的会话与评分表"
        return
    row = np.empty(len(key), np.int64)
    row[of] = np.arange(len(key))
    yield from (place + told for told in _sums(scores, items, row[at]))


def _key(table: pa.Table, ids: pa.Array, cards: pa.Array) -> npt.NDArray[np.int64]:
    at = (pc.index_in(table["conversation_id"], value_set=ids), pc.index_in(table["scorecard_id"], value_set=cards))
    owner, card = (np.asarray(pc.fill_null(one, -1).to_numpy(), np.int64) for one in at)
    return np.where((owner < 0) | (card < 0), -1, owner * (len(cards) + 1) + card)


def _sums(scores: pa.Table, items: pa.Table, row: npt.NDArray[np.int64]) -> Iterator[str]:
    """`row`: which score each item is of."""
    n = len(scores)
    award = _is(items, "effect", "award")
    counted = ~award & ~_is(items, "status", "not_applicable")
    fatal = _bools(items["fatal"])
    points, most = _floats(items["points"]), _floats(items["max_points"])
    names = pc.unique(items["section_id"])
    codes = np.asarray(pc.index_in(items["section_id"], value_set=names).to_numpy(), np.int64)
    section, of = np.unique(row * (len(names) + 1) + codes, return_inverse=True)
    owner = section // (len(names) + 1)
    size = np.zeros(len(section))
    size[of] = _floats(items["section_points"])
    able, lost = (np.bincount(of, np.where(counted, what, 0.0), len(section)) for what in (most, points))
    broken = np.bincount(of, fatal & _is(items, "auto_fail", "section"), len(section)) > 0
    worth = np.minimum(size, able)
    kept = np.maximum(0.0, worth + lost)
    base = _floats(scores["base"])
    bonus = np.bincount(row, np.where(award, points, 0.0), n)

    def between(stored: str, kept: Floats, worth: Floats, failed: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        whole, earned = (np.bincount(owner, what, n) for what in (worth, kept))
        plain = np.where(whole > 0, base * earned / np.where(whole > 0, whole, 1.0), base)
        least = np.where(failed, 0.0, np.minimum(plain, base))
        value = _floats(scores[stored])
        return (value < least - _CENT) | (value > np.where(failed, 0.0, plain + bonus) + _CENT)

    dead = np.bincount(row, fatal & _is(items, "auto_fail", "card"), n) > 0
    yield from _told("raw_score 与评分项的得分对不上", between("raw_score", kept, worth, np.zeros(n, bool)))
    after = np.where(broken, 0.0, kept), np.where(broken, size, worth)
    yield from _told("score 与评分项的得分对不上", between("score", *after, dead))
    yield from _told("auto_fail 与评分项的一票否决对不上", _bools(scores["auto_fail"]) != dead)
    named: list[list[str]] = [[] for _ in range(n)]
    for at, item in zip(row[fatal].tolist(), items["item_id"].filter(pa.array(fatal)).to_pylist(), strict=True):
        named[at].append(item)
    listed = scores["auto_fail_items"].to_pylist()
    yield from _told(
        "auto_fail_items 与评分项对不上", np.array([a != b for a, b in zip(named, listed, strict=True)], bool)
    )
    undecided = np.bincount(row, _is(items, "status", "undecided"), n)
    yield from _told("undecided_items 与评分项对不上", _floats(scores["undecided_items"]) != undecided)
    deducted = _is(items, "status", "deducted")
    for kind in ("customer", "business", "compliance"):
        has = np.bincount(row, deducted & _is(items, "error_class", kind), n) > 0
        yield from _told(f"{kind}_error 与评分项对不上", _bools(scores[f"{kind}_error"]) != has)


def _told(what: str, wrong: npt.NDArray[np.bool_]) -> Iterator[str]:
    if count := int(np.count_nonzero(wrong)):
        yield f"{what}（{count} 个）"


def _is(table: pa.Table, column: str, value: str) -> npt.NDArray[np.bool_]:
    return _bools(pc.equal(table[column], value))


def _bools(column: pa.ChunkedArray) -> npt.NDArray[np.bool_]:
    return np.asarray(pc.fill_null(column, False).to_numpy(), bool)


def _floats(column: pa.ChunkedArray) -> Floats:
    return np.asarray(pc.fill_null(column, 0).to_numpy(), np.float64)
