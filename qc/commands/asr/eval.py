"""`qc asr eval`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qc.commands.options import FOLDER, workspace_of
from qc.errors import EXIT_CHECK, EXIT_OK, UsageError

if TYPE_CHECKING:
    from qc.asr.evaluation.measure import Evaluation
    from qc.domain.config import AsrConfig

_FILE = click.Path(path_type=Path, dir_okay=False)
_EXISTING = click.Path(path_type=Path, dir_okay=False, exists=True)
_SETTINGS = ("engine", "model", "preset")
_PRESETS = ("fast", "accurate")


@click.command("eval", short_help="转写准不准：与参考文本比，比较引擎、模型和批次")
@click.argument("references", type=_EXISTING, metavar="参考文本")
@click.option("--run", "run_", type=FOLDER, metavar="批次目录", help="评这个批次里存的转写")
@click.option("--audio", type=FOLDER, metavar="录音目录", help="现在转写这个目录里的录音来评（已转写过的取自缓存）")
@click.option("--engine", metavar="引擎", help="用哪个引擎转写（默认：qc.yaml）")
@click.option("--model", metavar="模型", help="用哪个模型转写（默认：qc.yaml）")
@click.option("--preset", type=click.Choice(_PRESETS), help="快或准（默认：qc.yaml）")
@click.option(
    "--compare",
    multiple=True,
    metavar="另一份",
    help="与它比：批次目录，或 preset=accurate、engine=…,model=…；可写几次",
)
@click.option("--keywords", type=_EXISTING, metavar="文件", help="关键词，一行一个（默认：工作区的热词）")
@click.option("--html", type=_FILE, metavar="文件", help="写出网页")
@click.option("--json", "json_", type=_FILE, metavar="文件", help="写出给程序读的 JSON")
@click.option("--worst", type=click.IntRange(0, 1000), default=50, show_default=True, help="列出错得最多的几段")
@click.option("--max-cer", type=click.FloatRange(min=0), metavar="百分数", help="字错误率高于它时退出码为 1，如 12")
@click.option("--keep-personal-data", is_flag=True, help="不遮盖个人信息（网页和 JSON 含原文，慎用）")
@click.option("--quiet", "-q", is_flag=True, help="不显示进度")
@click.option("--workspace", "-w", type=FOLDER, metavar="目录", help="工作区（默认：当前目录往上找 qc.yaml）")
@click.pass_context
def command(
    ctx: click.Context,
    references: Path,
    run_: Path | None,
    audio: Path | None,
    engine: str | None,
    model: str | None,
    preset: str | None,
    compare: tuple[str, ...],
    keywords: Path | None,
    html: Path | None,
    json_: Path | None,
    worst: int,
    max_cer: float | None,
    keep_personal_data: bool,
    quiet: bool,
    workspace: Path | None,
) -> None:
    """把转写与人写的参考文本比：字错误率（总的，按角色、声道、项目、信噪比、长度）、关键词召回、同音错字、
    凭空写出的句子、置信度是否可信、错得最多的句子；比较几个引擎、模型或批次，差别带区间。

    \b
    参考文本：CSV、TSV、XLSX（列 file、text，可有 role、channel、speaker、begin、end、project），
    每行一个这样对象的 JSONL，或带 turns 的会话 JSONL。都不写 --run、--audio 时，录音在参考文本所在的目录。
    例：qc asr eval 标注.csv --audio recordings --html 评测.html
        qc asr eval 标注.csv --audio recordings --compare preset=accurate --max-cer 12
        qc asr eval 标注.csv --run runs/20261120-213000-1a2b3c --compare runs/20261121-213000-4d5e6f
    """
    from qc.commands.asr_tables import summary
    from qc.commands.console import Console
    from qc.commands.gate_output import write
    from qc.ingest.references import read_references
    from qc.pipeline import asr_eval
    from qc.pipeline.asr_eval_view import document, page, report
    from qc.pipeline.specs import configuration, folders

    chosen = {n: v for n, v in zip(_SETTINGS, (engine, model, preset), strict=True) if v is not None}
    if run_ is not None and chosen:
        raise UsageError(
            f"--run 的转写已经做好，不能再选 --{'、--'.join(chosen)}", "去掉 --run，或把它们写进 --compare。"
        )
    where = folders(workspace_of(workspace))
    config = configuration(where)
    read = read_references(references)
    folder = audio or (references.parent if run_ is None else None)
    bench = asr_eval.bench(read, folder, config, where, None if keywords is None else _words(keywords))
    console = Console(quiet)
    systems: list[Evaluation] = []
    notes: list[str] = []
    others = [_other(config.asr, text) for text in compare]
    for choice in (run_ if run_ is not None else _with(config.asr, chosen), *others):
        if isinstance(choice, Path):
            measured, told = asr_eval.measure_run(bench, choice, console)
            notes += told
        else:
            measured = asr_eval.measure_engine(bench, choice, console)
        same = sum(s.name.partition("（")[0] == measured.name for s in systems)
        systems.append(replace(measured, name=f"{measured.name}（{same + 1}）") if same else measured)
    shown = report(systems, list(dict.fromkeys(notes)), worst=worst, keep=keep_personal_data)
    for part in summary(shown):
        click.echo(part + "\n")
    for path, text in ((html, page(shown, where.reports) if html else ""), (json_, document(shown) if json_ else "")):
        if path is not None:
            write(path, text)
    rate = systems[0].errors.rate * 100
    if max_cer is not None and rate > max_cer:
        click.echo(f"字错误率 {rate:.2f}% 高于 --max-cer {max_cer:g}%。", err=True)
        ctx.exit(EXIT_CHECK)
    ctx.exit(EXIT_OK)


def _with(base: AsrConfig, chosen: Mapping[str, str]) -> AsrConfig:
    engine, model, preset = (chosen.get(name, getattr(base, name)) for name in _SETTINGS)
    return replace(base, engine=engine, model=model, preset=preset)


def _other(base: AsrConfig, text: str) -> Path | AsrConfig:
    """One --compare: a run, or settings that differ from the configuration."""
    path = Path(text)
    if path.is_dir():
        return path
    parts = [part.partition("=") for part in text.split(",")]
    hint = "写批次目录，或 preset=accurate、engine=…,model=… 这样的设置。"
    if "=" not in text:
        raise UsageError(f"--compare 写的批次目录不存在：{text}", hint)
    if unknown := [name for name, sign, value in parts if name.strip() not in _SETTINGS or not sign or not value]:
        raise UsageError(f"--compare 看不懂：{text}（{unknown[0]}）", hint)
    settings = {name.strip(): value.strip() for name, _, value in parts}
    if settings.get("preset", _PRESETS[0]) not in _PRESETS:
        raise UsageError(f"--compare 的 preset 只能是 {'、'.join(_PRESETS)}", hint)
    return _with(base, settings)


def _words(file: Path) -> tuple[str, ...]:
    """One word a line; # begins a comment."""
    try:
        found = [line.partition("#")[0].strip() for line in file.read_text("utf-8-sig").splitlines()]
    except (OSError, UnicodeDecodeError):
        raise UsageError(f"读不了关键词文件 {file}", "应是 UTF-8 文本，一行一个词。") from None
    return tuple(dict.fromkeys(word for word in found if word))
