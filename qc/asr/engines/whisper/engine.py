"""openai-whisper behind the Transcriber protocol: windows in, phrases out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata

from qc.asr.engines.align import phrases
from qc.asr.engines.calibration import calibrated
from qc.asr.engines.fluency import Fluency
from qc.asr.engines.pairs import WordPairs, pairs_id
from qc.asr.engines.rescue import Heard, hear_well
from qc.asr.engines.tokens import doubted, prompt_id, told, units
from qc.asr.engines.transcriber import Phrase, Window
from qc.asr.engines.whisper.decode import Decoder
from qc.asr.engines.whisper.memory import give_back
from qc.asr.models.weights import INSTALL, ModelSource
from qc.errors import UsageError

VERSION = 10
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
        how += words + prompt_id(self.prompt) + (pairs_id() if self.judges_words else "")
        return f"{self.language},b{self.batch_size},{device}{self.precision},{how},v{VERSION}"

    @property
    def judges_words(self) -> bool:
        """Whether several beams of Chinese are to be judged by their words, where qc has a list of them."""
        return self.language == "zh" and self.beam_size > 1


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
        fluency = None
        if options.judges_words and pairs_id():
            fluency = Fluency(WordPairs(), self._tokenizer.encoding.decode_single_token_bytes, self._tokenizer.eot)
        self._decoder = Decoder(model, self._tokenizer, options.beam_size, prompt, fluency)

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
        found = calibrated(hear_well(windows, self._hear, self._options.batch_size))
        give_back()
        return found

    def _hear(self, windows: Sequence[Window]) -> list[Heard]:
        out = []
        for window, decoded in zip(windows, self._decoder.decode([w.samples for w in windows]), strict=True):
            tokens, complete, until = told(decoded.tokens, decoded.complete, self._tokenizer)
            spoken = [i for i, token in enumerate(tokens) if token < self._tokenizer.eot]
            logprobs = [decoded.logprobs[i] for i in spoken]
            spelled = list(units(tokens, logprobs, decoded.attention[spoken], self._tokenizer))
            heard = Heard(
                phrases=tuple(phrases(spelled, window.pieces, self._options.word_times)),
                logprob=sum(decoded.logprobs) / max(len(decoded.logprobs), 1),
                no_speech=decoded.no_speech,
                complete=complete,
                until=until,
            )
            out.append(doubted(heard, self._options.prompt))
        return out
