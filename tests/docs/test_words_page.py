"""《热词怎么写》: its list loads, what it says is heard reads as it says, its command runs."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from qc.asr.wording.readable import readable
from qc.domain.config import AsrConfig
from qc.domain.recording import Segment
from qc.specs.hot_words import load_hot_words
from qc.specs.workspace import load_config
from tests.pipeline.batches import ROOT, command

PAGE = (ROOT / "docs" / "words.zh-CN.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"^```yaml (\S+)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))
ROWS = [row for row in re.findall(r"^\| (.+) \| (.+) \|$", PAGE, re.MULTILINE) if row[0] != "听写成"]


def test_what_is_heard_reads_as_the_page_says(tmp_path: Path) -> None:
    path = tmp_path / "words" / "utility.yml"
    path.parent.mkdir()
    path.write_text(FILES["rules/_speech/words/utility.yml"], encoding="utf-8")
    words = load_hot_words(tmp_path)
    assert len(ROWS) > 10
    for heard, read in ROWS:
        (segment,) = readable([Segment(start_ms=0, end_ms=2000, text=heard, confidence=0.8)], words, AsrConfig())
        assert segment.text.rstrip("。？") == read


def test_the_settings_it_shows_leave_the_text_alone(tmp_path: Path) -> None:
    (tmp_path / "qc.yaml").write_text(FILES["qc.yaml"], encoding="utf-8")
    config = load_config(tmp_path / "qc.yaml").asr
    assert (config.correct_words, config.digits) == (False, False)


@pytest.mark.slow
def test_its_command_runs(tmp_path: Path) -> None:
    subprocess.run(command("init", "质检"), cwd=tmp_path, check=True, capture_output=True)
    for name, text in FILES.items():
        (tmp_path / "质检" / name).write_text(text, encoding="utf-8")
    for line in re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL):
        done = subprocess.run(
            command(*line.split()[1:]), cwd=tmp_path / "质检", capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
