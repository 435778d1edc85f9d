"""One shard of conversations → the parts of all tables."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from qc.domain.conversation import Conversation, Role
from qc.domain.emotion import COMPONENTS
from qc.domain.failure import Failure
from qc.domain.finding import Verdict
from qc.domain.printable import whole_characters
from qc.domain.rule import RuleStatus
from qc.domain.score import Score
from qc.domain.scorecard import Scorecard
from qc.domain.specs import Specs
from qc.matching.compile import CompiledRules, compile_rules
from qc.matching.judge import VERDICTS, Judgement, judge
from qc.matching.signals import Signals
from qc.opinion.complaints import assess_alone
from qc.pipeline.privacy import masked, masked_failure
from qc.schema import rows
from qc.schema.tables import TABLES
from qc.scoring.score import Scorer, applicable
from qc.text.arousal import Arousal, arousal_of
from qc.text.emotion import Emotions, RoleEmotion
from qc.text.emotion_curve import NOBODY, NOTHING, SOOTHED, EmotionCurve, emotion_curve, moods_of
from qc.text.intents import Intents
from qc.text.shard import ROLE_CODES, Shard
from qc.text.signals import Analyser, analyser_of
from qc.text.terms import TermTable, count_terms
from qc.text.timing import measure
from qc.text.topics import Topics

_LABELS = {-1: "negative", 0: "neutral", 1: "positive"}
_FELT_PARTS = {
    "customer": ("start", "end", "worst", "worst_turn", "level"),
    "agent": ("worst", "worst_turn", "level"),
}
_FELT = [ROLE_CODES[role] for role in (Role.AGENT, Role.CUSTOMER, Role.UNKNOWN)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardTables:
    """All tables of one shard by name. At the end of the run `terms` is summed over shards, and `complaints` is looked
    through again for those whom others of the run join."""

    tables: dict[str, pa.Table]


class Inspector:
    """Judges shards. `specs` None: conversations and turns only (the result of `qc transcribe`)."""

    def __init__(self, specs: Specs | None, *, confidence_floor: float, mask: bool) -> None:
        self._mask = mask
        self._specs = specs
        self._floor = confidence_floor
        self._rules: CompiledRules | None = None
        self._analyser = Analyser(None, ()) if specs is None else analyser_of(specs)
        if specs is not None:
            self._rules = compile_rules(specs.pack, confidence_floor=confidence_floor)

    def inspect(self, conversations: Sequence[Conversation], failures: Sequence[Failure]) -> ShardTables:
        """The tables of one shard.

        Personal data is masked before anything is judged: rules see the text people see, a span is true in both, and
        judging a stored run again comes to the same. What stood behind a mask is known by its type (entities).
        """
        shard = Shard(conversations)
        entities = self._analyser.entities(shard)
        if self._mask:
            shard = Shard(masked(shard, entities))
            failures = [masked_failure(f) for f in failures]
        by_turn = entities.by_turn()
        tables = {name: schema.empty_table() for name, schema in TABLES.items()}
        tables["failures"] = rows.failures(failures)
        tables["turns"] = rows.turns(shard.conversations, [by_turn.get(i, ()) for i in range(len(shard.turns))])
        if self._specs is None or self._rules is None:
            tables["conversations"] = _conversations(shard, None, None, None, None, None)
            return ShardTables(tables=tables)
        emotions = self._analyser.emotions(shard)
        curve = emotion_curve(shard, emotions, moods_of(shard, emotions, floor=self._floor))
        arousal = arousal_of(shard)
        topics = self._analyser.topics(shard)
        intents = self._analyser.intents(shard)
        signals = Signals(emotions=emotions, topics=topics, entities=entities, intents=intents)
        judgement = judge(self._rules, shard, signals)
        found = [f for fs in judgement.findings for f in fs]
        scores = _scores(self._specs.cards, shard, judgement)
        tables["conversations"] = _conversations(shard, emotions, curve, arousal, topics, judgement)
        tables["findings"] = rows.findings(found, {r.id: r for r in judgement.rules})
        tables["hits"] = rows.hits(found)
        tables["scores"] = rows.scores(scores)
        tables["item_scores"] = rows.item_scores(scores)
        tables["emotions"] = _emotions(shard, emotions, curve, arousal)
        tables["topics"] = _topics(shard, topics)
        tables["turn_topics"] = _turn_topics(shard, topics)
        tables["intents"] = _intents(shard, intents)
        tables["terms"] = _terms(count_terms(shard, emotions, entities, self._specs.taxonomies))
        (tables["complaints"],) = assess_alone(lambda name, of: iter([tables[name].select(of)]), self._specs.complaints)
        return ShardTables(tables=tables)


def _scores(cards: Sequence[Scorecard], shard: Shard, judgement: Judgement) -> list[Score]:
    """Scores of every conversation under every card that concerns it."""
    ids = [r.id for r in judgement.rules]
    shadow = frozenset(r.id for r in judgement.rules if r.status is RuleStatus.SHADOW)
    scorers = {card.id: Scorer(card, shadow) for card in cards}
    verdicts = list(Verdict)
    out = []
    for i, conversation in enumerate(shard.conversations):
        concerned = applicable(cards, conversation)
        if not concerned:
            continue
        column = judgement.verdicts[:, i].tolist()
        of_rule = {rule: verdicts[code] for rule, code in zip(ids, column, strict=True)}
        counts = {f.rule_id: len(f.hits) for f in judgement.findings[i]}
        out += [scorers[card.id].score(conversation.id, of_rule, counts) for card in concerned]
    return out


def _conversations(
    shard: Shard,
    emotions: Emotions | None,
    curve: EmotionCurve | None,
    arousal: Arousal | None,
    topics: Topics | None,
    judgement: Judgement | None,
) -> pa.Table:
    shown = shard.conversations
    timing = measure(shard)
    n = len(shard)
    starts = [rows.started(c.meta.started_at) for c in shown]
    confidences = _confidence(shard)
    none: list[None] = [None] * n

    def turns_of(role: Role) -> list[int]:
        mine = shard.conversation[shard.role == ROLE_CODES[role]]
        counts: list[int] = np.bincount(mine, minlength=n).tolist()
        return counts

    meta = [
        "agent_id",
        "agent_name",
        "team",
        "customer_id",
        "region",
        "ring_count",
        "queue_wait_s",
        "hold_s",
        "after_call_s",
        "transfers",
        "satisfaction",
    ]
    columns = {
        "conversation_id": [c.id for c in shown],
        "project": [c.project for c in shown],
        "channel": [c.channel.value for c in shown],
        "date": [None if s is None else s.date() for s in starts],
        "started_at": starts,
        "duration_ms": [c.meta.duration_ms for c in shown],
        **{name: [getattr(c.meta, name) for c in shown] for name in meta},
        "extra": [sorted(c.meta.extra.items()) for c in shown],
        "source_path": [whole_characters(c.source.path) for c in shown],
        "source_format": [c.source.format for c in shown],
        "source_sha256": [c.source.sha256 for c in shown],
        **{
            name: [getattr(c.source, name) for c in shown]
            for name in (
                "in_manifest",
                "audio_channels",
                "sample_rate",
                "codec",
                "asr_engine",
                "asr_model",
                "role_source",
            )
        },
        "asr_confidence": confidences,
        "turn_count": [len(c.turns) for c in shown],
        "agent_turns": turns_of(Role.AGENT),
        "customer_turns": turns_of(Role.CUSTOMER),
        "bot_turns": turns_of(Role.BOT),
        **{
            name: _known(getattr(timing, name))
            for name in (
                "agent_speech_ms",
                "customer_speech_ms",
                "longest_silence_ms",
                "silence_ms",
                "agent_chars_per_min",
            )
        },
        **_over_time(shard, curve),
        **_peaks(shard, arousal),
        "contact_reason": none if topics is None else [r.topic_id for r in topics.reasons],
        "contact_reason_turn": none if topics is None else [r.turn for r in topics.reasons],
        "primary_topic": none if topics is None else [topics.primary(i) for i in range(n)],
        "not_applicable": none if judgement is None else _not_applicable(judgement),
    }
    for role, parts in _FELT_PARTS.items():
        felt = None if emotions is None else getattr(emotions, role)
        for part in parts:
            columns[f"{role}_emotion_{part}"] = none if felt is None else _felt(felt, part)
    return rows.build("conversations", columns)


def _not_applicable(judgement: Judgement) -> pa.Array:
    """Per conversation, the ids of the rules that did not concern it, in order."""
    conversation, rule = np.nonzero(np.equal(judgement.verdicts.T, VERDICTS.index(Verdict.NOT_APPLICABLE)))
    offsets = np.searchsorted(conversation, np.arange(judgement.verdicts.shape[1] + 1))
    ids = pa.array([r.id for r in judgement.rules], pa.string()).take(pa.array(rule))
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), ids)


def _felt(emotion: RoleEmotion, part: str) -> list[float | int | None]:
    """One column of a role's emotion, None where the role said nothing."""
    values = getattr(emotion, part).tolist()
    return [v if turn > 0 else None for v, turn in zip(values, emotion.worst_turn.tolist(), strict=True)]


def _over_time(shard: Shard, curve: EmotionCurve | None) -> dict[str, Sequence[float | int | bool | None]]:
    """How the customer's emotion ran, None where nothing is to be said of it."""
    if curve is None:
        return dict.fromkeys(("customer_emotion_trend", "inflamed_turn", "calmed_turn", "soothed"), [None] * len(shard))
    first = shard.first_turn[:-1]
    numbered = {
        name: [None if t == NOBODY else t - at + 1 for t, at in zip(turns.tolist(), first.tolist(), strict=True)]
        for name, turns in (("inflamed_turn", curve.inflamed), ("calmed_turn", curve.calmed))
    }
    return {
        "customer_emotion_trend": [None if math.isnan(v) else v for v in curve.trend.tolist()],
        **numbered,
        "soothed": [None if v == NOTHING else v == SOOTHED for v in curve.soothed.tolist()],
    }


def _confidence(shard: Shard) -> list[float | None]:
    """Mean confidence of each conversation, weighted by characters; None where no turn has one."""
    n = len(shard)
    known = ~np.isnan(shard.confidence)
    chars = np.maximum(np.diff(shard.char_start) - 1, 1)[known]
    owner = shard.conversation[known]
    total = np.bincount(owner, weights=chars, minlength=n)
    mass = np.bincount(owner, weights=chars * shard.confidence[known], minlength=n)
    return [round(m / t, 4) if t else None for m, t in zip(mass.tolist(), total.tolist(), strict=True)]


def _known(values: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> list[int | None]:
    return [None if v < 0 else v for v in values.tolist()]


def _measured(values: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> pa.Array:
    return pa.array(values, from_pandas=True)  # NaN becomes null


def _peaks(shard: Shard, arousal: Arousal | None) -> dict[str, Sequence[int | None] | pa.Array]:
    """When the customer sounded most agitated, None where nothing is known of it."""
    if arousal is None:
        return dict.fromkeys(("customer_arousal_peak", "customer_arousal_peak_turn"), [None] * len(shard))
    return {
        "customer_arousal_peak": _measured(arousal.customer_peak),
        "customer_arousal_peak_turn": [turn or None for turn in arousal.customer_peak_turn.tolist()],
    }


def _emotions(shard: Shard, emotions: Emotions, curve: EmotionCurve, arousal: Arousal) -> pa.Table:
    felt = np.flatnonzero(np.isin(shard.role, _FELT))
    owner = shard.conversation[felt]
    ids = np.array([c.id for c in shard.conversations], object)
    roles = np.array([role.value for role in Role], object)
    components = np.array([*COMPONENTS, None], object)  # NO_COMPONENT (−1) takes the last one
    return rows.build(
        "emotions",
        {
            "conversation_id": ids[owner].tolist(),
            "turn": (felt - shard.first_turn[owner] + 1).tolist(),
            "role": roles[shard.role[felt]].tolist(),
            "polarity": pa.array(emotions.polarity[felt]),
            "label": [_LABELS[v] for v in emotions.label[felt].tolist()],
            "level": pa.array(emotions.level[felt]),
            "component": components[emotions.component[felt]].tolist(),
            "phrases": [list(emotions.phrases.get(i, ())) for i in felt.tolist()],
            "snownlp": pa.array(emotions.snownlp[felt]),
            "smoothed": _measured(curve.smoothed[felt]),
            **{
                name: _measured(getattr(arousal, name)[felt])
                for name in ("arousal", "loudness_change_db", "pitch_change_st", "speech_rate", "pause_ms")
            },
            "features": [list(emotions.features[i]) if i in emotions.features else None for i in felt.tolist()],
            "negative_probability": pa.array(np.round(emotions.negative_probability[felt], 4)),
            "positive_probability": pa.array(np.round(emotions.positive_probability[felt], 4)),
        },
    )


def _topics(shard: Shard, topics: Topics) -> pa.Table:
    flat = [(c.id, share) for c, shares in zip(shard.conversations, topics.shares, strict=True) for share in shares]
    return rows.build(
        "topics",
        {
            "conversation_id": [i for i, _ in flat],
            "topic_id": [s.topic_id for _, s in flat],
            "topic": [s.title for _, s in flat],
            "parent": [s.parent for _, s in flat],
            "share": [s.share for _, s in flat],
            "rank": [s.rank for _, s in flat],
            "words": [list(s.words) for _, s in flat],
            "first_turn": [s.first_turn for _, s in flat],
        },
    )


def _turn_topics(shard: Shard, topics: Topics) -> pa.Table:
    turn = np.array([t.turn for t in topics.turns], np.int64)
    owner = shard.conversation[turn]
    ids = np.array([c.id for c in shard.conversations], object)
    roles = np.array([role.value for role in Role], object)
    return rows.build(
        "turn_topics",
        {
            "conversation_id": ids[owner].tolist(),
            "turn": (turn - shard.first_turn[owner] + 1).tolist(),
            "role": roles[shard.role[turn]].tolist(),
            "topic_id": [t.topic_id for t in topics.turns],
            "score": [t.score for t in topics.turns],
            "words": [list(t.words) for t in topics.turns],
        },
    )


def _intents(shard: Shard, intents: Intents) -> pa.Table:
    flat = [(c.id, one) for c, shown in zip(shard.conversations, intents.shown, strict=True) for one in shown]
    return rows.build(
        "intents",
        {
            "conversation_id": [i for i, _ in flat],
            "intent_id": [one.intent_id for _, one in flat],
            "intent": [one.title for _, one in flat],
            "kind": [one.kind.value for _, one in flat],
            "level": [one.level for _, one in flat],
            "turn": [one.turn for _, one in flat],
            "phrases": [list(one.phrases) for _, one in flat],
            "probability": [one.probability for _, one in flat],
            "source": [one.source for _, one in flat],
        },
    )


def _terms(terms: TermTable) -> pa.Table:
    return rows.build(
        "terms",
        {
            "project": terms.project,
            "term": terms.term,
            "conversations": pa.array(terms.conversations),
            "occurrences": pa.array(terms.occurrences),
            "negative_conversations": pa.array(terms.negative_conversations),
        },
    )
