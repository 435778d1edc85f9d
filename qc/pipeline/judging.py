"""The inspection stage: the stream of inputs, shard by shard, into part files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path

from qc.asr.assemble import Assembly
from qc.asr.cache import TranscriptCache
from qc.domain.conversation import Conversation
from qc.domain.failure import Failure, Stage
from qc.domain.recording import Recording
from qc.domain.specs import Specs
from qc.errors import origin
from qc.pipeline.executors.executor import Cause, Crashed, Executor, Job
from qc.pipeline.inspect import Inspector
from qc.pipeline.limits import KIND, Limits
from qc.pipeline.privacy import masked_id
from qc.pipeline.progress import Progress
from qc.pipeline.restore import heard
from qc.privacy.pseudonyms import own_key, use
from qc.storage.interim import INTERIM, write_interim
from qc.storage.write import ShardCounts, commit_shard, committed_shards, write_part

Input = Recording | Conversation | Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealing:
    """The public key of the vault (PEM), and the plan whose files it seals."""

    public_key: bytes
    plan: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a worker needs to inspect shards; plain data that crosses to a spawned process."""

    run: Path
    specs: Specs | None
    confidence_floor: float
    mask: bool
    assembly: Assembly
    cache_dir: Path
    asr_keys: dict[str, str]
    """Content of a recording (its audio, and the transcript given with it) → key of its transcript."""
    pseudonyms: bytes = field(default_factory=own_key)
    """The key of the pseudonyms, also on machines that have no file of it."""
    sealing: Sealing | None = None
    """Whether, and for whom, what masking takes away is kept in the run's vault."""


@dataclass(frozen=True, slots=True)
class ShardTask:
    number: int
    inputs: tuple[Input, ...]

    def identity(self) -> str:
        """SHA-256 over which inputs these are and by what content; a recording that could not be heard is another input
        than one that was."""
        return hashlib.sha256("\n".join(json.dumps(_named(item)) for item in self.inputs).encode()).hexdigest()


def _named(item: Input) -> list[str | None]:
    if isinstance(item, Failure):
        return ["failure", item.input, item.conversation_id, item.kind]
    if isinstance(item, Recording):
        return ["recording", item.conversation_id, item.content]
    return ["conversation", item.id, item.source.path, item.source.sha256]


def inspect_stream(
    inputs: Iterable[Input],
    settings: Settings,
    *,
    shard_size: int,
    executor: Executor,
    limits: Limits,
    total: int | None,
    progress: Progress,
) -> list[ShardCounts]:
    """Inspect every input, in shards of `shard_size`; shards committed before (a resumed run) are passed over, unless
    their inputs came out otherwise this time.

    Returns the counts of all shards, in order.
    """
    whole, damaged = committed_shards(settings.run)
    done: dict[int, ShardCounts] = {}
    for name in damaged:
        progress.note(f"提醒：分片 {name} 的文件缺了、坏了或被改过，重做这个分片")
    progress.stage("质检", total, "个会话")

    def missing() -> Iterator[ShardTask]:
        for task in _shards(inputs, shard_size):
            counts = whole.get(task.number)
            if counts is not None and counts.identity == task.identity():
                done[task.number] = counts
                progress.advance(counts.inputs, "（续跑：已完成的分片）")
            else:
                yield task

    job = Job(
        work=_work,
        setup=_prepare,
        setup_args=(settings,),
        limit_s=lambda task: limits.judge_together_s(len(task.inputs)),
        memory_mb=limits.memory_mb,
    )
    for result in executor.run(job, missing()):
        counts = _isolate(result.task, settings, executor, limits) if isinstance(result, Crashed) else result
        done[counts.shard] = counts
        progress.advance(counts.inputs, f"（分片 {counts.shard}：完成 {counts.ok}，失败 {counts.failed}）")
    progress.finish()
    return [done[number] for number in sorted(done)]


def _shards(inputs: Iterable[Input], size: int) -> Iterator[ShardTask]:
    stream = iter(inputs)
    number = 0
    while chunk := tuple(islice(stream, size)):
        yield ShardTask(number, chunk)
        number += 1


def _isolate(task: ShardTask, settings: Settings, executor: Executor, limits: Limits) -> ShardCounts:
    """A shard broke its worker: find the inputs that do, one by one, set them aside and inspect the rest.

    One by one rather than by halves: a half that holds the culprit costs the limit, and its process, at every step.
    """
    alone = partial(Job, setup=_prepare, setup_args=(settings,), at_most=1, memory_mb=limits.memory_mb)
    one_by_one = (ShardTask(i, (x,)) for i, x in enumerate(task.inputs))
    killers = {
        result.task.number: _quarantined(result.task.inputs[0], result.cause, limits)
        for result in executor.run(alone(work=_probe, limit_s=lambda _: limits.judge_s), one_by_one)
        if isinstance(result, Crashed)
    }
    rest = ShardTask(task.number, tuple(killers.get(i, x) for i, x in enumerate(task.inputs)))
    cause = Cause.DIED
    for result in executor.run(alone(work=_work), [rest]):  # as long as it takes: each was quick enough
        if not isinstance(result, Crashed):
            return result
        cause = result.cause
    # Only together do they break the worker (memory): none of them can be trusted to be inspected.
    everything = ShardTask(task.number, tuple(_quarantined(x, cause, limits) for x in rest.inputs))
    return _work(_prepare(settings), everything)


def _quarantined(item: Input, cause: Cause, limits: Limits) -> Failure:
    if isinstance(item, Failure):
        return item
    return _set_aside(item, KIND[cause], limits.unjudged(cause), retryable=True)


def _set_aside(item: Recording | Conversation, kind: str, message: str, *, retryable: bool) -> Failure:
    return Failure(
        input=item.source.path,
        conversation_id=item.conversation_id if isinstance(item, Recording) else item.id,
        stage=Stage.INSPECT,
        kind=kind,
        message=message,
        retryable=retryable,
        quarantined=True,
        sha256=item.source.sha256,
    )


@dataclass(frozen=True, slots=True)
class _Worker:
    settings: Settings
    inspector: Inspector
    cache: TranscriptCache


def _prepare(settings: Settings) -> _Worker:
    """Per process: compile the rules once."""
    use(settings.pseudonyms)
    inspector = Inspector(settings.specs, confidence_floor=settings.confidence_floor, mask=settings.mask)
    return _Worker(settings, inspector, TranscriptCache(settings.cache_dir))


def _work(worker: _Worker, task: ShardTask) -> ShardCounts:
    """Inspect a shard and commit it."""
    conversations, failures = _sorted_out(worker, task.inputs)
    try:
        result = worker.inspector.inspect(conversations, failures)
    except Exception:  # a fault of ours or of a rule in one conversation must not cost the others
        conversations, broken = _sound(worker.inspector, conversations)
        if not broken:
            raise
        failures += broken
        result = worker.inspector.inspect(conversations, failures)
    parts = []
    for name, table in result.tables.items():
        write = write_interim if name in INTERIM else write_part
        parts.append(write(worker.settings.run, name, task.number, table))
    if worker.settings.sealing is not None:
        _seal(worker.settings.run, worker.settings.sealing, task.number, conversations)
    counts = ShardCounts(
        shard=task.number,
        identity=task.identity(),
        inputs=len(task.inputs),
        ok=len(conversations),
        failed=sum(not f.quarantined for f in failures),
        quarantined=sum(f.quarantined for f in failures),
        audio_ms=sum(c.meta.duration_ms or 0 for c in conversations if c.source.format == "audio"),
        parts=tuple(parts),
    )
    commit_shard(worker.settings.run, counts)
    return counts


def _seal(run: Path, sealing: Sealing, shard: int, conversations: Sequence[Conversation]) -> None:
    """Before the shard's marker: a shard that is done again seals again, over what was there."""
    from qc.privacy.keys import parse_public
    from qc.privacy.vault import seal_shard

    ids = [masked_id(conversation.id) for conversation in conversations]
    seal_shard(run, sealing.plan, shard, conversations, ids, parse_public(sealing.public_key))


def _sound(inspector: Inspector, conversations: Sequence[Conversation]) -> tuple[list[Conversation], list[Failure]]:
    """The conversations that can be inspected, each tried alone, and a Failure for each that cannot."""
    sound: list[Conversation] = []
    broken: list[Failure] = []
    for conversation in conversations:
        try:
            inspector.inspect([conversation], ())
        except Exception as error:
            what = f"质检这个会话时程序出错（{type(error).__name__}，{origin(error)}），已隔离；请报告给维护者"
            broken.append(_set_aside(conversation, "error", what, retryable=False))
        else:
            sound.append(conversation)
    return sound, broken


def _probe(worker: _Worker, task: ShardTask) -> None:
    """Inspect without writing anything, to see whether it breaks the worker. What only raises is told when the shard is
    inspected."""
    with suppress(Exception):
        worker.inspector.inspect(*_sorted_out(worker, task.inputs))


def _sorted_out(worker: _Worker, inputs: Sequence[Input]) -> tuple[list[Conversation], list[Failure]]:
    conversations: list[Conversation] = []
    failures: list[Failure] = []
    for item in inputs:
        outcome = item
        if isinstance(item, Recording):
            transcript = worker.cache.get(worker.settings.asr_keys[item.content])
            outcome = heard(item, transcript, worker.settings.assembly)
        if isinstance(outcome, Failure):
            failures.append(outcome)
        elif isinstance(outcome, Conversation):
            conversations.append(outcome)
    return conversations, failures
