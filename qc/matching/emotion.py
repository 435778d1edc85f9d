"""emotion 情绪: what the emotion stage says of the framed speaker."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from qc.domain.conversation import Role
from qc.domain.emotion import COMPONENTS
from qc.domain.operators import Emotion, EmotionAt, EmotionLabel, Trend
from qc.domain.rule import Frame
from qc.matching.context import Context
from qc.matching.evidence import NO_HITS, Bools, Cause, Evidence, Floats, causes_zh, hits
from qc.matching.frame import Selection
from qc.matching.registry import evaluates
from qc.matching.whole_turns import whole_turns
from qc.text.emotion import EDGE_TURNS, LEVEL_FROM, NEGATIVE, NEUTRAL, POSITIVE, Emotions
from qc.text.emotion_curve import NOTHING, SOOTHED, SOOTHED_LEVEL, Moods, reaction, soothed
from qc.text.shard import ROLE_CODES, Ints

_LABELS = {EmotionLabel.NEGATIVE: NEGATIVE, EmotionLabel.NEUTRAL: NEUTRAL, EmotionLabel.POSITIVE: POSITIVE}
_WHOLE_TURN = 2**31


@evaluates(Emotion)
def find_emotion(operator: Emotion, frame: Frame, selection: Selection, context: Context) -> Evidence:
    """Turns with the wanted emotion; the worst turn if it has it; turns that did to the other side what is wanted; the
    customer's negative turns that were soothed, or were not; or, as one measure per conversation, the mean or the
    change of the selected turns."""
    emotions, moods = context.signals.emotions, context.moods
    if emotions is None or moods is None:
        return Evidence(hits=NO_HITS)
    if operator.soothed is not None:
        return _soothed(operator, selection, context, emotions, moods)
    if operator.at is EmotionAt.REACTION:
        return _reaction(operator, frame, selection, context, moods)
    if operator.at not in (EmotionAt.TURN, EmotionAt.WORST):
        return _measured(operator, selection, context, emotions)
    turns = selection.turns if operator.at is EmotionAt.TURN else _worst(selection, emotions)
    wanted = _matches(operator, emotions.label[turns], emotions.level[turns])
    if operator.component is not None:
        wanted &= emotions.component[turns] == COMPONENTS.index(operator.component)
    turns = turns[wanted]
    return Evidence(hits=whole_turns(selection.shard, turns, value=emotions.level[turns].astype(np.float64)))


def _matches(operator: Emotion, label: npt.NDArray[np.int8], level: npt.NDArray[np.integer]) -> Bools:
    wanted = level >= operator.min_level
    if operator.label is not None:
        wanted = wanted & (label == _LABELS[operator.label])
    return np.asarray(wanted)


def _read(mood: npt.NDArray[np.float32]) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.integer]]:
    """Label and level of a mean polarity; NaN is neutral."""
    felt = np.nan_to_num(mood)
    level = np.searchsorted(LEVEL_FROM, np.abs(felt), side="right")
    return np.where(level > 0, np.sign(felt), NEUTRAL).astype(np.int8), level


def _worst(selection: Selection, emotions: Emotions) -> Ints:
    """The selected turn of lowest polarity of each conversation, the first of equals."""
    turns = selection.turns
    order = turns[np.lexsort((turns, emotions.polarity[turns], selection.shard.conversation[turns]))]
    _, first = np.unique(selection.shard.conversation[order], return_index=True)
    return order[first]


def _reaction(operator: Emotion, frame: Frame, selection: Selection, context: Context, moods: Moods) -> Evidence:
    """The selected turns after which the other side feels as wanted; of several before the same reply, the last."""
    shard, turns = selection.shard, selection.turns
    other = moods.agent if frame.speaker == frozenset({Role.CUSTOMER}) else moods.customer
    felt = reaction(shard, turns, other)
    change = np.round(felt.after - felt.before, 4)
    wanted = _matches(operator, *_read(felt.after)) & ~np.isnan(felt.after)
    value = felt.after
    if operator.trend is not None:
        value = change
        wanted &= (-change if operator.trend is Trend.FALLING else change) >= operator.min_change
    rows = np.flatnonzero(wanted)
    rows = rows[np.append(felt.reply[rows][1:] != felt.reply[rows][:-1], True)] if len(rows) else rows
    unmeasured = _why(selection, moods.unsure, Cause.UNKNOWN_ROLE, context)
    return Evidence(hits=whole_turns(shard, turns[rows], value=value[rows]), unmeasured=unmeasured)


def _soothed(operator: Emotion, selection: Selection, context: Context, emotions: Emotions, moods: Moods) -> Evidence:
    """The customer's selected negative turns, where she was soothed as wanted. Words of either side that were not heard
    clearly may have soothed, or have been anger, so that with them nothing is known."""
    shard = selection.shard
    level = operator.min_level or SOOTHED_LEVEL
    state = soothed(shard, emotions, moods, level)
    negative = (emotions.label == NEGATIVE) & (emotions.level >= level) & (shard.role == ROLE_CODES[Role.CUSTOMER])
    as_wanted = (state != NOTHING) & ((state == SOOTHED) == operator.soothed)
    meant = negative & as_wanted[shard.conversation]
    if operator.component is not None:
        meant &= emotions.component == COMPONENTS.index(operator.component)
    turns = selection.turns[meant[selection.turns]]
    faint = np.isin(shard.role, [ROLE_CODES[r] for r in (Role.AGENT, Role.CUSTOMER)])
    faint &= ~moods.heard & ~shard.invented & (np.diff(shard.char_start) > 1)
    unclear, upset = (np.bincount(shard.conversation[which], minlength=len(shard)) > 0 for which in (faint, negative))
    unmeasured = _why(selection, unclear & upset, Cause.LOW_CONFIDENCE, context)
    unmeasured |= _why(selection, moods.unsure, Cause.UNKNOWN_ROLE, context)
    return Evidence(hits=whole_turns(shard, turns, value=emotions.level[turns]), unmeasured=unmeasured)


def _why(selection: Selection, doubtful: Bools, cause: Cause, context: Context) -> dict[int, str]:
    """Why the doubtful conversations that have a selected turn cannot be judged."""
    reason = "；".join(causes_zh(cause, context.floor))
    return {int(c): reason for c in np.flatnonzero(doubtful & ~selection.empty)}


def _measured(operator: Emotion, selection: Selection, context: Context, emotions: Emotions) -> Evidence:
    """Means of polarity over the selected turns that were heard clearly and hold words; where it is unknown who spoke
    some of them, nothing is known of the mean."""
    shard = selection.shard
    clear = selection.inside & ~(shard.confidence < context.floor) & (np.diff(shard.char_start) > 1)
    turns = np.flatnonzero(clear)
    owner = shard.conversation[turns]
    causes = np.zeros(len(shard), np.uint8)
    np.bitwise_or.at(causes, owner, selection.cause[turns])
    unmeasured = {int(c): "；".join(causes_zh(int(causes[c]), context.floor)) for c in np.flatnonzero(causes)}
    count = np.bincount(owner, minlength=len(shard))
    nth = np.arange(len(turns)) - np.concatenate(([0], np.cumsum(count)))[owner]
    most = {EmotionAt.WHOLE: _WHOLE_TURN, EmotionAt.TREND: _WHOLE_TURN}.get(operator.at, EDGE_TURNS)
    parts = 1 if operator.at is EmotionAt.WHOLE else 3
    edge = np.clip(count // parts, 1, most)

    def mean(kept: Bools) -> Floats:
        """NaN where no turn is kept."""
        size = np.bincount(owner[kept], minlength=len(shard))
        total = np.bincount(owner[kept], weights=emotions.polarity[turns[kept]], minlength=len(shard))
        return np.where(size > 0, total / np.maximum(size, 1), np.nan)

    first, last = mean(nth < edge[owner]), mean(nth >= (count - edge)[owner])
    if operator.at is EmotionAt.TREND:
        change = np.round(last - first, 4)
        fell = operator.trend is Trend.FALLING
        holding = np.flatnonzero((count > 1) & ((-change if fell else change) >= operator.min_change))
        return Evidence(hits=hits(holding, value=change[holding]), unmeasured=unmeasured)
    polarity = np.round(last if operator.at is EmotionAt.END else first, 4).astype(np.float32)
    holding = np.flatnonzero(_matches(operator, *_read(polarity)) & ~np.isnan(polarity))
    return Evidence(hits=hits(holding, value=polarity[holding].astype(np.float64)), unmeasured=unmeasured)
