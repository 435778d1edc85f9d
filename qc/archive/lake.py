"""A data set of many runs: the files, and what is known of them.

    LAKE/TABLE/date=YYYY-MM-DD/project=…/NIGHT.parquet
    LAKE/_manifest/NIGHT.json     which run the night is from, its files with rows, bytes and SHA-256
    LAKE/_staging/                files that are not yet in their place

NIGHT is made of the digest of the night's inputs: a night that was judged again has the same names, and its new files
replace the old ones one by one. Spark and pyarrow pass over folders that begin with _, and DuckDB is given a table's.
Works on whatever pyarrow.fs knows (a folder, file://, s3://).
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.fs as fs

from qc.archive.hive import UNKNOWN
from qc.errors import UsageError
from qc.schema.reviews import ALL_TABLES
from qc.schema.runs import RUN_FIELDS, RUNS, runs_table
from qc.storage.files import make_folder, modes_in, sync_folder
from qc.storage.read import StoredRun

MANIFEST, STAGING = "_manifest", "_staging"
PARTITIONING = pa.schema([("date", pa.date32()), ("project", pa.string())])
_URI = "%:/?#[]@!$&'()*+,;=~"
"""What of an address stays as it is; 质检 in a prefix is for us to encode."""
_NAME = re.compile("[^/\0\ud800-\udfff]+")
_PLACE = re.compile(rf"{_NAME.pattern}/date=(?:{UNKNOWN}|(?P<day>[0-9-]+))/project={_NAME.pattern}/{_NAME.pattern}")
WRITING, PURGING, WHOLE = "writing", "purging", "whole"


@dataclass(frozen=True, slots=True, kw_only=True)
class LakeFile:
    """A file of the data set: its path under the lake."""

    path: str
    rows: int
    bytes: int
    sha256: str

    @property
    def table(self) -> str:
        return self.path.split("/")[0]

    @property
    def day(self) -> str:
        """The date of its partition, or UNKNOWN."""
        return self.path.split("/")[1].removeprefix("date=")

    @property
    def project(self) -> str:
        """The project of its partition as it stands in the path (`escaped`), or UNKNOWN."""
        return self.path.split("/")[2].removeprefix("project=")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What the data set holds of one night. `source`: the digest of the run's state when it was taken. While `state` is
    writing, `files` are those that may be there, of before and of now; while it is purging, those of before."""

    night: str
    run_id: str
    run_name: str
    started_at: str
    input_digest: str
    source: str
    state: str
    files: tuple[LakeFile, ...] = ()
    purged: tuple[str, ...] = ()
    """Files in which there are no words, or no paths, to take (any more): the kind and the path."""

    @property
    def rows(self) -> int:
        return sum(file.rows for file in self.files)


def night_of(run: StoredRun) -> str:
    """The name of the files of a run's night: runs over the same inputs have the same."""
    lineage = run.lineage
    return hashlib.sha256((lineage.input_digest or f"run {lineage.run_id}").encode()).hexdigest()[:16]


class Lake:
    """A data set at `where`: a folder, or a URI of pyarrow.fs. Raises UsageError for an address nobody can read."""

    def __init__(self, where: str) -> None:
        self.where = _told(where)
        try:
            if "://" in where:
                self.files, root = fs.FileSystem.from_uri(quote(where, safe=_URI))
            else:
                self.files, root = fs.LocalFileSystem(), str(Path(where).absolute())
        except (pa.ArrowException, OSError, ValueError) as error:
            raise UsageError(
                f"读不懂数据集的地址 {self.where}：{type(error).__name__}",
                "写目录，或 file:///…、s3://桶/前缀 这样的地址。",
            ) from None
        self.root = root.rstrip("/")
        self.local = isinstance(self.files, fs.LocalFileSystem)

    def path(self, relative: str) -> str:
        return f"{self.root}/{relative}"

    def exists(self) -> bool:
        """Whether there is a data set of ours."""
        return bool(self.files.get_file_info(self.path(MANIFEST)).type == fs.FileType.Directory)

    def prepare(self) -> None:
        """Make the place ready. Raises UsageError where something else lies there."""
        found = self._listed("")
        if found and not self.exists():
            raise UsageError(f"{self.where} 里有别的东西，不是 qc compact 写的数据集", "请给一个空目录，或新的前缀。")
        self.folder(MANIFEST)
        self._remove_all(STAGING)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else writes the data set during the block. Object stores know no locks: there it is for whoever plans
        the nights not to start two at once."""
        if not self.local:
            yield
            return
        self.folder("")
        descriptor = os.open(self.path(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise UsageError(f"另一个 qc 进程正在写数据集 {self.where}", "等它结束再运行一次。") from None
            yield
        finally:
            os.close(descriptor)

    def entries(self) -> dict[str, Entry]:
        """Night → what is there. Raises UsageError when an entry is damaged."""
        found = {}
        for path in self._listed(MANIFEST):
            if path.endswith(".json"):
                entry = self._entry(path)
                found[entry.night] = entry
        return found

    def write_entry(self, entry: Entry) -> None:
        """Replace what is known of a night, at once."""
        text = json.dumps(asdict(entry), ensure_ascii=False, indent=1, sort_keys=True)
        staged = self.path(f"{STAGING}/{entry.night}.json")
        with self.sink(staged) as sink:
            sink.write(text.encode() + b"\n")
        self.move(staged, self.path(f"{MANIFEST}/{entry.night}.json"))

    @contextmanager
    def sink(self, path: str) -> Iterator[Sink]:
        """A new file, on disk when the block is over; only its owner may read it."""
        self._parents(path)
        with self.files.open_output_stream(path) as stream:
            yield (sink := Sink(stream))
            sink.flush()
        if self.local:
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fchmod(descriptor, modes_in(Path(self.root)).file)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def move(self, source: str, target: str) -> None:
        """Put a file in its place, over what was there."""
        self._parents(target)
        self.files.move(source, target)
        if self.local:
            sync_folder(Path(target).parent)

    def remove(self, relative: str) -> None:
        """Remove a file, if it is there, and the partition's folders when they are empty."""
        if self.files.get_file_info(self.path(relative)).type == fs.FileType.NotFound:
            return
        self.files.delete_file(self.path(relative))
        folder = Path(self.path(relative)).parent
        while self.local and str(folder) != self.root and not any(folder.iterdir()):
            folder.rmdir()
            folder = folder.parent

    def has(self, relative: str) -> bool:
        """Whether the file is there."""
        return bool(self.files.get_file_info(self.path(relative)).type == fs.FileType.File)

    def folder(self, relative: str) -> None:
        if self.local:
            make_folder(Path(self.path(relative)))
        else:
            self.files.create_dir(self.path(relative), recursive=True)

    def datasets(self) -> dict[str, ds.Dataset]:
        """Every table of all nights: run_id and run_name, its columns, and date and project from the layout; `runs`
        too. Only files that the manifest knows, so that a night that is just being written is there as it was, or is
        refused where its files are already moved. Raises UsageError when there is no data set."""
        if not self.exists():
            raise UsageError(f"{self.where} 不是 qc compact 写的数据集", "先运行 qc compact 批次目录 --to 数据集。")
        entries = sorted(self.entries().values(), key=lambda entry: (entry.started_at, entry.run_id))
        if torn := [entry.run_id for entry in entries if entry.state != WHOLE]:
            raise UsageError(
                f"数据集里批次 {'、'.join(torn)} 没有写完", "再运行一次当初的 qc compact（或 qc purge），把它补上。"
            )
        return {name: self._dataset(name, entries) for name in (*ALL_TABLES, RUNS)}

    def _dataset(self, name: str, entries: list[Entry]) -> ds.Dataset:
        fields = [field for field in schema_of(name) if field.name not in PARTITIONING.names]
        schema = pa.schema([*fields, *PARTITIONING])
        own = [file.path for entry in entries for file in entry.files if file.path.startswith(f"{name}/")]
        if not own:
            return ds.dataset(schema.empty_table())
        return ds.dataset(
            [self.path(path) for path in own],
            schema=schema,
            filesystem=self.files,
            format="parquet",
            partitioning=ds.partitioning(PARTITIONING, flavor="hive"),
            partition_base_dir=self.path(name),
        )

    def _entry(self, path: str) -> Entry:
        try:
            with self.files.open_input_stream(path) as stream:
                data = json.loads(stream.read())
            files = tuple(LakeFile(**file) for file in data["files"])
            return _sound(Entry(**{**data, "files": files, "purged": tuple(data["purged"])}))
        except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise UsageError(
                f"读不懂数据集的清单 {path}：{type(error).__name__}",
                "删掉这个文件，再运行一次 qc compact，这一晚会重新写入。",
            ) from None

    def _listed(self, relative: str) -> list[str]:
        selector = fs.FileSelector(self.path(relative).rstrip("/"), allow_not_found=True)
        return sorted(info.path for info in self.files.get_file_info(selector) if not info.path.endswith("/.lock"))

    def _remove_all(self, relative: str) -> None:
        if self.files.get_file_info(self.path(relative)).type == fs.FileType.Directory:
            self.files.delete_dir(self.path(relative))

    def _parents(self, path: str) -> None:
        if self.local:
            make_folder(Path(path).parent)


class Sink:
    """A binary file that is only written on, and what it came to."""

    closed = False

    def __init__(self, stream: Any) -> None:
        self._stream, self._digest, self.bytes = stream, hashlib.sha256(), 0

    def write(self, data: Any) -> int:
        self._digest.update(data)
        self._stream.write(data)
        self.bytes += len(data)
        return len(data)

    def flush(self) -> None:
        self._stream.flush()

    def close(self) -> None:
        """Left to whoever opened the stream."""

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()


def schema_of(name: str) -> pa.Schema:
    """The columns of a table with the run they are from, before date and project are left to the layout."""
    return runs_table([]).schema if name == RUNS else pa.schema([*RUN_FIELDS, *ALL_TABLES[name]])


def _told(where: str) -> str:
    """The address without what may be secret in it: a name and password, options."""
    return re.sub(r"(?<=://)[^/@]*@", "", where.split("?")[0]) if "://" in where else where


def _sound(entry: Entry) -> Entry:
    """`entry` as qc writes them. Raises ValueError, TypeError. What is listed is also removed when its time is over: no
    path leads elsewhere, and each says of which day it is."""
    texts = {name: value for name, value in asdict(entry).items() if name not in ("files", "purged")}
    if not all(isinstance(text, str) for text in (*texts.values(), *entry.purged)):
        raise TypeError
    date.fromisoformat(entry.started_at[:10] or "1970-01-01")
    if not _NAME.fullmatch(entry.night) or entry.night in ("..", ".") or not all(" " in mark for mark in entry.purged):
        raise ValueError
    for file in entry.files:
        if not isinstance(file.rows, int) or not isinstance(file.bytes, int) or not isinstance(file.sha256, str):
            raise TypeError
        found = _PLACE.fullmatch(file.path)
        if found is None or {"..", "."} & set(file.path.split("/")):
            raise ValueError
        date.fromisoformat(found["day"] or "1970-01-01")
    return entry
