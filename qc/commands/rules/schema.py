"""`qc rules schema`."""

from __future__ import annotations

from pathlib import Path

import click

from qc.commands.options import workspace_of
from qc.errors import EXIT_CHECK, EXIT_OK, UsageError, refusal


@click.command("schema", short_help="写出 YAML 文件的 JSON Schema，供编辑器补全和说明")
@click.option(
    "--out",
    "-o",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="目录",
    help="写到哪里（默认：工作区的 schemas，没有工作区时是当前目录的 schemas）",
)
@click.option("--check", is_flag=True, help="不写，只看是不是最新；不是则退出码为 1")
@click.pass_context
def command(ctx: click.Context, out: Path | None, check: bool) -> None:
    """写出规则、词表、片段、话题、情绪词表、评分表和 qc.yaml 的 JSON Schema（draft-07）。

    编辑器装上 YAML 扩展后，写规则时就有补全和中文说明。升级 qc 之后重写一次。

    \b
    例：qc rules schema                  写到工作区的 schemas 目录
        qc rules schema --check          CI 里检查有没有忘了重写
    """
    from qc.specs.jsonschema import schema_files, stale_schemas

    folder = out or (workspace_of(None) or Path()) / "schemas"
    stale = stale_schemas(folder)
    if check:
        for name in stale:
            click.echo(f"{folder / name} 不是最新的。")
        click.echo(f"{len(stale)} 个文件要重写：运行 qc rules schema -o {folder}" if stale else "都是最新的。")
        ctx.exit(EXIT_CHECK if stale else EXIT_OK)
    files = schema_files()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in stale:
            (folder / name).write_text(files[name], encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"写不了 {error.filename or folder}：{refusal(error)}", "请换一个目录，或检查权限。"
        ) from error
    click.echo(f"{folder}：写了 {len(stale)} 个文件，{len(files) - len(stale)} 个本来就是最新的。")
