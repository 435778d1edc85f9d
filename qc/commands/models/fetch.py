"""`qc models fetch`: an official checkpoint over the network."""

from __future__ import annotations

import click


@click.command("fetch", short_help="下载一个官方 whisper 模型（qc 唯一会联网的命令）")
@click.argument("name", metavar="模型")
@click.option("--quiet", "-q", is_flag=True, help="不显示进度。")
def command(name: str, quiet: bool) -> None:
    """从 openai-whisper 自带的地址下载官方模型，核对 SHA-256 后放进 qc 模型目录。中断了再运行一次，接着下载。
    代理用环境变量 https_proxy。下载失败或校验不符时退出码为 1。

    \b
    例：qc models fetch small
    """
    from qc.asr.engines.whisper.checkpoint import address
    from qc.asr.models.catalogue import FIGURES
    from qc.asr.models.fetch import fetch
    from qc.asr.models.folder import find, write_down
    from qc.asr.models.weights import OFFICIAL, canonical, look_up
    from qc.commands.console import Console
    from qc.errors import UsageError
    from qc.paths import models_dir

    name = canonical(name)
    if name not in OFFICIAL:
        raise UsageError(f"没有名为 {name} 的官方模型。", f"可以下载：{'、'.join(OFFICIAL)}。")
    source = look_up(name)
    if source is not None:
        click.echo(f"模型 {name} 已经装好：{source.origin}", err=True)
        return
    console = Console(quiet)
    megabytes, done = FIGURES[name].megabytes, 0.0
    console.stage(f"下载 {name}", megabytes, "MB")

    def progress(received: int, _total: int | None) -> None:
        nonlocal done
        console.advance(received / 1e6 - done, "")
        done = received / 1e6

    target = models_dir() / f"{name}.pt"
    fetch(address(name), OFFICIAL[name], target, round(megabytes * 1.02e6), progress)
    console.finish()
    write_down(name, OFFICIAL[name], target)
    found = find(name)
    console.note(f"已下载并校验：{found.file if found else target}；在 qc.yaml 写 asr: {{model: {name}}}")
