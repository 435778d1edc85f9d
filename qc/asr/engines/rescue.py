"""Second attempts, and doubts about inventions: what every engine that decodes like whisper does with its windows.

A window that came out unsure or as a loop is cut in two at a pause and decoded again; so is, alone, a stretch of speech
for which no text came out, and speech that goes on where the text ended or lost itself in a loop. What still looks
invented then is kept with little or no confidence.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from qc.asr.engines.transcriber import Phrase, Window
from qc.asr.pack import part, rest
from qc.asr.sound.audio import RATE

MIN_CHARS_PER_S = 1.2
"""Fewer characters per second of a piece of speech: greedy decoding stopped early or skipped it."""
MAX_COMPRESSION = 2.4
MIN_LOGPROB = -1.0
NO_SPEECH = 0.6
MIN_MISSED = RATE
"""Samples of speech without text that are worth a second attempt; less is a breath or a murmur."""
RETRIES = 2


@dataclass(frozen=True, slots=True)
class Heard:
    """What one decoding made of a window. `phrases` in time order; `logprob`: mean log probability of its tokens;
    `no_speech`: probability that there is none; `complete`: ended by itself, not cut off as a loop; `until`: the sample
    where it ends by its own timestamps, None where it has none."""

    phrases: tuple[Phrase, ...]
    logprob: float
    no_speech: float
    complete: bool
    until: int | None = None


def hear_well(
    windows: Sequence[Window],
    hear: Callable[[Sequence[Window]], Sequence[Heard]],
    batch_size: int,
    retries: int = RETRIES,
) -> list[list[Phrase]]:
    """The phrases of each window, in time order, with as many attempts as it takes.

    `hear` decodes at most `batch_size` windows together, the longest first.
    """
    out: list[list[Phrase]] = [[] for _ in windows]
    again: list[tuple[int, Window, int]] = []  # (owner, part of its window, where the part begins in it)
    order = sorted(range(len(windows)), key=lambda i: (-len(windows[i].samples), i))
    for at in range(0, len(order), batch_size):
        batch = order[at : at + batch_size]
        for i, heard in zip(batch, hear([windows[i] for i in batch]), strict=True):
            out[i] = _judged(heard)
            if retries:
                again += [(i, *weak) for weak in _weak(windows[i], heard, out[i])]
    again.sort(key=lambda a: (a[0], a[2]))
    if again:
        second = hear_well([a[1] for a in again], hear, batch_size, retries - 1)
        for (i, own, begin), found in zip(again, second, strict=True):
            end = begin + len(own.samples)
            before = [p for p in out[i] if begin <= p.start and p.end <= end]
            if _chars(found) >= _chars(before):
                out[i] = [_ended(p, begin) for p in out[i] if p not in before]
                out[i] += [_moved(p, begin) for p in found]
    return [sorted(found, key=lambda p: p.start) for found in out]


def _moved(phrase: Phrase, by: int) -> Phrase:
    words = tuple(replace(w, start=w.start + by, end=w.end + by) for w in phrase.words)
    return replace(phrase, start=phrase.start + by, end=phrase.end + by, words=words)


def _ended(phrase: Phrase, at: int) -> Phrase:
    """A phrase that begins before `at` ends there, and its words with it."""
    if not phrase.start < at < phrase.end:
        return phrase
    words = tuple(replace(w, start=min(w.start, at), end=min(w.end, at)) for w in phrase.words)
    return replace(phrase, end=at, words=words)


def _weak(window: Window, heard: Heard, found: Sequence[Phrase]) -> list[tuple[Window, int]]:
    """Parts of a window that deserve another attempt, each with the sample where it begins: both halves of one that the
    recogniser was unsure of or lost itself in, else each run of pieces for which too little text came out, and what is
    left of the piece in which the text ended."""
    pieces = window.pieces
    if _is_loop(heard) or heard.logprob < MIN_LOGPROB:
        if len(pieces) == 1:
            return []
        middle = (pieces[0].offset + pieces[-1].offset + pieces[-1].length) / 2
        cut = min(range(1, len(pieces)), key=lambda i: abs(pieces[i].offset - middle))
        return [part(window, 0, cut - 1), part(window, cut, len(pieces) - 1)]
    thin = [
        _chars([p for p in found if p.start < q.offset + q.length and p.end > q.offset]) * RATE
        < MIN_CHARS_PER_S * q.length
        for q in pieces
    ]
    out = []
    again: set[int] = set()
    for is_thin, run in groupby(range(len(pieces)), key=lambda i: thin[i]):
        own = list(run)
        if is_thin and len(own) < len(pieces) and sum(pieces[i].length for i in own) >= MIN_MISSED:
            out.append(part(window, own[0], own[-1]))
            again.update(own)
    return out + [rest(window, i, at) for i, at in _going_on(window, heard.until) if i not in again]


def _going_on(window: Window, at: int | None) -> list[tuple[int, int]]:
    """The piece of speech, if any, that began before sample `at` and goes on long behind it, and `at`. It is rare (3 of
    some 500 windows of dev on telephone lines), but two of them had lost 16 and 39 characters."""
    if at is None:
        return []
    return [(i, at) for i, p in enumerate(window.pieces) if p.offset < at <= p.offset + p.length - MIN_MISSED]


def _chars(found: Sequence[Phrase]) -> int:
    """Characters said, suspected inventions not counted."""
    return sum(c.isalnum() for p in found if p.confidence > 0.0 for c in p.text)


def _judged(heard: Heard) -> list[Phrase]:
    """Lowers confidence where the whole window says that its phrases deserve less than their own tokens do."""
    if _is_loop(heard) or (heard.no_speech > NO_SPEECH and heard.logprob < MIN_LOGPROB):
        return [replace(p, confidence=0.0) for p in heard.phrases]  # an invention
    if heard.logprob < MIN_LOGPROB:  # invented once and then repeated with growing certainty
        return [replace(p, confidence=min(p.confidence, math.exp(heard.logprob))) for p in heard.phrases]
    return list(heard.phrases)


def _is_loop(heard: Heard) -> bool:
    data = "".join(p.text for p in heard.phrases).encode()
    return not heard.complete or len(data) / len(zlib.compress(data)) > MAX_COMPRESSION
