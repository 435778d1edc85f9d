"""openai-whisper behind the Transcriber protocol: batches, second attempts, and doubts about inventions."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib import metadata
from itertools import groupby

import numpy as np

from qc.asr.audio import RATE
from qc.asr.pack import part
from qc.asr.transcriber import Phrase, Window
from qc.asr.weights import INSTALL, ModelSource
from qc.asr.whisper_engine.align import Unit, phrases
from qc.asr.whisper_engine.decode import Decoded, Decoder
from qc.errors import UsageError

MIN_CHARS_PER_S = 1.2
"""Fewer characters per second of a piece of speech: greedy decoding stopped early or skipped it."""
MAX_COMPRESSION = 2.4
MIN_LOGPROB = -1.0
NO_SPEECH = 0.6
MIN_MISSED = RATE
"""Samples of speech without text that are worth a second attempt; less is a breath or a murmur."""
RETRIES = 2
VERSION = 2
"""Raised when a change here moves the output: transcripts made before are then not taken from the cache."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WhisperOptions:
    """`language` as whisper names it; `batch_size` windows are decoded together; `precision` as `resolve` gives it."""

    language: str = "zh"
    batch_size: int = 8
    precision: str = "fp32"

    @property
    def id(self) -> str:
        return f"{self.language},b{self.batch_size},{self.precision},greedy,v{VERSION}"


def engine_name() -> str:
    """The engine as lineage names it. Raises UsageError when it is not installed."""
    try:
        return f"openai-whisper {metadata.version('openai-whisper')}"
    except metadata.PackageNotFoundError:
        raise UsageError("没有安装语音转写的组件。", INSTALL) from None


class WhisperTranscriber:
    """Loading takes seconds and some 500 MB: one per worker process."""

    def __init__(self, source: ModelSource, options: WhisperOptions) -> None:
        from whisper.tokenizer import get_tokenizer

        from qc.asr.whisper_engine.load import load

        model = load(source, options.precision)
        self._options = options
        self._source = source
        self._tokenizer = get_tokenizer(
            True, num_languages=model.whisper.num_languages, language=options.language, task="transcribe"
        )
        self._decoder = Decoder(model, self._tokenizer)

    @property
    def name(self) -> str:
        return engine_name()

    @property
    def model_id(self) -> str:
        return self._source.id

    @property
    def options_id(self) -> str:
        return self._options.id

    def transcribe(self, windows: Sequence[Window]) -> list[list[Phrase]]:
        """Decodes. A window that came out too short, unsure or as a loop is cut in two at a pause and decoded again;
        so is, alone, a stretch of speech for which no text came out."""
        return self._attempt(windows, RETRIES)

    def _attempt(self, windows: Sequence[Window], retries: int) -> list[list[Phrase]]:
        out: list[list[Phrase]] = [[] for _ in windows]
        again: list[tuple[int, Window, int]] = []  # (owner, part of its window, where the part begins in it)
        order = sorted(range(len(windows)), key=lambda i: (-len(windows[i].samples), i))
        for at in range(0, len(order), self._options.batch_size):
            batch = order[at : at + self._options.batch_size]
            for i, decoded in zip(batch, self._decoder.decode([windows[i].samples for i in batch]), strict=True):
                out[i] = _judge(phrases(list(self._units(decoded)), windows[i].pieces), decoded)
                if retries:
                    again += [(i, *part(windows[i], a, b)) for a, b in _weak(windows[i], decoded, out[i])]
        again.sort(key=lambda a: (a[0], a[2]))
        if again:
            for (i, own, begin), found in zip(again, self._attempt([a[1] for a in again], retries - 1), strict=True):
                end = begin + len(own.samples)
                before = [p for p in out[i] if begin <= p.start and p.end <= end]
                if _chars(found) >= _chars(before):
                    out[i] = [p for p in out[i] if p not in before]
                    out[i] += [replace(p, start=p.start + begin, end=p.end + begin) for p in found]
        return [sorted(found, key=lambda p: p.start) for found in out]

    def _units(self, decoded: Decoded) -> Iterator[Unit]:
        begin = self._tokenizer.timestamp_begin
        segment, start = 0, 0
        run: list[int] = []
        for i, token in enumerate([*decoded.tokens, begin]):
            if token < begin:
                run.append(i)
                continue
            if run:
                yield from self._spell(decoded, run, segment, start)
                segment += 1
                run = []
            start = (token - begin) * RATE // 50

    def _spell(self, decoded: Decoded, run: Sequence[int], segment: int, start: int) -> Iterator[Unit]:
        texts, groups = self._tokenizer.split_tokens_on_unicode([decoded.tokens[i] for i in run])
        at = 0
        for text, group in zip(texts, groups, strict=True):
            own = run[at : at + len(group)]
            at += len(group)
            logprobs = tuple(decoded.logprobs[i] for i in own)
            attention = np.stack([decoded.attention[i] for i in own]).mean(0)
            yield Unit(text.replace("\ufffd", ""), logprobs, attention, segment, start)


def _weak(window: Window, decoded: Decoded, found: Sequence[Phrase]) -> list[tuple[int, int]]:
    """Parts of a window (first and last piece) that deserve another attempt: both halves of one that the recogniser
    was unsure of or lost itself in, else each run of pieces for which too little text came out."""
    pieces = window.pieces
    if _is_loop(decoded, "".join(p.text for p in found)) or _mean_logprob(decoded) < MIN_LOGPROB:
        if len(pieces) == 1:
            return []
        middle = (pieces[0].offset + pieces[-1].offset + pieces[-1].length) / 2
        cut = min(range(1, len(pieces)), key=lambda i: abs(pieces[i].offset - middle))
        return [(0, cut - 1), (cut, len(pieces) - 1)]
    thin = [
        _chars([p for p in found if p.start < q.offset + q.length and p.end > q.offset]) * RATE
        < MIN_CHARS_PER_S * q.length
        for q in pieces
    ]
    out = []
    for is_thin, run in groupby(range(len(pieces)), key=lambda i: thin[i]):
        own = list(run)
        if is_thin and len(own) < len(pieces) and sum(pieces[i].length for i in own) >= MIN_MISSED:
            out.append((own[0], own[-1]))
    return out


def _chars(found: Sequence[Phrase]) -> int:
    """Characters said, suspected inventions not counted."""
    return sum(c.isalnum() for p in found if p.confidence > 0.0 for c in p.text)


def _judge(found: list[Phrase], decoded: Decoded) -> list[Phrase]:
    """Lowers confidence where the whole window says that its phrases deserve less than their own tokens do."""
    mean = _mean_logprob(decoded)
    if _is_loop(decoded, "".join(p.text for p in found)) or (decoded.no_speech > NO_SPEECH and mean < MIN_LOGPROB):
        return [replace(p, confidence=0.0) for p in found]  # an invention
    if mean < MIN_LOGPROB:  # invented once and then repeated with growing certainty
        return [replace(p, confidence=min(p.confidence, math.exp(mean))) for p in found]
    return found


def _mean_logprob(decoded: Decoded) -> float:
    return sum(decoded.logprobs) / max(len(decoded.logprobs), 1)


def _is_loop(decoded: Decoded, text: str) -> bool:
    data = text.encode()
    return not decoded.complete or len(data) / len(zlib.compress(data)) > MAX_COMPRESSION
