"""`qc topics …`: what the taxonomies of topics lack."""

from __future__ import annotations

import click

from qc.commands.lazy import Lazy

_COMMANDS = {
    "suggest": "没有话题接住的会话在说什么：聚成几类，给出可粘贴的话题",
    "new-words": "词典里没有的词：名称、简称、行话",
}


@click.group(
    "topics", cls=Lazy, commands_in="qc.commands.topics", about=_COMMANDS, short_help="话题：还缺哪些话题，有哪些新词"
)
def command() -> None:
    """从已存的批次里找出话题分类还缺什么。只读批次，不改规则。"""
