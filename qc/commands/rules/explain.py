"""`qc rules explain`: why a rule judges its tests, or a typed dialogue, as it does."""

from __future__ import annotations

from pathlib import Path

import click

from qc.commands.options import spec_options, workspace_of


@click.command("explain", short_help="为什么这样判：一条规则的测试，或一段输入的对话")
@click.argument("rule", metavar="规则编号")
@click.argument("test", required=False, metavar="[测试名]")
@click.option("--text", metavar="对话", help="试一段话：“坐席：您好 / 客户：我要投诉”")
@click.option("--file", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="文件", help="对话文件")
@spec_options
def command(
    rule: str,
    test: str | None,
    text: str | None,
    file: Path | None,
    workspace: Path | None,
    rules: Path | None,
    scorecards: Path | None,
) -> None:
    """说明一条规则为什么这样判：它自己的测试（可只选一个），或用 --text、--file 输入的对话。

    对话每行一句：坐席：…、客户：…、机器人：…、系统：…；前面可以写起止秒数，如 [12-15.5] 坐席：…。

    \b
    例：qc rules explain compliance.no_guarantee
        qc rules explain compliance.no_guarantee --text "客户：会不会亏？ / 坐席：绝对保本。"
    """
    from qc.commands.explaining import explain_tests, explain_text
    from qc.errors import UsageError
    from qc.pipeline.specs import folders

    if sum(value is not None for value in (test, text, file)) > 1:
        raise UsageError("测试名、--text、--file 只能写一个")
    where = folders(workspace_of(workspace), rules=rules, scorecards=scorecards)
    if text is not None:
        click.echo(explain_text(where, rule, text, "--text"))
    elif file is not None:
        click.echo(explain_text(where, rule, read_dialogue(file), str(file)))
    else:
        click.echo("\n\n────────\n\n".join(explain_tests(where, rule, test)))


def read_dialogue(path: Path) -> str:
    """The text of a dialogue file: UTF-8, or GBK as Windows writes it. Raises UsageError."""
    from qc.errors import UsageError

    data = path.read_bytes()
    for encoding in ("utf-8", "gbk"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise UsageError(f"{path} 不是文本文件", "对话文件用 UTF-8 编码，每行一句：坐席：…。")
