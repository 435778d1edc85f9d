"""openai-whisper behind the Transcriber protocol: windows in, phrases with the confidence of their tokens out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata

import numpy as np

from qc.asr.align import Unit, phrases
from qc.asr.audio import RATE
from qc.asr.rescue import Heard, hear_well
from qc.asr.transcriber import Phrase, Window
from qc.asr.weights import INSTALL, ModelSource
from qc.asr.whisper_engine.decode import Decoded, Decoder
from qc.errors import UsageError

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
        """Decodes in batches, again where that came out badly."""
        return hear_well(windows, self._hear, self._options.batch_size)

    def _hear(self, windows: Sequence[Window]) -> list[Heard]:
        return [
            Heard(
                phrases=tuple(phrases(list(self._units(decoded)), window.pieces)),
                logprob=sum(decoded.logprobs) / max(len(decoded.logprobs), 1),
                no_speech=decoded.no_speech,
                complete=decoded.complete,
            )
            for window, decoded in zip(windows, self._decoder.decode([w.samples for w in windows]), strict=True)
        ]

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
