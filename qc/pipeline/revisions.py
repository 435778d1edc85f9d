"""One side of a comparison: a folder, a git revision or the rules that qc brings, as folders on disk."""

from __future__ import annotations

import io
import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from qc.domain.specs import Specs
from qc.errors import Problem, QcError, SpecError, UsageError
from qc.paths import WORKSPACE_FILE
from qc.pipeline.specs import Folders, configuration, folders, load

PACKAGED = "packaged"
_KEPT = ("rules", "scorecards", WORKSPACE_FILE)
_SUFFIXES = (".yml", ".yaml", ".txt")
"""YAML, and lexicons as plain text."""
_MOST_BYTES = 64 << 20
_MOST_COMMITS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Rules and scorecards as they are or were. `label` names them to people."""

    label: str
    specs: Specs


def read_state(name: str | None, workspace: Path | None, where: Folders) -> State:
    """The state called `name`: `packaged`, a folder (a workspace, or a folder of rules), or a git revision of the
    repository around the workspace. None: the folders in force (the working tree).

    Raises UsageError when there is no such thing, SpecError for broken files.
    """
    if name is None:
        return State(label="工作区现状", specs=load(where))
    if name == PACKAGED:
        return State(label="内置规则", specs=load(folders(None)))
    if name and Path(name).is_dir():
        return State(label=name, specs=load(_folder(Path(name), where)))
    with _checked_out(name, workspace or Path.cwd()) as (folder, commit):
        try:
            specs = load(folders(folder), configuration(where))  # a commit's YAML is here, not its models
        except SpecError as error:
            raise SpecError([_renamed(p, folder, name) for p in error.problems]) from None
    rules = tuple(replace(r, path=r.path.removeprefix(f"{folder}{os.sep}")) for r in specs.pack.rules)
    label = name if commit.startswith(name) else f"{name}（{commit[:10]}）"
    return State(label=label, specs=replace(specs, pack=replace(specs.pack, rules=rules)))


def history(workspace: Path, before: str | None) -> list[str]:
    """Commits that touched what decides verdicts, those not after `before` (local time, ISO 8601) first, newest first;
    a few dozen at most. None where there is no repository."""
    try:
        listed = _git(workspace, "log", f"-{_MOST_COMMITS}", "--format=%H %cI", "--", *_KEPT).decode("utf-8", "replace")
    except QcError:
        return []
    commits = [line.partition(" ") for line in listed.splitlines()]
    try:
        moment = datetime.fromisoformat(before or "").astimezone()
    except ValueError:
        return [commit for commit, _, _ in commits]
    return [c for c, _, _ in sorted(commits, key=lambda line: datetime.fromisoformat(line[2]) > moment)]


def _folder(path: Path, where: Folders) -> Folders:
    """A workspace brings its own scorecards; a bare folder of rules is judged with those in force."""
    if (path / WORKSPACE_FILE).is_file() or (path / "rules").is_dir():
        return folders(path)
    if not any(path.rglob("*.yml")) and not any(path.rglob("*.yaml")):
        raise UsageError(f"{path} 里没有规则文件", "应是工作区（有 rules/ 目录），或直接放着规则 .yml 的目录。")
    return replace(where, rules=path)


def _renamed(problem: Problem, folder: Path, name: str) -> Problem:
    return replace(problem, path=problem.path.replace(f"{folder}{os.sep}", f"{name}:"))


@contextmanager
def _checked_out(revision: str, workspace: Path) -> Iterator[tuple[Path, str]]:
    """The YAML of a revision in a folder that lives as long as the block, and the id of the commit."""
    hint = "OLD、NEW 可以是 git 版本（如 HEAD、main、v1.2）、目录，或 packaged。"
    try:
        top, inside = (
            os.fsdecode(line)
            for line in _git(workspace, "rev-parse", "--show-toplevel", "--show-prefix").split(b"\n")[:2]
        )
    except QcError:
        raise UsageError(f"没有目录 {revision}，{workspace} 也不在 git 仓库里", hint) from None
    try:
        found = _git(workspace, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    except QcError:
        raise UsageError(f"没有叫 {revision} 的目录，也没有这个 git 版本", hint) from None
    commit = found.decode().strip()
    tree = f"{commit}:{inside}"
    root = Path(top)  # inside a sub-folder git would look for it in the tree once more
    try:
        present = _git(root, "ls-tree", "-z", "--name-only", tree).decode("utf-8", "replace").split("\0")
    except QcError:
        raise UsageError(f"版本 {revision} 里还没有 {workspace} 这个目录", hint) from None
    kept = [name for name in _KEPT if name in present]
    if "rules" not in kept:
        raise UsageError(f"版本 {revision} 里没有 rules/ 目录", "OLD 写 packaged，就与内置规则比较。")
    with TemporaryDirectory(prefix="qc-") as folder:
        _unpack(root, tree, kept, Path(folder), revision)
        yield Path(folder), commit


def _unpack(root: Path, tree: str, kept: Sequence[str], folder: Path, revision: str) -> None:
    """Plain files of rules and words only: no links, nothing outside the folder. The bytes are those that were
    committed: what `.gitattributes` and filters would make of them on the way to a working tree never runs."""
    listed = _git(root, "ls-tree", "-r", "-z", "-l", "--full-tree", tree).split(b"\0")
    wanted: list[tuple[PurePosixPath, str]] = []
    total = 0
    for line in filter(None, listed):
        head, _, name = line.partition(b"\t")
        mode, kind, blob, size = head.decode("ascii").split()
        path = PurePosixPath(os.fsdecode(name))
        if kind != "blob" or mode == _LINK or path.suffix not in _SUFFIXES or path.parts[0] not in kept:
            continue
        if path.is_absolute() or ".." in path.parts:
            continue
        total += int(size)
        wanted.append((path, blob))
    if total > _MOST_BYTES:
        raise UsageError(f"版本 {revision} 的规则超过 {_MOST_BYTES >> 20} MB", "请检查是否误提交了数据文件。")
    asked = "".join(f"{blob}\n" for _, blob in wanted).encode()
    answer = io.BytesIO(_git(root, "cat-file", "--batch", given=asked))
    for path, blob in wanted:
        told = answer.readline().split()
        if len(told) != 3 or told[0] != blob.encode():
            raise UsageError(f"版本 {revision} 的文件取不出来", "仓库可能不完整：在工作区里运行 git fsck。")
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(answer.read(int(told[2])))
        answer.read(1)
    (folder / "rules").mkdir(exist_ok=True)


_LINK = "120000"
_SAFE = ("core.fsmonitor=false", f"core.hooksPath={os.devnull}", "protocol.allow=never")
"""Against what the configuration of a foreign repository could start."""


def _git(folder: Path, *arguments: str, given: bytes = b"") -> bytes:
    """What git prints when it is given `given`; settings and pagers of the user do not matter, no hook or filter runs,
    nothing is fetched (a partial clone would), and replaced objects are seen as they were committed. Raises UsageError
    when it refuses."""
    environment = {**os.environ, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
    environment |= {"GIT_NO_LAZY_FETCH": "1", "GIT_NO_REPLACE_OBJECTS": "1", "GIT_ALLOW_PROTOCOL": "none"}
    settings = [word for setting in _SAFE for word in ("-c", setting)]
    try:
        done = subprocess.run(  # noqa: S603 - arguments are passed as such, revisions after --end-of-options
            ["git", "--no-pager", "-C", str(folder), *settings, *arguments],  # noqa: S607
            input=given,
            capture_output=True,
            env=environment,
            check=False,
        )
    except FileNotFoundError:
        raise UsageError("没有安装 git", "请安装 git，或把 OLD、NEW 写成目录。") from None
    if done.returncode:
        raise UsageError("git 没有成功")
    return done.stdout
