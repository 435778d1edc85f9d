"""Matching and scoring: against the naive script, against a bare automaton, and as rules and conversations grow.

usage: python bench/matching.py --dialogues FILE.jsonl --rival-python OTHER/bin/python [--repeat 5]

FILE has one dialogue per line: {"id": …, "turns": [{"role": "customer"|"agent", "text": …}, …]}; it is repeated with
new ids. The rival needs `pip install snownlp jieba pandas pyahocorasick`, best in a virtual environment of its own.
Times are CPU seconds, medians of `--repeat` runs; read the ratios.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench.text_stages import _words  # noqa: E402 - after the path
from qc.domain.conversation import CallMeta, Channel, Conversation, Role, Source, Turn  # noqa: E402
from qc.domain.operators import Keyword, Robust, Words  # noqa: E402
from qc.domain.rule import Frame, Piece, Rule, RulePack, Scope  # noqa: E402
from qc.matching.compile import CompiledRules, compile_rules  # noqa: E402
from qc.matching.judge import VERDICTS, judge  # noqa: E402
from qc.matching.signals import Need, Signals  # noqa: E402
from qc.matching.vocabulary import Vocabulary  # noqa: E402
from qc.paths import packaged  # noqa: E402
from qc.scoring.score import Scorer, applicable  # noqa: E402
from qc.specs.rules import load_rules  # noqa: E402
from qc.specs.scorecards import load_scorecards  # noqa: E402
from qc.text.emotion import Emotions, emotions_of  # noqa: E402
from qc.text.entities import find_entities  # noqa: E402
from qc.text.normalise import normalise  # noqa: E402
from qc.text.shard import Shard  # noqa: E402
from qc.text.topics import Topics  # noqa: E402

FLOOR = 0.35
SHARD = 500


def main() -> None:
    args = _arguments()
    dialogues = [json.loads(line) for line in args.dialogues.read_text("utf-8").splitlines() if line.strip()]
    if args.grow:
        _grow(dialogues, args.grow)
        return
    naive(dialogues, args)
    scan(dialogues, args.repeat)
    rules(dialogues, args.repeat)
    conversations(args)


def naive(dialogues: list[dict], args: argparse.Namespace) -> None:
    """(a) The starter packs and scorecards, from reading the rules on, against the script; emotions and topics are
    taken as given."""
    lines = [json.dumps(d, ensure_ascii=False) for d in dialogues] * 10

    def ours() -> None:
        inspect = _Inspection()
        for shard in _shards((_conversation(json.loads(line), i) for i, line in enumerate(lines))):
            inspect(shard)

    ours()  # caches of the process (tables of characters) are filled once
    per_s = len(lines) / _median(ours, args.repeat)
    few = dialogues[: args.naive_count]
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        (work / "in.jsonl").write_text("\n".join(json.dumps(d, ensure_ascii=False) for d in few), "utf-8")
        words = _words(work / "words.txt")
        command = [args.rival_python, str(ROOT / "bench" / "naive.py")]
        command += [str(work / "in.jsonl"), str(words), str(work / "out.csv")]
        took = [_child_cpu(command) for _ in range(args.repeat)]
    rival = len(few) / statistics.median(took)
    print(f"(a) qc {per_s:.0f} conversations per CPU second, naive script {rival:.1f}: {per_s / rival:.0f} ×")


def scan(dialogues: list[dict], repeat: int) -> None:
    """(b) Keyword scan of one joined buffer as rules do it by default (`robust: variants`: also words with gaps and
    other numerals), with every hit's turn and characters, against a bare automaton as the library makes it.

    Both begin with the normalised buffer; ours with its code points and the table from bytes to characters too, which
    a shard makes once for all operators.
    """
    from ahocorasick_rs import BytesAhoCorasick

    shard = Shard([_conversation(d, i) for i, d in enumerate(dialogues * 10)])
    assert len(shard.points) == len(shard.text)
    shard.locate(np.zeros(0, np.int64), np.zeros(0, np.int64))
    for name, words in _drawn(shard.text):
        bare = BytesAhoCorasick([text.encode() for text in words])

        def plain(bare: BytesAhoCorasick = bare) -> int:
            return len(bare.find_matches_as_indexes(shard.buffer, overlapping=True))

        for robust in (Robust.EXACT, Words(words=words).robust):
            vocabulary = Vocabulary([Words(words=words, robust=robust)], {})
            vocabulary.scan(b"")  # builds the automaton

            def mapped(vocabulary: Vocabulary = vocabulary) -> int:
                found = vocabulary.scan(shard.buffer, shard.points)
                turn, _, _ = shard.locate(found.start, found.end)
                return len(turn)

            ratio, low, high = _ratio(mapped, plain, repeat)
            print(
                f"(b) {name}, {robust.value}, {len(shard.buffer) / 1e6:.1f} MB: {mapped()} hits placed, "
                f"{plain()} found by the bare scan; {ratio:.2f} × its time ({low:.2f}–{high:.2f})"
            )


def _drawn(text: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Words drawn from a dictionary, and those of them that occur in the text."""
    for count in (500, 5_000):
        yield f"{count} words", tuple(dict.fromkeys(map(normalise, random.Random(count).sample(_dictionary(), count))))
    occurring = [word for word in random.Random(1).sample(_dictionary(), 40_000) if normalise(word) in text]
    yield f"{len(occurring)} words that occur", tuple(dict.fromkeys(map(normalise, occurring)))


def rules(dialogues: list[dict], repeat: int) -> None:
    """(c) From 10 to 1,000 rules of five words each, drawn from a dictionary."""
    talks = [_conversation(d, i) for i, d in enumerate(dialogues * 2)]
    took = {}
    for count in (10, 100, 1_000):
        compiled = _keyword_rules(count)

        def once(compiled: CompiledRules = compiled) -> int:
            return sum(map(len, judge(compiled, Shard(talks), Signals()).findings))

        found = once()
        took[count] = _median(once, repeat)
        print(f"(c) {count:>5} rules: {took[count] * 1000:.1f} ms for {len(talks)} conversations, {found} findings")
    print(f"(c) 10 → 1,000 rules: {took[1_000] / took[10]:.1f} × the time")


def conversations(args: argparse.Namespace) -> None:
    """(d) From 1,000 to 100,000 conversations, a process for each."""
    measured = {}
    for count in (1_000, 10_000, 100_000):
        runs = [_grown(args, count) for _ in range(args.repeat)]
        cpu = statistics.median(cpu for cpu, _ in runs)
        peak = statistics.median(peak for _, peak in runs)
        measured[count] = cpu
        print(f"(d) {count:>7} conversations: {cpu:.2f} CPU s, {count / cpu:.0f} per second, peak {peak:.0f} MB")
    print(f"(d) 1,000 → 100,000 conversations: {measured[100_000] / measured[1_000]:.0f} × the time")


def _grown(args: argparse.Namespace, count: int) -> tuple[float, float]:
    command = [sys.executable, __file__, "--dialogues", str(args.dialogues), "--grow", str(count)]
    cpu, peak = subprocess.run(command, capture_output=True, check=True, text=True).stdout.split()
    return float(cpu), float(peak)


def _grow(dialogues: list[dict], count: int) -> None:
    inspect = _Inspection()
    begun = time.process_time()
    for shard in _shards(_conversation(dialogues[i % len(dialogues)], i) for i in range(count)):
        inspect(shard)
    print(time.process_time() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


class _Inspection:
    """The shipped rules and scorecards, compiled; calling it matches and scores a shard."""

    def __init__(self) -> None:
        self.pack = load_rules([packaged("rules")])
        self.cards = load_scorecards([packaged("scorecards")], None)
        self.compiled = compile_rules(self.pack, confidence_floor=FLOOR)
        self.scorers = {card.id: Scorer(card) for card in self.cards}

    def __call__(self, talks: list[Conversation]) -> int:
        shard = Shard(talks)
        entities = find_entities(shard) if Need.ENTITIES in self.compiled.need else None
        signals = Signals(emotions=_neutral(shard), topics=Topics(shares=((),) * len(shard)), entities=entities)
        judgement = judge(self.compiled, shard, signals)
        ids = [rule.id for rule in judgement.rules]
        scores = 0
        for i, talk in enumerate(talks):
            verdicts = dict(zip(ids, (VERDICTS[code] for code in judgement.verdicts[:, i].tolist()), strict=True))
            counts = {finding.rule_id: len(finding.hits) for finding in judgement.findings[i]}
            for card in applicable(self.cards, talk):
                self.scorers[card.id].score(talk.id, verdicts, counts)
                scores += 1
        return scores


def _neutral(shard: Shard) -> Emotions:
    n = len(shard.role)
    return emotions_of(
        shard,
        polarity=np.zeros(n, np.float32),
        label=np.zeros(n, np.int8),
        level=np.zeros(n, np.int8),
        component=np.full(n, -1, np.int8),
        snownlp=np.full(n, 0.5, np.float32),
        phrases={},
    )


def _conversation(dialogue: dict, number: int) -> Conversation:
    return Conversation(
        id=f"{number:06d}",
        project="电商",
        channel=Channel.CHAT,
        turns=tuple(Turn(role=Role(turn["role"]), text=turn["text"]) for turn in dialogue["turns"]),
        meta=CallMeta(),
        source=Source(path="dialogues.jsonl", format="chat_jsonl", sha256=""),
    )


def _shards(talks: Iterator[Conversation]) -> Iterator[list[Conversation]]:
    shard: list[Conversation] = []
    for talk in talks:
        shard.append(talk)
        if len(shard) == SHARD:
            yield shard
            shard = []
    if shard:
        yield shard


def _keyword_rules(count: int) -> CompiledRules:
    """`count` rules after the first shipped one, each with a piece of five words of its own."""
    words = random.Random(count).sample(_dictionary(), 5 * count)
    like = load_rules([packaged("rules")]).rules[0]
    return compile_rules(
        RulePack(
            rules=tuple(_keyword_rule(like, i, words[5 * i : 5 * i + 5]) for i in range(count)), lexicons=(), digest=""
        ),
        confidence_floor=FLOOR,
    )


def _keyword_rule(like: Rule, number: int, words: list[str]) -> Rule:
    speaker = frozenset({Role.AGENT if number % 2 else Role.CUSTOMER})
    piece = Piece(name="p", operator=Keyword(words=Words(words=tuple(words))), frame=Frame(speaker=speaker))
    return replace(
        like,
        id=f"bench.rule{number:04d}",
        pieces=(piece,),
        when="p",
        given=None,
        scope=Scope(),
        message="第 {turn} 轮“{text}”",
    )


def _dictionary() -> list[str]:
    """Words of two to four characters of jieba's dictionary."""
    spec = importlib.util.find_spec("jieba")
    assert spec is not None
    assert spec.origin is not None
    lines = (Path(spec.origin).parent / "dict.txt").read_text("utf-8").splitlines()
    return [word for word in (line.split(" ")[0] for line in lines) if 2 <= len(word) <= 4]


def _median(run: Callable[[], object], repeat: int) -> float:
    return statistics.median(_cpu(run) for _ in range(repeat))


def _ratio(run: Callable[[], object], against: Callable[[], object], repeat: int) -> tuple[float, float, float]:
    """Median, least and greatest ratio of turns taken by turns."""
    ratios = [_cpu(run) / _cpu(against) for _ in range(max(repeat, 9))]
    return statistics.median(ratios), min(ratios), max(ratios)


def _cpu(run: Callable[[], object]) -> float:
    begun = time.process_time()
    run()
    return time.process_time() - begun


def _child_cpu(command: list[str]) -> float:
    before = os.times()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dialogues", type=Path, required=True)
    parser.add_argument("--naive-count", type=int, default=100)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--rival-python", default=sys.executable, help="a Python that has the rival's packages")
    parser.add_argument("--grow", type=int, default=0, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
