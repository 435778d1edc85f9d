"""`qc vault …`: what masking took away, for those who hold the key."""

from __future__ import annotations

import click

from qc.commands.lazy import Lazy

_COMMANDS = {
    "key": "新建一对钥匙：私钥另外保管，公钥给跑批次的机器",
    "reveal": "用私钥看一个会话脱敏前的原文；记入审计日志",
    "rekey": "换钥匙：批次的保管库改由另一把公钥封",
}


@click.group(
    "vault",
    cls=Lazy,
    commands_in="qc.commands.vault",
    about=_COMMANDS,
    short_help="保管库：凭私钥看脱敏前的原文",
)
def command() -> None:
    """脱敏前的原文封在批次的 vault 目录里：跑批次的机器只有公钥，只能封、不能看；凭另外保管的私钥一次看一个会话。

    \b
    例：qc vault key 保管.key                        （保管.key 交给保管人，保管.key.pub 放到跑批次的机器上）
        qc run recordings/2026-11-20 --vault 保管.key.pub
        qc vault reveal runs/20261120-213000-1a2b3c A002 --key 保管.key --reason "投诉 T2025 复查"
    """
