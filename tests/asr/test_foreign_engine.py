"""Somebody else's engine may raise anything: the user is told whose fault it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from qc.asr.engines import registry
from qc.domain.config import AsrConfig
from qc.errors import UsageError

BODY = """
def identify(config): raise RuntimeError("what a customer said")
def open(config): raise OSError("what a customer said")
"""


@pytest.mark.parametrize(("ask", "kind"), [(registry.identify, "RuntimeError"), (registry.open_transcriber, "OSError")])
def test_a_failing_engine_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ask, kind: str) -> None:
    (tmp_path / "failing_asr.py").write_text(BODY, "utf-8")
    info = tmp_path / "failing_asr-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: failing-asr\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[qc.transcribers]\nfailing-asr = failing_asr\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UsageError, match=f"failing-asr 出错（{kind}") as error:
        ask(AsrConfig(engine="failing-asr"))
    assert "customer" not in error.value.render()
