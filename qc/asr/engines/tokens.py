"""What engines that decode like whisper share: how much they may write, what a prompt does, tokens → units of text."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from qc.asr.engines.align import Unit
from qc.asr.engines.rescue import NO_SPEECH, Heard
from qc.asr.sound.audio import RATE, Samples

TOKENS_PER_S = 10
"""Fast Mandarin is 7 characters a second of 1.3 tokens each; more is a loop."""
SPARE_TOKENS = 16
"""Allowed whatever the length: timestamps, marks."""
SILENCE = RATE
"""Silence behind a window. Whisper was trained on 30 s with silence to the end, but one second does: measured the same
character error rate within chance, and the encoder's work is in proportion to the length."""


def most_tokens(samples: int) -> int:
    """How many tokens a window of so many samples may bring."""
    return int(samples / RATE * TOKENS_PER_S) + SPARE_TOKENS


def units(tokens: Sequence[int], logprobs: Sequence[float], looks: Samples, tokenizer: Any) -> Iterator[Unit]:
    """The smallest texts that tokens spell, in order, with where each was heard and how surely.

    `tokens` with timestamps; `logprobs` and `looks` (float32 [n, frames]: shares of attention) of the n others only.
    `tokenizer`: whisper's or faster-whisper's.
    """
    begin: int = tokenizer.timestamp_begin
    at = segment = start = 0
    run: list[int] = []
    for token in [*tokens, begin]:
        if token < tokenizer.eot:
            run.append(token)
        elif token >= begin:
            if run:
                for text, group in zip(*tokenizer.split_tokens_on_unicode(run), strict=True):
                    own = slice(at, at + len(group))
                    at += len(group)
                    yield Unit(text.replace("\ufffd", ""), tuple(logprobs[own]), looks[own].mean(0), segment, start)
                segment += 1
                run = []
            start = (token - begin) * RATE // 50


def told(tokens: Sequence[int], complete: bool, tokenizer: Any) -> tuple[Sequence[int], bool, int | None]:
    """The tokens of a text to believe, whether they are complete, and the sample up to which they tell what was said
    (None: not known).

    A text that did not end by itself has lost itself in repetitions since its last timestamp; what stands before that
    one is as good as ever. A loop from the very beginning stays whole.
    """
    begin: int = tokenizer.timestamp_begin
    last = max((i for i, token in enumerate(tokens) if token >= begin), default=0)
    if not last or (complete and last + 1 < len(tokens)):
        return tokens, complete, None
    return tokens if complete else tokens[:last], True, (tokens[last] - begin) * RATE // 50


def doubted(heard: Heard, prompt: str) -> Heard:
    """Whisper writes a piece of the prompt where it hears nothing: such phrases are inventions."""
    said, before = ("".join(c for c in t if c.isalnum()) for t in ("".join(p.text for p in heard.phrases), prompt))
    if not said or said not in before or heard.no_speech <= NO_SPEECH:
        return heard
    return replace(heard, phrases=tuple(replace(p, confidence=0.0) for p in heard.phrases))


def prompt_id(prompt: str) -> str:
    """For an engine's `options_id`: empty without a prompt."""
    return f",prompt-{hashlib.sha256(prompt.encode()).hexdigest()[:8]}" if prompt else ""
