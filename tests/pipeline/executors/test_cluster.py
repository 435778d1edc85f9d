"""A batch on a cluster whose machines, and whose driver, are killed in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from qc.storage.read import open_run
from tests.pipeline.batches import ROOT, chats, command, digests, only_run, qc, workspace
from tests.pipeline.executors.cluster import OPEN, Cluster, cluster
from tests.pipeline.executors.kinds import NEEDS_RAY

pytestmark = NEEDS_RAY
CHATS = 400


@pytest.fixture(scope="module")
def three() -> Iterator[Cluster]:
    with cluster(3) as made:
        yield made


@pytest.fixture(scope="module")
def batch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("batch")
    chats(folder / "in", CHATS)
    workspace(folder / "ws", shard_size=10)
    return folder


@pytest.fixture(scope="module")
def by_pool(batch: Path) -> dict[str, str]:
    done = qc("run", "in", "-w", "ws", "--out", "pool", "--no-report", "--workers", 2, cwd=batch)
    assert done.returncode == 0, done.stderr
    return digests(only_run(batch / "pool"))


def args(out: str, address: str) -> list[str]:
    return ["run", "in", "-w", "ws", "--out", out, "--no-report", "--executor", "ray", "--address", address]


def started(folder: Path, out: str, address: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command(*args(out, address)),
        cwd=folder,
        env=os.environ | OPEN,
        stderr=subprocess.PIPE,
        text=True,
        # a suite that runs in the background ignores interrupts, and what it starts would too
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 no threads here
    )


def shards(folder: Path) -> int:
    return len(list(folder.glob("*/.work/shards/*.json")))


def until(true: Callable[[], bool], seconds: float = 180) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_killed_driver_leaves_no_workers_and_the_same_command_goes_on(
    three: Cluster, batch: Path, by_pool: dict[str, str]
) -> None:
    driver = started(batch, "resumed", three.address)
    until(lambda: shards(batch / "resumed") >= 5 or driver.poll() is not None)
    driver.send_signal(signal.SIGKILL)
    driver.communicate()
    until(lambda: not any(three.workers(node) for node in range(3)))
    before = shards(batch / "resumed")
    assert before < CHATS / 10
    done = qc(*args("resumed", three.address), cwd=batch, **OPEN)  # the cluster it joined is still there
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("续跑：已完成的分片") == before
    assert digests(only_run(batch / "resumed")) == by_pool


PLACED = """
import sys
from dataclasses import replace
from qc.errors import UsageError
from qc.pipeline.executors.ray.executor import Ray
from tests.pipeline.executors.faults import Step, job

ray = Ray(sys.argv[1], 0)
print(list(ray.run(replace(job(1), gpus=1), [Step(1, "gpu")])), list(ray.run(job(1), [Step(1, "gpu")])))
try:
    list(ray.run(replace(job(1), gpus=2), [Step(1)]))
except UsageError as error:
    print(error.message)
"""


def test_who_needs_a_gpu_gets_one_to_itself(three: Cluster) -> None:
    asked = [sys.executable, "-c", PLACED, three.address]
    done = subprocess.run(asked, cwd=ROOT, env=os.environ | OPEN, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == ["[0] [-1]", "Ray 集群没有可用的 GPU（要 2，有 1）"], done.stderr


def test_an_interrupted_run_leaves_no_workers(three: Cluster, batch: Path) -> None:
    driver = started(batch, "interrupted", three.address)
    until(lambda: shards(batch / "interrupted") >= 3 or driver.poll() is not None)
    driver.send_signal(signal.SIGINT)
    _, told = driver.communicate(timeout=120)
    assert driver.returncode == 130, told
    assert "接着做" in told
    until(lambda: not any(three.workers(node) for node in range(3)))


def test_a_killed_machine_costs_nothing(three: Cluster, batch: Path, by_pool: dict[str, str]) -> None:
    driver = started(batch, "lost", three.address)
    until(lambda: (shards(batch / "lost") >= 5 and bool(three.workers(2))) or driver.poll() is not None)
    three.kill(2)
    _, told = driver.communicate(timeout=300)
    assert driver.returncode == 0, told
    run = only_run(batch / "lost")
    assert digests(run) == by_pool
    lineage = open_run(run).lineage
    assert (lineage.counts.ok, lineage.counts.failed, lineage.counts.quarantined) == (CHATS, 0, 0)
    assert any("3 台机器" in note for note in lineage.notes)


def test_nobody_at_the_address_is_said_at_once(tmp_path: Path) -> None:
    done = qc("run", ".", "--out", tmp_path, "--executor", "ray", "--address", "127.0.0.1:1")
    assert done.returncode == 2
    assert "Ray 集群 127.0.0.1:1 没有应答" in done.stderr
    assert "提示" in done.stderr
