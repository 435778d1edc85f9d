"""openai-whisper behind the Transcriber protocol: windows in, phrases with the confidence of their tokens out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib import metadata

import numpy as np

from qc.asr.engines.align import Unit, phrases
from qc.asr.engines.rescue import NO_SPEECH, Heard, hear_well
from qc.asr.engines.transcriber import Phrase, Window
from qc.asr.engines.whisper.decode import Decoded, Decoder
from qc.asr.models.weights import INSTALL, ModelSource
from qc.asr.sound.audio import RATE
from qc.errors import UsageError

VERSION = 4
"""Raised when a change here moves the output: transcripts made before are then not taken from the cache."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WhisperOptions:
    """`language` as whisper names it; `beam_size` 1 is greedy; `batch_size` windows are decoded together; `device`,
    `precision` as `resolve_device` and `resolve` give them; `prompt`: text the model shall believe was said before."""

    language: str = "zh"
    beam_size: int = 1
    batch_size: int = 8
    device: str = "cpu"
    precision: str = "fp32"
    word_times: bool = False
    prompt: str = ""

    @property
    def id(self) -> str:
        device = "" if self.device == "cpu" else f"{self.device},"
        how = "greedy" if self.beam_size == 1 else f"beam{self.beam_size}"
        words = ",words" if self.word_times else ""
        prompt = f",prompt-{hashlib.sha256(self.prompt.encode()).hexdigest()[:8]}" if self.prompt else ""
        return f"{self.language},b{self.batch_size},{device}{self.precision},{how}{words}{prompt},v{VERSION}"


def is_echo(text: str, prompt: str) -> bool:
    """Whether a text is nothing but a piece of the prompt, marks aside: what whisper writes when it hears nothing."""
    said, before = ("".join(c for c in t if c.isalnum()) for t in (text, prompt))
    return bool(said) and said in before


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

        from qc.asr.engines.whisper.load import load

        model = load(source, options.precision, options.device)
        self._options = options
        self._source = source
        self._tokenizer = get_tokenizer(
            True, num_languages=model.whisper.num_languages, language=options.language, task="transcribe"
        )
        prompt = self._tokenizer.encode(" " + options.prompt.strip()) if options.prompt.strip() else ()
        self._decoder = Decoder(model, self._tokenizer, options.beam_size, prompt)

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
        out = []
        for window, decoded in zip(windows, self._decoder.decode([w.samples for w in windows]), strict=True):
            found = phrases(list(self._units(decoded)), window.pieces, self._options.word_times)
            if decoded.no_speech > NO_SPEECH and is_echo("".join(p.text for p in found), self._options.prompt):
                found = [replace(p, confidence=0.0) for p in found]
            logprob = sum(decoded.logprobs) / max(len(decoded.logprobs), 1)
            out.append(
                Heard(phrases=tuple(found), logprob=logprob, no_speech=decoded.no_speech, complete=decoded.complete)
            )
        return out

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
