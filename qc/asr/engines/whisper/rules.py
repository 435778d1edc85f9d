"""Which tokens may come next, and how likely each is: whisper's own rules over a whole batch at once.

As `SuppressTokens`, `SuppressBlank` and `ApplyTimestampRules` of whisper.decoding: timestamps come in pairs, never fall
back, and are taken when all of them together are likelier than the likeliest word.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from qc.asr.engines.whisper.search import Scores, Tokens

MAX_FIRST_TIMESTAMP = 50
"""A window begins with speech: its first timestamp lies within one second (in steps of 20 ms)."""


class Rules:
    """The rules of one tokenizer, as tensors on `device`."""

    def __init__(self, tokenizer: Any, device: str) -> None:
        import torch

        self._begin: int = tokenizer.timestamp_begin
        self._eot: int = tokenizer.eot
        banned = {*tokenizer.non_speech_tokens, tokenizer.transcribe, tokenizer.translate, tokenizer.sot}
        banned |= {tokenizer.sot_prev, tokenizer.sot_lm, tokenizer.no_speech, tokenizer.no_timestamps}
        self._banned = torch.tensor(sorted(banned), device=device)

    def likeliest(self, logits: Any, written: Tokens, k: int) -> tuple[Tokens, Scores]:
        """The `k` likeliest next tokens of each row, likeliest first, and their log probabilities, both [rows, k].
        `logits` [rows, vocabulary] are overwritten; `written` [rows, length]: what stands there already."""
        import torch

        text, stamps = logits[:, : self._begin], logits[:, self._begin :]
        if not written.shape[1]:
            stamps[:, MAX_FIRST_TIMESTAMP + 1 :] = -torch.inf
            return _numpy(*_top(stamps.log_softmax(-1), k, self._begin))
        text.index_fill_(1, self._banned, -torch.inf)
        least, must_stamp = self._timestamps(written, stamps.shape[1])
        order = torch.arange(stamps.shape[1], device=logits.device)
        stamps.masked_fill_(order < torch.from_numpy(least).to(logits.device)[:, None], -torch.inf)
        if must_stamp.any():
            text[torch.from_numpy(must_stamp).to(logits.device), : self._eot] = -torch.inf
        words, word_ids = _top(text, k)
        marks, mark_ids = _top(stamps, k, self._begin)
        stamp_sum, text_sum = stamps.logsumexp(-1, keepdim=True), text.logsumexp(-1, keepdim=True)
        only_marks = stamp_sum > words[:, :1]
        total = torch.where(only_marks, stamp_sum, torch.logaddexp(stamp_sum, text_sum))
        both = torch.cat([words.masked_fill(only_marks, -torch.inf), marks], 1) - total
        best, at = _top(both, k)
        return _numpy(best, torch.cat([word_ids, mark_ids], 1).gather(1, at))

    def _timestamps(self, written: Tokens, count: int) -> tuple[Any, Any]:
        """Per row: how many of the first of the `count` timestamps may not come, and whether words may not."""
        stamped = written[:, -1] >= self._begin
        opens = stamped & (written[:, -2] < self._begin if written.shape[1] > 1 else False)
        latest = written.max(1) - self._begin  # timestamps have the greatest numbers and never fall
        return np.where(stamped & ~opens, count, np.maximum(latest + ~opens, 0)), opens


def _top(values: Any, k: int, first: int = 0) -> tuple[Any, Any]:
    """The `k` greatest of each row and their numbers, counted from `first`."""
    best, at = values.max(-1, keepdim=True) if k == 1 else values.topk(k)
    return best, at + first


def _numpy(logprobs: Any, tokens: Any) -> tuple[Tokens, Scores]:
    return tokens.cpu().numpy(), logprobs.double().cpu().numpy()
