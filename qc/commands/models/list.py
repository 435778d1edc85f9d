"""`qc models list`: which models there are and which are here."""

from __future__ import annotations

import click

from qc.asr.models.catalogue import Entry


@click.command("list", short_help="有哪些模型，装了没有，在哪里，校验是否一致")
def command() -> None:
    """列出 qc 知道的模型。whisper 的显存与速度是 OpenAI 给出的：速度以 large 为 1，在 GPU 上转写英语测得；
    qc 在 CPU 上用 base 时每个转写进程实测约 1 GB 内存。未安装的显示下载大小。"""
    from qc.asr.models.catalogue import entries
    from qc.paths import models_dir

    for entry in entries():
        mark, colour = ("✗", "red") if entry.problem else (("✓", "green") if entry.files else ("·", None))
        click.echo(f"{click.style(mark, fg=colour)} {click.style(entry.name, bold=True)}  {_facts(entry)}")
        for file in entry.files:
            click.echo(f"    {file}")
        if entry.files:
            size = sum(file.stat().st_size for file in entry.files)
            click.echo(f"    {'，'.join(filter(None, (f'{size / 1e6:.0f} MB', entry.verified)))}")
        if entry.problem:
            click.echo(f"    {entry.problem}")
    click.echo(f"模型目录：{models_dir()}")


def _facts(entry: Entry) -> str:
    figures = entry.figures
    facts = [entry.task, f"许可 {entry.licence}"]
    if figures is not None:
        facts += [
            f"{figures.parameters} 百万参数",
            f"{figures.languages} 种语言，含中文",
            f"显存约 {figures.gpu_gb} GB",
            f"速度约为 large 的 {figures.speed} 倍",
        ]
        if not entry.files:
            facts.append(f"下载约 {figures.megabytes} MB")
    if entry.engines:
        facts.append(f"引擎 {'、'.join(entry.engines)}")
    if not entry.files and not entry.problem:
        facts.append("未安装")
    return "，".join(facts)
