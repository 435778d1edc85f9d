"""Where gates say what they found: a terminal, a JUnit file, the annotations of GitHub and GitLab."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from qc.errors import UsageError, refusal
from qc.ruletest.gate import GateResult
from qc.storage.files import write_text

Function = TypeVar("Function", bound=Callable[..., Any])
FORMATS = ("text", "github", "gitlab")
_COMMAND = re.compile(r"(^\s*:|#)(:|#\[)", re.MULTILINE)
_COLOURS = {
    "[通过]": "green",
    "[失败]": "red",
    "[待办]": "yellow",
    "[跳过]": "yellow",
}


def gate_options(function: Function) -> Function:
    """--junit, --format."""
    for option in (
        click.option(
            "--format",
            "format_",
            type=click.Choice(FORMATS),
            help="github：另写行内注解；gitlab：标准输出是 Code Quality JSON，文字写到标准错误",
        ),
        click.option("--junit", type=click.Path(path_type=Path, dir_okay=False), metavar="文件", help="另写 JUnit XML"),
    ):
        function = option(function)
    return function


def tell(results: Sequence[GateResult], lines: Iterable[str], format_: str | None, junit: Path | None) -> None:
    """The lines for people and, in the format asked for, the annotations; and the JUnit file."""
    say(lines, format_)
    annotate(results, format_, junit)


def say(lines: Iterable[str], format_: str | None) -> None:
    """Lines for people: on stdout, unless a report for machines goes there."""
    for line in lines:
        click.echo(_coloured(_inert(line) if format_ == "github" else line), err=format_ == "gitlab")


def annotate(results: Sequence[GateResult], format_: str | None, junit: Path | None) -> None:
    """What machines read."""
    from qc.ruletest import annotations
    from qc.ruletest.junit import junit as junit_xml

    root = repository(Path.cwd())
    if format_ == "github":
        for line in annotations.github(results, root):
            click.echo(line)
    elif format_ == "gitlab":
        click.echo(annotations.gitlab(results, root), nl=False)
    if junit is not None:
        write(junit, junit_xml(results))


def detected(environment: Mapping[str, str]) -> str:
    """The format of the CI system we run in."""
    if environment.get("GITHUB_ACTIONS") == "true":
        return "github"
    return "gitlab" if environment.get("GITLAB_CI") == "true" else "text"


def write(path: Path, text: str) -> None:
    """Write a report, making its folder. Raises UsageError."""
    try:
        write_text(path, text)
    except OSError as error:
        raise UsageError(f"写不了 {path}：{refusal(error)}", "请换一个位置，或检查权限和剩余空间。") from error


def repository(start: Path) -> Path:
    """The top folder of the git working tree around `start`, or `start` where there is none."""
    return Path(git(start, "rev-parse", "--show-toplevel") or start)


def git(folder: Path, *args: str) -> str | None:
    """What a git command says, without the line feed at its end; None when it fails or there is no git."""
    try:
        done = subprocess.run(  # noqa: S603 - fixed command, no shell
            ["git", "--no-pager", "-C", str(folder), "-c", "core.fsmonitor=false", *args],  # noqa: S607
            env={**os.environ, "GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none", "GIT_OPTIONAL_LOCKS": "0"},
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    except OSError:
        return None
    return done.stdout.rstrip("\n") if done.returncode == 0 else None


def _inert(text: str) -> str:
    """Text of others on the stdout of GitHub's runner, which obeys `::command::` at the start of a line and
    `##[command]` anywhere: neither does anything."""
    return _COMMAND.sub("\\1\u200b\\2", text)


def _coloured(line: str) -> str:
    mark = line[:4]
    return click.style(mark, fg=_COLOURS[mark]) + line[4:] if mark in _COLOURS else line
