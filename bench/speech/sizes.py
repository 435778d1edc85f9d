"""What a larger whisper model would cost on this processor, without having its weights.

How long a network computes depends on its size, not on what its weights say: each size is made with random weights, in
the precision qc would use, and one encoder pass and one decoder step over a batch are timed. How many windows and
tokens there are is counted once, with the base model, on recordings that are given. For base the sum of the parts is
held against what it really takes: that is the error of the method.

usage: OMP_NUM_THREADS=1 python bench/speech/sizes.py [--sizes base,small,…] AUDIO …
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from whisper.model import ModelDimensions, Whisper
from whisper.tokenizer import get_tokenizer

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from qc.asr.engines.whisper.decode import Decoder  # noqa: E402
from qc.asr.engines.whisper.load import Model, load  # noqa: E402
from qc.asr.engines.whisper.network import Cache, Encoder, TextDecoder  # noqa: E402
from qc.asr.engines.whisper.precision import INT8_BF16, int8_product, resolve, to_half, to_int8  # noqa: E402
from qc.asr.models.weights import find_model  # noqa: E402
from qc.asr.pack import windows  # noqa: E402
from qc.asr.sound.audio import RATE, open_audio  # noqa: E402
from qc.asr.sound.detect import SpeechDetector, SpeechOptions  # noqa: E402

BATCH = 8
SIZES = {
    # n_mels, width, heads, encoder layers, decoder layers, vocabulary: as OpenAI published them
    "base": (80, 512, 8, 6, 6, 51865),
    "small": (80, 768, 12, 12, 12, 51865),
    "medium": (80, 1024, 16, 24, 24, 51865),
    "large-v3": (128, 1280, 20, 32, 32, 51866),
    "large-v3-turbo": (128, 1280, 20, 32, 4, 51866),
}


def main() -> None:
    args = _arguments()
    torch.set_num_threads(1)
    precision = resolve("auto")
    speech = _windows(args.audio)
    audio = sum(open_audio(path).promised_s for path in args.audio)
    base = load(find_model("base"), precision)
    tokenizer = get_tokenizer(True, num_languages=99, language="zh", task="transcribe")
    print(f"{audio:.0f} s of recordings, {len(speech)} windows with speech, precision {precision}, one thread")
    for beams in (1, 5):
        begun = time.process_time()
        batches = [Decoder(base, tokenizer, beams).decode(speech[i : i + BATCH]) for i in range(0, len(speech), BATCH)]
        took = time.process_time() - begun
        steps = [sorted((len(d.tokens) for d in batch), reverse=True) for batch in batches]
        print(f"\n{'beam of 5' if beams > 1 else 'greedy'}: base really takes {took:.1f} CPU s")
        print(f"{'size':16}{'encoder':>10}{'step':>10}{'CPU s':>10}{'audio h per core-hour':>24}")
        for size in args.sizes.split(","):
            model = base if size == "base" else _random(SIZES[size], precision)
            encoder, step = _costs(model, beams)
            # windows are encoded in their own length and a second; a step costs what its rows cost, and windows that
            # are done leave: half is fixed, half goes with the rows
            filled = sum(min(len(w) / RATE + 1, 30) / 30 for w in speech)
            total = filled * encoder + sum(
                step * (0.5 + 0.5 * sum(n > i for n in batch) / BATCH) for batch in steps for i in range(batch[0])
            )
            print(f"{size:16}{encoder:9.2f} s{step * 1000:7.0f} ms{total:10.1f}{audio / total:20.1f}", flush=True)
            del model


def _windows(paths: list[Path]) -> list[torch.Tensor]:
    out = []
    for path in paths:
        audio = open_audio(path)
        detector = SpeechDetector(audio.channels)
        for block in audio.blocks():
            detector.feed(block)
        out += [w.samples for w in windows(audio.blocks(), detector.spans(SpeechOptions()))]
    return sorted(out, key=len, reverse=True)


def _random(size: tuple[int, ...], precision: str) -> Model:
    mels, width, heads, encoders, decoders, vocabulary = size
    dims = ModelDimensions(mels, 1500, width, heads, encoders, vocabulary, 448, width, heads, decoders)
    whisper = Whisper(dims).eval().requires_grad_(False)
    for parameter in whisper.parameters():
        torch.nn.init.normal_(parameter, std=0.02)
    embedding = whisper.decoder.token_embedding.weight
    if precision == INT8_BF16:
        to_half(whisper.encoder, torch.bfloat16)
    if precision == "fp32":
        return Model(whisper, lambda x: torch.nn.functional.linear(x, embedding), "cpu")
    to_int8(whisper.decoder)
    return Model(whisper, int8_product(embedding, None), "cpu")


def _costs(model: Model, beams: int) -> tuple[float, float]:
    """CPU seconds of the encoder for one window, and of a decoder step for a full batch with 40 tokens before it."""
    dims = model.whisper.dims
    encoder, decoder = Encoder(model), TextDecoder(model)
    mel = torch.randn(1, dims.n_mels, 3000)
    with torch.inference_mode():
        encoding = _median(lambda: encoder(mel), 3)
        features = encoder(mel).expand(BATCH, -1, -1).contiguous()
        cache = Cache(model, features, beams, 64)
        decoder(torch.randint(0, 50000, (BATCH, 40)), cache)
        if beams > 1:
            cache.spread()
        tokens = torch.randint(0, 50000, (BATCH * beams, 1))
        stepping = _median(lambda: decoder(tokens, cache), 7)
        # keys and values of the audio are made once per window, by the cache
        making = _median(lambda: Cache(model, features[:1], beams, 64), 3)
    return encoding + making, stepping


def _median(work: Callable[[], object], times: int) -> float:
    work()
    taken = []
    for _ in range(times):
        begun = time.process_time()
        work()
        taken.append(time.process_time() - begun)
    return statistics.median(taken)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("audio", nargs="+", type=Path)
    parser.add_argument("--sizes", default=",".join(SIZES))
    return parser.parse_args()


if __name__ == "__main__":
    main()
