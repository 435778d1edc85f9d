"""docs/engines.zh-CN.md: its example is an engine, registered as the page says and kept to its promises."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import pytest

from qc.asr.engines import conformance
from qc.asr.engines import registry as engines
from qc.asr.service import identify
from qc.domain.config import AsrConfig
from tests.docs.test_docs import ROOT, blocks

PAGE = "docs/engines.zh-CN.md"
FUNASR = '''
"""Stands in for FunASR, whose weights are not here: knows the sample call, and writes as SenseVoice does."""
from qc.asr.engines.conformance import speech

class AutoModel:
    def __init__(self, model, disable_update):
        assert model == "iic/SenseVoiceSmall"

    def generate(self, samples, language):
        known = any(samples.tobytes() == w.samples.tobytes() for w in speech())
        return [{"text": "<|zh|><|NEUTRAL|><|Speech|><|woitn|>" + ("我家突然没有电了麻烦看看" if known else "")}]
'''


@pytest.fixture
def _installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The example and a stand-in for FunASR, as pip would have put them there."""
    (tmp_path / "qc_sensevoice.py").write_text(blocks(PAGE, "python")[0], "utf-8")
    (tmp_path / "funasr.py").write_text(FUNASR, "utf-8")
    points = tomllib.loads(blocks(PAGE, "toml")[0])["project"]["entry-points"]["qc.transcribers"]
    for name, version in (("funasr", "1.2.7"), ("qc_sensevoice", "1.0")):
        info = tmp_path / f"{name}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        if name == "qc_sensevoice":
            lines = "\n".join(f"{key} = {value}" for key, value in points.items())
            (info / "entry_points.txt").write_text(f"[qc.transcribers]\n{lines}\n")
    monkeypatch.syspath_prepend(tmp_path)
    for module in ("qc_sensevoice", "funasr"):
        monkeypatch.delitem(sys.modules, module, raising=False)


@pytest.mark.usefixtures("_installed")
def test_the_example_is_found_by_its_name_and_keeps_its_promises() -> None:
    pytest.importorskip("onnxruntime")
    config = AsrConfig(engine="sensevoice")
    assert engines.choose(config).config == config
    assert identify(config).engine == "funasr 1.2.7"
    transcriber = conformance.check(engines.engine_of("sensevoice"), config)
    assert transcriber.transcribe(conformance.speech())[0][0].text == "我家突然没有电了麻烦看看"


@pytest.mark.usefixtures("_installed")
def test_the_check_of_the_page_runs() -> None:
    pytest.importorskip("onnxruntime")
    exec(blocks(PAGE, "python")[1], {})


def test_every_engine_of_ours_is_named() -> None:
    page = (ROOT / PAGE).read_text("utf-8")
    assert all(f"`{name}`" in page for name in (engines.AUTO, engines.OPENAI, engines.FASTER, engines.IMPORTED))
