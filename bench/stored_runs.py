"""Stored runs of any size, written straight by the schemas: what reports, exports and reviews are measured on.

The rules, scorecards, topics, intentions and complaint types are the shipped ones; what they found is drawn, seeded,
a shard of 500 conversations at a time as the pipeline writes them. Agents differ in skill, customers come again,
projects have their own channels, one agent in five serves two projects.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bench.stored_words import ACCENTS, AGENT, CUSTOMER, PROJECTS, REGIONS, SURNAMES
from qc.domain.rule import RuleKind, RuleStatus
from qc.domain.run import CardLineage, Counts, Lineage, RunStatus
from qc.domain.scorecard import AutoFail, Effect, Per, Scorecard
from qc.pipeline.specs import folders, load
from qc.schema.tables import TABLES
from qc.storage.lineage import write_lineage
from qc.storage.write import write_part

SHARD = 500
NA, MISS, UNSURE, HIT = range(4)
_STATUS = np.array(["not_applicable", "passed", "undecided", "deducted", "awarded", "not_awarded"])
Ints = np.ndarray[Any, np.dtype[np.int64]]


def column(values: Sequence[Any], index: Ints, mask: np.ndarray | None = None, kind: pa.DataType | None = None) -> Any:
    """`values` at `index`, null where `mask` is set."""
    return pa.array(values, kind).take(pa.array(index, pa.int32(), mask=mask))


def numbers(values: np.ndarray, kind: pa.DataType, missing: np.ndarray | None = None) -> pa.Array:
    return pa.array(values, mask=missing).cast(kind, safe=False)


def table(name: str, rows: int, **columns: Any) -> pa.Table:
    """A table by its schema; columns that are not given are null, single values are repeated."""
    made = []
    for field in TABLES[name]:
        value = columns.pop(field.name, None)
        if not isinstance(value, pa.Array | pa.ChunkedArray):
            value = pa.repeat(pa.scalar(value, field.type), rows)
        made.append(value.cast(field.type))
    assert not columns, columns
    return pa.table(made, TABLES[name])


@dataclass(frozen=True, slots=True, kw_only=True)
class Centre:
    """Who works there and what is looked for."""

    rules: tuple[Any, ...]
    cards: tuple[Scorecard, ...]
    topics: tuple[tuple[Any, ...], ...]
    """Of each project."""
    intents: tuple[Any, ...]
    complaints: tuple[tuple[str, str], ...]
    rate: np.ndarray
    """Of each rule: how often it hits where it concerns a conversation."""
    concerns: np.ndarray
    """(project, channel, rule)."""
    channels: tuple[str, ...]
    skill: np.ndarray
    """Of each agent: by what its violations are multiplied."""
    home: Ints
    second: Ints


def centre(agents: int, seed: int) -> Centre:
    specs = load(folders(None))
    rules = tuple(sorted((r for r in specs.pack.rules if r.status is not RuleStatus.DRAFT), key=lambda r: r.id))
    rng = np.random.default_rng(seed)
    channels = tuple(dict.fromkeys(c for project in PROJECTS for c in project.channels))
    base = {RuleKind.VIOLATION: 0.012, RuleKind.MERIT: 0.15, RuleKind.SIGNAL: 0.03}
    rate = np.array([base[r.kind] * (0.2 if r.severity == "critical" else 1.0) for r in rules])
    rate = np.minimum(rate * rng.lognormal(0.0, 0.8, len(rules)), 0.4)
    concerns = np.zeros((len(PROJECTS), len(channels), len(rules)), bool)
    for p, project in enumerate(PROJECTS):
        for c, channel in enumerate(channels):
            for r, rule in enumerate(rules):
                concerns[p, c, r] = (not rule.scope.projects or project.name in rule.scope.projects) and (
                    not rule.scope.channels or channel in {str(x) for x in rule.scope.channels}
                )
    by_name = {name: t.topics for t in specs.taxonomies for name in t.projects}
    weights = np.array([p.share for p in PROJECTS])
    home = rng.choice(len(PROJECTS), agents, p=weights / weights.sum())
    second = np.where(rng.random(agents) < 0.2, (home + 1) % len(PROJECTS), home)
    return Centre(
        rules=rules,
        cards=tuple(specs.cards),
        topics=tuple(tuple(by_name[p.name]) for p in PROJECTS),
        intents=tuple(i for group in specs.intents for i in group.intents),
        complaints=(*((t.id, t.title) for t in specs.complaints.types), ("other", "其他")),
        rate=rate,
        concerns=concerns,
        channels=channels,
        skill=rng.lognormal(0.0, 0.35, agents),
        home=home,
        second=second,
    )


def write_run(folder: Path, made: Centre, *, conversations: int, day: datetime, number: int, seed: int) -> Path:
    """One night of `conversations`, in folder/day-NN."""
    run = folder / f"day-{number:02d}"
    failed = conversations // 200
    totals: dict[str, int] = {}
    for shard, first in enumerate(range(0, conversations, SHARD)):
        count = min(SHARD, conversations - first)
        night = Night(made, np.random.default_rng((seed, number, shard)), day, number, first, count, conversations)
        for name, rows in night.tables().items():
            write_part(run, name, shard, rows)
            totals[name] = totals.get(name, 0) + rows.num_rows
    rng = np.random.default_rng((seed, number))
    for name, rows in (("terms", _terms(rng, conversations)), ("failures", _failures(failed))):
        write_part(run, name, 0, rows)
        totals[name] = rows.num_rows
    start = (day + timedelta(days=1, hours=1)).isoformat(timespec="seconds")
    cards = tuple(CardLineage(id=c.id, title=c.title, version=c.version, digest=c.digest) for c in made.cards)
    lineage = Lineage(
        run_id=run.name,
        name=f"{day:%m 月 %d 日}夜间",
        status=RunStatus.DONE,
        started_at=start,
        finished_at=start,
        qc_version="0.1.0",
        schema_version="1.4",
        plan_digest=f"{number:064x}",
        input_path=f"recordings/{day:%Y-%m-%d}",
        input_digest=f"{number + 1:064x}",
        manifest="calls.csv",
        asr_engine="openai-whisper",
        asr_model="base@sha256:ed3a0b6b",
        rules_digest="ab" * 32,
        rules={r.id: r.version for r in made.rules},
        rule_digests={r.id: r.digest for r in made.rules},
        confidence_floor=0.5,
        scorecards=cards,
        lexicons_digest="cd" * 32,
        complaints_digest="ef" * 32,
        config_digest="12" * 32,
        counts=Counts(input=conversations + failed, ok=conversations, failed=failed, audio_ms=conversations * 200_000),
        tables=totals,
    )
    write_lineage(run, lineage)
    return run


class Night:
    """A shard of one night. Everything is a column over its conversations, or over their turns."""

    def __init__(
        self, made: Centre, rng: np.random.Generator, day: datetime, number: int, first: int, count: int, whole: int
    ) -> None:
        self.made, self.rng, self.n, self.day = made, rng, count, day
        agents = len(made.home)
        self.agent = rng.integers(agents, size=count)
        self.project = np.where(rng.random(count) < 0.3, made.second[self.agent], made.home[self.agent])
        self.channel = self._channel()
        self.bot = np.isin(np.array(made.channels)[self.channel], ("bot_text", "bot_voice"))
        self.voice = np.char.startswith(np.array(made.channels)[self.channel], "voice") | (
            np.array(made.channels)[self.channel] == "bot_voice"
        )
        self.ids = pa.array([f"{number:02d}{i:07d}" for i in range(first, first + count)])
        self.customer = (rng.power(0.6, count) * whole * 0.8).astype(np.int64)
        self.turns = np.clip(rng.poisson(15, count), 3, 60)
        self.start = np.concatenate(([0], np.cumsum(self.turns)))
        self.of_turn = np.repeat(np.arange(count), self.turns)
        self.turn = np.arange(self.start[-1]) - self.start[self.of_turn] + 1
        self.agent_turn = self.turn % 2 == 1
        self.said = rng.integers(len(AGENT), size=self.start[-1])
        self.level = np.where(rng.random(count) < 0.12, rng.integers(1, 6, count), 0)
        self.worst_turn = np.minimum((rng.random(count) * self.turns / 2).astype(np.int64) * 2 + 2, self.turns)
        self.verdict, self.found = self._verdicts()

    def tables(self) -> dict[str, pa.Table]:
        findings, hits = self._findings()
        items, scores = self._scores()
        primary, topics = self._topics()
        return {
            "conversations": self._conversations(primary),
            "turns": self._turns(),
            "findings": findings,
            "hits": hits,
            "item_scores": items,
            "scores": scores,
            "emotions": self._emotions(),
            "topics": topics,
            "turn_topics": self._turn_topics(),
            "intents": self._intents(),
            "complaints": self._complaints(),
        }

    def _channel(self) -> Ints:
        own = [[self.made.channels.index(c) for c in p.channels] for p in PROJECTS]
        pick = np.minimum(self.rng.geometric(0.6, self.n) - 1, 3)
        return np.array([own[p][min(k, len(own[p]) - 1)] for p, k in zip(self.project, pick, strict=True)])

    def _verdicts(self) -> tuple[np.ndarray, np.ndarray]:
        made, shape = self.made, (self.n, len(self.made.rules))
        concerned = made.concerns[self.project, self.channel] & (self.rng.random(shape) > 0.1)
        fault = np.array([r.kind is RuleKind.VIOLATION for r in made.rules])
        chance = made.rate * np.where(fault, made.skill[self.agent][:, None], 1.0)
        chance = np.where(fault & (self.level > 1)[:, None], chance * 2, chance)
        verdict = np.where(concerned, MISS, NA).astype(np.int8)
        verdict[concerned & (self.rng.random(shape) < 0.004) & self.voice[:, None]] = UNSURE
        verdict[concerned & (self.rng.random(shape) < chance)] = HIT
        return verdict, np.where(verdict == HIT, 1 + self.rng.binomial(2, 0.15, shape), 0)

    def _conversations(self, primary: pa.Array) -> pa.Table:
        rng, n, made = self.rng, self.n, self.made
        seconds = (8 + 12 * rng.beta(2.0, 2.0, n)) * 3600
        stamps = np.datetime64(self.day, "ms") + (seconds * 1000).astype("timedelta64[ms]")
        duration = np.clip(rng.lognormal(5.3, 0.6, n) * 1000, 15_000, 3_600_000).astype(np.int64)
        agents, unserved, silent = len(made.home), self.bot, ~self.voice
        names = [f"{SURNAMES[i % len(SURNAMES)]}{'敏强洁伟芳磊静涛'[i // len(SURNAMES) % 8]}" for i in range(agents)]
        opened, ended = rng.normal(0.05, 0.15, n), rng.normal(0.15, 0.2, n) - 0.1 * self.level
        talk = (duration * rng.uniform(0.35, 0.5, n)).astype(np.int64)
        rated = rng.random(n) > 0.35
        stars = np.clip(np.rint(rng.normal(4.5, 0.7, n) - 0.5 * self.level), 1, 5)
        absent = pa.ListArray.from_arrays(
            pa.array(np.concatenate(([0], np.cumsum((self.verdict == NA).sum(1)))), pa.int32()),
            column([r.id for r in made.rules], np.nonzero(self.verdict == NA)[1]),
        )
        accent = rng.choice(len(ACCENTS), n, p=(0.7, 0.12, 0.1, 0.08))
        moved = rng.choice(3, n, p=(0.8, 0.15, 0.05))
        extra = pa.MapArray.from_arrays(
            pa.array(np.arange(0, 2 * n + 1, 2), pa.int32()),
            column(["口音", "转接次数"], np.tile([0, 1], n)),
            column([*ACCENTS, "0", "1", "2"], np.stack([accent, len(ACCENTS) + moved], 1).ravel()),
        )
        return table(
            "conversations",
            n,
            conversation_id=self.ids,
            project=column([p.name for p in PROJECTS], self.project),
            channel=column(made.channels, self.channel),
            date=self.day.date(),
            started_at=pa.array(stamps, pa.timestamp("ms")),
            duration_ms=numbers(duration, pa.int64()),
            agent_id=column([f"{1000 + i}" for i in range(agents)], self.agent, unserved),
            agent_name=column(names, self.agent, unserved),
            team=column([f"{PROJECTS[made.home[i]].name}{i % 5 + 1}班" for i in range(agents)], self.agent, unserved),
            customer_id=pa.array([f"K{c:07d}" for c in self.customer]),
            region=column(REGIONS, rng.integers(len(REGIONS), size=n)),
            ring_count=numbers(rng.integers(1, 6, n), pa.int32(), silent),
            queue_wait_s=numbers(rng.exponential(12, n), pa.float64()),
            hold_s=numbers(rng.exponential(8, n) * (rng.random(n) < 0.2), pa.float64(), silent),
            satisfaction=numbers(stars, pa.int32(), ~rated),
            extra=extra,
            source_path=pc.binary_join_element_wise(self.ids, pa.scalar("wav"), "."),
            source_format=column(["chat_jsonl", "audio"], self.voice.astype(np.int64)),
            source_sha256=pa.array([rng.bytes(32).hex() for _ in range(n)]),
            in_manifest=True,
            audio_channels=numbers(1 + rng.integers(2, size=n), pa.int32(), silent),
            sample_rate=numbers(np.where(rng.random(n) < 0.8, 8000, 16000), pa.int32(), silent),
            codec=column(["pcm_mulaw"], np.zeros(n, np.int64), silent),
            asr_engine=column(["openai-whisper"], np.zeros(n, np.int64), silent),
            asr_model=column(["base@sha256:ed3a0b6b"], np.zeros(n, np.int64), silent),
            role_source=column(["channels", "voices", "unsure"], rng.choice(3, n, p=(0.7, 0.25, 0.05)), silent),
            asr_confidence=numbers(np.clip(rng.normal(0.8, 0.1, n), 0.1, 0.99), pa.float32(), silent),
            turn_count=numbers(self.turns, pa.int32()),
            agent_turns=numbers((self.turns + 1) // 2, pa.int32()),
            customer_turns=numbers(self.turns // 2, pa.int32()),
            agent_speech_ms=numbers(talk, pa.int64(), silent),
            customer_speech_ms=numbers(talk * 3 // 4, pa.int64(), silent),
            longest_silence_ms=numbers(np.minimum(rng.exponential(4000, n), duration / 4), pa.int64(), silent),
            silence_ms=numbers(np.minimum(rng.exponential(9000, n), duration / 3), pa.int64(), silent),
            agent_chars_per_min=numbers(rng.normal(250, 35, n), pa.float32(), silent),
            customer_emotion_start=numbers(opened, pa.float32()),
            customer_emotion_end=numbers(ended, pa.float32()),
            customer_emotion_worst=numbers(np.minimum(opened, -0.2 * self.level), pa.float32()),
            customer_emotion_worst_turn=numbers(self.worst_turn, pa.int32()),
            customer_emotion_level=numbers(self.level, pa.int32()),
            agent_emotion_worst=numbers(rng.normal(-0.05, 0.05, n), pa.float32()),
            agent_emotion_worst_turn=1,
            agent_emotion_level=numbers((rng.random(n) < 0.01) * 2, pa.int32()),
            customer_emotion_trend=numbers(ended - opened, pa.float32()),
            inflamed_turn=numbers(self.worst_turn - 1, pa.int32(), self.level < 3),
            calmed_turn=numbers(self.turns - 1, pa.int32(), (self.level < 2) | (ended < 0)),
            soothed=pa.array(ended > 0, mask=(self.level < 2) | (rng.random(n) < 0.3)),
            primary_topic=primary,
            contact_reason=primary,
            contact_reason_turn=2,
            not_applicable=absent,
        )

    def _turns(self) -> pa.Table:
        total = len(self.turn)
        begin = (self.turn - 1) * 9_000 + self.rng.integers(3_000, size=total)
        long = self.rng.integers(2_000, 6_000, total)
        bot, voice = self.bot[self.of_turn], self.voice[self.of_turn]
        role = np.where(self.agent_turn, np.where(bot, 2, 0), 1)
        words = pa.array([w for w, _, _ in (*AGENT, *CUSTOMER)])
        text = words.take(pa.array(np.where(self.agent_turn, self.said, self.said + len(AGENT))))
        return table(
            "turns",
            total,
            conversation_id=self.ids.take(pa.array(self.of_turn)),
            turn=numbers(self.turn, pa.int32()),
            role=column(["agent", "customer", "bot"], role),
            start_ms=numbers(begin, pa.int64(), ~voice),
            end_ms=numbers(begin + long, pa.int64(), ~voice),
            text=text,
            confidence=numbers(np.clip(self.rng.normal(0.82, 0.1, total), 0, 1), pa.float32(), ~voice),
            audio_channel=numbers((role == 1).astype(np.int64), pa.int32(), ~voice),
            energy_db=numbers(self.rng.normal(-24, 4, total), pa.float32(), ~voice),
            pitch_hz=numbers(self.rng.normal(200, 40, total), pa.float32(), ~voice),
            pitch_range_st=numbers(self.rng.normal(6, 1, total), pa.float32(), ~voice),
            entities=pa.array([[]] * total, TABLES["turns"].field("entities").type),
            phrases=pa.array([[]] * total, TABLES["turns"].field("phrases").type),
            marks=pa.array([[]] * total, TABLES["turns"].field("marks").type),
        )

    def _findings(self) -> tuple[pa.Table, pa.Table]:
        rules, rng = self.made.rules, self.rng
        row, rule = np.nonzero((self.verdict == HIT) | (self.verdict == UNSURE))
        hit = self.verdict[row, rule] == HIT
        merit = np.array([r.kind is RuleKind.SIGNAL for r in rules])[rule]
        turn = np.minimum(
            (rng.random(len(row)) * self.turns[row] / 2).astype(np.int64) * 2 + 1 + merit, self.turns[row]
        )
        said = pa.array([f"第 {t} 轮：" for t in range(self.turns.max() + 1)]).take(pa.array(turn))
        titles = pa.array([r.title + "。" for r in rules]).take(pa.array(rule))
        number = self.found[row, rule]

        def of(attribute: str) -> pa.Array:
            return column([str(getattr(r, attribute)) for r in rules], rule)

        findings = table(
            "findings",
            len(row),
            conversation_id=self.ids.take(pa.array(row)),
            rule_id=of("id"),
            rule_title=of("title"),
            rule_version=of("version"),
            rule_digest=of("digest"),
            kind=of("kind"),
            severity=of("severity"),
            error_class=of("error_class"),
            status=of("status"),
            verdict=column(["undecided", "hit"], hit.astype(np.int64)),
            reason=column(["有 1 处没听清，无法判定"], np.zeros(len(row), np.int64), hit),
            message=pc.binary_join_element_wise(said, titles, ""),
            advice=of("advice"),
            pieces=pa.array([["piece"]] * len(row), TABLES["findings"].field("pieces").type),
            excused=pa.array([[]] * len(row), TABLES["findings"].field("excused").type),
            hit_count=numbers(number, pa.int32()),
            first_turn=numbers(turn, pa.int32(), ~hit),
        )
        each = np.repeat(np.arange(len(row)), number)
        place = np.arange(len(each)) - np.repeat(np.cumsum(number) - number, number)
        at = np.minimum(turn[each] + 2 * place, self.turns[row[each]])
        spoken = self.start[row[each]] + at - 1
        phrase = np.where(self.agent_turn[spoken], self.said[spoken], self.said[spoken] + len(AGENT))
        spans = (*AGENT, *CUSTOMER)
        voice = self.voice[row[each]]
        hits = table(
            "hits",
            len(each),
            conversation_id=self.ids.take(pa.array(row[each])),
            rule_id=column([r.id for r in rules], rule[each]),
            hit=numbers(place + 1, pa.int32()),
            piece="piece",
            operator=column(["keyword", "interrupt"], (rng.random(len(each)) < 0.05).astype(np.int64)),
            turn=numbers(at, pa.int32()),
            role=column(["customer", "agent"], self.agent_turn[spoken].astype(np.int64)),
            char_start=column([s for _, s, _ in spans], phrase, kind=pa.int32()),
            char_end=column([e for _, _, e in spans], phrase, kind=pa.int32()),
            start_ms=numbers((at - 1) * 9000, pa.int64(), ~voice),
            end_ms=numbers((at - 1) * 9000 + 4000, pa.int64(), ~voice),
            text=column([w[s:e] for w, s, e in spans], phrase),
        )
        return findings, hits

    def _scores(self) -> tuple[pa.Table, pa.Table]:
        channels = np.array(self.made.channels)[self.channel]
        projects = np.array([p.name for p in PROJECTS])[self.project]
        covered = np.zeros(self.n, bool)
        items, scores = [], []
        for card in sorted(self.made.cards, key=lambda c: c.fallback):
            mask = np.ones(self.n, bool)
            if card.scope.projects:
                mask &= np.isin(projects, sorted(card.scope.projects))
            if card.scope.channels:
                mask &= np.isin(channels, sorted(map(str, card.scope.channels)))
            if card.fallback:
                mask &= ~covered
            covered |= mask
            if mask.any():
                made = self._card(card, np.nonzero(mask)[0])
                items.append(made[0])
                scores.append(made[1])
        order = [("conversation_id", "ascending"), ("scorecard_id", "ascending")]
        return pa.concat_tables(items).sort_by(order), pa.concat_tables(scores).sort_by(order)

    def _card(self, card: Scorecard, rows: Ints) -> tuple[pa.Table, pa.Table]:
        index = {r.id: i for i, r in enumerate(self.made.rules) if r.status is RuleStatus.STABLE}
        every = [(s, i) for s in card.sections for i in s.items]
        status = np.zeros((len(rows), len(every)), np.int64)
        hits = np.zeros_like(status)
        points = np.zeros(status.shape)
        kept, worth = np.zeros(len(rows)), np.zeros(len(rows))
        awards, zero = np.zeros(len(rows)), np.zeros(len(rows), bool)
        at = 0
        for section in card.sections:
            able, lost = np.zeros(len(rows)), np.zeros(len(rows))
            for item in section.items:
                own = [index[r] for r in item.rules if r in index]
                verdict = self.verdict[np.ix_(rows, own)].max(1, initial=NA)
                number = self.found[np.ix_(rows, own)].sum(1)
                size = item.points * (np.minimum(number, 99) if item.per is Per.HIT else 1)
                size = np.where(verdict == HIT, size if item.cap is None else np.minimum(size, item.cap), 0.0)
                award = item.effect is Effect.AWARD
                status[:, at] = np.array([0, 5 if award else 1, 2, 4 if award else 3])[verdict]
                hits[:, at], points[:, at] = number, size if award else -size
                if award:
                    awards += size
                else:
                    able += np.where(verdict > NA, item.points if item.cap is None else item.cap, 0.0)
                    lost += size
                if item.auto_fail is AutoFail.CARD:
                    zero |= verdict == HIT
                at += 1
            section_worth = np.minimum(section.points, able)
            worth += section_worth
            kept += np.maximum(0.0, section_worth - lost)
        raw = np.where(worth > 0, card.base * kept / np.maximum(worth, 1e-9), card.base)
        raw = np.round(np.minimum(raw + np.minimum(awards, card.bonus_cap), card.base), 2)
        final = np.where(zero, 0.0, raw)
        grade = np.argmax(final[:, None] >= np.array([g.min for g in card.grades]), 1)
        fatal = (hits > 0) & np.array([i.auto_fail is not AutoFail.NONE for _, i in every])
        flat = np.tile(np.arange(len(every)), len(rows))

        def item_of(values: Sequence[Any], kind: pa.DataType | None = None) -> pa.Array:
            return column(values, flat, kind=kind)

        items = table(
            "item_scores",
            len(flat),
            conversation_id=self.ids.take(pa.array(np.repeat(rows, len(every)))),
            scorecard_id=card.id,
            section_id=item_of([s.id for s, _ in every]),
            section_title=item_of([s.title for s, _ in every]),
            section_points=item_of([s.points for s, _ in every], pa.float64()),
            item_id=item_of([i.id for _, i in every]),
            item_title=item_of([i.title for _, i in every]),
            rule_ids=item_of([list(i.rules) for _, i in every], pa.list_(pa.string())),
            effect=item_of([i.effect.value for _, i in every]),
            status=column(_STATUS, status.ravel()),
            points=numbers(points.ravel(), pa.float64()),
            max_points=item_of([i.points if i.cap is None else i.cap for _, i in every], pa.float64()),
            hits=numbers(hits.ravel(), pa.int32()),
            error_class=item_of([str(i.error_class) for _, i in every]),
            auto_fail=item_of([i.auto_fail.value for _, i in every]),
            fatal=pa.array(fatal.ravel()),
        )
        wrong = {
            name: ((status == 3) & np.array([str(i.error_class) == name for _, i in every])).any(1)
            for name in ("customer", "business", "compliance")
        }
        ends = np.concatenate(([0], np.cumsum(fatal.sum(1))))
        scores = table(
            "scores",
            len(rows),
            conversation_id=self.ids.take(pa.array(rows)),
            scorecard_id=card.id,
            scorecard_title=card.title,
            scorecard_version=card.version,
            scorecard_digest=card.digest,
            base=card.base,
            raw_score=numbers(raw, pa.float64()),
            score=numbers(final, pa.float64()),
            grade=column([g.name for g in card.grades], grade),
            passed=pa.array((final >= card.pass_mark) & ~zero),
            auto_fail=pa.array(zero),
            auto_fail_items=pa.ListArray.from_arrays(
                pa.array(ends, pa.int32()), column([i.id for _, i in every], np.nonzero(fatal)[1])
            ),
            undecided_items=numbers((status == 2).sum(1), pa.int32()),
            customer_error=pa.array(wrong["customer"]),
            business_error=pa.array(wrong["business"]),
            compliance_error=pa.array(wrong["compliance"]),
        )
        return items, scores

    def _emotions(self) -> pa.Table:
        kept = ~(self.bot[self.of_turn] & self.agent_turn)
        conversation, turn, agent = self.of_turn[kept], self.turn[kept], self.agent_turn[kept]
        total, rng = len(turn), self.rng
        bad = ~agent & (turn == self.worst_turn[conversation]) & (self.level[conversation] > 0)
        level = np.where(bad, self.level[conversation], 0)
        polarity = np.where(bad, -0.2 * level, rng.normal(0.08, 0.1, total))
        voice = self.voice[conversation]
        component = column(["anger", "anxiety", "threat"], rng.integers(3, size=total), ~bad)
        empty = pa.array([[]] * total, pa.list_(pa.string()))
        return table(
            "emotions",
            total,
            conversation_id=self.ids.take(pa.array(conversation)),
            turn=numbers(turn, pa.int32()),
            role=column(["customer", "agent"], agent.astype(np.int64)),
            polarity=numbers(polarity, pa.float32()),
            label=column(["neutral", "negative", "positive"], np.where(bad, 1, np.where(polarity > 0.25, 2, 0))),
            level=numbers(level, pa.int32()),
            component=component,
            phrases=empty,
            features=empty,
            negative_probability=numbers(np.where(bad, 0.9, 0.05), pa.float32()),
            positive_probability=numbers(np.where(bad, 0.02, 0.2), pa.float32()),
            smoothed=numbers(polarity * 0.7, pa.float32()),
            snownlp=numbers(rng.random(total), pa.float32()),
            arousal=numbers(rng.normal(0, 0.5, total), pa.float32(), ~voice),
            loudness_change_db=numbers(rng.normal(0, 2, total), pa.float32(), ~voice),
            pitch_change_st=numbers(rng.normal(0, 1, total), pa.float32(), ~voice),
            speech_rate=numbers(rng.normal(250, 40, total), pa.float32(), ~voice),
            pause_ms=numbers(rng.exponential(800, total), pa.int64(), ~voice),
        )

    def _topics(self) -> tuple[pa.Array, pa.Table]:
        rng = self.rng
        sizes = np.array([len(t) for t in self.made.topics])[self.project]
        flat = [t for topics in self.made.topics for t in topics]
        offset = np.concatenate(([0], np.cumsum([len(t) for t in self.made.topics])))[self.project]
        unknown = rng.random(self.n) < 0.15
        many = np.where(unknown, 1, 1 + rng.binomial(2, 0.25, self.n))
        row = np.repeat(np.arange(self.n), many)
        rank = np.arange(len(row)) - np.repeat(np.cumsum(many) - many, many)
        first = (rng.power(0.5, self.n) * sizes).astype(np.int64)
        topic = np.where(unknown[row], len(flat), offset[row] + (first[row] + rank) % sizes[row])
        ids = [*(t.id for t in flat), "unknown"]
        share = np.where(rank == 0, 0.7, 0.3 / np.maximum(many[row] - 1, 1))
        words = column([*([t.keywords[0].text] for t in flat), []], topic, kind=pa.list_(pa.string()))
        return column(ids, topic[rank == 0]), table(
            "topics",
            len(row),
            conversation_id=self.ids.take(pa.array(row)),
            topic_id=column(ids, topic),
            topic=column([*(t.title for t in flat), "未识别"], topic),
            parent=column([*(t.parent for t in flat), ""], topic),
            share=numbers(share, pa.float32()),
            rank=numbers(rank + 1, pa.int32()),
            words=words,
            first_turn=2,
        )

    def _turn_topics(self) -> pa.Table:
        spoken = np.nonzero(~self.agent_turn & (self.rng.random(len(self.turn)) < 0.4))[0]
        conversation = self.of_turn[spoken]
        flat = [t for topics in self.made.topics for t in topics]
        offset = np.concatenate(([0], np.cumsum([len(t) for t in self.made.topics])))[self.project[conversation]]
        topic = offset + self.rng.integers(10, size=len(spoken))
        return table(
            "turn_topics",
            len(spoken),
            conversation_id=self.ids.take(pa.array(conversation)),
            turn=numbers(self.turn[spoken], pa.int32()),
            role="customer",
            topic_id=column([t.id for t in flat], topic),
            score=1.0,
            words=column([[t.keywords[0].text] for t in flat], topic, kind=pa.list_(pa.string())),
        )

    def _intents(self) -> pa.Table:
        row = np.nonzero(self.rng.random(self.n) < 0.1)[0]
        kind, intents = self.rng.integers(len(self.made.intents), size=len(row)), self.made.intents
        return table(
            "intents",
            len(row),
            conversation_id=self.ids.take(pa.array(row)),
            intent_id=column([i.id for i in intents], kind),
            intent=column([i.title for i in intents], kind),
            kind=column([i.kind.value for i in intents], kind),
            level=numbers(self.rng.integers(1, 4, len(row)), pa.int32()),
            turn=2,
            phrases=column([list(i.groups[0].phrases[:1]) for i in intents], kind, kind=pa.list_(pa.string())),
            source="phrases",
        )

    def _complaints(self) -> pa.Table:
        row = np.nonzero((self.level > 1) & (self.rng.random(self.n) < 0.3))[0]
        types, grave = self.made.complaints, self.rng.choice(4, len(row), p=(0.3, 0.4, 0.2, 0.1))
        kind = self.rng.integers(len(types), size=len(row))
        return table(
            "complaints",
            len(row),
            conversation_id=self.ids.take(pa.array(row)),
            type_id=column([i for i, _ in types], kind),
            type=column([t for _, t in types], kind),
            severity=column(["low", "medium", "high", "critical"], grave),
            escalations=column([[], [], ["regulator"], ["regulator", "media"]], grave, kind=pa.list_(pa.string())),
            scope=column(["single", "product", "area"], self.rng.choice(3, len(row), p=(0.8, 0.1, 0.1))),
            scope_size=1,
            deadline_minutes=column([480, 480, 120, 30], grave, kind=pa.int32()),
            due_at=pa.repeat(pa.scalar(self.day + timedelta(hours=21), pa.timestamp("ms")), len(row)),
            turn=numbers(self.worst_turn[row], pa.int32()),
            reasons=pa.array([["客户负面情绪", "命中“升级投诉”"]] * len(row), pa.list_(pa.string())),
        )


def _terms(rng: np.random.Generator, conversations: int) -> pa.Table:
    """A vocabulary that grows with the run as words do (Heaps' law), counts falling by rank (Zipf's)."""
    parts = []
    for project in PROJECTS:
        size = int(min(30 * conversations**0.5, 12_000))
        counts = np.maximum(rng.poisson(conversations * project.share / (np.arange(size) + 2.0)), 1)
        parts.append(
            table(
                "terms",
                size,
                project=project.name,
                term=pa.array([f"{chr(0x4E00 + i % 3000)}{chr(0x5000 + i // 3000)}" for i in range(size)]),
                conversations=numbers(counts, pa.int64()),
                occurrences=numbers(counts * 3 // 2, pa.int64()),
                negative_conversations=numbers(counts // 12, pa.int64()),
            )
        )
    return pa.concat_tables(parts).sort_by([("project", "ascending"), ("term", "ascending")])


def _failures(count: int) -> pa.Table:
    return table(
        "failures",
        count,
        input=pa.array([f"bad/{i:06d}.wav" for i in range(count)], pa.string()),
        stage="ingest",
        kind=column(["empty_file", "decode"], np.arange(count) % 2),
        message="文件是空的（0 字节）",
        retryable=False,
        quarantined=False,
    )
