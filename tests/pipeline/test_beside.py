"""Other commands beside a run that is being written: they say so, and the run comes to what it would have come to."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from qc.commands import cli
from tests.archive.nights import night
from tests.pipeline import faulty
from tests.pipeline.batches import chats, digests

POLICY = "retention: {default: {text: 1天, audio: 1天, results: 1天, reports: 1天, transcripts: 1天}}\n"


def told(*args: object) -> Result:
    return CliRunner().invoke(cli, [*map(str, args)])


@pytest.mark.slow
def test_verify_purge_and_compact_while_a_run_is_written(tmp_path: Path) -> None:
    source, runs = chats(tmp_path / "in", 12), tmp_path / "runs"
    (tmp_path / "qc.yaml").write_text(
        f'default_project: "95598"\ndefault_channel: chat\nrun: {{shard_size: 4}}\n{POLICY}', "utf-8"
    )
    night(runs, 0)
    ours = runs / "ours"
    command = ["run", str(source), "-w", str(tmp_path), "--no-report", "--workers", "1", "--out", str(runs)]
    command += ["--run-id", "ours"]
    writing = subprocess.Popen(
        [*faulty.COMMAND, *command],
        env=faulty.environment("C0009=loops"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while len(list((ours / ".work" / "shards").glob("*.json"))) < 2 and writing.poll() is None:
            time.sleep(0.05)
        before = digests(ours)
        verified = told("verify", ours, "-w", tmp_path, "-q")
        assert verified.exit_code == 1 and "还不能用" in verified.stdout
        compacted = told("compact", runs, "--to", tmp_path / "lake")
        assert compacted.exit_code == 0 and "新增 1 晚" in compacted.stderr
        assert "批次 ours 还没有做完" in compacted.stderr
        purged = told("purge", runs, "-w", tmp_path, "--yes")
        assert purged.exit_code == 0, purged.output
        assert "批次 ours 还没有做完" in purged.stderr and "批次 ours 正在写" in purged.stderr
        assert "清除了 1 个批次" in purged.stderr and not (runs / "night-00-0").exists()
        assert digests(ours) == before and (ours / ".work" / "lock").exists()
        assert writing.poll() is None, "it went on"
    finally:
        writing.send_signal(signal.SIGKILL)
        writing.wait()
    for out in ([], ["--run-id", "whole"]):
        subprocess.run([*faulty.COMMAND, *command, *out], env=faulty.environment(), check=True, capture_output=True)
    assert digests(ours) == digests(runs / "whole")
