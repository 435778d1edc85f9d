"""All rules over a clean corpus: a folder of dialogues, or stored runs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path

from qc.domain.config import Config
from qc.domain.conversation import Conversation
from qc.domain.failure import Failure
from qc.domain.finding import Finding, Verdict
from qc.domain.rule import Rule, RuleKind
from qc.domain.specs import Specs
from qc.errors import UsageError
from qc.ingest.batch import discover, read_conversations
from qc.matching.compile import compile_rules
from qc.matching.judge import judge
from qc.matching.signals import signals_of
from qc.paths import packaged
from qc.pipeline.privacy import masked
from qc.pipeline.stored import StoredPart
from qc.pipeline.verdicts import Judge
from qc.ruletest.baseline import Baseline, CleanHit, compare, quote_of
from qc.specs.accepted import load_accepted
from qc.storage.read import open_run, require_judged
from qc.text.shard import Shard
from qc.text.signals import Analyser, analyser_of

FOLDER = "_baseline"
_CHUNK = 500
_CONTEXT = 24
_LONGEST = 60
KINDS = frozenset({RuleKind.VIOLATION, RuleKind.SIGNAL})
"""Praise on a clean conversation is no mistake; faults and signals are."""


def corpus_of(rules: Path) -> Path:
    """The clean corpus of a rules folder, or the packaged one."""
    own = rules / FOLDER / "dialogues"
    return own if own.is_dir() else packaged("rules") / FOLDER / "dialogues"


def accepted_of(rules: Path) -> Path:
    """The accepted-hits file of a rules folder."""
    return rules / FOLDER / "accepted.yml"


def baseline(
    specs: Specs,
    config: Config,
    *,
    corpus: Path | None,
    runs: Sequence[Path],
    accepted: Path,
    kinds: Collection[RuleKind] = KINDS,
) -> Baseline:
    """What the rules in force of these kinds find in `corpus` (a folder of any texts qc reads) or in stored `runs`.

    Raises UsageError when a dialogue cannot be read, or the corpus holds recordings or nothing; SpecError for a broken
    file of accepted hits.
    """
    known = load_accepted(accepted)
    rules = tuple(rule for rule in specs.in_force if rule.kind in kinds)
    floor = config.asr.confidence_floor
    hits: list[CleanHit] = []
    count = 0
    shards = _of_runs(specs, rules, runs, floor) if runs else _of_folder(specs, rules, corpus, config, floor)
    for shard, findings in shards:
        count += len(shard)
        hits += list(_hits(shard, findings, rules))
    name = "、".join(path.name for path in runs) if runs else str(corpus)
    return compare(name, count, len(rules), hits, known, str(accepted))


_Judged = tuple[Shard, Sequence[Sequence[Finding]]]


def _of_folder(
    specs: Specs, rules: Sequence[Rule], corpus: Path | None, config: Config, floor: float
) -> Iterator[_Judged]:
    if corpus is None or not corpus.is_dir():
        raise UsageError(f"没有干净语料 {corpus}", "给出一个放着会话的目录，或用 --run 指定批次。")
    batch = discover(corpus, None, config)
    if batch.recordings:
        raise UsageError(f"{corpus} 里有录音", "基线只读文字：先用 qc run 转写，再用 --run 指定那个批次。")
    compiled = compile_rules(replace(specs.pack, rules=tuple(rules)), confidence_floor=floor)
    analyser = analyser_of(specs)
    stream = iter([*batch.failures, *read_conversations(batch)])
    empty = True
    while chunk := list(islice(stream, _CHUNK)):
        empty = False
        shard = _masked(_readable(chunk, corpus), analyser)
        yield shard, judge(compiled, shard, signals_of(analyser, shard, compiled.need)).findings
    if empty:
        raise UsageError(f"{corpus} 里没有会话", "应有 .jsonl、.csv 等会话文件；见 docs/inputs.zh-CN.md。")


def _readable(items: Sequence[Conversation | Failure], corpus: Path) -> list[Conversation]:
    failures = [item for item in items if isinstance(item, Failure)]
    if failures:
        told = "；".join(f"{f.input}：{f.message}" for f in failures[:5])
        raise UsageError(f"{corpus} 里有 {len(failures)} 个会话读不了：{told}", "干净语料要全部读得了，请改正或删去。")
    return [item for item in items if isinstance(item, Conversation)]


def _masked(conversations: list[Conversation], analyser: Analyser) -> Shard:
    """As a run does: rules see the text people see."""
    shard = Shard(conversations)
    return Shard(masked(shard, analyser.entities(shard)))


def _of_runs(specs: Specs, rules: Sequence[Rule], runs: Sequence[Path], floor: float) -> Iterator[_Judged]:
    ids = [rule.id for rule in rules]
    for run in [require_judged(open_run(path)) for path in runs]:
        own = run.lineage.lexicons_digest != specs.lexicons_digest
        known = run.lineage.confidence_floor
        judges = Judge(specs, ids, floor=floor if known is None else known, own_signals=own)
        for number in run.shards():
            part = StoredPart(run, number)
            found: list[list[Finding]] = [[] for _ in part.ids]
            for (_, i), finding in sorted(judges.judge(part).findings.items()):
                found[i].append(finding)
            yield part.shard, found


def _hits(shard: Shard, findings: Sequence[Sequence[Finding]], rules: Sequence[Rule]) -> Iterator[CleanHit]:
    of = {rule.id: rule for rule in rules}
    for i, found in enumerate(findings):
        for finding in found:
            if finding.verdict is not Verdict.HIT:
                continue
            hit = next((h for h in finding.hits if h.text and h.turn), None)
            before, said, after = "", finding.message, ""
            if hit is not None and hit.turn is not None:
                text = shard.turn_columns.text[int(shard.first_turn[i]) + hit.turn - 1]
                start, end = hit.char_start or 0, hit.char_end or 0
                before, after = text[max(0, start - _CONTEXT) : start], text[end : end + _CONTEXT]
                said = text[start : min(end, start + _LONGEST)]
            yield CleanHit(
                rule=of[finding.rule_id],
                conversation_id=finding.conversation_id,
                turn=None if hit is None else hit.turn,
                role=None if hit is None else hit.role,
                before=before,
                hit=said,
                after=after,
                quote=quote_of(finding),
            )
