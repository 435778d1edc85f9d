"""faster-whisper's parts behind the Transcriber protocol: its features, its tokenizer and CTranslate2's decoder, on our
windows. Its own speech detection is not used: on telephone band it loses whole speakers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from qc.asr.engines.align import FRAME, phrases
from qc.asr.engines.calibration import calibrated
from qc.asr.engines.ct2.files import Ct2Files
from qc.asr.engines.rescue import Heard, hear_well
from qc.asr.engines.tokens import SILENCE, doubted, most_tokens, prompt_id, told, units
from qc.asr.engines.transcriber import Phrase, Window
from qc.asr.sound.audio import RATE, Samples
from qc.errors import UsageError

LONGEST = 30 * RATE
ALIKE = 0.7
"""Windows are decoded together while the shortest has so much of the longest: all are padded to that."""
MAX_FIRST_TIMESTAMP = 50
"""A window begins with speech: its first timestamp lies within one second (in steps of 20 ms)."""
MAX_TOKENS = 448
"""Whisper's context; the text before a window fills at most half of it."""
TAIL = 12
"""Frames of 20 ms: a pause is aligned to the token after it, so only the last frames of each say where it was heard."""
LEAST_FRAMES = 10
"""CTranslate2 aligns over at least this many frames of 20 ms."""
VERSION = 7
"""Raised when a change here moves the output: transcripts made before are then not taken from the cache."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ct2Options:
    """`language` as whisper names it; `batch_size` windows are decoded together; `compute_type` as CTranslate2 names
    it; `beam_size` 1 is greedy."""

    language: str = "zh"
    batch_size: int = 8
    compute_type: str = "int8"
    beam_size: int = 1
    word_times: bool = False
    prompt: str = ""
    """What the model shall believe was said before."""

    @property
    def id(self) -> str:
        words = ",words" if self.word_times else ""
        how = f"beam{self.beam_size}{words}{prompt_id(self.prompt)}"
        return f"{self.language},b{self.batch_size},{self.compute_type},{how},v{VERSION}"


def compute_type(precision: str) -> str:
    """`auto | fp32 | fast` of the configuration → CTranslate2's word. 8 bit is its fastest on every processor."""
    known = {"auto": "int8", "fast": "int8", "fp32": "float32"}
    if precision not in known:
        raise UsageError(f"不认识的转写精度 {precision}。", "asr.precision 可写 auto、fp32、fast。")
    return known[precision]


class Ct2Transcriber:
    """One per worker process; one thread each."""

    def __init__(self, name: str, files: Ct2Files, options: Ct2Options) -> None:
        from faster_whisper import WhisperModel
        from faster_whisper.tokenizer import Tokenizer

        try:
            model = WhisperModel(
                files.source.name,
                device="cpu",
                compute_type=options.compute_type,
                cpu_threads=1,
                files=files.read(),
            )
        except Exception as e:  # CTranslate2 and tokenizers raise what they like on a foreign file
            raise UsageError(
                f"读不出转写模型 {files.source.name}（{type(e).__name__}）。", "它应当是 CTranslate2 的 Whisper 模型。"
            ) from e
        if not model.model.is_multilingual:
            raise UsageError(f"转写模型 {files.source.name} 只懂英语。", "换用多语言模型，例如 base 或 small。")
        self._name = name
        self._files = files
        self._options = options
        self._model = model.model
        self._features = model.feature_extractor
        self._tokenizer = Tokenizer(model.hf_tokenizer, True, task="transcribe", language=options.language)
        t = self._tokenizer
        prompt = t.encode(" " + options.prompt.strip()) if options.prompt.strip() else []
        self._before = [t.sot_prev, *prompt[-(MAX_TOKENS // 2 - 1) :]] if prompt else []
        self._banned = sorted({*t.non_speech_tokens, t.transcribe, t.translate, t.sot, t.sot_prev, t.sot_lm})

    @property
    def name(self) -> str:
        return self._name

    @property
    def model_id(self) -> str:
        return self._files.id

    @property
    def options_id(self) -> str:
        return self._options.id

    def transcribe(self, windows: Sequence[Window]) -> list[list[Phrase]]:
        """Decodes in batches, again where that came out badly."""
        return calibrated(hear_well(windows, self._hear, self._options.batch_size))

    def _hear(self, windows: Sequence[Window]) -> list[Heard]:
        """`windows`: the longest first."""
        groups: list[list[Window]] = []
        for window in windows:
            if groups and len(window.samples) >= ALIKE * len(groups[-1][0].samples):
                groups[-1].append(window)
            else:
                groups.append([window])
        return [heard for group in groups for heard in self._decode(group)]

    def _decode(self, windows: Sequence[Window]) -> list[Heard]:
        start = self._tokenizer.sot_sequence
        # with timestamp tokens, a tenth more work: where two speak without a pause, only they part the sentences
        prompt = [*self._before, *start]
        room = min(MAX_TOKENS // 2, MAX_TOKENS - len(prompt))
        limits = [min(most_tokens(len(w.samples)), room) for w in windows]
        longest = max(limits)
        encoded = self._model.encode(self._spectrograms(windows))
        results = self._model.generate(
            encoded,
            [prompt] * len(windows),
            beam_size=self._options.beam_size,
            max_length=max(2 * longest, longest + len(prompt)),  # at most half of it is written, and the prompt counts
            max_initial_timestamp_index=MAX_FIRST_TIMESTAMP,
            suppress_tokens=self._banned,
            return_scores=True,
            return_no_speech_prob=True,
        )
        written = [list(r.sequences_ids[0]) for r in results]
        believed = [told(own, len(own) < limit, self._tokenizer) for own, limit in zip(written, limits, strict=True)]
        spoken = [[t for t in own if t < self._tokenizer.eot] for own, *_ in believed]
        frames = [max(len(w.samples) // FRAME, LEAST_FRAMES) for w in windows]
        aligned = self._model.align(encoded, start, spoken, [2 * n for n in frames])
        return [
            doubted(
                Heard(
                    phrases=self._phrases(window, own, found, n),
                    logprob=result.scores[0] * len(whole) / (len(whole) + 1),
                    no_speech=result.no_speech_prob,
                    complete=complete,
                    until=until,
                ),
                self._options.prompt,
            )
            for window, whole, (own, complete, until), result, found, n in zip(
                windows, written, believed, results, aligned, frames, strict=True
            )
        ]

    def _phrases(self, window: Window, tokens: Sequence[int], aligned: Any, frames: int) -> tuple[Phrase, ...]:
        logprobs = [float(np.log(max(p, 1e-10))) for p in aligned.text_token_probs]
        looks = _looks(aligned.alignments, len(logprobs), _speech_frames(window, frames))
        spelled = list(units(tokens, logprobs, looks, self._tokenizer))
        return tuple(phrases(spelled, window.pieces, self._options.word_times))

    def _spectrograms(self, windows: Sequence[Window]) -> Any:
        """float32 [windows, mels, frames]: log mel of each window with silence behind it."""
        from ctranslate2 import StorageView

        longest = min(max(len(w.samples) for w in windows) + SILENCE, LONGEST) // FRAME * FRAME
        padded = [np.pad(w.samples[:longest], (0, max(longest - len(w.samples), 0))) for w in windows]
        features = np.stack([self._features(samples, padding=0) for samples in padded])
        return StorageView.from_array(np.ascontiguousarray(features, np.float32))


def _speech_frames(window: Window, frames: int) -> list[int]:
    """For each frame of 20 ms the nearest one with speech: an alignment shares out pauses too."""
    at = np.arange(frames)
    nearest = np.zeros(frames, np.int64)
    distance = np.full(frames, np.inf)
    for piece in window.pieces:
        first = min(piece.offset // FRAME, frames - 1)
        inside = np.clip(at, first, min(max((piece.offset + piece.length) // FRAME - 1, first), frames - 1))
        closer = np.abs(at - inside) < distance
        nearest[closer], distance[closer] = inside[closer], np.abs(at - inside)[closer]
    return [int(n) for n in nearest]


def _looks(alignments: Sequence[tuple[int, int]], tokens: int, speech: Sequence[int]) -> Samples:
    """(token, frame) pairs of the alignment → for each token its share of attention on each frame, [tokens, frames]."""
    looks = np.zeros((tokens + 1, len(speech)), np.float32)
    last = dict(alignments)  # of the pairs of a token the last one stands
    for token, frame in alignments:
        if token <= tokens and last[token] - TAIL < frame < len(speech):
            looks[token, speech[frame]] += 1.0
    looks /= np.maximum(looks.sum(1, keepdims=True), 1.0)
    return looks[:tokens]
