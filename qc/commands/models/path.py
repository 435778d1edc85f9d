"""`qc models path`: where a model lies, for scripts."""

from __future__ import annotations

import click

from qc.errors import EXIT_CHECK, EXIT_OK


@click.command("path", short_help="一个模型的文件在哪里")
@click.argument("name", metavar="模型")
@click.pass_context
def command(ctx: click.Context, name: str) -> None:
    """在标准输出写出模型文件的路径（base 来自软件包时是两个文件，依次拼接）。没有安装时退出码为 1，名字不对为 2。"""
    from qc.asr.models.weights import OFFICIAL, canonical, find_model
    from qc.errors import UsageError

    try:
        source = find_model(name)
    except UsageError as error:
        if canonical(name) not in OFFICIAL:
            raise
        click.echo(error.render(), err=True)
        ctx.exit(EXIT_CHECK)
    for file in source.files:
        click.echo(str(file))
    ctx.exit(EXIT_OK)
