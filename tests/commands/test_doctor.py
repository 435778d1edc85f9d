"""`qc doctor` on transcription: what it measures, remembers and advises."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from qc.asr.engines import measured, measuring
from qc.asr.engines.measured import Measured
from qc.asr.engines.registry import FASTER, OPENAI, choose
from qc.asr.engines.transcriber import Phrase, Window
from qc.asr.engines.whisper import BATCHES
from qc.commands.checkup import Level, Result, checkup
from qc.domain.config import AsrConfig

pytestmark = pytest.mark.asr
COSTS = {(OPENAI, "fp32"): 0.2, (OPENAI, "fast"): 0.05, (FASTER, "fast"): 0.1}


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QC_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(measured, "_GPU_DRIVER", tmp_path / "no-driver")


def _pretend(monkeypatch: pytest.MonkeyPatch, enough: int) -> None:
    """As if all three had been tried and `enough` of them measured in time."""

    def measure(candidates: Sequence[AsrConfig], longest_s: float) -> Iterator[Measured]:
        for (engine, precision), cost in list(COSTS.items())[:enough]:
            yield Measured(engine=engine, precision=precision, cost=cost)

    monkeypatch.setattr(measuring, "candidates", lambda config: [config] * len(COSTS))
    monkeypatch.setattr(measuring, "measure", measure)


def _on(results: Iterator[Result], subject: str) -> list[Result]:
    return [r for r in results if r.subject == subject]


def test_it_measures_says_so_and_auto_goes_by_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _pretend(monkeypatch, 3)
    results = list(checkup(None, tmp_path, measure=True))
    lines = [r.message for r in _on(iter(results), "转写速度")]
    assert len(lines) == 3
    assert "openai-whisper，精度 fast：一秒说话声用 0.050 秒 CPU，一个核一小时转写 20 小时" in lines[1]
    (chosen,) = _on(iter(results), "转写引擎")
    assert "openai-whisper" in chosen.message
    assert "按 qc doctor 在本机的测速" in chosen.message
    assert choose(AsrConfig()).config.precision == "fast"
    again = _on(checkup(None, tmp_path, measure=False), "转写引擎")
    assert again == [chosen]


def test_what_was_not_measured_to_the_end_decides_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _pretend(monkeypatch, 1)
    lines = _on(checkup(None, tmp_path, measure=True), "转写速度")
    assert "3 种只测了 1 种" in lines[-1].message
    assert measured.recall(AsrConfig()) == []


def test_a_full_disk_is_no_disaster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _pretend(monkeypatch, 3)

    def full(*_: object) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(measured, "remember", full)
    lines = _on(checkup(None, tmp_path, measure=True), "转写速度")
    assert lines[-1].level is Level.WARNING


def test_an_engine_or_model_that_is_not_there(tmp_path: Path) -> None:
    workspace = tmp_path / "ws"
    workspace.mkdir()
    for line, subject in (("engine: other", "转写引擎"), ("model: /no/such.pt", "转写模型")):
        (workspace / "qc.yaml").write_text(f"asr:\n  {line}\n", "utf-8")
        (result,) = _on(checkup(workspace, tmp_path, measure=True), subject)
        assert result.level is Level.BAD
        assert result.hint
    (workspace / "qc.yaml").write_text("asr:\n  engine: imported\n", "utf-8")
    (result,) = _on(checkup(workspace, tmp_path, measure=True), "转写引擎")
    assert result.level is Level.GOOD


def test_speed_is_that_of_full_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    class Hearing:
        def transcribe(self, windows: Sequence[Window]) -> list[list[Phrase]]:
            asked.append(len(windows))
            return [[] for _ in windows]

    monkeypatch.setattr(measuring, "open_transcriber", lambda config: Hearing())
    assert len(list(measuring.measure([AsrConfig(engine=OPENAI, precision="fast")], 60))) == 1
    assert asked[-1] == BATCHES["cpu"]


@pytest.mark.slow
def test_real_seconds(tmp_path: Path) -> None:
    """Measured on this machine: as many lines as candidates, each a cost that makes sense."""
    candidates = measuring.candidates(AsrConfig())
    found = list(measuring.measure(candidates, 600))
    assert [(m.engine, m.precision) for m in found] == [(c.engine, c.precision) for c in candidates]
    assert all(0.001 < m.cost < 10 for m in found)
