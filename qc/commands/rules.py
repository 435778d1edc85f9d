"""`qc rules lint` and `qc rules test`."""

from __future__ import annotations

import click


@click.group("rules", short_help="规则的检查与测试")
def command() -> None:
    """规则的检查与测试。"""
