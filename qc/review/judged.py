"""The verdicts of which both are known, what the machine said and what people say, with the chance of the draw."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from qc.domain.rule import RuleStatus
from qc.review.machine import CODES
from qc.review.opinions import APPEAL, CARRIED, HIT, NOT_APPLICABLE, UNDECIDED, VERDICTS
from qc.review.weights import COLUMNS, weights
from qc.storage.read import StoredRun

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Texts = npt.NDArray[np.object_]

_ACCENT = ("口音", "方言", "accent", "dialect")
_BANDS = ((0.6, "< 0.6"), (0.75, "0.6–0.75"), (0.9, "0.75–0.9"), (2.0, "≥ 0.9"))
ATTRIBUTES = ("project", "channel", "accent", "confidence", "sample_rate", "role_source")
_FINAL = ("conversation_id", "rule_id", "machine_verdict", "final_verdict", "reviewer", "origin")
_STORED = ("project", "channel", "extra", "asr_confidence", "sample_rate", "role_source")


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A row per verdict that somebody confirmed or changed: rule of a conversation, or item of one.

    `conversation` numbers conversations over all runs, `subject` names the rule or the item; `machine` and `human` are
    codes as in `qc.review.machine`. `weight`: how many conversations it stands for. `read`: the whole conversation was,
    in this run or one before, so that what was missed is known too. `attributes`: what kind of conversation it is, ""
    where not known.
    """

    conversation: Ints
    subject: Texts
    machine: npt.NDArray[np.int8]
    human: npt.NDArray[np.int8]
    weight: Floats
    read: Bools
    attributes: dict[str, Texts]

    def __len__(self) -> int:
        return len(self.conversation)

    def where(self, mask: Bools) -> Judged:
        """Some of the rows."""
        return Judged(
            conversation=self.conversation[mask],
            subject=self.subject[mask],
            machine=self.machine[mask],
            human=self.human[mask],
            weight=self.weight[mask],
            read=self.read[mask],
            attributes={name: values[mask] for name, values in self.attributes.items()},
        )


@dataclass(frozen=True, kw_only=True)
class Book:
    """All of it: `rules` and `items`; `sampled`: estimates rest on a sample of known chances, else on what people
    happened to open. `left_out`: verdicts reviewed outside the sample, which count in no estimate. `titles` of rules,
    `item_titles` of items, `item_cards` of the scorecard each is on; `versions`: how many contents of a rule were
    reviewed. `trial`: which of `rules` are of a rule that was on trial in its run."""

    rules: Judged
    trial: Bools
    items: Judged
    sampled: bool
    left_out: int
    conversations: int
    reviewers: tuple[str, ...]
    titles: dict[str, str]
    item_titles: dict[str, str]
    item_cards: dict[str, str]
    versions: dict[str, int]

    @property
    def counted(self) -> Judged:
        """What of `rules` had consequences: a rule on trial takes no points, so its mistakes are not the machine's."""
        return self.rules.where(~self.trial)


def judged(runs: Sequence[StoredRun]) -> Book:
    """Read the final verdicts of `runs`."""
    tables: list[pa.Table] = []
    items: list[tuple[pa.Table, dict[str, str]]] = []
    cards: dict[str, str] = {}
    titles: dict[str, str] = {}
    offset = 0
    digests: dict[str, set[str]] = {}
    for run in runs:
        final = run.table("final_findings", _FINAL)
        if not final.num_rows:
            continue
        ids = final["conversation_id"].unique().sort()
        about, trial = _about(run, ids), on_trial(run)
        at = _index(final["conversation_id"], ids)
        table = pa.table(
            {
                "conversation": at + offset,
                "rule": final["rule_id"],
                "machine": _codes(final["machine_verdict"]),
                "human": _codes(final["final_verdict"]),
                "reviewer": final["reviewer"],
                "read": _read(run, final, at),
                "weight": about.weight[at],
                "trial": pc.is_in(final["rule_id"], value_set=trial),
                **{name: pa.array(values[at], pa.string()) for name, values in about.attributes.items()},
            }
        )
        tables.append(table)
        made, names, on = _items(run, ids, offset)
        cards |= on
        items.append((made.filter(pc.invert(pc.is_in(made["rule"], value_set=trial))), names))
        titles |= _titles(run, final["rule_id"].unique())
        for rule in final["rule_id"].unique().to_pylist():
            digests.setdefault(rule, set()).add(run.lineage.rule_digests.get(rule, ""))
        offset += len(ids)
    if not tables:
        return _empty()
    rules = pa.concat_tables(tables)
    weight = rules["weight"].to_numpy()
    sampled = bool(np.isfinite(weight).any())
    inside = np.isfinite(weight) if sampled else np.ones(len(weight), np.bool_)
    every = _judged(rules, "rule", np.where(np.isfinite(weight), weight, 1.0))
    parts = pa.concat_tables([t for t, _ in items])
    item_titles = {key: title for _, names in items for key, title in names.items()}
    kept = every.where(inside)
    shadowed = rules["trial"].to_numpy()[inside]
    return Book(
        rules=kept,
        trial=shadowed,
        items=_of_items(kept.where(~shadowed), parts),
        sampled=sampled,
        left_out=int((looked_at(every) & ~inside & ~rules["trial"].to_numpy()).sum()),
        conversations=len(np.unique(kept.conversation)),
        reviewers=tuple(sorted(r for r in rules["reviewer"].unique().to_pylist() if r)),
        titles=titles,
        item_titles=item_titles,
        item_cards=cards,
        versions={rule: len(found) for rule, found in digests.items()},
    )


def _read(run: StoredRun, final: pa.Table, at: Ints) -> Bools:
    """Which rows are of a conversation that was read as a whole (`at` numbers conversations). Where it was in a run
    before, only what was taken along, not what people have said since of the rules that changed."""
    size = int(at.max()) + 1
    carried, appealed = (
        np.asarray(pc.fill_null(pc.equal(final["origin"], origin), False).to_numpy()) for origin in (CARRIED, APPEAL)
    )
    along = np.bincount(at, carried, size) > 0
    complete = np.bincount(at, minlength=size) >= max(1, len(run.lineage.rule_digests))
    reviews = run.table("reviews", ["conversation_id", "rule_id", "rule_digest", "session"])
    here = pc.and_(pc.is_null(reviews["rule_id"]), pc.is_null(reviews["session"]))
    here = pc.and_(here, pc.equal(reviews["rule_digest"], run.lineage.rules_digest))
    wholes = reviews.filter(pc.fill_null(here, False))["conversation_id"].combine_chunks()
    whole = pc.is_in(final["conversation_id"], value_set=wholes).to_numpy()
    return np.asarray((complete & ~along)[at] | whole | carried | (appealed & along[at]), np.bool_)


@dataclass(frozen=True, kw_only=True)
class _About:
    weight: Floats
    attributes: dict[str, Texts]


def _about(run: StoredRun, ids: pa.Array) -> _About:
    """Of each conversation of `ids`: how many it stands for (NaN: not drawn), and of what kind it is."""
    table = run.table("conversations", ["conversation_id", *_STORED])
    table = table.filter(pc.is_in(table["conversation_id"], value_set=ids)).sort_by("conversation_id")
    here = np.full(len(ids), -1)
    here[_index(table["conversation_id"], ids)] = np.arange(table.num_rows)
    attributes = {}
    for name, values in _kinds(table).items():
        attributes[name] = np.array([values[i] if i >= 0 else "" for i in here], object)
    return _About(weight=weights(run.table("samples", COLUMNS), ids), attributes=attributes)


def on_trial(run: StoredRun) -> pa.Array:
    """The rules that were on trial in the run. Of runs that do not say, only those that found something are known."""
    statuses = run.lineage.rule_statuses
    if statuses:
        return pa.array([rule for rule, status in sorted(statuses.items()) if status == RuleStatus.SHADOW], pa.string())
    table = run.table("findings", ["rule_id", "status"])
    return pc.unique(table.filter(pc.equal(table["status"], RuleStatus.SHADOW.value))["rule_id"])


def _kinds(table: pa.Table) -> dict[str, list[str]]:
    rate = [f"{r // 1000} kHz" if r else "" for r in table["sample_rate"].to_pylist()]
    heard = ["" if c is None else next(t for top, t in _BANDS if c < top) for c in table["asr_confidence"].to_pylist()]
    accents = []
    for extra in table["extra"].to_pylist():
        said = dict(extra or ())
        accents.append(next((str(said[k]).strip() for k in _ACCENT if said.get(k)), ""))
    return {
        "project": [v or "" for v in table["project"].to_pylist()],
        "channel": [v or "" for v in table["channel"].to_pylist()],
        "accent": accents,
        "confidence": heard,
        "sample_rate": rate,
        "role_source": [v or "" for v in table["role_source"].to_pylist()],
    }


def _items(run: StoredRun, ids: pa.Array, offset: int) -> tuple[pa.Table, dict[str, str], dict[str, str]]:
    """(conversation, item, rule) of every item of a card that was scored again; titles of the items and their cards."""
    columns = ["conversation_id", "scorecard_id", "item_id", "item_title", "rule_ids"]
    table = run.table("final_item_scores", columns)
    table = table.filter(pc.is_in(table["conversation_id"], value_set=ids)).combine_chunks()
    name = pc.binary_join_element_wise(table["scorecard_id"], table["item_id"], ".")
    lists = table["rule_ids"]
    lists = pa.concat_arrays(lists.chunks) if lists.num_chunks else pa.array([], lists.type)
    owner = pc.list_parent_indices(lists)
    made = pa.table(
        {
            "conversation": pa.array(_index(table["conversation_id"], ids) + offset).take(owner),
            "item": name.take(owner),
            "rule": pc.list_flatten(lists),
        }
    )
    names = name.to_pylist()
    called = {card.id: card.title for card in run.lineage.scorecards}
    cards = {n: called.get(card) or card for n, card in zip(names, table["scorecard_id"].to_pylist(), strict=True)}
    return made, dict(zip(names, table["item_title"].to_pylist(), strict=True)), cards


def _of_items(rules: Judged, parts: pa.Table) -> Judged:
    """An item is hit when one of its rules is. Known are items that people hit, or all of whose rules they judged."""
    own = pa.table(
        {"conversation": rules.conversation, "rule": pa.array(rules.subject, pa.string()), "row": np.arange(len(rules))}
    )
    joined = parts.join(own, ["conversation", "rule"], join_type="left outer").sort_by(
        [("conversation", "ascending"), ("item", "ascending"), ("rule", "ascending")]
    )
    known = pc.is_valid(joined["row"]).to_numpy()
    row = pc.fill_null(joined["row"], 0).to_numpy()
    if not len(row) or not known.any():
        return rules.where(np.zeros(len(rules), np.bool_))
    items = joined["item"].to_numpy(zero_copy_only=False)
    _, item = np.unique(items.astype(str), return_inverse=True)
    group = np.stack([joined["conversation"].to_numpy(), item])
    _, first, at = np.unique(group, axis=1, return_index=True, return_inverse=True)
    at = at.ravel()
    codes = [
        _strongest(at, len(first), np.where(known, c[row], CODES[UNDECIDED])) for c in (rules.machine, rules.human)
    ]
    anchor = np.zeros(len(first), np.int64)
    anchor[at[known]] = row[known]
    kept = np.bincount(at[known], minlength=len(first)) > 0
    made = Judged(
        conversation=rules.conversation[anchor],
        subject=items[first],
        machine=codes[0],
        human=codes[1],
        weight=rules.weight[anchor],
        read=rules.read[anchor],
        attributes={name: values[anchor] for name, values in rules.attributes.items()},
    )
    return made.where(kept)


def _strongest(at: Ints, count: int, codes: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
    """A hit decides; else what is not known; else a miss; all not applicable is not applicable."""
    rank = np.array([3, 1, 0, 2])  # of VERDICTS
    back = np.argsort(rank)
    best = np.zeros(count, np.int64)
    np.maximum.at(best, at, rank[codes])
    return back[best].astype(np.int8)


def _judged(table: pa.Table, subject: str, weight: Floats) -> Judged:
    return Judged(
        conversation=table["conversation"].to_numpy(),
        subject=table[subject].to_numpy(zero_copy_only=False),
        machine=table["machine"].to_numpy(),
        human=table["human"].to_numpy(),
        weight=weight,
        read=table["read"].to_numpy(zero_copy_only=False),
        attributes={name: table[name].to_numpy(zero_copy_only=False) for name in ATTRIBUTES},
    )


def _titles(run: StoredRun, rules: pa.Array) -> dict[str, str]:
    table = run.table("findings", ["rule_id", "rule_title"])
    table = table.filter(pc.is_in(table["rule_id"], value_set=rules))
    rows = table.group_by("rule_id", use_threads=False).aggregate([("rule_title", "first")])
    found = dict(zip(rows["rule_id"].to_pylist(), rows["rule_title_first"].to_pylist(), strict=True))
    known = run.lineage.rule_titles
    return found | {rule: known[rule] for rule in rules.to_pylist() if rule in known}


def _codes(column: pa.ChunkedArray) -> npt.NDArray[np.int8]:
    """What is no verdict at all counts as undecided."""
    codes = pc.fill_null(pc.index_in(column, value_set=pa.array(VERDICTS)), CODES[UNDECIDED])
    return np.asarray(codes.to_numpy(), np.int8)


def _index(column: pa.ChunkedArray, ids: pa.Array) -> Ints:
    return np.asarray(pc.index_in(column, value_set=ids).to_numpy(), np.int64)


def _empty() -> Book:
    none = Judged(
        conversation=np.zeros(0, np.int64),
        subject=np.zeros(0, object),
        machine=np.zeros(0, np.int8),
        human=np.zeros(0, np.int8),
        weight=np.zeros(0),
        read=np.zeros(0, np.bool_),
        attributes={name: np.zeros(0, object) for name in ATTRIBUTES},
    )
    return Book(
        rules=none,
        trial=np.zeros(0, np.bool_),
        items=none,
        sampled=False,
        left_out=0,
        conversations=0,
        reviewers=(),
        titles={},
        item_titles={},
        item_cards={},
        versions={},
    )


def looked_at(rows: Judged) -> Bools:
    """Which rows were judged: where both say that the rule does not apply, there was nothing to judge."""
    judged_: Bools = (rows.machine != CODES[NOT_APPLICABLE]) | (rows.human != CODES[NOT_APPLICABLE])
    return judged_


def decided(rows: Judged) -> Bools:
    """Which rows compare: judged, and neither undecided."""
    sure = (rows.machine != CODES[UNDECIDED]) & (rows.human != CODES[UNDECIDED])
    compared: Bools = sure & looked_at(rows)
    return compared


def is_hit(codes: npt.NDArray[np.int8]) -> Bools:
    """Which are hits."""
    return np.asarray(codes == CODES[HIT], np.bool_)
