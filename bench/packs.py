"""The shipped rules on real dialogues: how often each says 违规, and a sample of what it hit, for reading.

usage: python bench/packs.py CORPUS... [--rules rules] [--read RULE [--most 20]] [--markdown]

CORPUS is JSONL with one dialogue per line, {"id": …, "turns": [{"role": "customer"|"agent", "text": …}, …]}, or a JSON
or JSONL file of single customer sentences, {"sentence": …}. `PATH=PROJECT:CHANNEL` says what the dialogues are
(default 电商:chat). Rules of other projects and channels are tried too, as if the dialogues were theirs (their rates
are in parentheses): rules that fire on foreign talk would fire on their own. Nothing is stored.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from qc.domain.conversation import CallMeta, Channel, Conversation, Role, Source, Turn
from qc.domain.finding import Finding, Verdict
from qc.domain.rule import Rule, RulePack, Scope
from qc.matching.compile import compile_rules
from qc.matching.judge import VERDICTS, judge
from qc.matching.signals import signals_of
from qc.pipeline.specs import emotion_lexicon, folders, taxonomies
from qc.specs.rules import load_rules
from qc.text.shard import Shard
from qc.text.signals import Analyser

SHARD = 500
FLOOR = 0.35


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """Dialogues of one source. `found[rule id]`: the dialogues the rule hits, with the finding."""

    name: str
    project: str
    channel: Channel
    dialogues: int
    found: dict[str, list[tuple[Conversation, Finding]]]
    undecided: dict[str, int]


def main() -> None:
    args = _arguments()
    where = folders(None, rules=args.rules, scorecards=None)
    pack = load_rules([where.rules])
    analyser = Analyser(emotion_lexicon(where), taxonomies(where))
    corpora = [_judge(pack, analyser, spec) for spec in args.corpus]
    if args.read:
        _read(corpora, args.read, args.most)
    else:
        _table(pack.rules, corpora, markdown=args.markdown)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", nargs="+", help="PATH or PATH=PROJECT:CHANNEL")
    parser.add_argument("--rules", type=Path, default=Path(__file__).resolve().parent.parent / "rules")
    parser.add_argument("--read", metavar="RULE", help="print what this rule hit instead of the table")
    parser.add_argument("--most", type=int, default=20, help="with --read: at most so many dialogues")
    parser.add_argument("--markdown", action="store_true", help="the table as Markdown")
    return parser.parse_args()


def _judge(pack: RulePack, analyser: Analyser, spec: str) -> Corpus:
    """Every rule on every dialogue, whatever its scope."""
    path, _, kind = spec.partition("=")
    project, _, channel = (kind or "电商:chat").partition(":")
    dialogues = list(_dialogues(Path(path), project, Channel(channel)))
    anywhere = replace(pack, rules=tuple(replace(rule, scope=Scope()) for rule in pack.rules))
    compiled = compile_rules(anywhere, confidence_floor=FLOOR)
    found: dict[str, list[tuple[Conversation, Finding]]] = {rule.id: [] for rule in pack.rules}
    undecided = dict.fromkeys(found, 0)
    for start in range(0, len(dialogues), SHARD):
        shard = Shard(dialogues[start : start + SHARD])
        judged = judge(compiled, shard, signals_of(analyser, shard, compiled.need))
        rows = np.sum(judged.verdicts == VERDICTS.index(Verdict.UNDECIDED), axis=1)
        for rule, count in zip(judged.rules, rows.tolist(), strict=True):
            undecided[rule.id] += count
        for conversation, findings in zip(shard.conversations, judged.findings, strict=True):
            for finding in findings:
                if finding.verdict is Verdict.HIT:
                    found[finding.rule_id].append((conversation, finding))
    return Corpus(
        name=Path(path).parent.name if Path(path).name.startswith(("train", "dev")) else Path(path).stem,
        project=project,
        channel=Channel(channel),
        dialogues=len(dialogues),
        found=found,
        undecided=undecided,
    )


def _dialogues(path: Path, project: str, channel: Channel) -> Iterator[Conversation]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines()):
        if not line.strip():
            continue
        entry = json.loads(line)
        given = entry.get("turns") or [{"role": "customer", "text": entry["sentence"]}]
        yield Conversation(
            id=str(entry.get("id", number)),
            project=project,
            channel=channel,
            turns=tuple(Turn(role=Role(turn["role"]), text=turn["text"]) for turn in given),
            meta=CallMeta(),
            source=Source(path=path.name, format="bench", sha256=""),
        )


def _concerns(rule: Rule, corpus: Corpus) -> bool:
    scope = rule.scope
    return (not scope.projects or corpus.project in scope.projects) and (
        not scope.channels or corpus.channel in scope.channels
    )


def _table(rules: Sequence[Rule], corpora: Sequence[Corpus], *, markdown: bool) -> None:
    """Rules that hit something, by id; those that hit nothing are counted."""
    edge, cut = ("| ", " | ") if markdown else ("", "  ")
    head = ["rule", "kind", *(f"{corpus.name} ({corpus.dialogues})" for corpus in corpora)]
    print(edge + cut.join(head))
    if markdown:
        print("|---" * len(head) + "|")
    silent = 0
    for rule in sorted(rules, key=lambda r: r.id):
        if not any(corpus.found[rule.id] for corpus in corpora):
            silent += 1
            continue
        kind = f"{rule.kind}{'' if rule.status == 'stable' else f' ({rule.status})'}"
        print(edge + cut.join([f"{rule.id:34}", f"{kind:18}", *(_cell(rule, corpus) for corpus in corpora)]))
    print(f"\n{len(rules)} rules, {silent} of them hit nothing")


def _cell(rule: Rule, corpus: Corpus) -> str:
    hits = len(corpus.found[rule.id])
    text = f"{hits} = {100 * hits / corpus.dialogues:.2f} %" if hits else "0"
    return f"{text if _concerns(rule, corpus) else f'({text})':16}"


def _read(corpora: Sequence[Corpus], rule: str, most: int) -> None:
    """The hits evenly spread over the corpus, each with its turns around the evidence."""
    for corpus in corpora:
        found = corpus.found[rule]
        step = max(1, len(found) // most)
        for conversation, finding in found[::step][:most]:
            print(f"--- {corpus.name} {conversation.id}: {finding.message}")
            marked = {hit.turn for hit in finding.hits if hit.turn is not None}
            for number, turn in enumerate(conversation.turns, 1):
                if not marked or any(abs(number - at) <= 2 for at in marked):
                    print(f"{'*' if number in marked else ' '} {turn.role.value[0]} {turn.text[:150]}")


if __name__ == "__main__":
    main()
