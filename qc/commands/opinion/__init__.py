"""`qc opinion …`: what customers say over many runs, and when it is more than usual."""

from __future__ import annotations

import click

from qc.commands.lazy import Lazy

_COMMANDS = {
    "report": "一天的舆情：预警文件（JSON）和一页简报（HTML）",
    "backtest": "预警规则在过去的日子里会报多少，能看见多大的突增",
    "test": "运行写在预警规则文件末尾的测试",
}


@click.group(
    "opinion", cls=Lazy, commands_in="qc.commands.opinion", about=_COMMANDS, short_help="舆情：预警、简报、回测"
)
def command() -> None:
    """跨批次的舆情：每天的数与之前比，多出来的说出来。规则在 rules/_opinion/alerts.yml。"""
