"""Whatever a broken-off run left behind, in whatever state: the next attempt mends it or makes it again."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.faults.machine import Machine
from tests.faults.night import Night
from tests.pipeline.batches import digests, only_run

_JUDGED = 240
"""A durable step at which some shards are committed and the next is half-written."""


@pytest.fixture(scope="module")
def broken(machine: Machine, tonight: Night, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that was killed in the middle of judging."""
    out = tmp_path_factory.mktemp("broken") / "out"
    assert machine.qc(*tonight.run(out), at=_JUDGED).code == -9
    run = only_run(out)
    assert len(list((run / ".work" / "shards").glob("*.json"))) >= 2
    return out


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    if data:  # emptied before
        data[len(data) // 2] ^= 0x10
    path.write_bytes(data)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _empty(path: Path) -> None:
    path.write_bytes(b"")


DAMAGE: dict[str, Callable[[Path], None]] = {"flipped": _flip, "cut": _cut, "emptied": _empty, "removed": Path.unlink}
FILES = {
    "part": "*/part-00000.parquet",
    "marker": ".work/shards/00001.json",
    "terms": ".work/terms/part-00001.parquet",
}


@pytest.mark.slow
@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_of_a_committed_shard(
    machine: Machine, tonight: Night, expected: dict[str, str], broken: Path, tmp_path: Path, file: str, damage: str
) -> None:
    out = tmp_path / "out"
    shutil.copytree(broken, out)
    run = only_run(out)
    DAMAGE[damage](sorted(run.glob(FILES[file]))[-1])
    again = machine.qc(*tonight.run(out))
    assert again.code == 0, again.said
    assert digests(run) == expected
    if (file, damage) != ("marker", "removed"):
        assert "重做这个分片" in again.said


@pytest.mark.slow
@settings(
    max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None
)
@given(data=st.data())
def test_any_sequence_of_kills_and_damage(
    machine: Machine,
    tonight: Night,
    expected: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
    data: st.DataObject,
) -> None:
    """Killed anywhere, files damaged, extra ones left lying about, again and again: the last attempt is as ever."""
    out = tmp_path_factory.mktemp("any") / "out"
    env = {"QC_CACHE_DIR": str(out.parent / "cache")}
    for _ in range(data.draw(st.integers(1, 3), label="attempts")):
        ended = machine.qc(*tonight.run(out), at=data.draw(st.integers(1, 330), label="step"), **env)
        over = [path for path in out.glob("*/parts.json") if not (path.parent / ".work").exists()]
        if ended.code == 0 or over:  # killed after its last act: nothing was left to do
            break
        files = sorted(p for p in out.parent.rglob("*") if p.is_file() and _ours(p))
        for path in (
            data.draw(st.lists(st.sampled_from(files), max_size=3, unique=True), label="files") if files else []
        ):
            DAMAGE[data.draw(st.sampled_from(sorted(DAMAGE)), label="damage")](path)
        run = next((p.parent for p in out.glob("*/run.json")), None)
        if run is not None and data.draw(st.booleans(), label="stray"):
            (run / "turns").mkdir(exist_ok=True)
            (run / "turns" / "part-00077.parquet").write_bytes(b"PAR1")
    if ended.code and not over:
        ended = machine.qc(*tonight.run(out), **env)
        assert ended.code == 0, ended.said
    (done,) = [run for run in out.glob("*/parts.json") if (run.parent / "run.json").exists()]
    assert digests(done.parent) == expected


def _ours(path: Path) -> bool:
    """Damage is done to results and caches; a damaged plan (run.json) is another matter: see below."""
    return path.suffix in (".parquet", ".json") and path.name not in ("run.json", "audit.head.json")


@pytest.mark.slow
@pytest.mark.parametrize("damage", sorted(DAMAGE))
def test_a_damaged_plan_is_no_run(
    machine: Machine, tonight: Night, expected: dict[str, str], broken: Path, tmp_path: Path, damage: str
) -> None:
    """A run that cannot say what it is made of is not continued: another is made beside it."""
    out = tmp_path / "out"
    shutil.copytree(broken, out)
    run = only_run(out)
    DAMAGE[damage](run / "run.json")
    again = machine.qc(*tonight.run(out))
    assert again.code == 0, again.said
    (done,) = [p.parent for p in out.glob("*/parts.json")]
    assert done != run or damage == "flipped"
    assert digests(done) == expected
