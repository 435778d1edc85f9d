"""The main job: a folder of recordings, chats, tickets and transcripts → a run on disk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from qc.asr.assemble import Assembly
from qc.domain.config import Config
from qc.domain.failure import Failure
from qc.domain.run import Lineage
from qc.domain.specs import Specs
from qc.domain.speech import SpeechSpecs
from qc.errors import UsageError
from qc.ingest.batch import Batch
from qc.ingest.names import shown
from qc.paths import cache_dir
from qc.pipeline.executors.choose import choose_executor
from qc.pipeline.executors.executor import Executor
from qc.pipeline.finish import finish
from qc.pipeline.inputs import apart, found, found_before, found_stored, inputs_of, unchanged
from qc.pipeline.judging import Input, Sealing, Settings, inspect_stream
from qc.pipeline.limits import limits_of
from qc.pipeline.options import Options
from qc.pipeline.plan import Plan, exclusive, planned_lineage, start
from qc.pipeline.progress import Progress
from qc.pipeline.restore import stored_inputs
from qc.pipeline.retry import Before, Retry, begun, reopened
from qc.pipeline.specs import Folders, configuration, load, speech
from qc.privacy.installed import needs_vault
from qc.storage.write import ShardCounts, clear_work

if TYPE_CHECKING:
    from qc.asr.engines.transcriber import AsrIdentity

TRANSCRIPTS = "transcripts"
_UNLOCKED = "这个位置的文件系统不能加锁，请自己保证没有第二个 qc 命令在写同一个批次"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A finished run and the configuration it was made with. `within_allowance`: no more inputs failed than that
    allows."""

    run: Path
    lineage: Lineage
    config: Config
    within_allowance: bool
    held: ExitStack = field(default_factory=ExitStack)
    """The lock of the run."""

    def close(self) -> None:
        """The command that made the run is over: what only a running run needs is removed, and others may have it."""
        clear_work(self.run)
        self.held.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What a command asks for, and what it names: the configuration, where tasks run, rules and scorecards. `engine`:
    what hears recordings, None where there are none, and why that one (Chinese)."""

    options: Options
    config: Config
    executor: Executor
    specs: Specs | None
    progress: Progress
    engine: AsrIdentity | None = None
    engine_why: str = ""

    @property
    def notes(self) -> tuple[str, ...]:
        return (self.executor.note,) if self.executor.note else ()


def run_batch(
    source: Path, manifest: Path | None, where: Folders, options: Options, progress: Progress, *, judge: bool = True
) -> Outcome:
    """Transcribe and inspect everything under `source`; with `judge` False stop at the transcripts.

    Raises SpecError for broken YAML, UsageError for what the user must mend, InternalError when counts do not balance.
    """
    vault = _vault(options)
    apart(source, options.out)
    wanted = _asked(where, options, progress, read=[source], judge=judge)
    spoken = speech(where)
    mask = not options.keep_personal_data
    batch = found(source, manifest, wanted.config, progress, mask=mask)
    lineage_of = partial(_lineage, wanted, source, manifest, spoken, vault)

    def before(failed: Mapping[str, Failure]) -> Lineage:
        return lineage_of(found_before(source, manifest, wanted.config, batch, failed, mask=mask))[0]

    lineage, asked = lineage_of(batch)
    if asked.engine is not None:
        progress.note(f"转写引擎 {asked.engine.engine}（{asked.engine_why}）")
    plan = _planned(lineage, asked, before)
    with _working(plan, progress) as held:
        if plan.finished:
            return _outcome(plan.run, plan.lineage, asked, held)
        retry = begun(plan, progress, wanted=options.retry_failed)
        if retry is not None and not retry.tried:
            progress.note("没有可以重试的输入：失败的原因都在输入本身，或没有失败的；批次没有改动")
            return replace(_outcome(plan.run, plan.lineage, asked, held), within_allowance=True)
        plan, unheard = _heard(batch, retry, plan, asked)
        keys = {} if asked.engine is None else {r.content: asked.engine.key_of(r) for r in batch.recordings}
        total = None if batch.documents else len(batch.recordings) + len(batch.failures)
        counts = _judged(inputs_of(batch, unheard, source), total, _settings(plan, asked, spoken, keys), asked)
        return _outcome(plan.run, finish(plan, counts, asked.specs, retry), asked, held)


def inspect_run(source: Path, where: Folders, options: Options, progress: Progress) -> Outcome:
    """Judge the conversations stored in the run `source` again, with the rules in force now; no model, no audio."""
    asked = _asked(where, options, progress, read=[])
    stored = found_stored(source)
    before = stored.lineage
    engine = before.asr_engine
    lineage = planned_lineage(
        input_path=before.input_path,
        input_digest=before.input_digest,
        manifest=before.manifest,
        specs=asked.specs,
        speech_digest=before.speech_digest,
        config_digest=asked.config.digest,
        asr=None if engine is None else (engine, before.asr_model or "", before.asr_options or ""),
        mask=before.personal_data == "masked" or not options.keep_personal_data,
        notes=(*before.notes, f"由批次 {before.run_id} 重新判定", *asked.notes),
        shard_size=asked.config.run.shard_size,
        confidence_floor=asked.config.asr.confidence_floor,
        name=options.name or before.name,
        judged_again=before,
    )
    plan = _planned(lineage, asked, lambda _: lineage)
    with _working(plan, progress) as held:
        if plan.finished:
            return _outcome(plan.run, plan.lineage, asked, held)
        settings = _settings(plan, asked, SpeechSpecs(), {})
        counts = _judged(stored_inputs(stored), before.counts.input, settings, asked)
        unchanged(stored)
        return _outcome(plan.run, finish(plan, counts, asked.specs), asked, held)


def _vault(options: Options) -> str:
    """Fingerprint of the key the run is sealed for. Raises UsageError, before anything is heard."""
    if options.vault is None:
        return ""
    if options.keep_personal_data:
        raise UsageError("--vault 与 --keep-personal-data 不能一起用", "不脱敏就没有要另外保管的原文。")
    needs_vault()
    from qc.privacy.keys import fingerprint, read_public

    return fingerprint(read_public(options.vault))


def _asked(where: Folders, options: Options, progress: Progress, *, read: list[Path], judge: bool = True) -> _Asked:
    """`read`: folders of inputs, which every machine of a cluster must see."""
    config = configuration(where)
    if options.workers is not None:
        config = replace(config, run=replace(config.run, workers=options.workers))
    name = options.executor or config.run.executor
    if options.address is not None and name != "ray":
        raise UsageError("--address 是 Ray 集群的地址，这次不用 Ray", "加上 --executor ray；在本机算就去掉 --address。")
    executor = choose_executor(
        name,
        workers=config.run.workers,
        address=options.address or config.run.address,
        read=read,
        written=[options.out, cache_dir()],
    )
    specs = load(where) if judge else None
    return _Asked(options=options, config=config, executor=executor, specs=specs, progress=progress)


def _lineage(
    asked: _Asked, source: Path, manifest: Path | None, spoken: SpeechSpecs, vault: str, batch: Batch
) -> tuple[Lineage, _Asked]:
    """The lineage that the run of this batch begins with, and what is asked with the engine that hears it."""
    asked = _with_engine(batch, spoken, asked)
    engine = asked.engine
    lineage = planned_lineage(
        input_path=shown(str(source)),
        input_digest=batch.digest,
        manifest=None if manifest is None else manifest.name,
        specs=asked.specs,
        speech_digest=spoken.digest if batch.recordings else "",
        config_digest=asked.config.digest,
        asr=None if engine is None else (engine.engine, engine.model, engine.options),
        mask=not asked.options.keep_personal_data,
        notes=(*batch.notes, *asked.notes),
        shard_size=asked.config.run.shard_size,
        confidence_floor=asked.config.asr.confidence_floor,
        name=asked.options.name or asked.config.name,
        vault=vault,
    )
    return lineage, asked


def _with_engine(batch: Batch, spoken: SpeechSpecs, asked: _Asked) -> _Asked:
    """Where there are recordings: the engine that hears them, and the configuration with what it is told of their
    projects."""
    if not batch.recordings:
        return asked
    from qc.asr.engines.prompt import prompted
    from qc.asr.engines.registry import choose
    from qc.asr.service import identify

    choice = choose(asked.config.asr)
    projects = dict.fromkeys(r.project for r in batch.recordings)
    words = [w for project in projects for w in spoken.words_of(project)]
    config = replace(asked.config, asr=prompted(choice.config, words))
    return replace(asked, config=config, engine=identify(config.asr), engine_why=choice.reason)


def _planned(lineage: Lineage, asked: _Asked, before: Before) -> Plan:
    """The run that this lineage begins, continues or opens again (`reopened`). Raises UsageError."""
    options = asked.options
    if not options.retry_failed:
        shared = asked.config.run.group_readable
        return start(options.out, lineage, run_id=options.run_id, fresh=options.fresh, shared=shared)
    if options.fresh:
        raise UsageError("--retry-failed 与 --fresh 不能一起用", "一个接着已有的批次，一个另开批次。")
    return reopened(options.out, lineage, before, run_id=options.run_id)


@contextmanager
def _working(plan: Plan, progress: Progress) -> Iterator[ExitStack]:
    """Hold the run, say where it is, and how to go on with it when it is broken off. What is yielded holds the lock."""
    with ExitStack() as held:
        held.enter_context(exclusive(plan.run, lambda why: progress.note(f"提醒：{_UNLOCKED}（{why}）")))
        progress.note(f"{'续跑' if plan.resumed else '批次'} {plan.run}")
        for note in plan.notes:
            progress.note(f"提醒：{note}")
        if plan.finished:  # the command that made it was killed while it wrote the report or after
            progress.note("结果表上次已经做完，不再重做；只做剩下的（报表与收尾）")
        try:
            yield held
        except (KeyboardInterrupt, OSError):
            progress.note(f"批次 {plan.run} 没有做完：再运行同一条命令会接着做，已完成的不会重做。")
            raise


def _heard(batch: Batch, retry: Retry | None, plan: Plan, asked: _Asked) -> tuple[Plan, dict[str, Failure]]:
    """See that every recording has its transcript in the cache. Returns the plan, which knows how many were heard, and
    conversation id → why that one has none."""
    unheard: dict[str, Failure] = {}
    if retry is not None:
        asked.progress.note(f"重试 {len(retry.tried)} 个失败或隔离的输入；{len(retry.kept)} 个原因在输入本身的不再试")
        unheard = retry.settled(batch.recordings, mask=plan.lineage.personal_data == "masked")
    if asked.engine is None:
        return plan, unheard
    from qc.pipeline.transcribe import transcribe_missing

    waiting = [r for r in batch.recordings if r.conversation_id not in unheard]
    cache = cache_dir() / TRANSCRIPTS
    heard = transcribe_missing(waiting, asked.config, asked.engine, cache, asked.executor, asked.progress)
    # Of a run that is opened again, what it heard the first time is in the cache now.
    before = min(plan.lineage.transcribed, heard.cached) if retry is not None else 0
    lineage = replace(plan.lineage, transcribed=before + heard.transcribed, cached=heard.cached - before)
    return replace(plan, lineage=lineage), unheard | heard.failures


def _settings(plan: Plan, asked: _Asked, spoken: SpeechSpecs, keys: dict[str, str]) -> Settings:
    key = asked.options.vault
    return Settings(
        run=plan.run,
        specs=asked.specs,
        confidence_floor=asked.config.asr.confidence_floor,
        mask=plan.lineage.personal_data == "masked",
        assembly=Assembly(audio=asked.config.audio, asr=asked.config.asr, speech=spoken),
        cache_dir=cache_dir() / TRANSCRIPTS,
        asr_keys=keys,
        sealing=None if key is None else Sealing(public_key=key.read_bytes(), plan=plan.lineage.plan_digest),
    )


def _judged(inputs: Iterable[Input], total: int | None, settings: Settings, asked: _Asked) -> list[ShardCounts]:
    return inspect_stream(
        inputs,
        settings,
        shard_size=asked.config.run.shard_size,
        executor=asked.executor,
        limits=limits_of(asked.config.run),
        total=total,
        progress=asked.progress,
    )


def _outcome(run: Path, lineage: Lineage, asked: _Asked, held: ExitStack) -> Outcome:
    """The finished run with its lock, for its caller to close, or closed already."""
    lost = lineage.counts.failed + lineage.counts.quarantined
    outcome = Outcome(
        run=run,
        lineage=lineage,
        config=asked.config,
        within_allowance=lost <= asked.config.run.allowance * lineage.counts.input,
        held=held.pop_all(),
    )
    if asked.options.close:
        outcome.close()
    return outcome
