"""The findings that are not the same, one by one and by rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property

import numpy as np

from qc.domain.specs import Specs
from qc.errors import QcError
from qc.pipeline.asr_diff.difference import Change, RuleDrift
from qc.pipeline.asr_diff.pairs import Pairs
from qc.pipeline.asr_diff.why import Changed, tell
from qc.pipeline.progress import Progress
from qc.pipeline.verdicts import HIT, NAMES, OF_CODE, UNDECIDED


def changes(pairs: Pairs, progress: Progress) -> Iterator[Change]:
    """In the order of A's conversations, so that every part is read once."""
    a, b = pairs.codes
    places = pairs.places()
    cells = np.argwhere(pairs.moved.T).tolist()
    progress.stage("找证据", len(cells), "处")
    for pair, rule in cells:
        i, j = pairs.indices[pair]
        before, after = int(a[rule, pair]), int(b[rule, pair])
        changed = Changed(
            rule=pairs.rules[rule],
            a=places[pair][0],
            b=places[pair][1],
            before=OF_CODE[before],
            after=OF_CODE[after],
        )
        yield Change(
            conversation_id=pairs.a.rows[i]["conversation_id"],
            other_id=pairs.b.rows[j]["conversation_id"],
            agent=pairs.a.agent(i)[0],
            rule_id=changed.rule,
            before=NAMES[before],
            after=NAMES[after],
            told=tell(changed, pairs.a.reader, pairs.b.reader),
        )
        progress.advance(1, "")
    progress.finish()


def drifts(pairs: Pairs, specs: Specs | None, current: Callable[[], Specs]) -> Iterator[RuleDrift]:
    """The rules of which anything differs. `specs`: what both were judged anew by; `current`: the rules at hand, which
    know the titles of rules that found nothing."""
    names = _Names(pairs, specs, current)
    hits = pairs.hits
    for row, rule in enumerate(pairs.rules):
        x, y = (codes[row] for codes in pairs.codes)
        moved = pairs.moved[row]
        recounted = (x == HIT) & (y == HIT) & (hits[0][row] != hits[1][row])
        by_rules = np.zeros(len(x), bool)
        if specs is not None:
            by_rules = (pairs.stored[0][row] != pairs.stored[1][row]) & (x == y)
        if not (moved.any() or recounted.any() or by_rules.any()):
            continue
        title, kind = names.of(rule)
        yield RuleDrift(
            id=rule,
            title=title,
            kind=kind,
            before=int((x == HIT).sum()),
            after=int((y == HIT).sum()),
            gained=int((moved & (y == HIT)).sum()),
            lost=int((moved & (x == HIT)).sum()),
            undecided_before=int((x == UNDECIDED).sum()),
            undecided_after=int((y == UNDECIDED).sum()),
            changed=int(moved.sum()),
            recounted=int(recounted.sum()),
            by_rules=int(by_rules.sum()),
        )


class _Names:
    """Titles and kinds of rules: those they were judged by."""

    def __init__(self, pairs: Pairs, specs: Specs | None, current: Callable[[], Specs]) -> None:
        self._pairs, self._specs, self._current = pairs, specs, current

    def of(self, rule: str) -> tuple[str, str]:
        """A run stores the title of a rule with what it found; of one that found nothing only the rules know it."""
        if self._specs is None:
            return self._stored.get(rule) or self._in_force.get(rule, (rule, "violation"))
        return self._in_force.get(rule) or self._stored.get(rule, (rule, "violation"))

    @cached_property
    def _stored(self) -> dict[str, tuple[str, str]]:
        """As the runs stored them with their findings."""
        out = {}
        for side in (self._pairs.a, self._pairs.b):
            for part in side.run.parts("findings", ("rule_id", "rule_title", "kind")):
                rows = part.group_by(["rule_id", "rule_title", "kind"]).aggregate([]).to_pylist()
                out.update({row["rule_id"]: (row["rule_title"], row["kind"]) for row in rows})
        return out

    @cached_property
    def _in_force(self) -> dict[str, tuple[str, str]]:
        """As the rules at hand have them; none where these cannot be read: they are not needed."""
        try:
            specs = self._current() if self._specs is None else self._specs
        except QcError:
            return {}
        return {rule.id: (rule.title, rule.kind.value) for rule in specs.in_force}
