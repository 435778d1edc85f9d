"""Which engine hears: by name, by entry point, by what is installed and what was measured."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from qc.asr.engines import measured
from qc.asr.engines import registry as engines
from qc.asr.engines.languages import CODES
from qc.asr.engines.measured import Measured
from qc.asr.engines.registry import FASTER, OPENAI, choose
from qc.asr.engines.whisper import precision
from qc.domain.config import AsrConfig
from qc.errors import UsageError


@pytest.fixture(autouse=True)
def _machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing measured, no GPU, both engines able, whatever this machine is."""
    monkeypatch.setenv("QC_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(measured, "_GPU_DRIVER", tmp_path / "no-driver")
    monkeypatch.setattr(measured, "_key", lambda config: f"{config.model} {config.preset}")
    monkeypatch.setattr(engines, "is_able", lambda name, config: True)


def test_auto_without_a_measurement() -> None:
    assert choose(AsrConfig()).config == AsrConfig(engine=OPENAI)
    accurate = choose(AsrConfig(preset="accurate"))
    assert accurate.config.engine == OPENAI
    assert "没有测过" in accurate.reason


def test_auto_takes_what_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "is_able", lambda name, config: name == FASTER)
    assert choose(AsrConfig()).config.engine == FASTER
    monkeypatch.setattr(engines, "is_able", lambda name, config: name == OPENAI)
    assert choose(AsrConfig(preset="accurate")).config.engine == OPENAI


def test_auto_with_a_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    driver = tmp_path / "version"
    driver.write_text("NVRM")
    monkeypatch.setattr(precision, "_has_cuda", lambda: True)
    monkeypatch.setattr(measured, "_GPU_DRIVER", driver)
    config = AsrConfig(preset="accurate")
    assert choose(config).config.engine == OPENAI
    assert "GPU" in choose(config).reason
    assert "GPU" not in choose(replace(config, device="cpu")).reason
    measured.remember(config, [Measured(engine=OPENAI, precision="fp32", cost=0.1)])  # of the processor
    assert choose(replace(config, engine=OPENAI)).config.precision == "auto"
    assert choose(replace(config, engine=OPENAI, device="cpu")).config.precision == "fp32"
    measured.remember(config, [])
    monkeypatch.setattr(precision, "_has_cuda", lambda: False)  # torch without CUDA: the GPU is no use
    assert "GPU" not in choose(config).reason


def test_auto_goes_by_what_was_measured() -> None:
    config = AsrConfig()
    measured.remember(
        config,
        [
            Measured(engine=OPENAI, precision="fp32", cost=0.2),
            Measured(engine=OPENAI, precision="fast", cost=0.1),
            Measured(engine=FASTER, precision="fast", cost=0.08),
        ],
    )
    assert choose(config).config == replace(config, engine=FASTER, precision="fast")
    assert "测速" in choose(config).reason
    assert choose(choose(config).config).config == choose(config).config
    # what the configuration settles stays settled
    assert choose(replace(config, engine=OPENAI)).config == replace(config, engine=OPENAI, precision="fast")
    assert choose(replace(config, precision="fp32")).config == replace(config, engine=OPENAI, precision="fp32")
    # measured for this model and preset only
    assert choose(replace(config, model="small")).config == replace(config, model="small", engine=OPENAI)


def test_noise_does_not_decide_who_hears() -> None:
    """openai-whisper makes fewer errors: it hears where another is only a little cheaper, in its own cheapest way."""
    ways = [Measured(engine=OPENAI, precision=p, cost=c) for p, c in (("fp32", 0.104), ("fast", 0.1))]
    measured.remember(AsrConfig(), [*ways, Measured(engine=FASTER, precision="fast", cost=0.09)])
    assert choose(AsrConfig()).config == replace(AsrConfig(), engine=OPENAI, precision="fast")


def test_measurements_of_several_models_live_together_and_damage_is_forgotten() -> None:
    one, other = AsrConfig(), AsrConfig(preset="accurate")
    file = measured.remember(one, [Measured(engine=OPENAI, precision="fp32", cost=0.2)])
    measured.remember(other, [Measured(engine=FASTER, precision="fast", cost=0.1)])
    assert [m.engine for c in (one, other) for m in measured.recall(c)] == [OPENAI, FASTER]
    for damage in ("{", "[]", json.dumps({"base fast": [{"engine": 1}]}), json.dumps({"base fast": 7})):
        file.write_text(damage)
        assert measured.recall(one) == []
        assert choose(one).config.engine == OPENAI
    measured.remember(one, [])


@pytest.mark.asr
def test_a_measurement_belongs_to_the_processor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    info = tmp_path / "cpuinfo"
    monkeypatch.setenv("QC_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(measured, "_CPU_INFO", info)
    info.write_text("model name\t: One\nflags\t: avx2\n")
    measured.remember(AsrConfig(), [Measured(engine=OPENAI, precision="fp32", cost=0.2)])
    assert measured.recall(AsrConfig())
    info.write_text("model name\t: One\nflags\t: avx2 avx512_bf16\n")
    assert not measured.recall(AsrConfig())


@pytest.mark.asr
def test_what_is_measured_follows_the_configuration() -> None:
    from qc.asr.engines.measuring import candidates

    def tried(config: AsrConfig) -> list[tuple[str, str]]:
        return [(c.engine, c.precision) for c in candidates(config)]

    assert set(tried(AsrConfig())) >= {(OPENAI, "fp32"), (OPENAI, "fast")}
    assert tried(AsrConfig(engine=FASTER)) == [(FASTER, "fast")]
    assert set(tried(AsrConfig(engine=OPENAI, precision="fp32"))) == {(OPENAI, "fp32")}


@pytest.mark.parametrize("engine", [OPENAI, FASTER])
def test_an_unknown_language_is_told_before_anything_is_loaded(engine: str) -> None:
    with pytest.raises(UsageError, match="没有这个语言：zz"):
        engines.identify(AsrConfig(engine=engine, language="zz"))


def test_an_unknown_engine_says_which_there_are() -> None:
    with pytest.raises(UsageError, match="不认识的转写引擎 other") as error:
        choose(AsrConfig(engine="other"))
    assert all(name in error.value.hint for name in ("auto", OPENAI, FASTER, "imported"))


def _package(folder: Path, body: str) -> None:
    """A package as pip would have installed it, with an entry point to its module."""
    (folder / "our_asr.py").write_text(body, "utf-8")
    info = folder / "our_asr-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: our-asr\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[qc.transcribers]\nour-asr = our_asr\n")


@pytest.mark.parametrize(
    ("body", "says"),
    [("import nothing_like_that", "载入失败（ModuleNotFoundError）"), ("def identify(config): ...", "不完整")],
)
def test_a_broken_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, says: str) -> None:
    _package(tmp_path, body)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "our_asr", raising=False)
    with pytest.raises(UsageError, match="our-asr") as error:
        choose(AsrConfig(engine="our-asr"))
    assert says in error.value.message
    assert "our_asr" in error.value.hint


def test_without_any_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "is_able", lambda name, config: False)
    monkeypatch.setattr(engines, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match="没有安装语音转写"):
        choose(AsrConfig())


@pytest.mark.asr
def test_ctranslate2_needs_no_torch() -> None:
    """Identity, loading and hearing, in a process where torch and whisper cannot be imported."""
    pytest.importorskip("faster_whisper")
    code = """
import sys
sys.modules["torch"] = sys.modules["whisper"] = None
from qc.asr.engines import conformance
from qc.asr.engines import registry as engines
from qc.domain.config import AsrConfig
config = AsrConfig(engine="faster-whisper")
transcriber = engines.open_transcriber(config)
(found,) = transcriber.transcribe(conformance.speech()[:1])
assert found
assert engines.identify(config).engine == transcriber.name
print(sorted({"torch", "whisper"} & {m for m, v in sys.modules.items() if v is not None}))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr


@pytest.mark.asr
def test_the_second_engine_keeps_to_the_processor_and_to_its_own_weights(tmp_path: Path) -> None:
    pytest.importorskip("faster_whisper")
    with pytest.raises(UsageError, match="只用 CPU"):
        engines.identify(AsrConfig(engine=FASTER, device="cuda"))
    checkpoint = tmp_path / "small.pt"
    checkpoint.write_bytes(b"PK\x03\x04 a checkpoint of torch")
    with pytest.raises(UsageError, match="读不了 small") as error:
        engines.identify(AsrConfig(engine=FASTER, model=str(checkpoint)))
    assert "download_model" in error.value.hint
    packed = tmp_path / "model.bin"
    packed.write_bytes(b"\x06\0\0\0rest")
    with pytest.raises(UsageError, match=r"缺文件：config\.json、tokenizer\.json"):
        engines.identify(AsrConfig(engine=FASTER, model=str(packed)))
    for name in ("config.json", "tokenizer.json", "vocabulary.json"):
        (tmp_path / name).write_text("{}")
    before = engines.identify(AsrConfig(engine=FASTER, model=str(packed)))
    (tmp_path / "tokenizer.json").write_text("{} ")
    assert engines.identify(AsrConfig(engine=FASTER, model=str(packed))).model != before.model
    with pytest.raises(UsageError, match="读不出转写模型"):
        engines.open_transcriber(AsrConfig(engine=FASTER, model=str(packed)))


def test_the_languages_are_those_of_whisper() -> None:
    assert frozenset(pytest.importorskip("whisper.tokenizer").LANGUAGES) == CODES
