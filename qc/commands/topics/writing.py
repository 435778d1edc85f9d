"""Suggestions as files: never over a file that is there, never where rules are read from. They quote customers."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import click

from qc.errors import UsageError, refusal
from qc.storage.files import make_folder


def write_new(path: Path, text: str, rules: Path) -> None:
    """Write `text` to the new file `path`. Raises UsageError when it exists, lies in the rules folder or cannot be
    written."""
    if path.resolve().is_relative_to(rules.resolve()):
        raise UsageError(f"{path} 在规则目录里", "建议要先看过再用，请写到别处。")
    try:
        make_folder(path.parent)
        with open(path, "x", encoding="utf-8", opener=partial(os.open, mode=0o600)) as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"已有文件 {path}", "换一个名字，或先移走它。") from None
    except OSError as error:
        raise UsageError(f"写不了 {path}：{refusal(error)}", "请检查目录和权限。") from error
    click.echo(f"已写好 {path}", err=True)
