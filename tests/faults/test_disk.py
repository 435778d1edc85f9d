"""Full and read-only disks, real ones: what is full is said, and the run goes on when there is room."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.disks import Disk
from tests.faults.machine import Machine
from tests.faults.night import Night
from tests.pipeline.batches import digests, only_run

ROOMY = "size=64m"


@pytest.fixture
def disk_of(tmp_path: Path) -> Iterator[Callable[[int], Disk]]:
    made: list[Disk] = []

    def disk(kilobytes: int) -> Disk:
        made.append(Disk(tmp_path / f"disk{len(made)}", kilobytes))
        return made[-1]

    yield disk
    for one in made:
        one.unmount()


def _filled(machine: Machine, args: list[object], disk: Disk, **env: str) -> str:
    """Run into the full disk, see that it is said, make room, and go on to the end."""
    full = machine.qc(*args, **env)
    assert full.code == 2, full.said
    assert "磁盘已满" in full.said
    assert str(disk.path) in full.said.split("磁盘已满", 1)[1] or str(disk.path) in full.said.split("不能写入", 1)[-1]
    assert "提示：" in full.said
    assert "Traceback" not in full.said and "内部错误" not in full.said
    assert not list(disk.path.rglob("*.tmp"))
    disk.remount(ROOMY)
    again = machine.qc(*args, **env)
    assert again.code == 0, again.said
    return full.said


@pytest.mark.slow
@pytest.mark.parametrize("kilobytes", [4, 8, 16, 40, 80, 130, 200, 300, 400, 440])
def test_a_full_disk_at_any_point(
    machine: Machine,
    tonight: Night,
    expected: dict[str, str],
    disk_of: Callable[[int], Disk],
    tmp_path: Path,
    kilobytes: int,
) -> None:
    """From the first file of the run, through parts and markers, to the list of parts."""
    disk = disk_of(kilobytes)
    said = _filled(machine, tonight.run(disk.path / "runs"), disk)
    if list(disk.path.glob("runs/*/.work")):
        assert "再运行同一条命令" in said
    assert digests(only_run(disk.path / "runs")) == expected


@pytest.mark.slow
@pytest.mark.parametrize("kilobytes", [700, 1500])
def test_no_room_for_the_report(
    machine: Machine, tonight: Night, expected: dict[str, str], disk_of: Callable[[int], Disk], kilobytes: int
) -> None:
    """The night is done; the same command makes the report and nothing else."""
    disk = disk_of(kilobytes)
    said = _filled(machine, [*tonight.reported(disk.path / "runs"), "--executor", "serial"], disk)
    assert "结果已经完整" in said and "qc report" in said
    run = only_run(disk.path / "runs")
    assert digests(run) == expected
    assert (run / "report" / "index.html").is_file()


@pytest.mark.slow
def test_no_room_for_transcripts(
    machine: Machine, tonight: Night, expected: dict[str, str], disk_of: Callable[[int], Disk], tmp_path: Path
) -> None:
    disk = disk_of(8)
    said = _filled(machine, tonight.run(tmp_path / "runs"), disk, QC_CACHE_DIR=str(disk.path / "cache"))
    assert "QC_CACHE_DIR" in said
    assert digests(only_run(tmp_path / "runs")) == expected


def test_a_read_only_place(machine: Machine, tonight: Night, disk_of: Callable[[int], Disk]) -> None:
    disk = disk_of(4096)
    disk.remount("ro")
    refused = machine.qc(*tonight.run(disk.path / "runs"))
    assert refused.code == 2
    assert "只读" in refused.said and str(disk.path) in refused.said
    assert "--out" in refused.said
