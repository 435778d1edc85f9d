"""answer_after_question 知识点问答: a question that was answered wrongly, or not as the knowledge base says."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from qc.domain.conversation import Role
from qc.domain.operators import AnswerAfterQuestion
from qc.domain.rule import Frame
from qc.matching.context import Context
from qc.matching.evidence import NONE, Bools, Cause, Evidence, Flags, Hits, PieceResult, hits
from qc.matching.frame import Selection
from qc.matching.registry import evaluates
from qc.matching.steps import Known, Places, known, stacked, why_lost
from qc.text.columns import ranges
from qc.text.shard import ROLE_CODES, Ints


@evaluates(AnswerAfterQuestion)
def find_wrong_answers(
    operator: AnswerAfterQuestion,
    frame: Frame,
    selection: Selection,
    context: Context,
    pieces: Mapping[str, PieceResult],
) -> Evidence:
    """One hit per question: the wrong answers, or the first turn somebody else speaks after it.

    An answer lies in the `turns` turns after the question's. A question after which nobody else speaks was not
    answered, and so not answered wrongly.
    """
    shard = selection.shard
    asked = known([pieces[operator.question]], selection)
    good = known([pieces[name] for name in operator.accepted], selection) if operator.accepted else None
    bad = known([pieces[name] for name in operator.wrong], selection) if operator.wrong else None
    questions = asked.places
    after = shard.first_turn[1:][questions.conversation] - 1
    first, last = questions.last_turn + 1, np.minimum(questions.last_turn + operator.turns, after)

    def within(turns: Ints) -> Ints:
        """How many of the turns lie in reach of each question."""
        running = np.concatenate(([0], np.cumsum(np.bincount(turns, minlength=len(shard.turns)))))
        return np.asarray(running[np.maximum(last + 1, first)] - running[first])

    reply, doubt = _replies(selection, context, questions, first, last)
    wrong = np.zeros(len(questions), np.bool_) if bad is None else within(bad.places.turn) > 0
    surely_wrong = np.zeros(len(questions), np.bool_)
    if bad is not None:
        surely_wrong = within(bad.places.turn[bad.places.cause == 0]) > 0
    unanswered, surely_unanswered = np.zeros_like(wrong), np.zeros_like(wrong)
    if good is not None:
        answered = reply != NONE
        unanswered = answered & (within(good.places.turn[good.places.cause == 0]) == 0)
        surely_unanswered = (
            answered & (doubt == 0) & (within(good.places.turn) == 0) & ~good.anywhere[questions.conversation]
        )
    sure = (questions.cause == 0) & (surely_wrong | surely_unanswered)
    faulty = np.flatnonzero(wrong | unanswered)
    parts = [_wrong(context, selection, questions, faulty[wrong[faulty]], bad, last)] if bad is not None else []
    parts.append(_unanswered(context, selection, questions, faulty[~wrong[faulty]], reply))
    return Evidence(
        hits=_weighed(parts, questions, sure, doubt),
        unmeasured=_lost(operator, pieces, asked, good, bad, sure),
    )


def _replies(selection: Selection, context: Context, questions: Places, first: Ints, last: Ints) -> tuple[Ints, Flags]:
    """For each question the first turn in reach that is not the asker's, NONE if there is none, and why it is not
    certain that somebody else was heard there."""
    shard = selection.shard
    reply = np.full(len(questions), NONE, np.int64)
    told_apart, heard = np.zeros(len(questions), np.bool_), np.zeros(len(questions), np.bool_)
    lost = shard.role == ROLE_CODES[Role.UNKNOWN]
    clear = ~(context.clarity.turns | context.clarity.hiding)
    for ahead in range(int((last - first).max(initial=-1)), -1, -1):
        rows = np.flatnonzero(first + ahead <= last)
        turn, asked = first[rows] + ahead, questions.turn[rows]
        unknown = lost[turn] | lost[asked]
        other = unknown | (shard.role[turn] != shard.role[asked])
        reply[rows[other]] = turn[other]
        told_apart[rows] |= other & ~unknown
        heard[rows] |= other & ~unknown & clear[turn]
    doubt = np.where(told_apart, np.uint8(Cause.LOW_CONFIDENCE), np.uint8(Cause.UNKNOWN_ROLE))
    return reply, np.where(heard, np.uint8(0), doubt).astype(np.uint8)


def _wrong(context: Context, selection: Selection, questions: Places, rows: Ints, bad: Known, last: Ints) -> Hits:
    """A row for every wrong answer in reach of these questions."""
    places = bad.places
    lo = np.searchsorted(places.turn, questions.last_turn[rows] + 1, side="left")
    hi = np.searchsorted(places.turn, last[rows], side="right")
    count = hi - lo
    at = ranges(lo, hi)
    of = np.repeat(rows, count)
    found = places.take(at)
    return hits(
        found.conversation,
        turn=found.turn,
        last_turn=found.last_turn,
        start=found.start,
        end=found.end,
        group=of,
        cause=found.cause,
        note=_notes(context, selection, questions, of, "第 {} 轮的问题答错了"),
    )


def _unanswered(context: Context, selection: Selection, questions: Places, rows: Ints, reply: Ints) -> Hits:
    """The turn in which each of these questions should have been answered."""
    shard, turn = selection.shard, reply[rows]
    return hits(
        questions.conversation[rows],
        turn=turn,
        start=np.zeros(len(rows), np.int64),
        end=shard.char_start[turn + 1] - 1 - shard.char_start[turn],
        group=rows,
        note=_notes(context, selection, questions, rows, "第 {} 轮的问题没有按要求回答"),
    )


def _notes(context: Context, selection: Selection, questions: Places, rows: Ints, text: str) -> Ints:
    number = questions.turn[rows] - selection.shard.first_turn[questions.conversation[rows]] + 1
    return np.array([context.note(text.format(turn)) for turn in number.tolist()], np.int64)


def _weighed(parts: list[Hits], questions: Places, sure: Bools, doubt: Flags) -> Hits:
    """All rows, those of questions that are not answered wrongly for certain with a cause."""
    found = stacked(parts)
    cause = found.cause | questions.cause[found.group] | doubt[found.group]
    cause = np.where(cause == 0, np.uint8(Cause.ANCHOR), cause)
    return found.with_cause(np.where(sure[found.group], np.uint8(0), cause).astype(np.uint8))


def _lost(
    operator: AnswerAfterQuestion,
    pieces: Mapping[str, PieceResult],
    asked: Known,
    good: Known | None,
    bad: Known | None,
    sure: Bools,
) -> dict[int, str]:
    """Conversations in which a question or an answer may be anywhere, unless one is answered wrongly for certain."""
    decided = set(asked.places.conversation[sure].tolist())
    asks = set(asked.places.conversation.tolist())
    reasons: dict[int, str] = {}
    for step, names, asker in (
        (asked, (operator.question,), True),
        (good, operator.accepted, False),
        (bad, operator.wrong, False),
    ):
        if step is None:
            continue
        for conversation in np.flatnonzero(step.anywhere).tolist():
            if conversation in decided or not (asker or conversation in asks):
                continue
            why = why_lost([pieces[name] for name in names], conversation)
            reasons.setdefault(conversation, f"片段 {'、'.join(names)} 不能确定：{why}")
    return reasons
