"""The main job: a folder of recordings, chats, tickets and transcripts → a run on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from qc.asr.assemble import Assembly
from qc.domain.config import Config
from qc.domain.failure import Failure
from qc.domain.run import Counts, Lineage, RunStatus
from qc.domain.specs import Specs
from qc.domain.speech import SpeechSpecs
from qc.errors import InternalError, UsageError
from qc.ingest.batch import Batch, discover, read_conversations
from qc.ingest.names import shown
from qc.paths import cache_dir
from qc.pipeline.complaints import write_complaints
from qc.pipeline.executors.choose import choose_executor
from qc.pipeline.executors.executor import Executor
from qc.pipeline.executors.serial import Serial
from qc.pipeline.judging import Input, Sealing, Settings, inspect_stream
from qc.pipeline.limits import limits_of
from qc.pipeline.options import Options
from qc.pipeline.plan import Plan, exclusive, planned_lineage, start
from qc.pipeline.progress import Progress
from qc.pipeline.restore import stored_inputs
from qc.pipeline.retry import Retry, begun, reopened
from qc.pipeline.specs import Folders, configuration, load, speech
from qc.privacy.installed import needs_vault
from qc.schema.tables import TABLES
from qc.storage.digests import write_parts
from qc.storage.lineage import write_lineage
from qc.storage.read import open_run
from qc.storage.terms import merge_terms
from qc.storage.write import WORK, ShardCounts, clear_work, mark_complete, remove_unlisted
from qc.text.masking import mask_value

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


def run_batch(
    source: Path, manifest: Path | None, where: Folders, options: Options, progress: Progress, *, judge: bool = True
) -> Outcome:
    """Transcribe and inspect everything under `source`; with `judge` False stop at the transcripts.

    Raises SpecError for broken YAML, UsageError for what the user must mend, InternalError when counts do not balance.
    """
    vault = _vault(options)
    config = _configured(where, options)
    executor = _executor(config, options, [source])
    specs = load(where) if judge else None
    spoken = speech(where)
    progress.note(f"读入 {source}")
    batch = discover(source, manifest, config)
    if not (batch.recordings or batch.documents or batch.failures):
        raise UsageError(f"{source} 里没有可以质检的文件", "应有录音、会话、工单或转写文件；见 docs/inputs.zh-CN.md。")
    notes = batch.notes if options.keep_personal_data else tuple(mask_value(note) for note in batch.notes)
    for note in notes:
        progress.note(f"提醒：{note}")
    identity = None
    if batch.recordings:
        from qc.asr.engines.prompt import prompted
        from qc.asr.engines.registry import choose
        from qc.asr.service import identify

        choice = choose(config.asr)
        projects = dict.fromkeys(r.project for r in batch.recordings)
        words = [w for project in projects for w in spoken.words_of(project)]
        config = replace(config, asr=prompted(choice.config, words))
        identity = identify(config.asr)
        progress.note(f"转写引擎 {identity.engine}（{choice.reason}）")
    lineage = planned_lineage(
        input_path=shown(str(source)),
        input_digest=batch.digest,
        manifest=None if manifest is None else manifest.name,
        specs=specs,
        speech_digest=spoken.digest if batch.recordings else "",
        config_digest=config.digest,
        asr=None if identity is None else (identity.engine, identity.model, identity.options),
        mask=not options.keep_personal_data,
        notes=(*notes, *_noted(executor)),
        shard_size=config.run.shard_size,
        confidence_floor=config.asr.confidence_floor,
        name=options.name or config.name,
        vault=vault,
    )
    plan = _reopened(lineage, options) if options.retry_failed else _started(lineage, options, config)
    with _working(plan, progress) as held:
        if plan.finished:
            return _finished(plan, config, progress, held, options)
        retry = begun(plan.run, wanted=options.retry_failed)
        if retry is not None and not retry.tried:
            progress.note("没有可以重试的输入：失败的原因都在输入本身，或没有失败的；批次没有改动")
            untouched = replace(_outcome(plan.run, plan.lineage, config), within_allowance=True)
            return _handed_over(untouched, held, options)
        keys: dict[str, str] = {}
        unheard: dict[str, Failure] = {}
        if retry is not None:
            progress.note(f"重试 {len(retry.tried)} 个失败或隔离的输入；{len(retry.kept)} 个原因在输入本身的不再试")
            unheard = retry.settled(batch.recordings, mask=plan.lineage.personal_data == "masked")
        if identity is not None:
            from qc.pipeline.transcribe import transcribe_missing

            cache = cache_dir() / TRANSCRIPTS
            waiting = [r for r in batch.recordings if r.conversation_id not in unheard]
            heard = transcribe_missing(waiting, config, identity, cache, executor, progress)
            keys = {r.content: identity.key(r.content) for r in batch.recordings}
            unheard |= heard.failures
            # Of a run that is opened again, what it heard the first time is in the cache now.
            before = min(plan.lineage.transcribed, heard.cached) if retry is not None else 0
            known = replace(plan.lineage, transcribed=before + heard.transcribed, cached=heard.cached - before)
            plan = replace(plan, lineage=known)
        settings = _settings(plan, specs, config, options, spoken, keys)
        settings = replace(settings, sealing=_sealing(plan, options))
        total = None if batch.documents else len(batch.recordings) + len(batch.failures)
        inputs = _inputs(batch, unheard, source)
        counts = _inspected(inputs, settings, config, executor, total, plan, progress)
        return _handed_over(_finish(plan, counts, config, specs, retry), held, options)


def inspect_run(source: Path, where: Folders, options: Options, progress: Progress) -> Outcome:
    """Judge the conversations stored in the run `source` again, with the rules in force now; no model, no audio."""
    config = _configured(where, options)
    executor = _executor(config, options, [])
    specs = load(where)
    stored = open_run(source)
    if stored.lineage.status is not RunStatus.DONE:
        raise UsageError(
            f"批次 {stored.lineage.run_id} 还没有完成", "先把它跑完：重复当初的 qc run 或 qc transcribe 命令。"
        )
    before = stored.lineage
    if any(p.kind in ("text", "results") for p in before.purged):
        raise UsageError(
            f"批次 {before.run_id} 的文字已按保留期清除（{before.purged[-1].on}），不能重新判定",
            "得分与判定还在，报表照常能看。",
        )
    lineage = planned_lineage(
        input_path=before.input_path,
        input_digest=before.input_digest,
        manifest=before.manifest,
        specs=specs,
        speech_digest=before.speech_digest,
        config_digest=config.digest,
        asr=_asr_of(before),
        mask=before.personal_data == "masked" or not options.keep_personal_data,
        notes=(*before.notes, f"由批次 {before.run_id} 重新判定", *_noted(executor)),
        shard_size=config.run.shard_size,
        confidence_floor=config.asr.confidence_floor,
        name=options.name or before.name,
        judged_again=before,
    )
    plan = _started(lineage, options, config)
    with _working(plan, progress) as held:
        if plan.finished:
            return _finished(plan, config, progress, held, options)
        settings = _settings(plan, specs, config, options, SpeechSpecs(), {})
        counts = _inspected(stored_inputs(stored), settings, config, executor, before.counts.input, plan, progress)
        return _handed_over(_finish(plan, counts, config, specs), held, options)


def _vault(options: Options) -> str:
    """Fingerprint of the key the run is sealed for. Raises UsageError, before anything is heard."""
    if options.vault is None:
        return ""
    if options.keep_personal_data:
        raise UsageError("--vault 与 --keep-personal-data 不能一起用", "不脱敏就没有要另外保管的原文。")
    needs_vault()
    from qc.privacy.keys import fingerprint, read_public

    return fingerprint(read_public(options.vault))


def _sealing(plan: Plan, options: Options) -> Sealing | None:
    if options.vault is None:
        return None
    return Sealing(public_key=options.vault.read_bytes(), plan=plan.lineage.plan_digest)


def _configured(where: Folders, options: Options) -> Config:
    config = configuration(where)
    if options.workers is None:
        return config
    return replace(config, run=replace(config.run, workers=options.workers))


def _executor(config: Config, options: Options, read: list[Path]) -> Executor:
    return choose_executor(
        options.executor or config.run.executor,
        workers=config.run.workers,
        address=options.address or config.run.address,
        read=read,
        written=[options.out, cache_dir()],
    )


def _noted(executor: Executor) -> tuple[str, ...]:
    return (executor.note,) if executor.note else ()


def _asr_of(lineage: Lineage) -> tuple[str, str, str] | None:
    if lineage.asr_engine is None:
        return None
    return lineage.asr_engine, lineage.asr_model or "", lineage.asr_options or ""


def _started(lineage: Lineage, options: Options, config: Config) -> Plan:
    return start(
        options.out,
        lineage,
        run_id=options.run_id,
        fresh=options.fresh,
        shared=config.run.group_readable,
    )


def _reopened(lineage: Lineage, options: Options) -> Plan:
    if options.fresh:
        raise UsageError("--retry-failed 与 --fresh 不能一起用", "一个接着已有的批次，一个另开批次。")
    return reopened(options.out, lineage, run_id=options.run_id)


@contextmanager
def _working(plan: Plan, progress: Progress) -> Iterator[ExitStack]:
    """Hold the run, say where it is, and how to go on with it when it is broken off. What is yielded holds the lock."""
    with ExitStack() as held:
        held.enter_context(exclusive(plan.run, lambda why: progress.note(f"提醒：{_UNLOCKED}（{why}）")))
        progress.note(f"{'续跑' if plan.resumed else '批次'} {plan.run}")
        for note in plan.notes:
            progress.note(f"提醒：{note}")
        try:
            yield held
        except (KeyboardInterrupt, OSError):
            progress.note(f"批次 {plan.run} 没有做完：再运行同一条命令会接着做，已完成的不会重做。")
            raise


def _settings(
    plan: Plan, specs: Specs | None, config: Config, options: Options, speech: SpeechSpecs, keys: dict[str, str]
) -> Settings:
    return Settings(
        run=plan.run,
        specs=specs,
        confidence_floor=config.asr.confidence_floor,
        mask=plan.lineage.personal_data == "masked",
        assembly=Assembly(audio=config.audio, asr=config.asr, speech=speech),
        cache_dir=cache_dir() / TRANSCRIPTS,
        asr_keys=keys,
    )


def _inputs(batch: Batch, unheard: dict[str, Failure], source: Path) -> Iterator[Input]:
    """Every input once, always in the same order: what could not be read, recordings, then documents. Raises UsageError
    when all of them are out of reach: that is no fault of theirs."""
    yield from batch.failures
    if any(failure.kind in _OUT_OF_REACH for failure in unheard.values()):
        _require(source)
    for recording in batch.recordings:
        yield unheard.get(recording.conversation_id, recording)
    for item in read_conversations(batch):
        if isinstance(item, Failure) and item.kind in _OUT_OF_REACH:
            _require(source)
        yield item


_OUT_OF_REACH = frozenset({"unreadable", "changed"})
"""What a file that cannot be opened any more is called."""


def _require(source: Path) -> None:
    """Raises UsageError when the input folder is gone, or empty as a mount point is without its share."""
    try:
        there = source.is_file() or any(source.iterdir())
    except OSError:
        there = False
    if not there:
        raise UsageError(
            f"输入 {source} 在运行中不见了（网络盘断开、移动盘拔出，或被移走）",
            "恢复之后再运行同一条命令会接着做：已转写、已判定的不会重做。",
        )


def _inspected(
    inputs: Iterable[Input],
    settings: Settings,
    config: Config,
    executor: Executor,
    total: int | None,
    plan: Plan,
    progress: Progress,
) -> list[ShardCounts]:
    # One shard is quicker without a worker; but what once broke off may have been killed by an input, and a worker is
    # what keeps that from killing the run again.
    small = total is not None and total <= config.run.shard_size and not plan.resumed
    return inspect_stream(
        inputs,
        settings,
        shard_size=config.run.shard_size,
        executor=Serial() if small else executor,
        limits=limits_of(config.run),
        total=total,
        progress=progress,
    )


def _finish(
    plan: Plan, shards: list[ShardCounts], config: Config, specs: Specs | None, retry: Retry | None = None
) -> Outcome:
    """Sum up, check the balance, mark the run as done."""
    parts = [part for shard in shards for part in shard.parts if not part.path.startswith(f"{WORK}/")]
    remove_unlisted(plan.run, parts)
    terms = merge_terms(plan.run, [shard.shard for shard in shards])
    parts += [terms, write_complaints(plan.run, specs)]
    stored = open_run(plan.run)
    tables = {name: sum(part.num_rows for part in stored.parts(name, columns=_first(name))) for name in TABLES}
    add: Callable[[str], int] = lambda field: sum(getattr(s, field) for s in shards)  # noqa: E731
    counts = Counts(
        input=add("inputs"),
        ok=add("ok"),
        failed=add("failed"),
        quarantined=add("quarantined"),
        audio_ms=add("audio_ms"),
    )
    _check_balance(counts, tables)
    lineage = replace(
        plan.lineage,
        status=RunStatus.DONE,
        # A clock that was set back meanwhile must not have a run end before it began.
        finished_at=max(datetime.now().isoformat(timespec="seconds"), plan.lineage.started_at),
        counts=counts,
        tables=tables,
        parts_digest=write_parts(plan.run, parts),
    )
    if retry is not None:
        lineage = replace(lineage, notes=(*lineage.notes, retry.told(plan.run, str(lineage.finished_at)[:10])))
    mark_complete(plan.run)
    write_lineage(plan.run, lineage)
    return _outcome(plan.run, lineage, config)


def _finished(plan: Plan, config: Config, progress: Progress, held: ExitStack, options: Options) -> Outcome:
    """The command that made the run was killed while it wrote the report or after: nothing else is left to do."""
    progress.note("结果表上次已经做完，不再重做；只做剩下的（报表与收尾）")
    return _handed_over(_outcome(plan.run, plan.lineage, config), held, options)


def _handed_over(outcome: Outcome, held: ExitStack, options: Options) -> Outcome:
    """The outcome with the lock, for its caller to close, or closed already."""
    outcome = replace(outcome, held=held.pop_all())
    if options.close:
        outcome.close()
    return outcome


def _outcome(run: Path, lineage: Lineage, config: Config) -> Outcome:
    lost = lineage.counts.failed + lineage.counts.quarantined
    within = lost <= config.run.allowance * lineage.counts.input
    return Outcome(run=run, lineage=lineage, config=config, within_allowance=within)


def _first(name: str) -> list[str]:
    return [TABLES[name].names[0]]


def _check_balance(counts: Counts, tables: dict[str, int]) -> None:
    lost = counts.failed + counts.quarantined
    if not counts.balanced() or tables["conversations"] != counts.ok or tables["failures"] != lost:
        raise InternalError(
            f"计数不平：输入 {counts.input}，完成 {counts.ok}（表中 {tables['conversations']}），"
            f"失败与隔离 {lost}（表中 {tables['failures']}）",
            "结果不可信，请保留批次目录并报告给维护者。",
        )
