"""`qc rules import-sca`."""

from __future__ import annotations

from pathlib import Path

import click

from qc.commands.options import spec_options, workspace_of
from qc.errors import EXIT_CHECK, EXIT_OK, UsageError, refusal


@click.command("import-sca", short_help="把阿里云智能对话分析（SCA）的规则 JSON 导入成草稿")
@click.argument("source", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="文件.json")
@click.option(
    "--out", "-o", type=click.Path(path_type=Path, file_okay=False), required=True, metavar="目录", help="如 rules/sca"
)
@click.option("--force", is_flag=True, help="覆盖已有的同名规则")
@spec_options
@click.pass_context
def command(
    ctx: click.Context,
    source: Path,
    out: Path,
    force: bool,
    workspace: Path | None,
    rules: Path | None,
    scorecards: Path | None,
) -> None:
    """把 UploadRule 形式的规则 JSON 写成 YAML 草稿，并列出没有照原样导入的内容；有这样的内容时退出码为 1。

    没有导入的内容也写在各个文件开头的注释里。导入后请补上测试，再运行 qc rules lint。

    \b
    例：qc rules import-sca 规则.json --out rules/sca
    """
    from qc.pipeline.specs import folders
    from qc.specs.sca.importing import import_sca

    root = folders(workspace_of(workspace), rules=rules, scorecards=scorecards).rules
    prefix = _prefix(out, root)
    try:
        text = source.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{source} 不是 UTF-8 编码", "请另存为 UTF-8 再导入。") from None
    except OSError as error:
        raise UsageError(f"读不了 {source}：{refusal(error)}", "请检查路径和权限。") from error
    imported = import_sca(text, str(source), prefix)
    there = [rule.id for rule in imported if rule.text and not force and _path(out, rule.id).exists()]
    if there:
        raise UsageError(f"已有规则 {'、'.join(there)}", "换一个 --out 目录，或加 --force 覆盖。")
    try:
        out.mkdir(parents=True, exist_ok=True)
        for rule in imported:
            if rule.text:
                _path(out, rule.id).write_text(rule.text, encoding="utf-8")
    except OSError as error:
        where = error.filename or out
        raise UsageError(f"写不了 {where}：{refusal(error)}", "请换一个目录，或检查权限。") from error
    for rule in imported:
        click.echo(f"{_path(out, rule.id)}  {rule.title}" if rule.text else f"（没有写文件）  {rule.title}")
        for loss in rule.losses:
            click.echo(f"    {loss.line()}")
    losses = sum(len(rule.losses) for rule in imported)
    written = sum(bool(rule.text) for rule in imported)
    click.echo(f"{len(imported)} 条规则：写了 {written} 条，没有照原样导入的有 {losses} 处。")
    ctx.exit(EXIT_CHECK if losses else EXIT_OK)


def _prefix(out: Path, root: Path) -> str:
    """The folder part of ids: where `out` stands below the rules folder, or its own name."""
    try:
        parts = out.resolve().relative_to(root.resolve()).parts
    except ValueError:
        parts = (out.resolve().name,)
    if not parts or any(not part.isidentifier() or part.startswith("_") for part in parts):
        shown = "/".join(parts) or str(out)
        raise UsageError(
            f"规则不能放在 {shown}", "请写规则目录下的一个文件夹，名字用文字、数字、下划线，如 rules/sca。"
        )
    return ".".join(parts)


def _path(out: Path, identifier: str) -> Path:
    return out / f"{identifier.rsplit('.', 1)[-1]}.yml"
