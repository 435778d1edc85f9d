"""Objects for what hit: the findings of a rule on the conversations that need one, with their evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from qc.domain.conversation import Role
from qc.domain.finding import Finding, Hit, Verdict
from qc.domain.operators import Operator, word_lists
from qc.domain.rule import Piece, Truth, Word
from qc.matching.compile import CompiledRule
from qc.matching.context import Context
from qc.matching.evidence import NONE, Bools, Hits, PieceResult, Truths
from qc.matching.findings import MAX_HITS, fill, unit_of
from qc.matching.frame import grouped
from qc.matching.times import hit_times
from qc.text.shard import NO_TIME, Ints

_ROLES = tuple(role.value for role in Role)


def findings(
    context: Context, rule: CompiledRule, results: Mapping[str, PieceResult], told: Ints, hit: Bools
) -> Iterator[tuple[int, Finding]]:
    """The finding on each of the conversations `told`: HIT where `hit`, else UNDECIDED.

    Its hits are those of the `when` pieces that speak for the verdict; where they have none (something is absent),
    those of the `given` pieces.
    """
    truths = {name: results[name].truth[told] for name, _ in (*rule.when_names, *rule.given_names)}
    shown = {name: np.zeros(len(told), np.bool_) for name in truths}
    sides = []
    for pieces in (rule.when_names, rule.given_names):
        side = _Side(len(told))
        for name, positive in pieces:
            truth = truths[name]
            speaks = np.where(truth == Truth.UNKNOWN, ~hit, (truth == Truth.TRUE) == positive) & ~shown[name]
            shown[name] |= speaks & side.add(context, rule.pieces[name], results[name], told, truth, speaks)
        sides.append(side)
    values = {name: truth.tolist() for name, truth in truths.items()}
    for i, (conversation, is_hit) in enumerate(zip(told.tolist(), hit.tolist(), strict=True)):
        side = sides[0] if sides[0].hits[i] else sides[1]
        said = (results[n].reasons[conversation] for n in values if conversation in results[n].reasons)
        reasons = dict.fromkeys(clause for reason in said for clause in reason.split("；"))
        if not is_hit and not reasons:
            reasons = {f"有的话没有听清（转写置信度低于 {context.floor:g}），不能断定没有说": None}
        found = side.hits[i] if len(rule.pieces) == 1 else sorted(side.hits[i], key=_place)
        yield (
            conversation,
            Finding(
                conversation_id=context.shard.columns.id[conversation],
                rule_id=rule.rule.id,
                verdict=Verdict.HIT if is_hit else Verdict.UNDECIDED,
                message=fill(rule.rule.message, found, int(side.count[i])),
                reason="" if is_hit else "；".join(reasons),
                pieces=tuple(name for name, truth in values.items() if truth[i] == Truth.TRUE),
                hits=tuple(found),
            ),
        )


def excused(context: Context, rule: CompiledRule, results: Mapping[str, PieceResult], conversation: int) -> Finding:
    """The finding of a rule that would have hit without its exceptions: MISS, with what they excused."""
    found: list[Hit] = []
    by: dict[str, None] = {}
    for name in rule.order:
        seen: list[Hits] = []
        for exception in results[name].excused:
            if conversation in exception.conversations:
                by[exception.piece] = None
                seen.append(exception.hits.take(exception.hits.conversation == conversation))
        objects = dict.fromkeys(hit for rows in seen for hit in _objects(context, rule.pieces[name], _first(rows)))
        found += objects
    return Finding(
        conversation_id=context.shard.columns.id[conversation],
        rule_id=rule.rule.id,
        verdict=Verdict.MISS,
        pieces=tuple(name for name in rule.order if results[name].truth[conversation] == Truth.TRUE),
        excused=tuple(by),
        hits=tuple(sorted(found, key=_place)),
    )


class _Side:
    """The evidence of one sentence, `when` or `given`: per conversation told its hits, and how many there are."""

    def __init__(self, n: int) -> None:
        self.hits: list[list[Hit]] = [[] for _ in range(n)]
        self.count = np.zeros(n, np.int64)

    def add(
        self, context: Context, piece: Piece, result: PieceResult, told: Ints, truth: Truths, wanted: Bools
    ) -> Bools:
        """Add the hits of a piece in the conversations wanted; without the uncertain ones unless it is UNKNOWN there.
        Returns the conversations in which it has any."""
        first = np.searchsorted(result.hits.conversation, told)
        sizes = np.searchsorted(result.hits.conversation, told, side="right") - first
        sizes[~wanted] = 0
        owner = np.repeat(np.arange(len(told)), sizes)
        rows = np.arange(len(owner)) + np.repeat(first - (np.cumsum(sizes) - sizes), sizes)
        kept = (result.hits.cause[rows] == 0) | (truth[owner] == Truth.UNKNOWN)
        owner, found = owner[kept], result.hits.take(rows[kept])
        self.count += np.bincount(owner[grouped(found)[0]], minlength=len(told))
        begin = np.searchsorted(owner, owner)
        few = np.arange(len(owner)) - begin < MAX_HITS
        for i, hit in zip(owner[few].tolist(), _objects(context, piece, found.take(few)), strict=True):
            self.hits[i].append(hit)
        return sizes > 0


def _first(hits: Hits) -> Hits:
    return hits.take(np.arange(min(len(hits), MAX_HITS)))


def _place(hit: Hit) -> tuple[int, int, int]:
    return (hit.turn or 0, -1 if hit.char_start is None else hit.char_start, hit.char_end or 0)


def _objects(context: Context, piece: Piece, rows: Hits) -> list[Hit]:
    shard = context.shard
    operator = piece.operator
    key, unit = operator.key, unit_of(operator)
    values = [None if value != value else value for value in rows.value.tolist()]
    numbered = rows.note.tolist()
    notes, steps = [context.said(note) for note in numbered], [context.step(note) for note in numbered]
    if len(rows) and rows.turn[0] == NONE:
        return [
            Hit(piece=piece.name, operator=key, value=value, unit=unit, note=note, step=step)
            for value, note, step in zip(values, notes, steps, strict=True)
        ]
    texts = shard.turn_columns.text
    numbers = rows.turn - shard.first_turn[rows.conversation] + 1
    roles = shard.role[rows.turn].tolist()
    turns, lasts = rows.turn.tolist(), rows.last_turn.tolist()
    starts, ends, words = rows.start.tolist(), rows.end.tolist(), rows.word.tolist()
    begins, finishes = (times.tolist() for times in hit_times(shard, rows))
    found = []
    for i, number in enumerate(numbers.tolist()):
        start: int | None = starts[i]
        end: int | None = ends[i]
        text = ""
        if start == NONE:
            start = end = None
        else:
            whole = texts[turns[i]]
            end = len(whole) if lasts[i] != turns[i] else end
            text = whole[start:end]
        word = None if words[i] == NONE else _entry(context, operator, words[i])
        found.append(
            Hit(
                piece=piece.name,
                operator=key,
                turn=number,
                role=_ROLES[roles[i]],
                char_start=start,
                char_end=end,
                start_ms=None if begins[i] == NO_TIME else begins[i],
                end_ms=None if finishes[i] == NO_TIME else finishes[i],
                text=text,
                value=values[i],
                unit=None if values[i] is None else unit,
                category=None if word is None else word.category,
                level=None if word is None else word.level,
                note=notes[i],
                step=steps[i],
            )
        )
    return found


def _entry(context: Context, operator: Operator, number: int) -> Word | None:
    """The entry of the operator's word lists for a word."""
    entries = (context.vocabulary.entry(words, number) for words in word_lists(operator))
    return next((entry for entry in entries if entry is not None), None)
