"""《十分钟写一条规则》: every command runs, every file is written as shown, every line of output shown is printed."""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.pipeline.batches import ROOT, command, only_run

GUIDE = ROOT / "docs" / "ten-minutes.zh-CN.md"
BLOCKS = re.compile(r"^```(\w+)(?: (\S+))?( \+)?\n(.*?)^```", re.MULTILINE | re.DOTALL)
GIT = {
    "GIT_AUTHOR_NAME": "质检员",
    "GIT_AUTHOR_EMAIL": "qa@example.com",
    "GIT_COMMITTER_NAME": "质检员",
    "GIT_COMMITTER_EMAIL": "qa@example.com",
    "GIT_CONFIG_NOSYSTEM": "1",
}


@dataclass
class Reader:
    """Somebody who types what the guide says. `said`: what the last block of commands printed."""

    here: Path
    said: str = ""

    def type(self, line: str) -> None:
        typed, _, remark = line.partition("  #")
        words = shlex.split(typed)
        if words[0] == "cd":
            self.here = self.here / words[1]
            return
        if "runs/RUN" in words:
            words[words.index("runs/RUN")] = f"runs/{only_run(self.here / 'runs').name}"
        argv = command(*words[1:]) if words[0] == "qc" else words
        env = {**os.environ, **GIT, "HOME": str(self.here), "QC_DEBUG": "1"}
        done = subprocess.run(argv, cwd=self.here, env=env, capture_output=True, text=True, check=False)
        self.said += done.stdout + done.stderr
        assert done.returncode == (1 if "退出码 1" in remark else 0), f"{line}\n{done.stdout}\n{done.stderr}"


@pytest.mark.slow
def test_the_guide_can_be_followed(tmp_path: Path) -> None:
    reader = Reader(tmp_path)
    blocks = BLOCKS.findall(GUIDE.read_text(encoding="utf-8"))
    assert len(blocks) > 12
    for language, name, more, text in blocks:
        if language == "sh":
            reader.said = ""
            for line in text.splitlines():
                reader.type(line)
        elif language == "text":
            missing = [line for line in text.splitlines() if line not in reader.said]
            assert missing == [], reader.said
        else:
            path = reader.here / name
            path.parent.mkdir(parents=True, exist_ok=True)
            before = path.read_text(encoding="utf-8") if more else ""
            path.write_text(before + text, encoding="utf-8")


@pytest.mark.slow
@pytest.mark.asr
def test_the_rule_change_is_what_happens_today() -> None:
    spec = importlib.util.spec_from_file_location("rule_change", ROOT / "docs" / "rule_change.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    written = (ROOT / "docs" / "rule-change.zh-CN.md").read_text(encoding="utf-8")
    assert written == module.page(), "stale: run `python docs/rule_change.py`"


@pytest.mark.parametrize("name", ["rules", "ten-minutes", "rule-change"])
def test_links_of_the_guides_lead_somewhere(name: str) -> None:
    path = ROOT / "docs" / f"{name}.zh-CN.md"
    prose = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)#]+)", prose):
        assert (path.parent / target).exists(), target
