"""`qc report …`: the HTML reports of a stored run. `qc report RUN` is `qc report run RUN`."""

from __future__ import annotations

import click

from qc.commands.lazy import Lazy

_COMMANDS = {
    "run": "一个批次的全部报表；run 可以不写",
    "conversation": "一个会话的页面，不论它在报表里有没有页面",
    "month": "一个月（或任意几天）的月报，与上个月比",
}
_DEFAULT = "run"


class _Report(Lazy):
    """A first word that is no command names the run to report."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the default command before what is not a command or a plea for help."""
        if args and args[0] not in self.list_commands(ctx) and args[0] not in ctx.help_option_names:
            args = [_DEFAULT, *args]
        return super().parse_args(ctx, args)


@click.group(
    "report",
    cls=_Report,
    commands_in="qc.commands.report",
    about=_COMMANDS,
    short_help="由已存的批次重新生成报表，或一个会话的页面、一个月的月报",
    subcommand_metavar="批次目录 | conversation 会话编号 | month 批次总目录",
)
def command() -> None:
    """由已存的批次重新生成报表；只读 Parquet，不用模型。

    \b
    例：qc report runs/20261120-213000-1a2b3c
        qc report runs/20261120-213000-1a2b3c --lang en --audio copy
        qc report conversation A003
        qc report month runs
    """
