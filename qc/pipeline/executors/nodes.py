"""What every machine of a cluster must have before work goes there: the same software, and folders that are one and the
same everywhere. Plain functions, run on each machine by whoever holds the cluster."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from qc import __version__
from qc.errors import refusal
from qc.storage.files import make_folder

_WITNESS_BYTES = 4096
_NAME = re.compile(r"[\w.-]+")


@dataclass(frozen=True, slots=True)
class Witness:
    """A file that proves by its first bytes that a folder is the same one elsewhere. `writes`: results go there."""

    folder: str
    file: str
    sha256: str
    writes: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """Where work was started: relative paths and settings mean the same elsewhere."""

    folder: str
    environment: Mapping[str, str]
    software: Mapping[str, str]

    def enter(self) -> None:
        """Make this process one that was started there."""
        os.environ.update(self.environment)
        with suppress(OSError):  # absolute paths need no such folder; what a relative one misses is found by `look`
            os.chdir(self.folder)


def home(environment: Mapping[str, str]) -> Home:
    """This process, with `environment` on top of its own settings of qc."""
    ours = {name: value for name, value in os.environ.items() if name.startswith("QC_")}
    return Home(folder=str(Path.cwd()), environment={**ours, **environment}, software=software())


def software() -> dict[str, str]:
    """Package → version, of all that may decide a byte of the results."""
    try:
        needed = metadata.requires("qc") or []
    except metadata.PackageNotFoundError:  # run from a source tree that was never installed
        needed = []
    names = sorted(_NAME.match(line)[0] for line in needed if "extra ==" not in line)  # type: ignore[index]
    return {"qc": __version__, **{name: _version(name) for name in names}}


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


@contextmanager
def witnesses(read: Sequence[Path], written: Sequence[Path]) -> Iterator[tuple[Witness, ...]]:
    """One for each folder: a file that lies in those that are `read`, a new one, soon removed, in those `written`.

    Raises OSError where a folder cannot be written.
    """
    made: list[Path] = []
    try:
        for folder in written:
            make_folder(folder)
            token = folder / f".qc-{secrets.token_hex(8)}.token"
            made.append(token)
            token.write_text(secrets.token_hex(16))
        found = [(folder, _first_file(folder), False) for folder in read]
        found += [(token.parent, token, True) for token in made]
        yield tuple(Witness(str(d), str(f), _digest(f), writes) for d, f, writes in found if f is not None)
    finally:
        for token in made:
            token.unlink(missing_ok=True)


def _first_file(folder: Path) -> Path | None:
    if folder.is_file():
        return folder
    for parent, folders, files in os.walk(folder):
        folders.sort()
        if files:
            return Path(parent, min(files))
    return None


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.sha256(content.read(_WITNESS_BYTES)).hexdigest()


def look(home: Home, seen: Sequence[Witness]) -> list[str]:
    """What is not as it is at home, each in a Chinese clause; empty where work may go."""
    home.enter()
    here = software()
    wrong = [
        f"装的是 {name} {here.get(name) or '（没有）'}，这里是 {version}"
        for name, version in home.software.items()
        if here.get(name) != version
    ]
    return wrong + [problem for witness in seen if (problem := _strange(witness))]


def _strange(witness: Witness) -> str | None:
    file = Path(witness.file)
    try:
        if _digest(file) != witness.sha256:
            return f"的 {witness.folder} 是另一个目录（内容不同）"
        if witness.writes:
            trial = file.with_name(f".qc-{secrets.token_hex(8)}.token")
            try:
                trial.touch(exist_ok=False)
            finally:
                trial.unlink(missing_ok=True)
    except FileNotFoundError:
        return f"看不到 {witness.folder}（没有挂载，或挂在别处）"
    except OSError as error:
        return f"{'不能写入' if witness.writes else '读不了'} {witness.folder}（{refusal(error)}）"
    return None
