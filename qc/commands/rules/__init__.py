"""`qc rules …`: the life of a rule, one file per command."""

from __future__ import annotations

import click

from qc.commands.lazy import Lazy

_COMMANDS = {
    "new": "新建一条规则（草稿），带测试",
    "lint": "检查规则、词表与评分表的写法",
    "schema": "写出 YAML 文件的 JSON Schema，供编辑器补全和说明",
    "test": "运行写在规则和话题文件末尾的测试",
    "explain": "为什么这样判：一条规则的测试，或一段输入的对话",
    "mutate": "变异测试：哪些改动没有测试会发现",
    "baseline": "在干净的会话上跑所有规则，命中了就是误报",
    "diff": "改了规则，哪些会话、坐席、分数会变",
    "coverage": "哪些规则从不命中、总是命中、总是一起命中，各要多少时间",
    "lock": "内容版本：改了内容就要升版本",
    "ci": "合并前的全部检查：写法、测试、基线、影响、版本",
    "import-sca": "把阿里云智能对话分析（SCA）的规则 JSON 导入成草稿",
    "export-sca": "把规则写成阿里云智能对话分析（SCA）的 JSON",
}


@click.group(
    "rules", cls=Lazy, commands_in="qc.commands.rules", about=_COMMANDS, short_help="规则：新建、检查、测试、比较、入库"
)
def command() -> None:
    """规则从新建到上线。改了规则、词表或评分表之后，先 lint 再 test。"""
