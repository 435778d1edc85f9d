"""`qc rules new`."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import click

from qc.commands.options import spec_options, workspace_of
from qc.errors import EXIT_CHECK, EXIT_OK, UsageError

_ID = re.compile(r"[^\W_]\w*(\.[^\W_]\w*)+")
"""Folders and files that begin with _ hold no rules."""
_COMMAS = re.compile(r"\s*[,，、;；]\s*")
_OPERATORS = ("keyword", "similar", "regex")
_SPEAKERS = ("agent", "customer", "bot", "any")
_KINDS = ("violation", "merit", "signal")
_SEVERITIES = ("low", "medium", "high", "critical")


@click.command("new", short_help="新建一条规则（草稿），带测试")
@click.option(
    "--id", "id_", metavar="编号", help="类别.名称，如 service.overpromise；文件写到 rules/service/overpromise.yml"
)
@click.option("--title", metavar="名称", help="规则名称")
@click.option("--speaker", type=click.Choice(_SPEAKERS), help="看谁说的话：坐席、客户、机器人、不限")
@click.option("--operator", type=click.Choice(_OPERATORS), help="怎样找：关键词、话术相似、正则（默认 keyword）")
@click.option("--words", multiple=True, metavar="词,词", help="要找的词、句子或正则；词用逗号分开，可以写几次")
@click.option("--absent", is_flag=True, default=None, help="没有说才算命中（该说没说）")
@click.option("--kind", type=click.Choice(_KINDS), help="违规、亮点、信号（默认 violation）")
@click.option("--severity", type=click.Choice(_SEVERITIES), help="严重程度（默认 medium）")
@click.option("--hit", metavar="话", help="一句应当命中的话，写进测试")
@click.option("--miss", metavar="话", help="一句不应当命中的话，写进测试")
@spec_options
@click.pass_context
def command(
    ctx: click.Context,
    id_: str | None,
    title: str | None,
    speaker: str | None,
    operator: str | None,
    words: tuple[str, ...],
    absent: bool | None,
    kind: str | None,
    severity: str | None,
    hit: str | None,
    miss: str | None,
    workspace: Path | None,
    rules: Path | None,
    scorecards: Path | None,
) -> None:
    """新建一条规则：在终端里问几个问题，或由选项给出。写好的是草稿，通过检查和自带的测试，再由你改进。

    \b
    例：qc rules new
        qc rules new --id service.overpromise --title 过度承诺 --words 保证,绝对 --speaker agent
    """
    from qc.commands.rulecheck import create_rule
    from qc.domain.rule import RuleKind, Severity
    from qc.pipeline.specs import folders
    from qc.ruletest.scaffold import NewRule

    home = workspace_of(workspace)
    if home is None and rules is None:
        raise UsageError("当前目录不在工作区里", "先用 qc init 建立工作区，或用 --rules 指定规则目录。")
    asking = sys.stdin.isatty() and (id_ is None or not words)
    new = NewRule(
        id=_id(id_, asking),
        title=_asked("名称", title, asking) or (id_ or "").rpartition(".")[2],
        speaker=_chosen("看谁说的话", speaker, _SPEAKERS, "agent", asking),
        operator=(way := _chosen("怎样找", operator, _OPERATORS, "keyword", asking)),
        words=_words(words, way, asking),
        absent=click.confirm("没有说才算命中？", default=False) if asking and absent is None else bool(absent),
        kind=RuleKind(_chosen("种类", kind, _KINDS, "violation", asking)),
        severity=Severity(_chosen("严重程度", severity, _SEVERITIES, "medium", asking)),
        hit=_asked("一句应当命中的话（可以不写）", hit, asking),
        miss=_asked("一句不应当命中的话（可以不写）", miss, asking),
    )
    created = create_rule(folders(home, rules=rules, scorecards=scorecards), new)
    click.echo(f"已写好 {created.path}")
    for line in created.lines():
        click.echo(line)
    ctx.exit(EXIT_OK if created.passed else EXIT_CHECK)


def _id(given: str | None, asking: bool) -> str:
    while True:
        answer = _asked("编号（类别.名称，如 service.overpromise）", given, asking)
        if _ID.fullmatch(answer):
            return answer
        message = f"编号 {answer} 不对" if answer else "没有写编号"
        hint = "写作 类别.名称，如 service.overpromise，只用字母、数字、下划线或汉字，不以下划线开头。"
        if not asking or given is not None:
            raise UsageError(message, f"用 --id 给出，{hint}")
        click.echo(f"{message}：{hint}", err=True)


def _words(given: tuple[str, ...], operator: str, asking: bool) -> tuple[str, ...]:
    said = {"keyword": "要找的词（用逗号分开）", "similar": "要找的句子（用分号分开）", "regex": "正则表达式"}[operator]
    answers = given or (_asked(said, None, asking),)
    splitter = {"keyword": _COMMAS, "similar": re.compile(r"\s*[;；]\s*"), "regex": re.compile(r"(?!)")}[operator]
    words = tuple(dict.fromkeys(word.strip() for answer in answers for word in splitter.split(answer) if word.strip()))
    if not words:
        raise UsageError("没有写要找的词", "用 --words 给出，如 --words 保证,绝对。")
    return words


def _asked(question: str, given: str | None, asking: bool) -> str:
    if given is not None or not asking:
        return (given or "").strip()
    answer: str = click.prompt(question, default="", show_default=False)
    return answer.strip()


def _chosen(question: str, given: str | None, choices: tuple[str, ...], default: str, asking: bool) -> str:
    if given is not None or not asking:
        return given or default
    answer: str = click.prompt(question, type=click.Choice(choices), default=default)
    return answer
