"""Options that several commands of `qc review` share."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from qc.commands.options import spec_options, workspace_of


def card_options(function: Callable[..., None]) -> Callable[..., None]:
    """--at and where specs are; the function gets them as `cards` (see qc.pipeline.review)."""

    @wraps(function)
    def gathered(
        *args: Any, at: str | None, workspace: Path | None, rules: Path | None, scorecards: Path | None, **others: Any
    ) -> None:
        from qc.pipeline.review import Cards
        from qc.pipeline.specs import folders

        home = workspace_of(workspace)
        cards = Cards(where=folders(home, rules=rules, scorecards=scorecards), workspace=home, revision=at)
        function(*args, cards=cards, **others)

    told = "用哪个 git 版本的评分表重算终审分数（默认：工作区现在的）"
    return spec_options(click.option("--at", metavar="版本", help=told)(gathered))
