"""Transcripts to measure, from stored runs or made for the purpose, laid beside their references."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from qc.asr.assemble import Assembly, assemble
from qc.asr.cache import TranscriptCache
from qc.asr.engines.prompt import prompted
from qc.asr.evaluation.measure import Evaluation, evaluate
from qc.asr.evaluation.noise import signal_to_noise
from qc.asr.evaluation.rows import Heard, Paired
from qc.asr.service import AsrIdentity, identify
from qc.asr.sound.audio import AudioError, open_audio
from qc.domain.config import AsrConfig, Config
from qc.domain.conversation import CallMeta, Conversation, Source, Turn
from qc.domain.recording import Recording
from qc.domain.reference import Reference
from qc.domain.run import RunStatus
from qc.errors import UsageError
from qc.ingest.names import content_hash, shown
from qc.paths import cache_dir
from qc.pipeline.executors.choose import choose_executor
from qc.pipeline.privacy import masked_id
from qc.pipeline.progress import Progress
from qc.pipeline.restore import stored_inputs
from qc.pipeline.run import TRANSCRIPTS
from qc.pipeline.specs import Folders, speech
from qc.pipeline.transcribe import transcribe_missing
from qc.storage.read import open_run
from qc.text.entities import find_in
from qc.text.masking import mask, mask_value


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What systems are measured on. `audio`: the folder of the recordings that references name; None: only runs."""

    references: tuple[Reference, ...]
    audio: Path | None
    config: Config
    assembly: Assembly
    keywords: tuple[str, ...]


def bench(
    references: Sequence[Reference],
    audio: Path | None,
    config: Config,
    where: Folders,
    keywords: Sequence[str] | None,
) -> Bench:
    """`keywords` None: the hot words in force for the projects of the references."""
    spoken = speech(where)
    if keywords is None:
        projects = dict.fromkeys(r.project or config.default_project for r in references)
        keywords = [word.text for project in projects for word in spoken.words_of(project)]
    return Bench(
        references=tuple(references),
        audio=audio,
        config=config,
        assembly=Assembly(audio=config.audio, asr=config.asr, speech=spoken),
        keywords=tuple(dict.fromkeys(keywords)),
    )


def measure_run(bench: Bench, path: Path, progress: Progress) -> tuple[Evaluation, tuple[str, ...]]:
    """A stored run on the references, and what a reader should know. A run that is masked is compared with masked
    references. Raises UsageError for a run that is unfinished, or that lacks a recording the references name."""
    run = open_run(path)
    lineage = run.lineage
    if lineage.status is not RunStatus.DONE:
        raise UsageError(f"批次 {lineage.run_id} 还没有完成", "再运行一次当初的命令，把它做完。")
    progress.note(f"读入批次 {lineage.run_id}")
    is_masked = lineage.personal_data == "masked"
    by_file = _by_file(bench.references, is_masked)
    names = _Names(by_file)
    found: dict[str, Paired] = {}
    folder = Path(lineage.input_path)
    for item in stored_inputs(run):
        ids = (item.source.path, item.id) if isinstance(item, Conversation) else (item.input, item.conversation_id)
        file = names.of(*(i for i in ids if i))
        if file is None:
            continue
        if file in found:
            raise UsageError(
                f"批次 {lineage.run_id} 里不只一个会话与参考文本中的 {file} 同名",
                "参考文本里写相对输入目录的完整路径。",
            )
        failed = None if isinstance(item, Conversation) else item
        found[file] = Paired(
            file=file,
            project=item.project if isinstance(item, Conversation) else bench.config.default_project,
            references=by_file[file],
            heard=_heard(item.turns) if isinstance(item, Conversation) else (),
            failure="" if failed is None else failed.message,
            noise_db=_noise(folder / item.source.path, item.source.sha256) if isinstance(item, Conversation) else {},
        )
    missing = [file for file in by_file if file not in found]
    if missing:
        lines = "、".join(f"{file}（第 {by_file[file][0].line} 行）" for file in missing[:5])
        raise UsageError(
            f"批次 {lineage.run_id} 里没有参考文本所写的 {len(missing)} 个录音：{lines}",
            "写相对输入目录的路径、文件名或会话编号。",
        )
    notes = (f"批次 {lineage.run_id} 存的文本已脱敏：参考文本也按同样办法脱敏后再比，被遮住的数字不计。",)
    details = " · ".join(x for x in (lineage.asr_engine, lineage.asr_model, lineage.asr_options) if x)
    tested = [found[file] for file in by_file]
    return evaluate(lineage.name or lineage.run_id, details, tested, bench.keywords), notes if is_masked else ()


def measure_engine(bench: Bench, config: AsrConfig, progress: Progress) -> Evaluation:
    """Hears the recordings with an engine (transcripts that are known are not made again) and measures it. Raises
    UsageError for a missing engine or model, and for recordings that are not there."""
    if bench.audio is None:
        raise UsageError("没有说录音在哪里", "加上 --audio 录音目录。")
    by_file = _by_file(bench.references, False)
    recordings = [_recording(bench, bench.audio, file, own) for file, own in by_file.items()]
    words = [
        w for project in dict.fromkeys(r.project for r in recordings) for w in bench.assembly.speech.words_of(project)
    ]
    config = prompted(config, words)
    identity = identify(config)
    progress.note(_name(identity, config))
    folder = cache_dir() / TRANSCRIPTS
    executor = choose_executor("pool", workers=bench.config.run.workers)
    heard = transcribe_missing(recordings, replace(bench.config, asr=config), identity, folder, executor, progress)
    cache, assembly = TranscriptCache(folder), replace(bench.assembly, asr=config)
    tested = []
    for recording in recordings:
        failure = heard.failures.get(recording.conversation_id)
        transcript = None if failure else cache.get(identity.key(recording.source.sha256))
        turns = () if transcript is None else assemble(transcript, recording.project, assembly)[0]
        tested.append(
            Paired(
                file=recording.source.path,
                project=recording.project,
                references=by_file[recording.source.path],
                heard=_heard(turns),
                failure=failure.message if failure else "" if turns else "没有听到说话声",
                noise_db=_noise(Path(recording.file), recording.source.sha256),
            )
        )
    details = f"{identity.engine} · {identity.model} · {identity.options}"
    return evaluate(_name(identity, config), details, tested, bench.keywords)


def _name(identity: AsrIdentity, config: AsrConfig) -> str:
    return f"{identity.engine.split()[0]} · {identity.model.split('@')[0]} · {config.preset}"


def _by_file(references: Iterable[Reference], masked: bool) -> dict[str, tuple[Reference, ...]]:
    out: dict[str, list[Reference]] = {}
    for reference in references:
        text = mask(reference.text, find_in(reference.text)) if masked else reference.text
        out.setdefault(reference.file, []).append(replace(reference, text=text))
    return {file: tuple(own) for file, own in out.items()}


class _Names:
    """Which of the files that references name a conversation is: by its path, its id, its file name, and these without
    extension; as they are stored, masked."""

    def __init__(self, files: Iterable[str]) -> None:
        self._file = {form: file for file in files for form in (masked_id(file), mask_value(file), file)}

    def of(self, *names: str) -> str | None:
        for name in names:
            path = PurePosixPath(name)
            for form in (name, path.name, str(path.with_suffix("")) if path.name else name, path.stem):
                if form in self._file:
                    return self._file[form]
        return None


def _recording(bench: Bench, folder: Path, file: str, references: Sequence[Reference]) -> Recording:
    path = folder / file
    try:
        if not path.resolve().is_relative_to(folder.resolve()):
            raise UsageError(
                f"参考文本第 {references[0].line} 行的 {shown(file)} 不在录音目录里", "写相对录音目录的路径。"
            )
        digest = content_hash(path)
    except OSError:
        raise UsageError(
            f"参考文本第 {references[0].line} 行的录音不存在：{shown(str(path))}", "写相对录音目录（--audio）的路径。"
        ) from None
    return Recording(
        conversation_id=file,
        file=str(path),
        project=references[0].project or bench.config.default_project,
        channel=bench.config.default_channel,
        meta=CallMeta(),
        source=Source(path=file, format="audio", sha256=digest),
    )


def _heard(turns: Iterable[Turn]) -> tuple[Heard, ...]:
    """Phrases in time order, or whole turns where the source tells none."""
    phrases = [heard for turn in turns for heard in _phrases(turn)]
    return tuple(sorted(phrases, key=lambda h: (h.start_ms or 0, h.end_ms or 0)))


def _phrases(turn: Turn) -> Iterator[Heard]:
    whole = Heard(
        text=turn.text,
        role=turn.role,
        channel=turn.audio_channel,
        start_ms=turn.start_ms,
        end_ms=turn.end_ms,
        confidence=turn.confidence,
    )
    if not turn.phrases:
        yield whole
    for p in turn.phrases:
        text = turn.text[p.start : p.end]
        yield replace(whole, text=text, start_ms=p.start_ms, end_ms=p.end_ms, confidence=p.confidence)


def _noise(path: Path, sha256: str) -> Mapping[int, float]:
    """Empty when the recording is not there any more."""
    try:
        if content_hash(path) != sha256:
            return {}
        return dict(enumerate(signal_to_noise(open_audio(path).blocks())))
    except (OSError, AudioError):
        return {}
