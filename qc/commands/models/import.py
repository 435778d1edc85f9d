"""`qc models import`: weights that came on a disk become a model with a name."""  # noqa: N999 - the command's own name

from __future__ import annotations

from pathlib import Path

import click


@click.command("import", short_help="把拷来的权重文件或 CTranslate2 目录收进模型目录")
@click.argument("source", type=click.Path(exists=True, path_type=Path), metavar="文件或目录")
@click.option("--name", "-n", metavar="名字", help="模型名（默认：官方权重用官方名，其余用文件名或目录名）")
def command(source: Path, name: str | None) -> None:
    """把 openai-whisper 的 .pt、CTranslate2 的 model.bin 或它所在的目录拷进 qc 模型目录。

    先检查它是多语言的 whisper 模型；.pt 只读张量，含程序代码的不读。SHA-256 与官方一致的标明官方；其余的记下摘要，
    之后每次使用前核对。

    \b
    例：qc models import /media/usb/small.pt
        qc models import /media/usb/faster-whisper-small --name small-ct2
    """
    from qc.asr.engines.whisper.checkpoint import vocabulary_size
    from qc.asr.models.folder import add
    from qc.asr.models.weights import OFFICIAL, canonical

    wanted = None if name is None else canonical(name)  # turbo is looked for as large-v3-turbo
    given, found = add(source, wanted, OFFICIAL, vocabulary_size)
    known = found.sha256 in OFFICIAL.values()
    click.echo(f"已收下模型 {given}：{found.file}", err=True)
    said = "与官方一致" if known else "不是官方 .pt 的摘要，请与来源给出的核对"
    click.echo(f"SHA-256 {found.sha256}（{said}）", err=True)
    click.echo(f"使用：在 qc.yaml 写 asr: {{model: {given}}}", err=True)
