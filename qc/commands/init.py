"""`qc init`: a workspace a centre keeps in git."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from qc.commands.gate_output import repository
from qc.errors import UsageError, refusal
from qc.paths import WORKSPACE_FILE, packaged
from qc.ruletest.lock_content import NAME as LOCK
from qc.specs.jsonschema import schema_files
from qc.specs.word_file import SUFFIX as WORDS

_TEMPLATES = Path(__file__).parent / "init_files"
_FILES = {
    WORKSPACE_FILE: "qc.yaml",
    "README.md": "README.md",
    ".gitignore": "gitignore",
    ".github/workflows/qc.yml": "github.yml",
    ".gitlab-ci.yml": "gitlab-ci.yml",
    ".vscode/settings.json": "vscode-settings.json",
    ".vscode/extensions.json": "vscode-extensions.json",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Initialised:
    """What was done: files written and files that were there already and were left alone, relative to the folder."""

    written: tuple[Path, ...]
    kept: tuple[Path, ...]


@click.command("init", short_help="新建一个工作区：配置、规则、评分表、CI")
@click.argument("folder", type=click.Path(path_type=Path), default=Path(), metavar="[目录]")
@click.option("--force", is_flag=True, help="覆盖已有的同名文件（你改过的规则也会被覆盖）")
def command(folder: Path, force: bool) -> None:
    """新建一个工作区：配置、规则、评分表、CI 和编辑器设置。已有的文件不动。

    \b
    例：qc init 质检        在“质检”目录里新建
        qc init             在当前目录里新建
    """
    done = init_workspace(folder, force=force)
    for line in _summary(folder, done):
        click.echo(line)


def init_workspace(folder: Path, *, force: bool = False) -> Initialised:
    """Write a workspace into `folder`, which is made if need be. Existing files are left alone unless `force`.

    Raises UsageError when the folder cannot be written.
    """
    written, kept = [], []
    try:
        for name, content in _contents():
            target = folder / name
            if target.exists() and not force:
                kept.append(Path(name))
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            written.append(Path(name))
    except OSError as error:
        where = error.filename or folder
        raise UsageError(f"写不了 {where}：{refusal(error)}", "请换一个目录，或检查权限和剩余空间。") from error
    return Initialised(written=tuple(written), kept=tuple(kept))


def _contents() -> Iterator[tuple[str, bytes]]:
    """Name and content of every file of a workspace."""
    for name, template in _FILES.items():
        yield name, (_TEMPLATES / template).read_bytes()
    for name, text in schema_files().items():
        yield f"schemas/{name}", text.encode()
    for folder in ("rules", "scorecards"):
        root = packaged(folder)
        for path in sorted((*root.rglob("*.yml"), *root.rglob(f"*{WORDS}"), *root.glob(LOCK))):
            yield f"{folder}/{path.relative_to(root).as_posix()}", path.read_bytes()


def _summary(folder: Path, done: Initialised) -> Iterator[str]:
    yield f"质检工作区：{folder.resolve()}"
    tops: dict[str, int] = {}
    for path in done.written:
        top = path.parts[0] + ("/" if len(path.parts) > 1 else "")
        tops[top] = tops.get(top, 0) + 1
    for top, count in tops.items():
        yield f"  写入 {top}" + (f"（{count} 个文件）" if count > 1 else "")
    if done.kept:
        named = "、".join(str(p) for p in done.kept[:3])
        more = " 等" if len(done.kept) > 3 else ""
        yield f"  已有 {len(done.kept)} 个文件没有动：{named}{more}（要覆盖请加 --force）"
    root = repository(folder).resolve()
    if root != folder.resolve():
        inside = folder.resolve().relative_to(root)
        yield f"注意：git 仓库的顶层是 {root}，CI 只读那里的 .github/ 和 .gitlab-ci.yml："
        yield f"  请把它们移过去，命令在 {inside} 里运行，保存结果的路径前也加上 {inside}/。"
    yield "下一步："
    if folder.resolve() != Path.cwd():
        yield f"  cd {folder}"
    yield "  qc doctor                              检查本机、模型和这个工作区"
    yield "  qc run 录音目录 --manifest 清单.csv     质检一批"
