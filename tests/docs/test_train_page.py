"""docs/train.zh-CN.md: its commands, run in a workspace with label files of invented sentences."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from qc.commands import cli
from qc.pipeline.specs import folders, load
from tests.learning.labels import as_csv, emotion_rows, intent_rows

PAGE = Path(__file__).parents[2] / "docs" / "train.zh-CN.md"


@pytest.mark.slow
def test_the_commands_of_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, rows in (("标注", emotion_rows()), ("意图标注", intent_rows())):
        Path(f"{name}.csv").write_text(as_csv(rows), "gb18030")
        Path(f"另一批{name}.csv").write_text(as_csv(rows[::3]), "utf-8")
    page = PAGE.read_text("utf-8")
    commands = [line for block in re.findall(r"```sh\n(.*?)```", page, re.DOTALL) for line in block.splitlines()]
    assert len(commands) == 6
    for line in commands:
        program, *words = shlex.split(line)
        assert program == "qc"
        done = CliRunner().invoke(cli, words)
        assert done.exit_code == 0, (line, done.output, done.exception)
    (setting,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    Path("qc.yaml").write_text(setting + "intents: {model: models/intents.qc}\n", "utf-8")
    specs = load(folders(tmp_path))
    assert specs.emotion_head is not None
    assert specs.intent_head is not None
    Path("qc.yaml").write_text("name: 无模型\n", "utf-8")
    assert load(folders(tmp_path)).lexicons_digest != specs.lexicons_digest
