"""How the pages are to look: what qc.yaml says, and what the command line says instead."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from qc.commands.options import FOLDER, workspace_of
from qc.domain.config import AUDIO_KEPT, LANGUAGES, Config

if TYPE_CHECKING:
    from qc.pipeline.specs import Folders

Function = TypeVar("Function", bound=Callable[..., Any])


def report_options(function: Function) -> Function:
    """--lang, --audio, --workspace."""
    for option in (
        click.option("--workspace", "-w", type=FOLDER, metavar="目录", help="工作区（默认：当前目录往上找 qc.yaml）"),
        click.option(
            "--audio",
            type=click.Choice(AUDIO_KEPT),
            help="会话页怎样放录音：link 指向原文件、copy 复制进报表、none 不放（默认：qc.yaml 的 report.audio，link）",
        ),
        click.option("--lang", type=click.Choice(LANGUAGES), help="语言（默认：qc.yaml 的 report.language，中文）"),
    ):
        function = option(function)
    return function


def settings_of(workspace: Path | None, lang: str | None, audio: str | None) -> tuple[Folders, Config]:
    """The folders and the configuration in force. Raises UsageError, SpecError."""
    from qc.pipeline.specs import configuration, folders

    where = folders(workspace_of(workspace))
    config = configuration(where)
    report = replace(config.report, language=lang or config.report.language, audio=audio or config.report.audio)
    return where, replace(config, report=report)
