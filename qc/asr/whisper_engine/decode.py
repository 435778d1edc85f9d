"""Batched greedy decoding with timestamp tokens.

The same choices as openai-whisper's own greedy decoder (a test compares them token by token), in a form that can
batch windows, drops finished ones, and keeps what the alignment heads look at: from that the engine knows which
stretch of speech each word was heard in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from qc.asr.audio import RATE, Samples
from qc.asr.whisper_engine.load import Model

MAX_FIRST_TIMESTAMP = 50
"""A window begins with speech: its first timestamp lies within one second (in steps of 20 ms)."""
TOKENS_PER_S = 10
"""Fast Mandarin is 7 characters a second of 1.3 tokens each; more is a loop."""


@dataclass(slots=True)
class Decoded:
    """One window's tokens without the end mark, their log probabilities, and per token the share of attention on
    each 20 ms frame. `no_speech`: probability that there is none. `complete`: ended by itself."""

    no_speech: float
    tokens: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    attention: list[Samples] = field(default_factory=list)
    complete: bool = False


class Decoder:
    """Greedy decoder for one model and language."""

    def __init__(self, model: Model, tokenizer: Any) -> None:
        import torch

        self._model = model
        self._whisper = model.whisper
        self._tokenizer = tokenizer
        self._begin: int = tokenizer.timestamp_begin
        self._eot: int = tokenizer.eot
        vocabulary = self._whisper.dims.n_vocab
        self._suppress = torch.zeros(vocabulary)
        banned = {*tokenizer.non_speech_tokens, tokenizer.transcribe, tokenizer.translate, tokenizer.sot}
        banned |= {tokenizer.sot_prev, tokenizer.sot_lm, tokenizer.no_speech, tokenizer.no_timestamps}
        self._suppress[sorted(banned)] = -torch.inf
        heads = self._whisper.alignment_heads.to_dense()
        self._aligned = [row.nonzero().flatten() for row in heads]
        self._aligned_count = int(heads.sum())

    def encode(self, samples: Samples) -> Any:
        """One window of at most 30 s → features [1, 1500, d]."""
        import torch
        from whisper.audio import N_SAMPLES, log_mel_spectrogram, pad_or_trim

        with torch.inference_mode():
            mel = log_mel_spectrogram(pad_or_trim(samples, N_SAMPLES), self._whisper.dims.n_mels)
            dtype = self._whisper.encoder.conv1.weight.dtype
            return self._whisper.encoder(mel[None].to(dtype))

    def decode(self, windows: Sequence[Samples]) -> list[Decoded]:
        """All windows as one batch."""
        import torch

        with torch.inference_mode():
            features = torch.cat([self.encode(samples) for samples in windows])
            limits = [min(int(len(s) / RATE * TOKENS_PER_S) + 16, self._whisper.dims.n_text_ctx - 8) for s in windows]
            return self._run(features, limits)

    def _run(self, features: Any, limits: list[int]) -> list[Decoded]:
        import torch

        start = list(self._tokenizer.sot_sequence)
        cache = _Cache(self._whisper, features, len(start) + max(limits))
        tokens = torch.tensor([start] * len(features))
        logits, attention = self._forward(tokens, cache, keep=(0, len(start) - 1))
        no_speech = logits[:, 0].softmax(-1)[:, self._tokenizer.no_speech].tolist()
        out = [Decoded(no_speech=p) for p in no_speech]
        logits = logits[:, -1]
        rows = list(range(len(out)))  # rows[i]: the window in row i of the batch
        while True:
            logits = logits + self._suppress
            for row, own in enumerate(rows):
                self._apply_timestamp_rules(logits[row], out[own].tokens)
            chosen = logits.argmax(-1)
            logprobs = logits.gather(1, chosen[:, None])[:, 0] - logits.logsumexp(-1)
            looks = attention.numpy()
            for row, (own, token, logprob) in enumerate(zip(rows, chosen.tolist(), logprobs.tolist(), strict=True)):
                result = out[own]
                if result.complete or len(result.tokens) >= limits[own]:
                    continue
                if token == self._eot:
                    result.complete = True
                    result.logprobs.append(logprob)
                else:
                    result.tokens.append(token)
                    result.logprobs.append(logprob)
                    result.attention.append(looks[row].copy())
                    if _is_stuck(result.tokens):
                        limits[own] = len(result.tokens)
            alive = [r for r, own in enumerate(rows) if not out[own].complete and len(out[own].tokens) < limits[own]]
            if not alive:
                return out
            if len(alive) <= len(rows) // 2:
                rows = [rows[r] for r in alive]
                chosen = chosen[alive]
                cache.keep(alive)
            logits, attention = self._forward(chosen[:, None], cache, keep=(0,))
            logits = logits[:, 0]

    def _apply_timestamp_rules(self, logits: Any, tokens: Sequence[int]) -> None:
        """As whisper.decoding.ApplyTimestampRules and SuppressBlank: timestamps come in pairs and never fall back."""
        import torch

        begin = self._begin
        if not tokens:
            logits[:begin] = -torch.inf
            logits[begin + MAX_FIRST_TIMESTAMP + 1 :] = -torch.inf
            return
        stamped = tokens[-1] >= begin
        pair_open = stamped and len(tokens) > 1 and tokens[-2] < begin
        if stamped and not pair_open:
            logits[begin:] = -torch.inf
        elif stamped:
            logits[: self._eot] = -torch.inf
        last = max((t for t in tokens if t >= begin), default=begin)
        logits[begin : last if pair_open else last + 1] = -torch.inf
        if logits[begin:].logsumexp(-1) > logits[:begin].max():
            logits[:begin] = -torch.inf

    def _forward(self, tokens: Any, cache: _Cache, keep: Sequence[int]) -> tuple[Any, Any]:
        """Logits [rows, len(keep), vocabulary] at the positions `keep`, attention [rows, frames] at the last."""
        import torch
        from torch.nn.functional import scaled_dot_product_attention

        decoder = self._whisper.decoder
        past, length = cache.length, tokens.shape[1]
        x = decoder.token_embedding(tokens) + decoder.positional_embedding[past : past + length]
        looks = torch.zeros(len(tokens), cache.cross[0][0].shape[2])
        for i, block in enumerate(decoder.blocks):
            h = block.attn_ln(x)
            keys, values = cache.append(i, block.attn.key(h), block.attn.value(h))
            q = cache.heads(block.attn.query(h))
            x = x + block.attn.out(cache.flat(scaled_dot_product_attention(q, keys, values, is_causal=length > 1)))
            keys, values = cache.cross[i]
            q = cache.heads(block.cross_attn.query(block.cross_attn_ln(x))).to(keys.dtype)
            weights = (q @ keys.transpose(2, 3)).float().mul_(q.shape[-1] ** -0.5).softmax(-1)
            x = x + block.cross_attn.out(cache.flat(weights.to(values.dtype) @ values).float())
            if len(self._aligned[i]):
                looks += weights[:, self._aligned[i], -1].sum(1)
            x = x + block.mlp(block.mlp_ln(x))
        cache.length += length
        return self._model.lm_head(decoder.ln(x[:, list(keep)])), looks / self._aligned_count


def _is_stuck(tokens: Sequence[int]) -> bool:
    """Whether the last 48 tokens are nothing but repetitions of at most 12."""
    tail = tokens[-48:]
    return len(tail) == 48 and any(tail[period:] == tail[:-period] for period in range(1, 13))


class _Cache:
    """Keys and values of the decoder's layers: `cross` over the audio, and a growing part over the tokens."""

    def __init__(self, whisper: Any, features: Any, longest: int) -> None:
        import torch

        self._n_head: int = whisper.dims.n_text_head
        self.length = 0
        self.cross = []
        self._own = []
        rows, frames, width = features.shape
        shape = (rows, self._n_head, longest, width // self._n_head)
        for block in whisper.decoder.blocks:
            keys, values = (torch.empty(rows, self._n_head, frames, shape[3], dtype=features.dtype) for _ in range(2))
            for row in range(rows):  # one at a time: the layer's own output is as large as what we keep
                own = features[row : row + 1].float()
                keys[row] = self.heads(block.cross_attn.key(own))[0]
                values[row] = self.heads(block.cross_attn.value(own))[0]
            self.cross.append((keys, values))
            self._own.append((torch.zeros(shape), torch.zeros(shape)))

    def heads(self, x: Any) -> Any:
        """[rows, n, d] → [rows, heads, n, d / heads]"""
        return x.unflatten(2, (self._n_head, -1)).transpose(1, 2)

    def flat(self, x: Any) -> Any:
        return x.transpose(1, 2).flatten(2)

    def append(self, layer: int, key: Any, value: Any) -> tuple[Any, Any]:
        """Adds the new positions of one layer; returns all so far."""
        keys, values = self._own[layer]
        end = self.length + key.shape[1]
        keys[:, :, self.length : end] = self.heads(key)
        values[:, :, self.length : end] = self.heads(value)
        return keys[:, :, :end], values[:, :, :end]

    def keep(self, rows: Sequence[int]) -> None:
        """Drops every other row, layer by layer: two copies of everything would be the peak of our memory."""
        for i in range(len(self.cross)):
            self.cross[i] = _rows(self.cross[i], rows)
            self._own[i] = _rows(self._own[i], rows)


def _rows(pair: tuple[Any, Any], rows: Sequence[int]) -> tuple[Any, Any]:
    return pair[0][rows], pair[1][rows]
