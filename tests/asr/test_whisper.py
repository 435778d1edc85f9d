"""The whisper engine on real speech: stock decoding's choices, the protocol's promises, no inventions."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest

from qc.asr.audio import RATE, Samples
from qc.asr.detect import SpeechDetector, SpeechOptions
from qc.asr.pack import windows
from qc.asr.transcriber import Piece, Transcriber, Window
from qc.asr.weights import find_model
from qc.asr.whisper_engine import precision
from qc.asr.whisper_engine.decode import Decoder
from qc.asr.whisper_engine.load import load
from qc.errors import UsageError
from qc.text.normalise import simplify

pytestmark = pytest.mark.asr


@pytest.fixture(scope="module")
def packed(call: Samples) -> list[Window]:
    """A call: a window for the agent, one for the customer."""
    detector = SpeechDetector(2)
    detector.feed(call)
    return list(windows([call], detector.spans(SpeechOptions())))


def test_same_tokens_as_stock_greedy_decoding(packed: list[Window]) -> None:
    import torch
    import whisper
    from whisper.tokenizer import get_tokenizer

    model = load(find_model("base"), "fp32")
    tokenizer = get_tokenizer(True, num_languages=model.whisper.num_languages, language="zh", task="transcribe")
    ours = Decoder(model, tokenizer).decode([w.samples for w in packed])
    mel = torch.stack([whisper.log_mel_spectrogram(whisper.pad_or_trim(w.samples)) for w in packed])
    stock = whisper.decode(model.whisper, mel, whisper.DecodingOptions(language="zh", fp16=False))
    for mine, theirs in zip(ours, stock, strict=True):
        assert mine.complete
        assert mine.tokens == theirs.tokens
        assert np.mean(mine.logprobs) == pytest.approx(theirs.avg_logprob, abs=1e-3)
        assert mine.no_speech == pytest.approx(theirs.no_speech_prob, abs=1e-4)


def test_the_promises_of_a_transcriber(transcriber: Transcriber, packed: list[Window]) -> None:
    assert transcriber.name.startswith("openai-whisper ")
    assert transcriber.model_id.startswith("base@")
    assert transcriber.options_id
    found = transcriber.transcribe(packed)
    assert len(found) == len(packed)
    for window, phrases in zip(packed, found, strict=True):
        assert phrases
        assert all(a.end <= b.start for a, b in itertools.pairwise(phrases))
        for phrase in phrases:
            assert 0 <= phrase.start < phrase.end <= len(window.samples)
            assert 0.0 <= phrase.confidence <= 1.0
    assert transcriber.transcribe(packed) == found
    assert transcriber.transcribe([]) == []


def test_what_was_said_is_heard_where_it_was_said(transcriber: Transcriber, packed: list[Window]) -> None:
    for window, phrases in zip(packed, transcriber.transcribe(packed), strict=True):
        text = "".join(p.text for p in phrases)
        assert ("不便" if window.audio_channel == 0 else "没有电") in simplify(text)
        for phrase in phrases:
            assert any(q.offset <= phrase.start and phrase.end <= q.offset + q.length for q in window.pieces)


def test_speech_played_backwards_is_believed_less(transcriber: Transcriber, packed: list[Window]) -> None:
    window = packed[0]
    piece = Piece(offset=0, start=0, length=len(window.samples))
    backwards = Window(audio_channel=0, samples=window.samples[::-1].copy(), pieces=(piece,))
    for invented, heard in zip(*transcriber.transcribe([backwards, window]), strict=False):
        assert invented.confidence < heard.confidence - 0.2


def test_a_window_without_speech_does_not_break_it(transcriber: Transcriber) -> None:
    silent = np.zeros(3 * RATE, np.float32)
    window = Window(audio_channel=0, samples=silent, pieces=(Piece(offset=0, start=0, length=3 * RATE),))
    (phrases,) = transcriber.transcribe([window])
    assert all(p.confidence < 0.35 for p in phrases)


@pytest.mark.parametrize(
    ("asked", "flags", "resolved"),
    [
        ("auto", "fpu avx2 avx512_vnni avx512_bf16", precision.INT8_BF16),
        ("auto", "fpu avx2 avx512_vnni", precision.FP32),
        ("auto", "fpu sse2", precision.FP32),
        ("fast", "fpu avx2", precision.INT8),
        ("fast", "avx_vnni amx_bf16", precision.INT8_BF16),
        ("fp32", "avx512_vnni avx512_bf16", precision.FP32),
    ],
)
def test_precision_follows_the_processor(
    asked: str, flags: str, resolved: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tmp_path / "cpuinfo"
    info.write_text(f"processor\t: 0\nflags\t\t: {flags}\nbugs\t\t:\n")
    monkeypatch.setattr(precision, "_CPU_INFO", info)
    assert precision.resolve(asked) == resolved


def test_an_unknown_precision_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="int4"):
        precision.resolve("int4")


def test_eight_bit_products_are_close() -> None:
    import torch

    weight, bias = torch.randn(300, 64), torch.randn(300)
    x = torch.randn(5, 1, 64)
    exact = x @ weight.T + bias
    assert (precision.int8_product(weight, bias)(x) - exact).abs().max() < 0.05 * exact.abs().max()
