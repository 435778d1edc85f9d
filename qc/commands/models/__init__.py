"""`qc models …`: the models of transcription as files."""

from __future__ import annotations

import click

from qc.commands.lazy import Lazy

_COMMANDS = {
    "list": "有哪些模型，装了没有，在哪里，校验是否一致",
    "fetch": "下载一个官方 whisper 模型（qc 唯一会联网的命令）",
    "import": "把拷来的权重文件或 CTranslate2 目录收进模型目录",
    "path": "一个模型的文件在哪里",
}


@click.group(
    "models", cls=Lazy, commands_in="qc.commands.models", about=_COMMANDS, short_help="转写模型：列出、下载、导入"
)
def command() -> None:
    """转写用的模型。在 qc.yaml 的 asr.model 写模型名；按名字查找的次序：已装的软件包（只有 base）、qc 模型目录
    （环境变量 QC_MODELS_DIR 可移动它）、openai-whisper 自己的缓存。"""
