"""How often the 95 % intervals of measured accuracy hold the truth, in several simulated centres and samples.

    python bench/coverage.py [--samples 600] [--seed 904] [--only NAME …]

Beside the interval in use stand two it was chosen over, with the same estimate: Wilson's at the effective sample size,
never more than the verdicts looked at (what was used before), and Wilson's with Student's t of the equivalent degrees
of freedom of Potthoff, Woodbury & Manton (J. Am. Stat. Assoc. 87, 1992). Needs scipy.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import stats

from qc.review.measures import ratio

_WORLDS = 6


@dataclass(frozen=True, kw_only=True)
class Case:
    """4,000 conversations of `each` verdicts, a `hit` share of them true hits, wrong with `bad` in every fifth
    conversation and with `good` in the others. `size` are drawn: “hits” in proportion to 0.3 + hits, “half” so in one
    half and at random in the other, “equal” at random."""

    each: int = 5
    hit: float = 0.08
    bad: float = 0.12
    good: float = 0.02
    size: int = 250
    draw: str = "hits"


CASES = {
    "as the test": Case(),
    "half at random": Case(draw="half"),
    "all at random": Case(draw="equal"),
    "30 drawn": Case(size=30),
    "100 drawn": Case(size=100),
    "600 drawn": Case(size=600),
    "rare hits": Case(hit=0.03),
    "many errors": Case(bad=0.35, good=0.05),
    "no clusters": Case(bad=0.04, good=0.04),
    "all in clusters": Case(bad=0.4, good=0.003),
    "one rule": Case(each=1, hit=0.3),
    "30 rules": Case(each=30, hit=0.03, bad=0.03, good=0.004),
}
MEASURES = ("precision", "recall", "specificity", "f1", "accuracy")
METHODS = ("before", "t", "in use")
Floats = np.ndarray
Interval = tuple[float, float]


def totals(true: Floats, said: Floats) -> dict[str, tuple[Floats, Floats]]:
    """Measure → part and whole of each conversation."""
    both, right = (said & true).sum(1), (said == true).sum(1)
    each = true.shape[1]
    return {
        "precision": (both, said.sum(1)),
        "recall": (both, true.sum(1)),
        "specificity": ((~said & ~true).sum(1), (~true).sum(1)),
        "f1": (2 * both, 2 * both + each - right),
        "accuracy": (right, np.full(len(true), each)),
    }


def intervals(name: str, weight: Floats, part: Floats, whole: Floats) -> Iterator[Interval | None]:
    """By each of METHODS."""
    among = whole > 0 if name == "precision" else np.ones(len(whole), bool)
    weight, part, whole = weight[among], part[among].astype(float), whole[among].astype(float)
    found = ratio(weight, part, whole, np.arange(len(weight)))
    if found is None:
        yield from (None,) * len(METHODS)
        return
    met = whole > 0
    w, part, whole, count = weight[met], part[met], whole[met], int(met.sum())
    total = float(w @ whole)
    residual = w * (part - found.value * whole) / total
    squares = float(np.square(residual).sum())
    if count > 1 and squares > 0:
        n = found.value * (1 - found.value) / (squares * count / (count - 1))
        df = min(count - 1, max(1.0, 2 * squares**2 / (float((residual**4).sum()) - squares**2 / count)))
    else:
        n, df = total**2 / float(np.square(w * whole).sum()), math.inf
    yield wilson(found.value, max(1.0, min(n, float(whole.sum()))), stats.norm.ppf(0.975))
    yield wilson(found.value, max(1.0, n), stats.t.ppf(0.975, df))
    yield found.low, found.high


def wilson(share: float, n: float, z: float) -> Interval:
    z2 = z * z / n
    half = math.sqrt(share * (1 - share) * z2 + z2 * z2 / 4) / (1 + z2)
    centre = (share + z2 / 2) / (1 + z2)
    return centre - half, centre + half


def cover(case: Case, samples: int, seed: int) -> dict[tuple[str, str], tuple[float, float]]:
    """(method, measure) → the share of intervals that hold the truth, and their mean width."""
    rng = np.random.default_rng(seed)
    sums = {(m, name): np.zeros(3) for m in METHODS for name in MEASURES}
    for _ in range(_WORLDS):
        n = 4000
        true = rng.random((n, case.each)) < case.hit
        said = true != (rng.random((n, case.each)) < np.where(rng.random(n) < 0.2, case.bad, case.good)[:, None])
        chance = np.ones(n) if case.draw == "equal" else said.sum(1) + (0.3 if case.draw == "hits" else 0.0)
        chance = np.minimum(1.0, chance * case.size / chance.sum())
        if case.draw == "half":
            chance = 1 - (1 - np.minimum(1.0, chance / 2)) * (1 - case.size / 2 / n)
        every = totals(true, said)
        for _ in range(samples // _WORLDS):
            at = np.flatnonzero(rng.random(n) < chance)
            for name, (part, whole) in every.items():
                truth = part.sum() / whole.sum()
                for method, found in zip(METHODS, intervals(name, 1 / chance[at], part[at], whole[at]), strict=True):
                    if found is not None:
                        low, high = found
                        sums[method, name] += (1, low <= truth + 1e-12 and truth <= high + 1e-12, high - low)
    return {key: (held / n, width / n) for key, (n, held, width) in sums.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=600)
    parser.add_argument("--seed", type=int, default=904)
    parser.add_argument("--only", nargs="*", default=list(CASES))
    given = parser.parse_args()
    print(f"{'':17}{'':8}" + "".join(f"{name:>16}" for name in MEASURES))
    for case in given.only:
        found = cover(CASES[case], given.samples, given.seed)
        for method in METHODS:
            cells = (found[method, name] for name in MEASURES)
            print(f"{case:17}{method:8}" + "".join(f"{held:10.1%} ±{width / 2:4.1%}" for held, width in cells))


if __name__ == "__main__":
    main()
