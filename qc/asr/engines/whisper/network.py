"""The forward passes of a whisper model, arranged for batches of windows with several beams each.

openai-whisper's own decoder repeats a window's cross-attention keys and values for every beam and copies them whenever
beams change places. Here beams are further query rows over the one copy that belongs to their window, so that a beam
of 5 costs little more memory traffic than greedy decoding, and only the short self-attention cache follows the beams.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qc.asr.engines.whisper.load import Model


class Encoder:
    """Mel spectrograms [windows, mels, 2 * frames] → features [windows, frames, width], in the precision of the
    weights. Unlike openai-whisper's own it takes fewer than 1500 frames: the work is in proportion to the length."""

    def __init__(self, model: Model) -> None:
        import torch

        self._encoder = model.whisper.encoder
        self._n_head: int = model.whisper.dims.n_audio_head
        self._dtype = self._encoder.conv1.weight.dtype
        self._in_heads = model.device == "cpu" and self._dtype == torch.bfloat16

    def __call__(self, mel: Any) -> Any:
        from torch.nn.functional import gelu

        encoder = self._encoder
        x = gelu(encoder.conv2(gelu(encoder.conv1(mel.to(self._dtype))))).transpose(1, 2)
        x = (x + encoder.positional_embedding[: x.shape[1]]).to(x.dtype)
        for block in encoder.blocks:
            if not self._in_heads:
                x = block(x)
                continue
            h, attn = block.attn_ln(x), block.attn
            x = x + attn.out(self._attend(attn.query(h), attn.key(h), attn.value(h)))
            x = x + block.mlp(block.mlp_ln(x))
        return encoder.ln_post(x)

    def _attend(self, queries: Any, keys: Any, values: Any) -> Any:
        """Attention of each window and head by itself, in buffers that stay in the processor's cache: in bfloat16 1.6
        times as fast as torch's fused kernel, which is not made for the instructions that processors have for it."""
        import torch

        out = torch.empty_like(queries)
        frames, width = queries.shape[1], queries.shape[2] // self._n_head
        scores, weights = queries.new_empty(2, frames, frames)
        for window, q in enumerate(queries * width**-0.5):
            for at in range(0, queries.shape[2], width):
                head = slice(at, at + width)
                torch.mm(q[:, head], keys[window, :, head].t(), out=scores)
                torch.softmax(scores, -1, out=weights)
                torch.mm(weights, values[window, :, head], out=out[window, :, head])
        return out


class Cache:
    """Keys and values of the decoder's layers: `cross` over the audio, one per window; `own` over the tokens, one per
    window and beam. Rows of a batch are numbered window by window: window * beams + beam."""

    def __init__(self, model: Model, features: Sequence[Any], beams: int, longest: int) -> None:
        """`features`: of each window [frames, width]; at most `longest` tokens will be fed."""
        import torch

        decoder = model.whisper.decoder
        self._n_head: int = model.whisper.dims.n_text_head
        self.dtype = decoder.token_embedding.weight.dtype
        self.windows, width = len(features), features[0].shape[1]
        lengths = torch.tensor([len(own) for own in features], device=features[0].device)
        frames = int(lengths.max())
        behind = torch.arange(frames, device=lengths.device) >= lengths[:, None]
        self._behind = torch.zeros(behind.shape, device=lengths.device).masked_fill(behind, -torch.inf)
        self.beams = 1  # until `spread`
        self.length = 0
        depth = width // self._n_head
        shape = (self.windows, self._n_head, frames, depth)
        self._cross = []
        for block in decoder.blocks:
            keys, values = features[0].new_zeros(shape), features[0].new_zeros(shape)
            for window, own in enumerate(features):  # the layer's own output is as large as what we keep of it
                x = own[None].to(self.dtype)
                keys[window, :, : len(own)] = self.heads(block.cross_attn.key(x))[0]
                values[window, :, : len(own)] = self.heads(block.cross_attn.value(x))[0]
            self._cross.append((keys, values))
        self._own = torch.zeros(
            len(decoder.blocks), 2, self.windows, beams, self._n_head, longest, depth,
            dtype=self.dtype, device=lengths.device,
        )  # fmt: skip

    def heads(self, x: Any) -> Any:
        """[rows, n, width] → [rows, heads, n, depth]"""
        return x.unflatten(2, (self._n_head, -1)).transpose(1, 2)

    def cross(self, layer: int) -> tuple[Any, Any]:
        """Keys and values [windows, heads, frames, depth]."""
        keys, values = self._cross[layer]
        return keys[: self.windows], values[: self.windows]

    @property
    def behind(self) -> Any:
        """0.0 on the frames of each window, minus infinity on those that only longer windows have: [windows, 1, 1,
        frames], to be added before the softmax."""
        return self._behind[: self.windows, None, None]

    def append(self, layer: int, key: Any, value: Any) -> tuple[Any, Any]:
        """Adds the new positions [rows, n, width] of one layer; returns all so far [rows, heads, positions, depth]."""
        end = self.length + key.shape[1]
        own = self._own[layer, :, : self.windows, : self.beams]
        own[0, ..., self.length : end, :] = self.heads(key).unflatten(0, (self.windows, self.beams))
        own[1, ..., self.length : end, :] = self.heads(value).unflatten(0, (self.windows, self.beams))
        return own[0, ..., :end, :].flatten(0, 1), own[1, ..., :end, :].flatten(0, 1)

    def spread(self) -> None:
        """From one beam per window, which read the prompt, to all of them."""
        self._own[..., 1:, :, : self.length, :] = self._own[..., :1, :, : self.length, :]
        self.beams = self._own.shape[3]

    def copy(self, sources: Sequence[int], targets: Sequence[int]) -> None:
        """Rows `targets` go on from where rows `sources` are. No row is in both."""
        if targets:
            rows = self._own.flatten(2, 3)[..., : self.length, :]
            rows[:, :, list(targets)] = rows[:, :, list(sources)]

    def drop(self, window: int) -> None:
        """Forgets a window; the last one takes its place."""
        self.windows -= 1
        if window != self.windows:
            self._own[:, :, window, ..., : self.length, :] = self._own[:, :, self.windows, ..., : self.length, :]
            self._behind[window] = self._behind[self.windows]
            for pair in self._cross:
                for kept in pair:
                    kept[window] = kept[self.windows]


class TextDecoder:
    """Tokens → logits, and what the alignment heads look at."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._decoder = model.whisper.decoder
        heads = model.whisper.alignment_heads.to_dense()
        self._aligned = [row.nonzero().flatten().tolist() for row in heads]
        self._aligned_count = int(heads.sum())

    def __call__(self, tokens: Any, cache: Cache, keep: Sequence[int] = (-1,)) -> tuple[Any, Any]:
        """`tokens` [rows, n] → logits float32 [rows, len(keep), vocabulary] at the positions `keep`, and the attention
        of the last position as shares [windows, beams, frames] that sum to one."""
        from torch.nn.functional import scaled_dot_product_attention

        decoder = self._decoder
        past, length = cache.length, tokens.shape[1]
        x = decoder.token_embedding(tokens) + decoder.positional_embedding[past : past + length]
        x = x.to(cache.dtype)
        looks: Any = 0
        for i, block in enumerate(decoder.blocks):
            h = block.attn_ln(x)
            keys, values = cache.append(i, block.attn.key(h), block.attn.value(h))
            q = cache.heads(block.attn.query(h))
            own = scaled_dot_product_attention(q, keys, values, is_causal=length > 1)
            x = x + block.attn.out(own.transpose(1, 2).flatten(2))
            keys, values = cache.cross(i)
            q = block.cross_attn.query(block.cross_attn_ln(x)).to(keys.dtype)
            q = cache.heads(q.unflatten(0, (cache.windows, cache.beams)).flatten(1, 2))
            weights = (((q * q.shape[-1] ** -0.5) @ keys.transpose(2, 3)).float() + cache.behind).softmax(-1)
            seen = (weights.to(values.dtype) @ values).transpose(1, 2).flatten(2)
            x = x + block.cross_attn.out(seen.unflatten(1, (cache.beams, length)).flatten(0, 1).to(x.dtype))
            if self._aligned[i]:
                looks = looks + weights[:, self._aligned[i]].unflatten(2, (cache.beams, length))[..., -1, :].sum(1)
            x = x + block.mlp(block.mlp_ln(x))
        cache.length += length
        return self._model.lm_head(decoder.ln(x[:, list(keep)])).float(), looks / self._aligned_count
