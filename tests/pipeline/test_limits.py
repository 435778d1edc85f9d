"""Limits of time and memory: what the configuration sets, and what is said of who is over one."""

from __future__ import annotations

from pathlib import Path

import pytest

from qc.domain.config import RunConfig
from qc.pipeline.executors import choose
from qc.pipeline.executors.executor import Cause
from qc.pipeline.limits import limits_of
from qc.specs.workspace import load_config

LIMITS = limits_of(RunConfig(hear_limit=20, hear_floor_s=300, judge_limit_s=60, memory_mb=2000))


def test_a_recording_has_a_multiple_of_its_length_and_a_short_one_the_floor() -> None:
    assert LIMITS.hear_s([60]) == 1200
    assert LIMITS.hear_s([2]) == 300


def test_several_are_taken_apart_before_one_of_them_would_be_over_its_limit() -> None:
    assert LIMITS.hear_s([60] * 10) == 3000 < 10 * LIMITS.hear_s([60])
    assert LIMITS.judge_together_s(500) == 300 < 500 * LIMITS.judge_together_s(1)
    assert LIMITS.judge_together_s(3) == 60


def test_nought_is_no_limit_and_nothing_said_is_most_of_the_machine() -> None:
    none = limits_of(RunConfig(hear_limit=0, judge_limit_s=0, memory_mb=0))
    assert none.hear_s([60]) == none.judge_together_s(1) == float("inf")
    assert none.memory_mb is None
    assumed = limits_of(RunConfig()).memory_mb
    assert assumed is not None
    total_mb = int(Path("/proc/meminfo").read_text().split()[1]) / 1024
    assert 0 < assumed <= 0.8 * total_mb


def test_who_is_over_a_limit_hears_which_setting_it_is() -> None:
    assert "run.hear_limit" in LIMITS.unheard(Cause.TIME, 60)
    assert "1200 秒" in LIMITS.unheard(Cause.TIME, 60)
    assert "run.judge_limit_s" in LIMITS.unjudged(Cause.TIME)
    for said in (LIMITS.unheard(Cause.MEMORY, 60), LIMITS.unjudged(Cause.MEMORY)):
        assert "2000 MB" in said
        assert "run.memory_mb" in said


@pytest.mark.parametrize("line", ["hear_limit: 5", "hear_floor_s: 9", "judge_limit_s: 7", "memory_mb: 900"])
def test_a_run_can_be_repeated_with_other_limits(line: str, tmp_path: Path) -> None:
    """They are no part of what a run is known by: --retry-failed finds it."""
    (tmp_path / "qc.yaml").write_text(f"run: {{{line}}}\n", encoding="utf-8")
    config = load_config(tmp_path / "qc.yaml")
    assert config.run != RunConfig()
    assert config.digest == load_config(None).digest


@pytest.mark.parametrize(
    ("files", "granted"),
    [
        ({"cpu.max": "250000 100000\n"}, 2),
        ({"cpu.max": "50000 100000\n"}, 1),
        ({"cpu.max": "max 100000\n"}, 64),
        ({"cpu/cpu.cfs_quota_us": "400000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 4),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, 64),
        ({"cpu.max": "0 0 0"}, 64),
        ({}, 64),
    ],
)
def test_a_container_has_as_many_workers_as_cores_it_was_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: dict[str, str], granted: int
) -> None:
    """Sixty-four workers on two cores' time would only fight for it, and each holds a model."""
    (tmp_path / "cpu").mkdir()
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(choose, "_CGROUP", tmp_path)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(64)), raising=False)
    assert choose.worker_count(0) == granted
    assert choose.worker_count(7) == 7
