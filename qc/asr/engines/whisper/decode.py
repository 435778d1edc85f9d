"""Windows of speech → tokens with timestamps, their probabilities, and where the model looked while writing them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from qc.asr.engines.align import FRAME
from qc.asr.engines.fluency import Fluency
from qc.asr.engines.tokens import SILENCE, most_tokens
from qc.asr.engines.whisper.load import Model
from qc.asr.engines.whisper.network import Cache, Encoder, TextDecoder
from qc.asr.engines.whisper.rules import Rules
from qc.asr.engines.whisper.search import Beams
from qc.asr.sound.audio import Samples


@dataclass(frozen=True, slots=True)
class Decoded:
    """One window's tokens without the end mark, their log probabilities (one more where it was `complete`: ended by
    itself), and per token the share of attention on each 20 ms frame (float32 [tokens, frames],
    none on frames that only longer windows of the batch have). `no_speech`:
    probability that there is none."""

    no_speech: float
    tokens: list[int]
    logprobs: list[float]
    attention: Samples
    complete: bool


class Decoder:
    """For one model, language, beam width (1: greedy) and prompt."""

    def __init__(
        self,
        model: Model,
        tokenizer: Any,
        beams: int = 1,
        prompt: Sequence[int] = (),
        fluency: Fluency | None = None,
    ) -> None:
        """`prompt`: tokens the model shall believe were said before; the last of them that fit are used. `fluency`:
        what else counts between several beams."""
        self._model = model
        self._tokenizer = tokenizer
        self._beams, self._fluency = beams, fluency
        self._encoder, self._network = Encoder(model), TextDecoder(model)
        self._rules = Rules(tokenizer, model.device)
        context: int = model.whisper.dims.n_text_ctx
        before = [tokenizer.sot_prev, *prompt[-(context // 2 - 1) :]] if prompt else []
        self._start = [*before, *tokenizer.sot_sequence]
        self._sot = len(before)
        self._longest = context - len(self._start) - 1

    def decode(self, windows: Sequence[Samples]) -> list[Decoded]:
        """All windows (at most 30 s each) as one batch; as smaller ones where a GPU has no memory for it."""
        import torch

        limits = [min(most_tokens(len(s)), self._longest) for s in windows]
        try:
            with torch.inference_mode():
                return self._search(self._encode(windows), limits)
        except torch.cuda.OutOfMemoryError:
            if len(windows) == 1:
                raise
        half = len(windows) // 2
        return self.decode(windows[:half]) + self.decode(windows[half:])

    def _encode(self, windows: Sequence[Samples]) -> list[Any]:
        """Features of each window [frames, width]. On a processor each in its own length and by itself, for its caches
        hold no more; on a GPU, which is faster with one large batch, all in 30 s."""
        import torch
        from whisper.audio import N_SAMPLES, log_mel_spectrogram, pad_or_trim

        alone = self._model.device == "cpu"
        mels = [
            log_mel_spectrogram(
                pad_or_trim(s, min(-(-(len(s) + SILENCE) // FRAME) * FRAME, N_SAMPLES) if alone else N_SAMPLES),
                self._model.whisper.dims.n_mels,
                device=self._model.device,
            )
            for s in windows
        ]
        if alone:
            return [self._encoder(mel[None])[0] for mel in mels]
        return list(self._encoder(torch.stack(mels)))

    def _search(self, features: Sequence[Any], limits: Sequence[int]) -> list[Decoded]:
        import torch

        cache = Cache(self._model, features, self._beams, len(self._start) + max(limits))
        tokens = torch.tensor([self._start] * len(limits), device=self._model.device)
        logits, looks = self._network(tokens, cache, keep=(self._sot, -1))
        no_speech = logits[:, 0].softmax(-1)[:, self._tokenizer.no_speech].tolist()
        beams = [Beams(self._beams, limit, self._tokenizer.eot, self._fluency) for limit in limits]
        k = 1 if self._beams == 1 else self._beams + 1
        history = []
        out: list[Decoded | None] = [None] * len(limits)
        order = list(range(len(limits)))  # order[place]: the window in that place of the batch
        while True:
            history.append(looks.flatten(0, 1))
            written = np.concatenate([beams[own].tokens for own in order])
            candidates, logprobs = self._rules.likeliest(logits[:, -1], written, k)
            copies: list[tuple[int, int]] = []
            done = []
            for place, own in enumerate(order):
                first = place * cache.beams
                rows = slice(first, first + cache.beams)
                parents = beams[own].advance(candidates[rows], logprobs[rows], first)
                copies += [(first + p, first + beam) for beam, p in enumerate(parents) if p != beam]
                if beams[own].done:
                    done.append(place)
                    best = beams[own].best()
                    seen = torch.stack([history[step][row] for step, row in enumerate(best.rows)])
                    out[own] = Decoded(
                        no_speech[own], best.tokens, best.logprobs, seen.float().cpu().numpy(), best.complete
                    )
            if cache.beams < self._beams:
                cache.spread()
            else:
                cache.copy([source for source, _ in copies], [target for _, target in copies])
            for place in reversed(done):
                cache.drop(place)
                order[place] = order[-1]
                order.pop()
            if not order:
                return [decoded for decoded in out if decoded is not None]
            last = np.concatenate([beams[own].tokens[:, -1:] for own in order])
            logits, looks = self._network(torch.from_numpy(last).to(self._model.device), cache)
