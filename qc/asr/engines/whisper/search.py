"""Beam search for one window; a beam of one is greedy decoding.

The same choices as openai-whisper's `BeamSearchDecoder` with patience 1 and its `MaximumLikelihoodRanker` without
length penalty: a window is done when as many texts were finished as it has beams, and of those the one with the
greatest mean log probability is taken. Only where beams stand differs: one that lives on keeps its place, so that only
the few that take the place of others need their cache copied. And where a `Fluency` is given, how well a text reads
counts beside its probability.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qc.asr.engines.fluency import Fluency, Reading

STUCK = 48
"""So many tokens that are nothing but repetitions of at most `_PERIOD` are a loop, however likely they seem."""
_PERIOD = 12

Tokens = npt.NDArray[np.int64]
Scores = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Text:
    """What one beam wrote. `logprobs`: of each token and, where `complete` (ended by itself), of the end mark;
    `rows[i]`: the row of the batch that looked at the audio when token i was chosen; `fluency`: what is added to the
    sum of `logprobs` when texts are compared."""

    tokens: list[int]
    logprobs: list[float]
    rows: list[int]
    complete: bool
    fluency: float = 0.0

    @property
    def score(self) -> float:
        return (sum(self.logprobs) + self.fluency) / max(len(self.tokens), 1)


class Beams:
    """The beams of one window: what each has written so far. `tokens` [beams, length]."""

    def __init__(self, beams: int, limit: int, eot: int, fluency: Fluency | None = None) -> None:
        """`limit`: at most so many tokens; `eot`: the token that ends a text; `fluency`: judges how texts read."""
        self._beams, self._limit, self._eot, self._fluency = beams, limit, eot, fluency
        self._readings = [Reading()]
        self._finished: list[Text] = []
        self.tokens: Tokens = np.zeros((1, 0), np.int64)  # one beam until the first step
        self._rows: Tokens = self.tokens
        self._logprobs: Scores = np.zeros((1, 0))

    def advance(self, tokens: Tokens, logprobs: Scores, first_row: int) -> list[int]:
        """One step. `tokens`, `logprobs` [beams, k]: the likeliest next tokens of each beam, at least one more than
        there are beams (greedy: one); `first_row`: the row of the batch in which the first beam stands.

        Returns for each place the beam that goes on in it; nothing when greedy decoding has ended.
        """
        sums = self._logprobs.sum(1)[:, None] + logprobs
        readings = self._read(tokens, logprobs)
        sums += [[reading.score for reading in row] for row in readings]
        chosen: list[tuple[int, int]] = []
        for flat in np.argsort(-sums, axis=None, kind="stable").tolist():
            beam, i = divmod(flat, tokens.shape[1])
            if tokens[beam, i] != self._eot:
                chosen.append((beam, i))
                if len(chosen) == self._beams:
                    break
            elif len(self._finished) < self._beams:
                ended = [*self._logprobs[beam].tolist(), float(logprobs[beam, i])]
                rows = self._rows[beam].tolist()
                self._finished.append(Text(self.tokens[beam].tolist(), ended, rows, True, readings[beam][i].score))
        chosen = _keeping_places(chosen)
        parents = [beam for beam, _ in chosen]
        at = [i for _, i in chosen]
        self.tokens = np.c_[self.tokens[parents], tokens[parents, at]]
        self._logprobs = np.c_[self._logprobs[parents], logprobs[parents, at]]
        self._rows = np.c_[self._rows[parents], np.array(parents, np.int64) + first_row]
        self._readings = [readings[beam][i] for beam, i in chosen]
        return parents

    def _read(self, tokens: Tokens, logprobs: Scores) -> list[list[Reading]]:
        """How each beam reads with each of its next tokens; as before where none is judged or it cannot come."""
        if self._fluency is None:
            return [[own] * tokens.shape[1] for own in self._readings]
        after = self._fluency.after
        return [
            [after(own, token) if logprob > -np.inf else own for token, logprob in zip(*row, strict=True)]
            for own, *row in zip(self._readings, tokens.tolist(), logprobs.tolist(), strict=True)
        ]

    def _sums(self) -> Scores:
        """By which beams are compared."""
        return np.asarray(self._logprobs.sum(1) + [reading.score for reading in self._readings])

    @property
    def done(self) -> bool:
        return len(self._finished) >= self._beams or self.tokens.shape[1] >= self._limit or self._is_stuck()

    def best(self) -> Text:
        """The text of a window that is done. Unfinished ones, likeliest first, stand in for finished ones that lack."""
        texts = list(self._finished)
        for beam in np.argsort(-self._sums(), kind="stable").tolist()[: self._beams - len(texts)]:
            rows, fluency = self._rows[beam].tolist(), self._readings[beam].score
            texts.append(Text(self.tokens[beam].tolist(), self._logprobs[beam].tolist(), rows, False, fluency))
        return max(texts, key=lambda t: t.score)

    def _is_stuck(self) -> bool:
        if self.tokens.shape[1] < STUCK:
            return False
        tail = self.tokens[self._sums().argmax(), -STUCK:]
        return any(bool((tail[period:] == tail[:-period]).all()) for period in range(1, _PERIOD + 1))


def _keeping_places(chosen: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """(beam, candidate) of each place to be, likeliest first → in an order in which every beam that goes on has its
    likeliest continuation in its own place."""
    out: list[tuple[int, int] | None] = [None] * len(chosen)
    others = []
    for pair in chosen:
        if pair[0] < len(out) and out[pair[0]] is None:
            out[pair[0]] = pair
        else:
            others.append(pair)
    rest = iter(others)
    return [pair or next(rest) for pair in out]
