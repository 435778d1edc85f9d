"""docs/sca.zh-CN.md: its example imports to what it shows, and its table names the operators there are."""

from __future__ import annotations

import re
from pathlib import Path

from qc.specs.sca.importing import import_sca
from qc.specs.sca.operators import TYPES

PAGE = (Path(__file__).parents[2] / "docs" / "sca.zh-CN.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    [text] = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    return str(text)


def test_the_example_imports_to_what_the_page_shows() -> None:
    [rule] = import_sca(block("json"), "规则.json", "sca")
    assert "\n".join(line for line in rule.text.splitlines() if not line.startswith("#")) + "\n" == block("yaml")
    assert "".join(f"{loss.line()}\n" for loss in rule.losses) == block("text")


def test_the_table_names_every_operator_that_is_carried_over() -> None:
    assert tuple(re.findall(r"^\| `([A-Z_]+)` \|", PAGE, re.MULTILINE)) == TYPES
