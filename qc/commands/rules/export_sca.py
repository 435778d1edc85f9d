"""`qc rules export-sca`."""

from __future__ import annotations

from pathlib import Path

import click

from qc.commands.options import spec_options, workspace_of
from qc.errors import EXIT_CHECK, EXIT_OK, UsageError, refusal


@click.command("export-sca", short_help="把规则写成阿里云智能对话分析（SCA）的 JSON")
@click.argument("rule", nargs=-1, metavar="[规则编号]...")
@click.option(
    "--out", "-o", type=click.Path(path_type=Path, dir_okay=False), required=True, metavar="文件", help="如 sca.json"
)
@click.option("--app-key", default="", metavar="文字", help="UploadRule 的 appKey")
@spec_options
@click.pass_context
def command(
    ctx: click.Context,
    rule: tuple[str, ...],
    out: Path,
    app_key: str,
    workspace: Path | None,
    rules: Path | None,
    scorecards: Path | None,
) -> None:
    """把规则（不写编号就是全部）写成 UploadRule 的 JSON，并列出 SCA 说不出的内容；有整条没导出的，退出码为 1。

    \b
    例：qc rules export-sca service.forbidden_words --out sca.json
    """
    from qc.pipeline.specs import folders
    from qc.specs.rules import load_rules
    from qc.specs.sca.exporting import export_sca

    where = folders(workspace_of(workspace), rules=rules, scorecards=scorecards)
    pack = load_rules([where.rules])
    unknown = sorted(set(rule) - {r.id for r in pack.rules})
    if unknown:
        raise UsageError(f"没有规则 {'、'.join(unknown)}", f"规则编号是文件里的 id；规则目录是 {where.rules}。")
    chosen = [r for r in pack.rules if not rule or r.id in rule]
    exported = export_sca(chosen, pack.lexicons, app_key)
    try:
        out.write_text(exported.text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"写不了 {out}：{refusal(error)}", "请换一个位置，或检查权限。") from error
    for loss in exported.losses:
        click.echo(loss.line())
    click.echo(f"{out}：{len(chosen)} 条规则导出了 {len(exported.rules)} 条。")
    ctx.exit(EXIT_OK if len(exported.rules) == len(chosen) else EXIT_CHECK)
