"""The ASR stage: recordings whose transcript is not yet known are heard by worker processes, which fill the cache."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from qc.asr.cache import TranscriptCache
from qc.asr.engines.registry import IMPORTED, most_workers, open_transcriber
from qc.asr.engines.transcriber import AsrIdentity, Transcriber
from qc.asr.service import identity_of, transcribe_recordings
from qc.asr.sound.audio import AudioError, open_audio, watch_decoders
from qc.domain.config import Config
from qc.domain.failure import Failure
from qc.domain.recording import Recording, Transcript
from qc.errors import QcError, UsageError, origin
from qc.ingest.names import departure
from qc.pipeline.executors.executor import Crashed, Executor, Job
from qc.pipeline.importing import Importer
from qc.pipeline.limits import KIND, Limits, limits_of
from qc.pipeline.progress import Progress

_GROUP_S = 600
"""Seconds of audio heard together by one worker at most: enough to fill its batches, little to lose."""
_HEADERS_AT_ONCE = 500
_OTHER = "转写引擎、模型或精度在本批次运行中变了（装了别的版本，或 qc doctor 刚测过）。"
_BYTES_PER_S = 8_000
"""A rough guess of a file's seconds from its size, to hear long calls first; only the order depends on it."""
_LEAST_BYTES_PER_S = 1_000
"""Fewer than any telephone codec's: a file is no longer than this makes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """The outcome of the ASR stage. `failures` by conversation id."""

    failures: dict[str, Failure]
    transcribed: int
    cached: int


def transcribe_missing(
    recordings: Sequence[Recording],
    config: Config,
    identity: AsrIdentity,
    cache_dir: Path,
    executor: Executor,
    progress: Progress,
) -> Heard:
    """Hear every recording whose transcript is not in the cache. Identical audio is heard once."""
    cache = TranscriptCache(cache_dir)
    first: dict[str, Recording] = {}
    twins: dict[str, list[Recording]] = {}
    for recording in recordings:
        first.setdefault(recording.content, recording)
        twins.setdefault(recording.content, []).append(recording)
    missing = [r for r in first.values() if cache.get(identity.key_of(r)) is None]
    cached = sum(len(twins[content]) for content in first) - sum(len(twins[r.content]) for r in missing)
    failures: dict[str, Failure] = {}
    if missing:
        with_gpus = most_workers(config.asr)
        workers = min(executor.workers, with_gpus or len(missing), len(missing))
        if config.asr.engine != IMPORTED:
            progress.note(f"载入转写模型（{workers} 个进程，约十秒）")
        limits = limits_of(config.run)
        lengths = _lengths(missing, executor, limits)
        progress.stage("转写", sum(lengths.values()) / 3600, "小时")
        groups = list(_groups(missing, workers))
        job = Job(
            work=_hear,
            setup=_open,
            setup_args=(config, identity, str(cache_dir)),
            at_most=len(missing),
            per_machine=with_gpus,
            gpus=0 if with_gpus is None else 1,
            limit_s=lambda group: limits.hear_s([_length(r, lengths) for r in group.recordings]),
            memory_mb=limits.memory_mb,
        )
        while groups:
            again: list[_Group] = []
            for result in executor.run(job, groups):
                if isinstance(result, Crashed):
                    if len(result.task.recordings) > 1:  # one of them broke the worker: each alone
                        again += [_Group((r,)) for r in result.task.recordings]
                        continue
                    for r in result.task.recordings:
                        said = limits.unheard(result.cause, _length(r, lengths))
                        set_aside = r.unheard(KIND[result.cause], said, retryable=True, quarantined=True)
                        failures[r.conversation_id] = set_aside
                else:
                    failures.update((f.conversation_id or f.input, f) for f in result.failures)
                    progress.advance(result.audio_ms / 3_600_000, f"（{result.recordings} 个录音）")
            groups = again
        progress.finish()
    transcribed = len(missing) - len(failures)
    for recording in first.values():
        if (failure := failures.get(recording.conversation_id)) is not None:
            for twin in twins[recording.content]:
                told = replace(failure, input=twin.source.path, conversation_id=twin.conversation_id)
                failures.setdefault(twin.conversation_id, told)
    return Heard(failures=failures, transcribed=transcribed, cached=cached)


@dataclass(frozen=True, slots=True)
class _Group:
    recordings: tuple[Recording, ...]


@dataclass(frozen=True, slots=True)
class _GroupResult:
    recordings: int
    audio_ms: int
    failures: tuple[Failure, ...]


def _groups(missing: Iterable[Recording], workers: int) -> Iterator[_Group]:
    """Long calls first, so that no worker is left alone with one at the end."""
    sized = sorted(((_size(r), r.conversation_id, r) for r in missing), key=lambda x: (-x[0], x[1]))
    share = sum(size for size, _, _ in sized) / (workers * 4)
    limit = min(share, _GROUP_S * _BYTES_PER_S)
    group: list[Recording] = []
    weight = 0
    for size, _, recording in sized:
        if group and weight + size > limit:
            yield _Group(tuple(group))
            group, weight = [], 0
        group.append(recording)
        weight += size
    if group:
        yield _Group(tuple(group))


def _lengths(recordings: Sequence[Recording], executor: Executor, limits: Limits) -> dict[str, float]:
    """File → seconds of audio by its header, without those that cannot be read, whose turn to fail comes later. Read in
    a process of its own: what breaks a decoder in a worker would break it here."""
    batches = [recordings[at : at + _HEADERS_AT_ONCE] for at in range(0, len(recordings), _HEADERS_AT_ONCE)]
    job = Job(
        work=_promised_s,
        setup=watch_decoders,
        at_most=1,
        limit_s=lambda batch: limits.hear_floor_s + len(batch),
        memory_mb=limits.memory_mb,
    )
    return {
        file: seconds
        for found in executor.run(job, batches)
        if not isinstance(found, Crashed)
        for file, seconds in found
    }


def _promised_s(_: None, recordings: Sequence[Recording]) -> tuple[tuple[str, float], ...]:
    found = []
    for recording in recordings:
        with suppress(AudioError, OSError):
            found.append((recording.file, open_audio(recording.file).promised_s))
    return tuple(found)


def _length(recording: Recording, lengths: dict[str, float]) -> float:
    """Seconds of audio, at most a guess where the header does not say."""
    return lengths.get(recording.file) or _size(recording) / _LEAST_BYTES_PER_S


def _size(recording: Recording) -> int:
    try:
        return Path(recording.file).stat().st_size
    except OSError:
        return 0


@dataclass(frozen=True, slots=True)
class _Worker:
    hear: Callable[[Recording], Transcript | Failure]
    cache: TranscriptCache
    identity: AsrIdentity


def _open(config: Config, identity: AsrIdentity, cache_dir: str) -> _Worker:
    """Per process: load the model once. Raises UsageError when it is not the one whose transcripts are waited for."""
    watch_decoders()
    if config.asr.engine == IMPORTED:
        return _Worker(Importer(config), TranscriptCache(Path(cache_dir)), identity)
    transcriber = open_transcriber(config.asr)
    if identity_of(transcriber) != identity:
        raise UsageError(_OTHER, "请再运行一次：已转写的不会重来。")
    hear = _hearing(transcriber, config.audio.max_duration_s)
    return _Worker(hear, TranscriptCache(Path(cache_dir)), identity)


def _hearing(transcriber: Transcriber, max_duration_s: float) -> Callable[[Recording], Transcript | Failure]:
    def hear(recording: Recording) -> Transcript | Failure:
        ((_, result),) = transcribe_recordings([recording], transcriber, max_duration_s)
        return result

    return hear


def _hear(worker: _Worker, group: _Group) -> _GroupResult:
    failures = []
    audio_ms = 0
    for recording in group.recordings:
        # Another of its group broke the worker after this one was done.
        kept = worker.cache.get(worker.identity.key_of(recording))
        result = _heard(worker, recording) if kept is None else kept
        if isinstance(result, Failure):
            failures.append(result)
        else:
            worker.cache.put(worker.identity.key_of(recording), result)
            audio_ms += result.duration_ms
    return _GroupResult(len(group.recordings), audio_ms, tuple(failures))


def _heard(worker: _Worker, recording: Recording) -> Transcript | Failure:
    """One recording's transcript, true to the content it was planned with: the cache is keyed by that."""
    try:
        result = worker.hear(recording)
    except QcError:
        raise
    except Exception as error:  # a fault of ours in one recording must not cost the others
        what = f"转写这个录音时程序出错（{type(error).__name__}，{origin(error)}），已隔离；请报告给维护者"
        return recording.unheard("error", what, retryable=True, quarantined=True)
    if isinstance(result, Transcript):
        files = [("录音", recording.file, recording.source.sha256)]
        if (given := recording.given) is not None:
            files.append((f"转写 {given.path} ", given.file, given.sha256))
        for what, file, sha256 in files:
            if (gone := departure(Path(file), sha256)) is not None:
                return recording.unheard(gone.kind, f"{what}{gone.told}，没有采用；{gone.after}", retryable=True)
    return result
