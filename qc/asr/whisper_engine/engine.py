"""openai-whisper behind the Transcriber protocol: batches, second attempts, and doubts about inventions."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib import metadata
from itertools import groupby

import numpy as np

from qc.asr.audio import RATE
from qc.asr.pack import part
from qc.asr.transcriber import Phrase, Window
from qc.asr.weights import ModelSource
from qc.asr.whisper_engine.align import Unit, phrases
from qc.asr.whisper_engine.decode import Decoded, Decoder
from qc.errors import UsageError

MIN_CHARS_PER_S = 2.2
"""Fewer characters per second of speech: greedy decoding stopped early."""
MAX_COMPRESSION = 2.4
MIN_LOGPROB = -1.0
NO_SPEECH = 0.6
MIN_MISSED = RATE
"""Samples of speech without text that are worth a second attempt; less is a breath or a murmur."""
RETRIES = 2
VERSION = 1
"""Raised when a change here moves the output: transcripts made before are then not taken from the cache."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WhisperOptions:
    """`language` as whisper names it; `batch_size` windows are decoded together; `precision`: fp32 or fast."""

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
        raise UsageError("没有安装语音转写的组件。", '运行：pip install "qc[asr]"') from None


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
                units = list(self._units(decoded))
                found = _judge(phrases(units, windows[i].pieces), decoded)
                parts: list[tuple[int, int]] = []
                if retries and _doubtful(windows[i], decoded, found):
                    parts = _halves(windows[i])
                    found = [] if parts else found
                elif retries:
                    parts = _missed(windows[i], found)
                out[i] = found
                again += [(i, *part(windows[i], first, last)) for first, last in parts]
        again.sort(key=lambda a: (a[0], a[2]))
        if again:
            for (i, _, shift), found in zip(again, self._attempt([a[1] for a in again], retries - 1), strict=True):
                out[i] += [replace(p, start=p.start + shift, end=p.end + shift) for p in found]
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


def _doubtful(window: Window, decoded: Decoded, found: Sequence[Phrase]) -> bool:
    text = "".join(p.text for p in found)
    speech_s = sum(p.length for p in window.pieces) / RATE
    short = sum("\u3400" <= c <= "\u9fff" or c.isdigit() for c in text) < MIN_CHARS_PER_S * speech_s
    return short or _is_loop(decoded, text) or _mean_logprob(decoded) < MIN_LOGPROB


def _judge(found: list[Phrase], decoded: Decoded) -> list[Phrase]:
    """Marks what whisper itself did not believe, and loops, as inventions."""
    text = "".join(p.text for p in found)
    unheard = decoded.no_speech > NO_SPEECH and _mean_logprob(decoded) < MIN_LOGPROB
    if unheard or _is_loop(decoded, text):
        return [replace(p, confidence=0.0) for p in found]
    return found


def _mean_logprob(decoded: Decoded) -> float:
    return sum(decoded.logprobs) / max(len(decoded.logprobs), 1)


def _is_loop(decoded: Decoded, text: str) -> bool:
    data = text.encode()
    return not decoded.complete or len(data) / len(zlib.compress(data)) > MAX_COMPRESSION


def _halves(window: Window) -> list[tuple[int, int]]:
    """First and last piece of both halves, cut at the pause nearest the middle; nothing when there is no pause."""
    if len(window.pieces) == 1:
        return []
    middle = (window.pieces[0].offset + window.pieces[-1].offset + window.pieces[-1].length) / 2
    cut = min(range(1, len(window.pieces)), key=lambda i: abs(window.pieces[i].offset - middle))
    return [(0, cut - 1), (cut, len(window.pieces) - 1)]


def _missed(window: Window, found: Sequence[Phrase]) -> list[tuple[int, int]]:
    """First and last piece of each run of pieces without a phrase, where the run is worth another attempt."""
    heard = [any(p.start < q.offset + q.length and p.end > q.offset for p in found) for q in window.pieces]
    out = []
    for quiet, run in groupby(range(len(heard)), key=lambda i: not heard[i]):
        own = list(run)
        if quiet and len(own) < len(heard) and sum(window.pieces[i].length for i in own) >= MIN_MISSED:
            out.append((own[0], own[-1]))
    return out
