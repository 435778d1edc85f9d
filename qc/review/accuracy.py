"""How right the machine is, by what people say of the same verdicts (智能质检准确率).

Precision comes from reviewed hits. Recall, specificity and accuracy come from conversations that were read as a whole,
for only there is it known what the machine missed. A verdict of the machine that is undecided is neither right nor
wrong, and one that people cannot decide proves nothing: both are counted apart. “Not applicable” is not a hit; where
both say so, there was nothing to judge.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from qc.review.agreement import Agreement
from qc.review.calibration import Session, sessions
from qc.review.fairness import Difference, differences
from qc.review.judged import ATTRIBUTES, Bools, Judged, Texts, decided, is_hit, judged
from qc.review.machine import CODES
from qc.review.measures import Estimate, ratio
from qc.review.opinions import UNDECIDED
from qc.review.weighed import weighed
from qc.storage.read import StoredRun

Some = Bools | npt.NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Machine against people on one rule, item, or kind of conversation. `key` names it; counts are of verdicts looked
    at, not weighted: `true_hits`, `false_hits` (误判), `missed` (漏判), `true_misses`; `unsure_machine` and
    `unsure_human`: who could not tell; `unsure_hits`: of what the machine could not tell, what people call a hit.
    Estimates are None where nothing of the kind was reviewed. `agreed`: in conversations read as a whole, weighted."""

    key: str
    title: str
    conversations: int
    true_hits: int
    false_hits: int
    missed: int
    true_misses: int
    unsure_machine: int
    unsure_hits: int
    unsure_human: int
    precision: Estimate | None
    recall: Estimate | None
    specificity: Estimate | None
    f1: Estimate | None
    accuracy: Estimate | None
    agreed: Agreement
    versions: int = 1
    card: str = ""
    """Of an item: the scorecard it is on, for several cards have items of one title."""

    @property
    def reviewed(self) -> int:
        """Verdicts that compare."""
        return self.true_hits + self.false_hits + self.missed + self.true_misses

    @property
    def judged(self) -> int:
        """Verdicts people judged: hit, miss or undecided, by one of the two at least."""
        return self.reviewed + self.unsure_machine + self.unsure_human

    @property
    def wrong(self) -> int:
        return self.false_hits + self.missed


@dataclass(frozen=True, kw_only=True)
class Accuracy:
    """`overall` over all rules; `rules` and `items` with most wrong verdicts first, then most hits; `kinds`: by
    attribute of the conversation (channel, accent, …), levels in order. Rules on trial are among `rules` and nowhere
    else but in `differences`. `sampled`, `left_out` and `reviewers` as in Book."""

    overall: Measured
    rules: tuple[Measured, ...]
    items: tuple[Measured, ...]
    kinds: dict[str, tuple[Measured, ...]]
    differences: tuple[Difference, ...]
    sessions: tuple[Session, ...]
    sampled: bool
    left_out: int
    reviewers: tuple[str, ...]


def accuracy(runs: Sequence[StoredRun]) -> Accuracy:
    """Measure the machine on everything that was reviewed in `runs`."""
    book = judged(runs)
    counted = book.counted
    kinds = {}
    for name in ATTRIBUTES:
        made = [m for m in _by(counted, counted.attributes[name], {}) if m.key]
        if made:
            kinds[name] = tuple(sorted(made, key=lambda m: m.key))
    return Accuracy(
        overall=measure(counted),
        rules=_worst(_by(book.rules, book.rules.subject, book.titles, book.versions)),
        items=_worst(
            replace(m, card=book.item_cards.get(m.key, ""))
            for m in _by(book.items, book.items.subject, book.item_titles)
        ),
        kinds=kinds,
        differences=differences(book.rules, book.titles),
        sessions=sessions(runs),
        sampled=book.sampled,
        left_out=book.left_out,
        reviewers=book.reviewers,
    )


def _by(
    rows: Judged, values: Texts, titles: Mapping[str, str], versions: Mapping[str, int] | None = None
) -> Iterable[Measured]:
    keys, at = np.unique(values.astype(str), return_inverse=True)
    order = np.argsort(at, kind="stable")
    ends = np.cumsum(np.bincount(at, minlength=len(keys)))
    for key, end, begin in zip(keys.tolist(), ends, ends - np.bincount(at, minlength=len(keys)), strict=True):
        mask = np.zeros(len(rows), np.bool_)
        mask[order[begin:end]] = True
        yield measure(rows.where(mask), key, titles.get(key, key), versions=(versions or {}).get(key, 1))


def _worst(measured: Iterable[Measured]) -> tuple[Measured, ...]:
    return tuple(
        sorted((m for m in measured if m.reviewed or m.unsure_machine), key=lambda m: (-m.wrong, -m.true_hits, m.key))
    )


def measure(every: Judged, key: str = "", title: str = "", *, versions: int = 1) -> Measured:
    """Compare what the machine and what people said in these rows. `accuracy` of all of them is the 智能质检准确率: of
    the verdicts on conversations that people read as a whole the share that is right, weighted to all
    conversations."""
    rows = every.where(decided(every))
    said, true = is_hit(rows.machine), is_hit(rows.human)
    read = rows.read
    right = said == true

    def share(part: Some, whole: Some, among: Bools) -> Estimate | None:
        return ratio(
            rows.weight[among],
            part[among].astype(np.float64),
            whole[among].astype(np.float64),
            rows.conversation[among],
        )

    all_of_them = np.ones(len(rows), np.bool_)
    both = np.where(said & true, 2.0, 0.0)
    unsure = every.machine == CODES[UNDECIDED]
    return Measured(
        key=key,
        title=title,
        conversations=len(np.unique(every.conversation)),
        true_hits=int((said & true).sum()),
        false_hits=int((said & ~true).sum()),
        missed=int((~said & true).sum()),
        true_misses=int((~said & ~true).sum()),
        unsure_machine=int(unsure.sum()),
        unsure_hits=int((unsure & is_hit(every.human)).sum()),
        unsure_human=int(((every.human == CODES[UNDECIDED]) & ~unsure).sum()),
        precision=share(said & true, said, said),
        recall=share(said & true, true, read),
        specificity=share(~said & ~true, ~true, read),
        f1=share(both, both + np.where(right, 0.0, 1.0), read),
        accuracy=share(right, all_of_them, read),
        agreed=weighed(said[read], true[read], rows.weight[read], rows.conversation[read]),
        versions=versions,
    )
