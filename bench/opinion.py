"""Does an injected surge become the first alert, and how many false alerts do quiet days bring?

    python -m bench.opinion --data DIR [--sizes 2000,5000] [--trials 300] [--share 0.01] [--weeks 60] [--seed 1]

DIR holds `cic/{train,dev}.json` (utterances of buyers in 118 intents, DataCLUE). Every utterance is classified once
by a head that was trained without it (three folds), by the e-commerce taxonomy and by the emotion lexicon as shipped.
Days are then drawn from real utterances: the natural mix of intents, a factor per weekday and intent (log-normal,
--season), a factor per day and intent (gamma, --scatter), days of different size (weekends 0.7, 5 % scatter), hours,
regions. History of 28 days, the rules as shipped (rules/_opinion/alerts.yml) without words, through the same ledger as
`qc opinion`.

A surge adds --share of the day's conversations with one intent (every intent with at least 20 sentences is as likely).
It succeeds when the first alert of the day is that intent. Ways of adding, since a third of the labels are wrong:
sentences as labelled; sentences of dev by the labels two readers gave them (`reread`, bench/emotion/corpora.py; intents
with five of them); and as labelled, with the label for a perfect classifier.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa

from bench.emotion.corpora import REREAD, cic_intents
from qc.domain.alert import AlertSpecs, Dimension, Metric
from qc.domain.conversation import CallMeta, Channel, Conversation, Role, Source, Turn
from qc.domain.head import Task
from qc.domain.run import Lineage, RunStatus
from qc.learning.features import named_sentences
from qc.learning.fit import fit, folds
from qc.learning.train import SETTINGS
from qc.opinion.bursts import of_counts
from qc.opinion.daily import Daily
from qc.opinion.judge import judge
from qc.opinion.ledger import Ledger, Membership
from qc.paths import packaged
from qc.specs.alerts import FILE, load_alerts
from qc.specs.emotion import load_emotion_lexicon
from qc.specs.taxonomy import load_taxonomies
from qc.storage.read import StoredRun
from qc.text.emotion import EmotionScorer
from qc.text.shard import Shard
from qc.text.topics import TopicAssigner
from qc.text.words import segmenter

HISTORY = 28
REGIONS = (0.4, 0.25, 0.2, 0.1, 0.05)
LEAST = 20
LEAST_READ = 5


@dataclass(frozen=True)
class Utterances:
    """Each utterance: its label, what the head and the taxonomy say, the customer's level."""

    texts: list[str]
    label: np.ndarray
    predicted: np.ndarray
    topic: np.ndarray
    topics: tuple[str, ...]
    level: np.ndarray
    names: tuple[str, ...]
    reread: list[np.ndarray]
    """Rows of each intent by the readers of dev."""


def classify(folder: Path) -> Utterances:
    rows = [row for part in ("train", "dev") for row in cic_intents(folder, part)]
    texts = [text for text, _ in rows]
    names = tuple(sorted({intent for _, intent in rows}))
    label = np.array([names.index(intent) for _, intent in rows])
    read: dict[str, set[str]] = {}
    for text, intent in cic_intents(folder, REREAD):
        read.setdefault(intent, set()).add(text)
    settings = SETTINGS[Task.INTENT]
    seen = named_sentences(texts, names, longest=settings.longest, bits=settings.bits)
    predicted = np.zeros(len(label), np.int64)
    for learned, held in folds(label, 3, 0):
        predicted[held] = (
            fit(seen.rows(learned), label[learned], len(names), settings).logits(seen.rows(held)).argmax(1)
        )
    source = Source(path="", format="jsonl", sha256="")
    shard = Shard(
        [
            Conversation(
                id=f"{i:06d}", project="电商", channel=Channel.CHAT, turns=(Turn(role=Role.CUSTOMER, text=t),),
                meta=CallMeta(), source=source,
            )
            for i, t in enumerate(texts)
        ]
    )  # fmt: skip
    assigned = TopicAssigner(load_taxonomies(packaged("rules") / "_topics")).assign(shard)
    primary = [assigned.primary(i) for i in range(len(texts))]
    topics = tuple(sorted(set(primary)))
    level = EmotionScorer(load_emotion_lexicon(packaged("rules") / "_lexicons/emotion")).score(shard).customer.level
    print(
        f"{len(texts)} utterances, {len(names)} labels; head right on {np.mean(predicted == label):.1%} of the labels, "
        f"topic known {np.mean(np.array(primary) != 'unknown'):.0%}"
    )
    return Utterances(
        texts,
        label,
        predicted,
        np.array([topics.index(p) for p in primary]),
        topics,
        np.asarray(level),
        names,
        [np.flatnonzero([t in read.get(name, ()) for t in texts]) for name in names],
    )


@dataclass(frozen=True)
class World:
    """A centre: factors of weekdays per intent, and days drawn of it."""

    rows: list[np.ndarray]
    """Utterances of each day."""


def world(said: Utterances, days: int, size: int, season: float, scatter: float, rng: np.random.Generator) -> World:
    count = len(said.names)
    share = np.bincount(said.label, minlength=count) / len(said.label)
    weekly = np.exp(season * rng.standard_normal((7, count)))
    each = np.bincount(said.label, minlength=count)[said.label]
    rows = []
    for day in range(days):
        weekday = day % 7
        wobble = rng.gamma(1 / scatter**2, scatter**2, count) if scatter else 1.0
        weight = (share * weekly[weekday] * wobble)[said.label] / each
        n = int(size * (0.7 if weekday > 4 else 1.12) * rng.gamma(400, 1 / 400))
        rows.append(rng.choice(len(said.label), n, p=weight / weight.sum()))
    return World(rows)


def ledger(said: Utterances, days: list[np.ndarray], intents: list[np.ndarray], rng: np.random.Generator) -> Ledger:
    """The ledger that `qc opinion` would read of these days; every conversation is a customer."""
    day = np.repeat(np.arange(len(days)), [len(d) for d in days])
    rows, intent = np.concatenate(days), np.concatenate(intents)
    n = len(rows)
    everything = np.arange(n)

    def one(value: np.ndarray, names: tuple[str, ...]) -> Membership:
        return Membership(row=everything, value=value, values=tuple((v,) for v in names), titles=names)

    none = Membership(row=np.zeros(0, np.int64), value=np.zeros(0, np.int64), values=(), titles=())
    hour = np.clip(rng.normal(13.5, 4, n), 8, 21).astype(np.int64) - 8
    region = rng.choice(len(REGIONS), n, p=REGIONS)
    run = StoredRun(Path(), Lineage(run_id="bench", status=RunStatus.DONE))
    return Ledger(
        runs=(run,),
        stored=(n,),
        run=np.zeros(n, np.int64),
        days=tuple(date(2026, 1, 5) + timedelta(days=i) for i in range(len(days))),
        day=day,
        ids=pa.chunked_array([pa.array([f"{i:07d}" for i in range(n)])]),
        customer=everything,
        named=np.ones(n, bool),
        level=said.level[rows].astype(np.int64),
        risk=np.zeros(n, bool),
        dated=np.ones(n, bool),
        groups={
            Dimension.TOTAL: one(everything * 0, ("",)),
            Dimension.PROJECT: one(everything * 0, ("电商",)),
            Dimension.CHANNEL: one(everything * 0, ("chat",)),
            Dimension.REGION: one(region, tuple(f"地区{i}" for i in range(len(REGIONS)))),
            Dimension.HOUR: one(hour, tuple(str(h) for h in range(8, 22))),
            Dimension.TOPIC: one(said.topic[rows], said.topics),
            Dimension.INTENT: one(intent, said.names),
            Dimension.COMPLAINT: none,
        },
    )


def trial(
    said: Utterances,
    specs: AlertSpecs,
    size: int,
    share: float,
    how: str,
    options: argparse.Namespace,
    rng: np.random.Generator,
) -> tuple[str, float]:
    """One day with a surge: `first`, `topic` (the first alert is a topic that holds most of it), `other` or `none`, and
    the day's expected count of the intent."""
    enough = np.bincount(said.label, minlength=len(said.names)) >= LEAST
    if how == REREAD:
        enough &= np.array([len(rows) >= LEAST_READ for rows in said.reread])
    intent = int(rng.choice(np.flatnonzero(enough)))
    days = world(said, HISTORY + 1, size, options.season, options.scatter, rng).rows
    pool = said.reread[intent] if how == REREAD else np.flatnonzero(said.label == intent)
    surge = rng.choice(pool, round(share * len(days[-1])), replace=len(pool) < round(share * len(days[-1])))
    told = said.label if how == "perfect" else said.predicted
    days[-1] = np.concatenate((days[-1], surge))
    daily = Daily(ledger(said, days, [told[d] for d in days], rng))
    found = judge(daily, None, daily.ledger.days[-1], specs).alerts
    usual = float(np.mean([np.sum(told[d] == intent) for d in days[:-1]]))
    if not found:
        return "none", usual
    first = found[0]
    if first.dimensions == (Dimension.INTENT,) and first.values == (said.names[intent],):
        return "first", usual
    topics = np.array(said.topics)[said.topic[surge]]
    held = first.dimensions == (Dimension.TOPIC,) and np.mean(topics == first.values[0]) > 0.5
    return ("topic" if held else "other"), usual


def quiet(
    said: Utterances, specs: AlertSpecs, size: int, weeks: int, options: argparse.Namespace, rng: np.random.Generator
) -> None:
    """Days without a surge."""
    calls: Counter[str] = Counter()
    bad_days = 0
    for _ in range(weeks):
        days = world(said, HISTORY + 7, size, options.season, options.scatter, rng).rows
        daily = Daily(ledger(said, days, [said.predicted[d] for d in days], rng))
        for day in daily.ledger.days[HISTORY:]:
            found = judge(daily, None, day, specs).alerts
            calls.update(a.rule for a in found)
            bad_days += bool(found)
    print(f"  quiet days, {size:>6} a day: {sum(calls.values()) / weeks:.2f} false alerts a week, "
        f"on {bad_days / weeks:.2f} days "
          f"({weeks} weeks; {', '.join(f'{k} {v}' for k, v in calls.most_common(4))})")  # fmt: skip


def words(said: Utterances, size: int, options: argparse.Namespace, rng: np.random.Generator) -> None:
    """Bursts of words on the same days: the null's largest ratio, and what a surge does."""
    cut = segmenter(())
    terms: dict[str, int] = {}
    lists = [sorted({terms.setdefault(w, len(terms)) for w in cut.cut(t) if len(w) > 1}) for t in said.texts]
    names = tuple(terms)

    def count(rows: np.ndarray) -> np.ndarray:
        return np.bincount([w for r in rows for w in lists[r]], minlength=len(names)).astype(float)

    top, limits, false, seen = [], [], 0, Counter()
    for _ in range(options.words):
        days = world(said, HISTORY + 1, size, options.season, options.scatter, rng).rows
        past, sizes = np.array([count(d) for d in days[:-1]]), np.array([len(d) for d in days[:-1]], float)
        day = days[-1]
        found = of_counts(names, past, sizes, count(day), float(len(day)))
        top.append(found.found[0].ratio)
        limits.append(found.limit)
        false += found.found[0].q <= 0.02
        pool = said.reread[rng.choice([i for i, read in enumerate(said.reread) if len(read) >= LEAST_READ])]
        for share in (0.01, 0.02, 0.05):
            more = np.concatenate((day, rng.choice(pool, round(share * len(day)))))
            found = of_counts(names, past, sizes, count(more), float(len(more)))
            seen[share] += found.found[0].q <= 0.02
    shares = ", ".join(f"{s:.0%}: {n / options.words:.0%}" for s, n in sorted(seen.items()))
    print(
        f"  words, {size:>6} a day: largest ratio of quiet days median {np.median(top):.1f}, "
        f"95th {np.quantile(top, 0.95):.1f}; "
        f"limit (0.05) median {np.median(limits):.1f}; called on {false / options.words:.1%} of quiet days; "
        f"surges seen {shares}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sizes", default="2000,5000,10000")
    parser.add_argument("--trials", type=int, default=300)
    parser.add_argument("--ways", default=f"labelled,{REREAD},perfect")
    parser.add_argument("--share", type=float, default=0.01)
    parser.add_argument("--weeks", type=int, default=60)
    parser.add_argument("--words", type=int, default=100, help="days on which words are looked at")
    parser.add_argument("--season", type=float, default=0.1)
    parser.add_argument("--scatter", type=float, default=0.05)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    started = time.process_time()
    shipped = load_alerts(packaged("rules") / FILE)
    specs = replace(shipped, rules=tuple(r for r in shipped.rules if r.metric is not Metric.WORD))
    said = classify(options.data)
    for size in map(int, options.sizes.split(",")):
        for how in options.ways.split(","):
            rng = np.random.default_rng([options.seed, size, len(how)])
            results = [trial(said, specs, size, options.share, how, options, rng) for _ in range(options.trials)]
            counts = Counter(r for r, _ in results)
            usual = np.array([u for _, u in results])
            right = np.array([r == "first" for r, _ in results])
            edges = np.quantile(usual, [0, 1 / 3, 2 / 3, 1])
            thirds = [f"{right[(usual >= a) & (usual <= b)].mean():.0%}" for a, b in pairwise(edges)]
            print(
                f"  surge of {options.share:.1%}, {size:>6} a day, {how:<9}: "
                f"first alert {counts['first'] / options.trials:.1%}, "
                f"its topic {counts['topic'] / options.trials:.1%}, "
                f"another {counts['other'] / options.trials:.1%}, none {counts['none'] / options.trials:.1%} "
                f"(rare, middle, common intents: {', '.join(thirds)}; limits {edges[1]:.0f}, {edges[2]:.0f} a day)"
            )
        quiet(said, specs, size, options.weeks, options, np.random.default_rng([options.seed, size]))
        if options.words:
            words(said, size, options, np.random.default_rng([options.seed, size, 9]))
    print(f"{time.process_time() - started:.0f} CPU-s")


if __name__ == "__main__":
    main()
