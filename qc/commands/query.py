"""`qc query`: SQL over stored runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qc.commands.options import FOLDER
from qc.errors import UsageError
from qc.memory import bounded_memory
from qc.sheets.csvfile import ENCODINGS

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.dataset as ds

    from qc.storage.read import StoredRun

_FILE = click.Path(path_type=Path, dir_okay=False)
_CELL = 40


@click.command("query", short_help="用 SQL 查一个或多个批次的结果表")
@click.argument("sql", metavar="SQL")
@click.argument("runs", type=FOLDER, nargs=-1, metavar="[批次目录]...")
@click.option("--runs", "root", type=FOLDER, metavar="目录", help="这个目录下所有完成的批次")
@click.option("--lake", "lake", metavar="数据集", help="查 qc compact 写的数据集（目录或 s3:// 地址），不查批次")
@click.option(
    "--audit",
    type=FOLDER,
    metavar="目录",
    help="数据集在 s3:// 上时，这次查询记在哪个目录的审计日志里（默认：runs；别的查询记在批次或数据集自己的目录里）",
)
@click.option("--csv", "as_csv", type=_FILE, metavar="文件", help="写成 CSV")
@click.option("--json", "as_json", type=_FILE, metavar="文件", help="写成 JSON，每行一个对象")
@click.option("--xlsx", "as_xlsx", type=_FILE, metavar="文件", help="写成 Excel 工作簿")
@click.option("--encoding", type=click.Choice(ENCODINGS), default="utf-8", show_default=True, help="CSV 的编码")
@click.option("--rows", type=click.IntRange(1), default=100, show_default=True, metavar="N", help="终端上最多显示几行")
@click.option("--memory", default="2GB", show_default=True, metavar="大小", help="DuckDB 最多用多少内存")
@click.option("--keep-personal-data", is_flag=True, help="批次没有脱敏，仍要写进文件（会含个人信息，慎用）")
def command(
    sql: str,
    runs: tuple[Path, ...],
    root: Path | None,
    lake: str | None,
    audit: Path | None,
    as_csv: Path | None,
    as_json: Path | None,
    as_xlsx: Path | None,
    encoding: str,
    rows: int,
    memory: str,
    keep_personal_data: bool,
) -> None:
    """用 SQL（DuckDB）查结果表；只读，碰不到批次之外的文件。不写批次就查 runs 目录里所有完成的批次。

    每张表前面多两列 run_id、run_name；另有两张表：runs 是各批次，columns 是每张表每一列的含义。
    数据集（--lake）的每张表都有 date、project。

    \b
    例：qc query "select rule_title, count(*) n from findings where verdict = 'hit' group by all order by n desc"
        qc query "select * from columns where \\"table\\" = 'findings'" --runs runs
        qc query "select date, count(*) n from conversations group by all" --lake lake
    """
    from qc.commands.auditing import audited
    from qc.storage.sql import Database

    source = _stored(runs, root, audit) if lake is None else _laid_up(lake, runs, root, audit)
    files = [path for path in (as_csv, as_json, as_xlsx) if path is not None]
    if len(files) > 1:
        raise UsageError("--csv、--json、--xlsx 只能写一个", "要几种就各运行一次。")
    if files:
        from qc.commands.exporting import refuse_kept

        refuse_kept(source.kept, keep_personal_data)
    with (
        audited(source.logs, "query") as act,
        Database(source.runs, memory=memory, lake=source.lake) as database,
        bounded_memory(2 * database.memory_bytes),
    ):
        act.runs, act.note = [run.lineage.run_id for run in source.runs], f"{source.place}{sql}"
        answer = database.ask(sql)
        if not files:
            click.echo(_shown(answer, rows))
            return
        count = _written(answer, sql, source.moment, as_csv, as_json, as_xlsx, encoding)
        act.counts["rows"] = count
        act.wrote(files[0])
    click.echo(f"{count:,} 行", err=True)
    click.echo(files[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """What is asked: `runs`, or the tables of a data set. `kept`: runs that were not masked; `moment`: when the last
    one ended; `logs`: the folders in whose audit logs it is recorded; `place`: the data set, a line to put before the
    query there."""

    runs: Sequence[StoredRun]
    lake: Mapping[str, ds.Dataset] | None
    kept: tuple[str, ...]
    moment: datetime
    logs: Sequence[Path]
    place: str = ""


def _stored(runs: tuple[Path, ...], root: Path | None, audit: Path | None) -> _Source:
    from qc.commands.auditing import roots_of
    from qc.commands.exporting import finished

    _refuse_log(audit)
    stored = finished(runs, root)
    kept = tuple(run.lineage.run_id for run in stored if run.lineage.personal_data != "masked")
    return _Source(runs=stored, lake=None, kept=kept, moment=stored[-1].moment, logs=roots_of(stored))


def _laid_up(where: str, runs: tuple[Path, ...], root: Path | None, audit: Path | None) -> _Source:
    from qc.archive.lake import Lake
    from qc.schema.runs import RUNS
    from qc.storage.read import NEVER

    if runs or root is not None:
        raise UsageError("--lake 和批次只能写一样", "数据集里已经有这些批次，用 run_id 挑。")
    lake = Lake(where)
    if lake.local:
        _refuse_log(audit)
        log = Path(lake.root)
    else:
        log = audit or _log_here(lake.where)
    tables = lake.datasets()
    known = tables[RUNS].to_table(columns=["run_id", "personal_data", "finished_at"]).to_pylist()
    return _Source(
        runs=(),
        lake=tables,
        kept=tuple(sorted(run["run_id"] for run in known if run["personal_data"] != "masked")),
        moment=max((run["finished_at"] for run in known if run["finished_at"]), default=NEVER),
        logs=[log],
        place=f"{lake.where}\n",
    )


def _refuse_log(audit: Path | None) -> None:
    if audit is not None:
        raise UsageError("--audit 只用于 s3:// 上的数据集", "查批次、本机的数据集，都记在它们自己目录的审计日志里。")


def _log_here(where: str) -> Path:
    """An object store knows no appending, and a query nobody can trace is not done."""
    from qc.commands.exporting import ROOT

    if ROOT.is_dir():
        return ROOT
    raise UsageError(
        f"数据集 {where} 上不能写审计日志，这里也没有 {ROOT} 目录，不知道这次查询记在哪里",
        "用 --audit 写明批次所在的目录，例：--audit /srv/qc/runs",
    )


def _written(
    answer: pa.RecordBatchReader,
    sql: str,
    moment: datetime,
    as_csv: Path | None,
    as_json: Path | None,
    as_xlsx: Path | None,
    encoding: str,
) -> int:
    from qc.export.answers import answer_csv, answer_json, answer_workbook

    if as_csv is not None:
        return answer_csv(answer, as_csv, encoding)
    if as_json is not None:
        return answer_json(answer, as_json)
    assert as_xlsx is not None  # noqa: S101 - the caller saw one of the three
    return answer_workbook(answer, as_xlsx, sql, moment)


def _shown(answer: pa.RecordBatchReader, limit: int) -> str:
    """The answer as a table; numbers flush right. What does not fit is said."""
    from qc.commands.cells import clip
    from qc.commands.console import table
    from qc.domain.printable import printable
    from qc.export.answers import Counted
    from qc.export.flat import flat_schema, kind_of
    from qc.sheets.pages import Kind

    counted = Counted(answer)
    kinds = [kind_of(field.type) for field in flat_schema(counted.schema)]
    taken: list[tuple[object, ...]] = []
    for row in counted.flat_rows():
        taken.append(row)
        if len(taken) > limit:
            break
    if kinds == [Kind.TEXT, Kind.TEXT] and counted.schema.names[0] == "explain_key":
        return "\n".join(str(row[1]) for row in taken)
    lines = [[clip(printable(_text(value)), _CELL) for value in row] for row in taken[:limit]]
    right = frozenset(at for at, kind in enumerate(kinds) if kind in (Kind.WHOLE, Kind.NUMBER))
    shown = table([[clip(name, _CELL) for name in counted.schema.names], *lines], right)
    if len(taken) > limit:
        return f"{shown}\n（只显示前 {limit} 行；用 --rows 多看一些，或用 --csv、--xlsx 写全部）"
    return f"{shown}\n（{len(taken)} 行）"


def _text(value: object) -> str:
    if value is None:
        return "—"
    if isinstance(value, bool):
        return "是" if value else "否"
    return f"{value:.6g}" if isinstance(value, float) and abs(value) < 1e6 else str(value)
