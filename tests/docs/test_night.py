"""The script of docs/operations runs as it stands, the folders apart."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from qc.storage.audit import entries
from tests.pipeline.batches import ROOT, chats, only_run

NIGHT = "2026-11-20"


@pytest.mark.slow
def test_the_night_as_it_is_written(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "operations.zh-CN.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"^```bash\n(#!/usr/bin/env bash\n.*?)^```", page, re.MULTILINE | re.DOTALL)
    home = tmp_path / "srv" / "qc"
    (home / "my-centre").mkdir(parents=True)
    (home / "my-centre" / "qc.yaml").write_text("default_channel: chat\n", encoding="utf-8")
    (home / "venv" / "bin").mkdir(parents=True)
    own = home / "venv" / "bin" / "qc"
    own.write_text(f'#!/bin/sh\nexec {sys.executable} {ROOT / "cli.py"} "$@"\n', encoding="utf-8")
    own.chmod(0o700)
    source = chats(tmp_path / "srv" / "recordings" / NIGHT, 3)
    rows = [f"C{i:04d},1380000123{i},{NIGHT} 10:00:0{i}" for i in range(3)]
    (source / "calls.csv").write_text("\n".join(["会话编号,客户号码,开始时间", *rows]) + "\n", encoding="utf-8")
    script = home / "night.sh"
    script.write_text(text.replace("/srv/", f"{tmp_path}/srv/"), encoding="utf-8")

    def night() -> subprocess.CompletedProcess[str]:
        call = ["bash", str(script), NIGHT]
        return subprocess.run(call, env={**os.environ, "LC_ALL": "C"}, capture_output=True, text=True, check=False)

    done = night()
    assert done.returncode == 0, done.stdout + done.stderr
    run = only_run(home / "runs")
    assert f"批次 {run.name}" in done.stdout and "结论：可信" in done.stdout
    assert (home / "runs" / "months" / "2026-11" / "index.html").is_file()
    assert list((home / "lake").glob("conversations/date=2026-11-20/*/*.parquet"))
    assert [line.action for line in entries(home / "runs")][:1] == ["run"]
    (home / "lake" / "_manifest").rename(home / "lake" / "else")
    assert night().returncode == 2, "a data set that stays behind is told of"
