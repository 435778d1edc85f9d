"""Conversations stand for others: in one sample, in several, and where a sample was reviewed in part."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pyarrow as pa
import pytest

from qc.review.sampling import Wanted, pick
from qc.review.weights import weights
from qc.schema.reviews import SAMPLES


def drawn(*samples: tuple[list[str], list[float]]) -> pa.Table:
    rows = [
        {"sample_id": f"s{9 - k}", "conversation_id": i, "probability": p, "drawn_at": datetime(2026, 11, 20 + k)}
        for k, (ids, chances) in enumerate(samples)
        for i, p in zip(ids, chances, strict=True)
    ]
    return pa.Table.from_pylist(rows, SAMPLES)


def test_one_sample_weighs_by_one_over_its_chances() -> None:
    found = weights(drawn((["a", "b", "c"], [0.5, 0.1, 1.0])), pa.array(["a", "b", "x"]))
    assert found[:2].tolist() == [2.0, 10.0] and np.isnan(found[2])
    assert np.isnan(weights(drawn(), pa.array(["a"]))).all()


def test_what_was_drawn_first_counts_in_the_later_sample_as_itself() -> None:
    found = weights(drawn((["a"], [0.25]), (["b", "c", "d"], [0.5, 0.5, 0.5])), pa.array(["a", "b", "c", "d"]))
    assert found == pytest.approx([0.25 * 4 + 0.75, 1.5, 1.5, 1.5])


def test_a_second_sample_does_not_flatter_the_machine() -> None:
    """Sixty risky conversations of 300, half of them wrong, are drawn first; over 200 pairs of samples the mean is
    within five of its standard errors of the truth. Weights of one over the chances alone are more than that off."""
    risk = np.where(np.arange(300) < 60, 4.0, 0.0)
    wrong = (np.arange(300) % 2 == 0) & (risk > 0)
    ids = np.array([f"{i:03}" for i in range(300)], object)
    one = np.full(300, "x", object)
    found, naive = [], []
    for seed in range(200):
        first, p, _ = pick(risk, one, one, Wanted(size=60, seed=seed))
        left = np.setdiff1d(np.arange(300), first)
        second, q, _ = pick(risk[left], one[left], one[left], Wanted(size=60, seed=seed + 1000))
        second = left[second]
        both = np.concatenate([first, second])
        table = drawn((ids[first].tolist(), p.tolist()), (ids[second].tolist(), q.tolist()))
        weight = weights(table, pa.array(ids[both]))
        found.append(weight @ wrong[both] / weight.sum())
        weight = 1 / np.concatenate([p, q])
        naive.append(weight @ wrong[both] / weight.sum())
    error = np.std(found) / np.sqrt(200)
    assert abs(np.mean(found) - wrong.mean()) < 5 * error < abs(np.mean(naive) - wrong.mean())
