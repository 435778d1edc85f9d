"""What the changed findings do to scores."""

from __future__ import annotations

from collections.abc import Iterator

from qc.domain.specs import Specs
from qc.pipeline.asr_diff.pairs import Pairs
from qc.pipeline.rescoring import Rescorer
from qc.ruletest.diff import Group, Movement, Totals
from qc.storage.read import StoredRun

_ByCard = dict[str, Totals]
_COLUMNS = ("conversation_id", "scorecard_id", "score", "passed", "auto_fail")


def moved_scores(pairs: Pairs, specs: Specs | None) -> dict[Group, Movement]:
    """Scores by card and agent: as stored, or with `specs` worked out from the verdicts made anew."""
    scores = _stored(pairs) if specs is None else _worked_out(pairs, specs)
    groups: dict[Group, Movement] = {}
    for i, before, after in scores:
        agent, team = pairs.a.agent(i)
        for card in sorted(before.keys() | after.keys()):
            one, two = before.get(card), after.get(card)
            group = Group(scorecard_id=card, team=team, agent=agent)
            moved = Movement(one or Totals(), two or Totals(), int(one != two))
            groups[group] = groups.get(group, Movement()) + moved
    return dict(sorted(groups.items()))


def card_titles(pairs: Pairs, specs: Specs | None) -> dict[str, str]:
    """Titles of the scorecards by their ids."""
    cards = (*pairs.a.run.lineage.scorecards, *pairs.b.run.lineage.scorecards) if specs is None else specs.cards
    return {card.id: card.title for card in cards}


def _stored(pairs: Pairs) -> Iterator[tuple[int, _ByCard, _ByCard]]:
    a, b = _scores_of(pairs.a.run), _scores_of(pairs.b.run)
    for i, j in pairs.indices:
        yield i, a.get(pairs.a.rows[i]["conversation_id"], {}), b.get(pairs.b.rows[j]["conversation_id"], {})


def _scores_of(run: StoredRun) -> dict[str, _ByCard]:
    out: dict[str, _ByCard] = {}
    for part in run.parts("scores", _COLUMNS):
        for row in part.to_pylist():
            totals = Totals(1, row["score"], int(row["passed"]), int(row["auto_fail"]))
            out.setdefault(row["conversation_id"], {})[row["scorecard_id"]] = totals
    return out


def _worked_out(pairs: Pairs, specs: Specs) -> Iterator[tuple[int, _ByCard, _ByCard]]:
    """Both sides by the cards that apply to the conversation as A knows it."""
    rescorer = Rescorer(specs)
    for i, j in pairs.indices:
        conversation = pairs.a.reader.conversation(pairs.a.places[i])
        scores = rescorer.scores(conversation, pairs.a.common, i), rescorer.scores(conversation, pairs.b.common, j)
        before, after = ({card: Totals.of(score) for card, score in side.items()} for side in scores)
        yield i, before, after
