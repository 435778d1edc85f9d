"""Does a rule err more on one kind of conversation than on others: an accent, a bad line, a channel?

Of each rule, and of all together, three shares are compared between one kind and all others by Fisher's exact test: the
false hits among reviewed hits; the false hits among what people call none, for a rule that hits on one accent only has
no hits elsewhere to compare with; and the missed among what people call hits. The second only between kinds that differ
in how a conversation is heard: what projects and channels talk about differs, and so does what may be taken for a hit.
Over all rules, conversations with any are counted, for one bad recording brings several false hits at once. What is
tested is many things at once, so the p are adjusted for the false discovery rate (Benjamini & Hochberg) over everything
whose margins allow it to come out at all (Gilbert, J. R. Stat. Soc. C 54, 2005).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from qc.review.judged import ATTRIBUTES, Bools, Judged, Texts, decided, is_hit
from qc.statistics.significance import benjamini_hochberg, fisher

LEVEL = 0.05
_HEARD = ("accent", "confidence", "sample_rate", "role_source")
_LEAST = 5
"""Of either side, fewer than this say nothing either way."""
FALSE_HITS, ACCUSED, MISSED = "false_hits", "accused", "missed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Conversations whose `attribute` is `value` have `wrong` of `n` verdicts wrong, the others `other_wrong` of
    `other_n`. `what`: false_hits (of hits), accused (false hits, of what people call none) or missed (of what they call
    hits). `rule_id` "": all rules, and then conversations are counted. `p` as tested, `q` adjusted for all that was
    tested."""

    attribute: str
    value: str
    rule_id: str
    title: str
    what: str
    wrong: int
    n: int
    other_wrong: int
    other_n: int
    p: float
    q: float

    @property
    def share(self) -> float:
        return self.wrong / self.n

    @property
    def other_share(self) -> float:
        return self.other_wrong / self.other_n


def differences(every: Judged, titles: dict[str, str]) -> tuple[Difference, ...]:
    """Where one kind of conversation fares worse than the others, beyond chance (q ≤ 0.05), most certain first."""
    rows = every.where(decided(every))
    said, true = is_hit(rows.machine), is_hit(rows.human)
    found: list[tuple[str, str, str, str, tuple[int, int, int, int]]] = []
    for what, concerned in ((FALSE_HITS, said), (ACCUSED, ~true & rows.read), (MISSED, true & rows.read)):
        part = rows.where(concerned)
        wrong = is_hit(part.machine) != is_hit(part.human)
        rules = part.subject.astype(str)
        for attribute in _HEARD if what == ACCUSED else ATTRIBUTES:
            values = part.attributes[attribute]
            for value in sorted({v for v in values if v}):
                mine, others = values == value, (values != value) & (values != "")
                found.append((attribute, value, "", what, _conversations(part, wrong, mine, others)))
                found += [
                    (attribute, value, rule, what, counts) for rule, counts in _per_rule(rules, wrong, mine, others)
                ]
    tested = [f for f in found if _can_tell(*f[4])]
    if not tested:
        return ()
    p = np.array([fisher(*f[4]) for f in tested])
    told = [
        Difference(
            attribute=attribute,
            value=value,
            rule_id=rule,
            title=titles.get(rule, rule),
            what=what,
            wrong=a,
            n=a + b,
            other_wrong=c,
            other_n=c + d,
            p=float(one),
            q=float(adjusted),
        )
        for (attribute, value, rule, what, (a, b, c, d)), one, adjusted in zip(
            tested, p, benjamini_hochberg(p), strict=True
        )
    ]
    worse = [d for d in told if d.q <= LEVEL and d.share > d.other_share]
    said_once: dict[tuple[str, str, str, bool], Difference] = {}
    for one in sorted(worse, key=lambda d: (d.q, d.attribute, d.value, d.rule_id, d.what)):
        said_once.setdefault((one.attribute, one.value, one.rule_id, one.what == MISSED), one)
    return tuple(said_once.values())


def _can_tell(wrong: int, right: int, other_wrong: int, other_right: int) -> bool:
    """Whether both sides are enough and the most uneven table of these margins would be beyond chance."""
    n, other = wrong + right, other_wrong + other_right
    errors = wrong + other_wrong
    if min(n, other) < _LEAST or not errors:
        return False
    mine = min(errors, n)
    return fisher(mine, n - mine, errors - mine, other - errors + mine) <= LEVEL


def _conversations(rows: Judged, wrong: Bools, mine: Bools, others: Bools) -> tuple[int, int, int, int]:
    counts = []
    for side in (mine, others):
        _, at = np.unique(rows.conversation[side], return_inverse=True)
        bad = np.bincount(at, wrong[side]) > 0 if len(at) else np.zeros(0, np.bool_)
        counts += [int(bad.sum()), int((~bad).sum())]
    return counts[0], counts[1], counts[2], counts[3]


def _per_rule(rules: Texts, wrong: Bools, mine: Bools, others: Bools) -> list[tuple[str, tuple[int, int, int, int]]]:
    names, at = np.unique(rules.astype(str), return_inverse=True)
    cells = [
        np.bincount(at[m], minlength=len(names)) for m in (mine & wrong, mine & ~wrong, others & wrong, others & ~wrong)
    ]
    return [(name, tuple(int(c[i]) for c in cells)) for i, name in enumerate(names.tolist())]  # type: ignore[misc]
