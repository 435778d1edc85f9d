"""The files of a vault: what is sealed, without what opens it. To drop records whose time is over needs no key."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import BinaryIO

import pyarrow.compute as pc

from qc.errors import UsageError
from qc.storage.files import atomic
from qc.storage.read import StoredRun

FOLDER = "vault"
MAGIC = b"qc vault 1\n"
_SUFFIX = ".vault"
_LENGTH = struct.Struct(">I")
_MOST_HEADER = 64 << 10
_MOST_RECORD = 1 << 30
"""Bytes of one sealed conversation: what is longer is damage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """`recipient`: fingerprint of the public key; `plan`, `shard`: what the file belongs to; `records`: how many
    conversations it holds; `sealed_key`: the file's key, in hex."""

    recipient: str
    plan: str
    shard: int
    records: int
    sealed_key: str

    def bound(self) -> bytes:
        """What the sealed key is bound to."""
        return f"{MAGIC.decode().strip()}|{self.plan}|{self.shard}".encode()


def write_vault(path: Path, header: Header, records: Iterable[tuple[bytes, bytes]]) -> None:
    """Write a vault file of (id, sealed conversation), whole or not at all."""
    with atomic(path) as temporary, temporary.open("wb") as file:
        _write_header(file, header)
        for record in records:
            for block in record:
                file.write(_LENGTH.pack(len(block)) + block)


def forget(run: Path, ids: Collection[str]) -> int:
    """Drop the sealed conversations `ids` (as the tables have them) from the vault of `run`, for good; returns how
    many. No key is needed. A run without a vault has nothing to drop. Raises UsageError for a damaged file."""
    names = {identifier.encode("utf-8", "surrogatepass") for identifier in ids}
    dropped = 0
    for path in _files(run):
        with path.open("rb") as file:
            header = read_header(path, file)
            held = [name for name, _ in records_of(path, file, header)]
            gone = sum(name in names for name in held)
            if not gone:
                continue
            dropped += gone
            file.seek(0)
            header = read_header(path, file)
            kept = (record for record in records_of(path, file, header) if record[0] not in names)
            write_vault(path, replace(header, records=header.records - gone), kept)
    return dropped


def forget_wordless(run: StoredRun) -> int:
    """Drop every sealed conversation of which the tables of `run` hold no words any more (a purge took them); returns
    how many. Doing it again drops nothing."""
    sealed: set[str] = set()
    for path in _files(run.path):
        with path.open("rb") as file:
            header = read_header(path, file)
            sealed |= {name.decode("utf-8", "surrogatepass") for name, _ in records_of(path, file, header)}
    if not sealed:
        return 0
    for part in run.parts("turns", ["conversation_id", "text"]):
        worded = part.filter(pc.greater(pc.utf8_length(part["text"]), 0))
        sealed.difference_update(worded["conversation_id"].to_pylist())
    return forget(run.path, sealed) if sealed else 0


def vault_file(run: Path, shard: int) -> Path:
    """Where the conversations of a shard are sealed."""
    return run / FOLDER / f"{shard:05d}{_SUFFIX}"


def vault_files(run: Path) -> list[Path]:
    """The vault files of `run`, in order. Raises UsageError when there is none."""
    found = _files(run)
    if not found:
        raise UsageError(f"批次 {run.name} 没有保管库", "运行时加上 --vault 公钥文件 才有；已脱敏的批次补不回来。")
    return found


def _files(run: Path) -> list[Path]:
    return sorted((run / FOLDER).glob(f"*{_SUFFIX}"))


def read_header(path: Path, file: BinaryIO) -> Header:
    """The header of an opened vault file. Raises UsageError when it is none of ours or damaged."""
    try:
        if file.read(len(MAGIC)) != MAGIC:
            raise ValueError
        data = json.loads(_block(file, _MOST_HEADER))
        return Header(
            recipient=str(data["recipient"]),
            plan=str(data["plan"]),
            shard=int(data["shard"]),
            records=int(data["records"]),
            sealed_key=str(data["sealed_key"]),
        )
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        raise damaged(path, "开头读不懂") from None


def records_of(path: Path, file: BinaryIO, header: Header) -> Iterator[tuple[bytes, bytes]]:
    """(id, sealed conversation) of each record."""
    try:
        for _ in range(header.records):
            yield _block(file, _MOST_HEADER), _block(file, _MOST_RECORD)
    except ValueError:
        raise damaged(path, "没有写完，或被截断") from None


def _write_header(file: BinaryIO, header: Header) -> None:
    text = json.dumps(asdict(header), sort_keys=True).encode()
    file.write(MAGIC + _LENGTH.pack(len(text)) + text)


def _block(file: BinaryIO, most: int) -> bytes:
    """The next block; raises ValueError for one that is not there whole."""
    head = file.read(_LENGTH.size)
    if len(head) != _LENGTH.size:
        raise ValueError("no length")
    (length,) = _LENGTH.unpack(head)
    left = os.fstat(file.fileno()).st_size - file.tell()
    if length > min(most, left):
        raise ValueError("too long")
    return file.read(length)


def damaged(path: Path, what: str) -> UsageError:
    return UsageError(f"保管库文件 {path} 坏了：{what}", "从备份恢复这个文件；别的文件不受影响。")
