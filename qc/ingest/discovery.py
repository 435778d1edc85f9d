"""An input folder and its manifest → Batch."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path, PurePosixPath

from qc.domain.config import Config
from qc.domain.conversation import Channel, Source
from qc.domain.failure import Failure, Stage
from qc.domain.recording import GivenTranscript, Recording
from qc.errors import Problem, unreadable
from qc.ingest.details import Details
from qc.ingest.documents import open_table
from qc.ingest.grid import GridError
from qc.ingest.inputs import Batch, Document, Earlier, PendingRow, folder_of
from qc.ingest.manifest import Manifest, ManifestRow, read_manifest
from qc.ingest.names import AUDIO_SUFFIXES, JSON_SUFFIXES, TABLE_SUFFIXES, content_hash, stem_of
from qc.ingest.placing import Placing, missing_recording
from qc.ingest.shapes import Readers
from qc.ingest.walk import Found, Tree, is_jsonl, walk

Recall = Callable[[str], Earlier | None]
IMPORTED = "imported"
"""The engine that takes the transcript beside each recording."""
_NOTES_PER_KIND = 20
_NO_TRANSCRIPT = "录音旁没有同名的转写文件（如 A001.wav 旁的 A001.json）；没有转写的录音用 asr.engine: auto 转写"
_UNKNOWN_BESIDE = "录音旁的表格不是一通电话的转写，应是一句一行"
_UNKNOWN_TABLE = "不是认识的表格；会话表要有会话编号、发送方、时间、内容，工单表要有工单号、客户诉求、处理结果"


def discover(root: Path, manifest: Path | None, config: Config, earlier: Recall = lambda _: None) -> Batch:
    """Find, hash and identify everything under the folder (or the single file) `root`. `earlier`: what the file or
    folder of that path is to be taken for, instead of looking into it; None: look.

    Deterministic: the same files give the same batch. Raises UsageError when `root` does not exist, or the manifest
    cannot be read.
    """
    readers = Readers(config)
    tree = _as_it_was(walk(root, ignore=manifest), earlier)
    listed = None if manifest is None else read_manifest(manifest, config.manifest)
    audio = [f for f in tree.files if f.suffix in AUDIO_SUFFIXES]
    texts = [f for f in tree.files if _is_text(f)]
    others = sorted({f.path for f in tree.files} - {f.path for f in audio} - {f.path for f in texts})
    sorting = _Sorting(config, earlier)
    for path, why in tree.unreadable:
        sorting.failed(path, None, "unreadable", f"目录打不开，里面的文件没有读：{why}")
    rows: dict[str, ManifestRow] = {}
    pending: list[PendingRow] = []
    given = _beside(audio, texts) if config.asr.engine == IMPORTED else None
    taken = {f.path for own in (given or {}).values() for f in own}
    texts = [f for f in texts if f.path not in taken]
    if listed is not None:
        placing = Placing(listed, (f.path for f in audio), (f.path for f in texts), others)
        rows, pending = placing.rows, placing.pending
        sorting.failures += [*listed.failures, *placing.failures]
    recordings = sorting.recordings(audio, rows, given, readers)
    documents = sorting.documents(texts, readers)
    if listed is not None and not documents:
        sorting.failures += [missing_recording(listed.name, p.row) for p in pending]
        pending = []
    notes = [*tree.notes, *sorting.notes, *_counted("个文件不是录音也不是会话文本，没有处理", others)]
    if listed is not None:
        notes += _counted("个录音不在清单里", [r.source.path for r in recordings if not r.source.in_manifest])
        notes += _cell_notes(listed.problems)
    return Batch(
        config=config,
        recordings=tuple(recordings),
        documents=tuple(documents),
        failures=tuple(sorting.failures),
        notes=tuple(notes),
        pending=tuple(pending),
        manifest_name="" if listed is None else listed.name,
        digest=_digest(recordings, documents, sorting.failures, listed),
    )


def _as_it_was(tree: Tree, earlier: Recall) -> Tree:
    """`tree` without what lies in folders that could not be opened."""
    above = {folder for file in tree.files for folder in _folders(file)}
    shut = {folder for folder in above if (then := earlier(folder)) is not None and then.failed}
    if not shut:
        return tree
    files = tuple(file for file in tree.files if shut.isdisjoint(_folders(file)))
    return replace(tree, files=files, unreadable=(*tree.unreadable, *((folder, "") for folder in sorted(shut))))


def _folders(file: Found) -> Iterator[str]:
    return map(str, PurePosixPath(file.path).parents)


def _is_text(file: Found) -> bool:
    return file.suffix in JSON_SUFFIXES | TABLE_SUFFIXES or (file.suffix == ".txt" and is_jsonl(file))


class _Sorting:
    """Turns files into recordings, documents and failures."""

    def __init__(self, config: Config, earlier: Recall) -> None:
        self.config = config
        self._earlier = earlier
        self.failures: list[Failure] = []
        self.notes: list[str] = []

    def failed(self, path: str, conversation_id: str | None, kind: str, message: str) -> None:
        self.failures.append(
            Failure(
                input=path,
                conversation_id=conversation_id,
                stage=Stage.INGEST,
                kind=kind,
                message=f"{message}。",
                retryable=kind in ("unreadable", "empty_file"),
            )
        )

    def _hashed(self, file: Found, conversation_id: str | None) -> str | None:
        """The content hash; None, and a failure noted, for an empty or unreadable file."""
        if (then := self._earlier(file.path)) is not None:
            if then.sha256 is None:
                self.failed(file.path, conversation_id, then.failed, "")
            return then.sha256
        if not file.size:
            self.failed(file.path, conversation_id, "empty_file", "文件是空的（0 字节）")
            return None
        try:
            return content_hash(Path(file.file))
        except OSError as error:
            self.failed(file.path, conversation_id, "unreadable", unreadable(error))
            return None

    def recordings(
        self,
        audio: Sequence[Found],
        rows: dict[str, ManifestRow],
        given: Mapping[str, Sequence[Found]] | None,
        readers: Readers,
    ) -> list[Recording]:
        """`given`: path of a recording → the transcripts beside it, where they are to be taken."""
        ids = _recording_ids([f.path for f in audio], rows)
        found = []
        for file in audio:
            conversation_id = ids.get(file.path)
            if conversation_id is None:
                self.failed(file.path, None, "duplicate_id", "会话编号与其他录音重复")
                continue
            sha256 = self._hashed(file, conversation_id)
            if sha256 is None:
                continue
            beside = None
            if given is not None and (beside := self._given(file, conversation_id, given[file.path], readers)) is None:
                continue
            row = rows.get(file.path)
            details = Details() if row is None else row.details
            folder = folder_of(file.path, self.config)
            channel = details.channel or folder.channel or self.config.default_channel
            found.append(
                Recording(
                    conversation_id=conversation_id,
                    file=file.file,
                    project=details.project or folder.project or self.config.default_project,
                    channel=Channel.BOT_VOICE if channel is Channel.BOT_TEXT else channel,
                    meta=details.meta,
                    source=Source(path=file.path, format="audio", sha256=sha256, in_manifest=row is not None),
                    given=beside,
                )
            )
        return found

    def _given(
        self, recording: Found, conversation_id: str, beside: Sequence[Found], readers: Readers
    ) -> GivenTranscript | None:
        """The one transcript beside a recording; None, and a failure noted, where there is none or another thing."""
        if not beside:
            self.failed(recording.path, conversation_id, "no_transcript", _NO_TRANSCRIPT)
            return None
        if len(beside) > 1:
            names = "、".join(f.path for f in beside)
            what = f"录音旁有 {len(beside)} 个转写：{names}；只留一个"
            self.failed(recording.path, conversation_id, "ambiguous", what)
            return None
        (file,) = beside
        sha256 = self._hashed(file, conversation_id)
        if sha256 is None:
            return None
        format_ = "jsonl" if is_jsonl(file) else "json"
        if file.suffix in TABLE_SUFFIXES:
            try:
                _, kind = open_table(Path(file.file), readers)
            except (GridError, OSError) as error:
                what = str(error) if isinstance(error, GridError) else unreadable(error)
                self.failed(file.path, conversation_id, "bad_table", what)
                return None
            if kind != "chat_csv":
                self.failed(file.path, conversation_id, "unknown_format", _UNKNOWN_BESIDE)
                return None
            format_ = kind
        return GivenTranscript(
            path=file.path, file=file.file, format=format_, sha256=sha256, settings=_reading(self.config)
        )

    def documents(self, texts: Sequence[Found], readers: Readers) -> list[Document]:
        stems = Counter(stem_of(f.path) for f in texts)
        found = []
        for file in texts:
            sha256 = self._hashed(file, None)
            if sha256 is None:
                continue
            if file.suffix in TABLE_SUFFIXES:
                format_ = self._table_format(file, readers)
            else:
                format_ = "jsonl" if is_jsonl(file) else "json"
            if format_ is not None:
                name = stem_of(file.path) if stems[stem_of(file.path)] == 1 else file.path
                found.append(Document(path=file.path, file=file.file, format=format_, sha256=sha256, name=name))
        return found

    def _table_format(self, file: Found, readers: Readers) -> str | None:
        """chat_csv or ticket_csv; None where there is nothing to read, which is noted."""
        try:
            _, kind = open_table(Path(file.file), readers)
        except GridError as error:
            self.failed(file.path, None, "bad_table", str(error))
            return None
        except OSError as error:
            self.failed(file.path, None, "unreadable", unreadable(error))
            return None
        if kind == "manifest":
            self.notes.append(f"{file.path} 看起来是清单，没有读；要用它请加 --manifest")
            return None
        if kind is None:
            self.failed(file.path, None, "unknown_format", _UNKNOWN_TABLE)
        return kind


def _reading(config: Config) -> str:
    """A digest of the settings that decide how a transcript is read."""
    settings = [asdict(config.manifest), config.run.max_turn_chars]
    return hashlib.sha256(json.dumps(settings, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


def _beside(audio: Sequence[Found], texts: Sequence[Found]) -> dict[str, list[Found]]:
    """Path of each recording → the texts called like it: `A001.wav` and `A001.json` or `A001.wav.json`."""
    by_stem: dict[str, list[Found]] = {}
    for text in texts:
        by_stem.setdefault(stem_of(text.path), []).append(text)
    return {f.path: [*by_stem.get(stem_of(f.path), ()), *by_stem.get(f.path, ())] for f in audio}


def _recording_ids(paths: Sequence[str], rows: dict[str, ManifestRow]) -> dict[str, str]:
    """Path → conversation id: the manifest's, else the path without extension, or with it where that is not unique."""
    ids = {path: key for path, row in rows.items() if (key := row.details.conversation_id) is not None}
    taken = set(ids.values())
    rest = [path for path in paths if path not in ids]
    stems = Counter(map(stem_of, rest))
    for path in rest:
        stem = stem_of(path)
        key = stem if stems[stem] == 1 and stem not in taken else path
        if key not in taken:
            taken.add(key)
            ids[path] = key
    return ids


def _digest(
    recordings: Sequence[Recording],
    documents: Sequence[Document],
    failures: Sequence[Failure],
    manifest: Manifest | None,
) -> str:
    lines = [f"{r.source.path}\t{r.content}" for r in recordings]
    lines += [f"{d.path}\t{d.sha256}" for d in documents]
    lines += [f"{f.input}\t{f.kind}" for f in failures]
    lines.append(f"manifest\t{'' if manifest is None else manifest.sha256}")
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


def _counted(what: str, paths: Sequence[str]) -> list[str]:
    if not paths:
        return []
    return [f"{len(paths)} {what}：{'、'.join(paths[:3])}{'…' if len(paths) > 3 else ''}"]


def _cell_notes(problems: Sequence[Problem]) -> list[str]:
    """One line per problem, but of many alike only the first."""
    seen: Counter[str] = Counter()
    notes = []
    for problem in problems:
        seen[problem.message] += 1
        if seen[problem.message] <= _NOTES_PER_KIND:
            notes.append(f"{problem.path}:{problem.line}:{problem.message}")
    return notes + [f"（另有 {n - _NOTES_PER_KIND} 处）{text}" for text, n in seen.items() if n > _NOTES_PER_KIND]
