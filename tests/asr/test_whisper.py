"""The whisper engine on real speech: stock decoding's choices, the protocol's promises, no inventions."""

from __future__ import annotations

import copy
import itertools
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qc.asr.engines.transcriber import Piece, Transcriber, Window
from qc.asr.engines.whisper import precision
from qc.asr.engines.whisper.decode import Decoder
from qc.asr.engines.whisper.engine import WhisperOptions, WhisperTranscriber
from qc.asr.engines.whisper.load import Model, load
from qc.asr.engines.whisper.network import Encoder
from qc.asr.engines.whisper.precision import to_half
from qc.asr.models.weights import find_model
from qc.asr.pack import place, windows
from qc.asr.sound.audio import RATE, Samples
from qc.asr.sound.detect import SpeechDetector, SpeechOptions
from qc.errors import UsageError
from qc.text.normalise import simplify

pytestmark = pytest.mark.asr


@pytest.fixture(scope="module")
def packed(call: Samples) -> list[Window]:
    """A call: a window for the agent, one for the customer."""
    detector = SpeechDetector(2)
    detector.feed(call)
    return list(windows([call], detector.spans(SpeechOptions())))


@pytest.fixture(scope="module")
def plain() -> Model:
    """The model in 32-bit floats."""
    return load(find_model("base"), "fp32")


@pytest.fixture(scope="module")
def tokenizer(plain: Model) -> Any:
    from whisper.tokenizer import get_tokenizer

    return get_tokenizer(True, num_languages=plain.whisper.num_languages, language="zh", task="transcribe")


@pytest.mark.slow
@pytest.mark.parametrize(("beams", "prompt"), [(1, ""), (5, ""), (5, "国家电网，停电")])
def test_same_tokens_as_stock_decoding(
    packed: list[Window], plain: Model, tokenizer: Any, beams: int, prompt: str
) -> None:
    import torch
    import whisper

    before = tokenizer.encode(" " + prompt) if prompt else ()
    heard = [w.samples for w in packed] if beams == 1 else [packed[1].samples[: 4 * RATE]]  # stock beam search is slow
    # to 30 s, as stock decoding wants it: ours alone would encode no more than the window and a second of silence
    full = [whisper.pad_or_trim(samples) for samples in heard]
    ours = Decoder(plain, tokenizer, beams, before).decode(full)
    for samples, mine in zip(full, ours, strict=True):
        mel = whisper.log_mel_spectrogram(torch.from_numpy(samples))
        options = whisper.DecodingOptions(
            language="zh", fp16=False, beam_size=beams if beams > 1 else None, prompt=prompt or None
        )
        theirs = whisper.decode(plain.whisper, mel, options)
        assert mine.complete
        assert mine.tokens == theirs.tokens
        assert sum(mine.logprobs) / (len(mine.tokens) + 1) == pytest.approx(theirs.avg_logprob, abs=1e-3)
        assert mine.no_speech == pytest.approx(theirs.no_speech_prob, abs=1e-4)
        assert mine.attention.shape[0] == len(mine.tokens)
        assert mine.attention.sum(1) == pytest.approx(np.ones(len(mine.tokens)), abs=1e-3)


@pytest.mark.slow
def test_windows_do_not_disturb_each_other(packed: list[Window], plain: Model, tokenizer: Any) -> None:
    """Windows of different length end at different steps: what is left of the batch goes on as if it were alone."""
    import torch

    decoder = Decoder(plain, tokenizer, 2)
    short = [packed[0].samples[: 2 * RATE], packed[1].samples, packed[0].samples[: 4 * RATE]]
    with torch.inference_mode():
        features = decoder._encode(short)
        together = decoder._search(features, [60, 60, 5])
        alone = [decoder._search([features[i]], [limit])[0] for i, limit in enumerate([60, 60, 5])]
    assert len({len(own) for own in features}) == 3  # each in its own length
    assert [d.tokens for d in together] == [d.tokens for d in alone]
    assert [len(d.tokens) for d in together] != [len(together[0].tokens)] * 3
    for mine, own in zip(together, alone, strict=True):
        assert mine.logprobs == pytest.approx(own.logprobs, abs=1e-3)
        frames = own.attention.shape[1]
        assert np.allclose(mine.attention[:, :frames], own.attention, atol=1e-3)
        assert not mine.attention[:, frames:].any()


@pytest.mark.slow
def test_half_precision_throughout_hears_the_same(packed: list[Window], plain: Model, tokenizer: Any) -> None:
    """What a GPU computes in, tried on the processor."""
    import torch

    whisper = copy.deepcopy(plain.whisper)
    to_half(whisper, torch.bfloat16)
    head = whisper.decoder.token_embedding.weight
    model = Model(whisper, lambda x: torch.nn.functional.linear(x, head), "cpu")
    samples = packed[1].samples
    (half,), (full,) = (Decoder(m, tokenizer, 2).decode([samples]) for m in (model, plain))
    alike = SequenceMatcher(None, tokenizer.decode(half.tokens), tokenizer.decode(full.tokens)).ratio()
    assert alike > 0.8
    assert sum(half.logprobs) == pytest.approx(sum(full.logprobs), abs=0.25 * len(full.tokens))


def test_attention_head_by_head_is_attention(plain: Model) -> None:
    import torch

    encoder = Encoder(plain)
    queries, keys, values = torch.randn(3, 2, 40, 512)
    expected = torch.nn.functional.scaled_dot_product_attention(
        *(x.unflatten(2, (8, 64)).transpose(1, 2) for x in (queries, keys, values))
    )
    assert torch.allclose(encoder._attend(queries, keys, values), expected.transpose(1, 2).flatten(2), atol=1e-4)


@pytest.mark.slow
def test_word_times_lie_in_their_phrases(packed: list[Window], plain: Model, tokenizer: Any) -> None:
    options = WhisperOptions(precision="fp32", word_times=True)
    assert "words" in options.id
    transcriber = WhisperTranscriber(find_model("base"), options)
    for window, phrases in zip(packed, transcriber.transcribe(packed), strict=True):
        for phrase, segment in zip(phrases, place(window, phrases), strict=True):
            spoken = "".join(phrase.text[w.first : w.last] for w in phrase.words)
            assert spoken == "".join(c for c in phrase.text if c.isalnum())
            assert phrase.words[0].start == phrase.start
            assert phrase.words[-1].end == phrase.end
            assert all(a.end == b.start for a, b in itertools.pairwise(phrase.words))
            assert segment.start_ms <= segment.words[0].start_ms <= segment.words[-1].end_ms <= segment.end_ms


def test_what_moves_the_output_is_in_the_options() -> None:
    ids = {
        WhisperOptions(**changed).id
        for changed in (
            {},
            {"beam_size": 5},
            {"batch_size": 4},
            {"device": "cuda", "precision": "fp16"},
            {"word_times": True},
            {"prompt": "电e宝"},
            {"prompt": "退保"},
        )
    }
    assert len(ids) == 7
    assert WhisperOptions(device="cuda", precision="fp16").id.startswith("zh,b8,cuda,fp16,greedy")


def test_it_says_what_it_is(transcriber: Transcriber) -> None:
    """What every engine promises besides is tried in test_conformance.py."""
    assert transcriber.name.startswith("openai-whisper ")
    assert transcriber.model_id.startswith("base@")


def test_what_was_said_is_heard_where_it_was_said(transcriber: Transcriber, packed: list[Window]) -> None:
    for window, phrases in zip(packed, transcriber.transcribe(packed), strict=True):
        text = "".join(p.text for p in phrases)
        assert ("抱歉给您带来" if window.audio_channel == 0 else "没有电") in simplify(text)
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


@pytest.mark.parametrize(
    ("asked", "driver", "cuda", "device"),
    [
        ("auto", False, True, "cpu"),
        ("auto", True, True, "cuda"),
        ("auto", True, False, "cpu"),
        ("cpu", True, True, "cpu"),
        ("cuda", False, True, "cuda"),
    ],
)
def test_the_gpu_is_used_where_there_is_one(
    asked: str, driver: bool, cuda: bool, device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "has_gpu", lambda: driver)
    monkeypatch.setattr("torch.cuda.is_available", lambda: cuda)
    assert precision.resolve_device(asked) == device
    assert precision.resolve("auto", "cuda") == precision.FP16
    assert precision.resolve("fp32", "cuda") == precision.FP32


def test_a_gpu_that_is_not_there_is_a_usage_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(UsageError, match="cuda"):
        precision.resolve_device("cuda")
    with pytest.raises(UsageError, match="tpu"):
        precision.resolve_device("tpu")


def test_an_unknown_precision_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="int4"):
        precision.resolve("int4")


def test_eight_bit_products_are_close() -> None:
    import torch

    weight, bias = torch.randn(300, 64), torch.randn(300)
    x = torch.randn(5, 1, 64)
    exact = x @ weight.T + bias
    assert (precision.int8_product(weight, bias)(x) - exact).abs().max() < 0.05 * exact.abs().max()


def test_two_eight_bit_products_leave_only_the_rounding_of_what_goes_in() -> None:
    import torch

    weight, x = torch.randn(300, 64), torch.linspace(-1, 1, 256).round(decimals=1).reshape(4, 64)
    exact = x @ weight.T
    coarse = (precision.int8_product(weight, None)(x) - exact).abs().mean()
    assert (precision.fine_int8_product(weight)(x) - exact).abs().mean() < 0.8 * coarse
