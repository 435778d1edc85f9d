"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click

from qc.domain.config import EXECUTORS
from qc.errors import UsageError
from qc.paths import find_workspace
from qc.pipeline.options import Options

Function = TypeVar("Function", bound=Callable[..., Any])

FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)
MANIFEST = click.Path(path_type=Path, dir_okay=False)


def runs_option(purpose: str) -> Callable[[Function], Function]:
    """--out: the folder that holds runs; `purpose` is its help."""
    return click.option(
        "--out",
        "-o",
        type=click.Path(path_type=Path, file_okay=False),
        default=Path("runs"),
        show_default=True,
        metavar="目录",
        help=purpose,
    )


def spec_options(function: Function) -> Function:
    """--workspace, --rules, --scorecards."""
    for option in (
        click.option("--scorecards", type=FOLDER, metavar="目录", help="评分表目录（默认：工作区，其次内置）"),
        click.option("--rules", type=FOLDER, metavar="目录", help="规则目录（默认：工作区，其次内置）"),
        click.option("--workspace", "-w", type=FOLDER, metavar="目录", help="工作区（默认：当前目录往上找 qc.yaml）"),
    ):
        function = option(function)
    return function


def output_options(function: Callable[..., None]) -> Callable[..., None]:
    """Where a run goes and how it is made; the function gets them as `options` (see qc.pipeline.options)."""

    @wraps(function)
    def gathered(
        *args: Any,
        out: Path,
        run_id: str | None,
        name: str,
        fresh: bool,
        workers: int | None,
        executor: str | None,
        address: str | None,
        keep_personal_data: bool,
        **others: Any,
    ) -> None:
        options = Options(
            out=out,
            run_id=run_id,
            name=name,
            fresh=fresh,
            keep_personal_data=keep_personal_data,
            workers=workers,
            executor=executor,
            address=address,
        )
        function(*args, options=options, **others)

    wrapped: Callable[..., None] = gathered
    for option in (
        click.option("--quiet", "-q", is_flag=True, help="不显示进度"),
        click.option("--keep-personal-data", is_flag=True, help="不脱敏（会记入批次；结果含个人信息，慎用）"),
        click.option(
            "--address",
            metavar="地址",
            help="Ray 集群的地址，主机:端口 或 auto（默认：qc.yaml 的 run.address，其次只用本机）",
        ),
        click.option(
            "--executor",
            type=click.Choice(EXECUTORS),
            help="在哪里计算：本机多进程、当前进程、Ray 集群（默认：qc.yaml 的 run.executor，其次 pool）",
        ),
        click.option("--workers", type=click.IntRange(1, 256), metavar="N", help="进程数（默认：每核一个）"),
        click.option("--fresh", is_flag=True, help="不续跑未完成的批次，另开一个"),
        click.option("--name", default="", metavar="名称", help="批次名称，显示在报表上"),
        click.option("--run-id", metavar="编号", help="批次目录名（默认：时间加摘要）"),
        runs_option("批次写到哪里"),
    ):
        wrapped = option(wrapped)
    return wrapped


def retry_option(function: Function) -> Function:
    """--retry-failed: the finished run of the same plan, opened again."""
    return click.option(
        "--retry-failed",
        is_flag=True,
        help="在同一条命令做完的批次里重试失败和隔离的输入，其余转写取自缓存；批次编号与复核不变",
    )(function)


def vault_option(function: Function) -> Function:
    """--vault: the public key for which the words before masking are sealed."""
    return click.option(
        "--vault",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        metavar="公钥文件",
        help="把脱敏前的原文封进批次的保管库，只有另外保管的私钥能打开（qc vault）",
    )(function)


def workspace_of(option: Path | None) -> Path | None:
    """The workspace named by the option, or the one around the current folder."""
    if option is None:
        return find_workspace(Path.cwd())
    if find_workspace(option) != option.resolve():
        raise UsageError(f"{option} 不是工作区：没有 qc.yaml", f"用 qc init {option} 建立，或去掉 --workspace。")
    return option


def manifest_of(option: Path | None, source: Path) -> Path | None:
    """The manifest: where the option says, or under that name inside the input folder."""
    if option is None or option.is_file():
        return option
    if (source / option).is_file():
        return source / option
    raise UsageError(f"找不到清单 {option}", f"当前目录和 {source} 里都没有这个文件。")
