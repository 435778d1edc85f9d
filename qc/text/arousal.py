"""How agitated a voice sounds, as far as it can be measured: louder, higher, livelier, faster than the same speaker was
at first. Columns over a shard.

Four measures of a turn are compared with the median of the speaker's own first turns (of each measure, a third of the
turns that have it, at most FIRST_TURNS): level in dB, pitch in semitones, range of pitch in semitones, speaking rate in
characters a minute. Each difference is counted in UNITS, cut at ±MOST, and the arousal of a turn is their mean:

    arousal = mean over the known m of clip((x_m − median of the first turns' x_m) / UNITS[m], −MOST, MOST)

These four go up with arousal in acted and in natural speech (Scherer 2003; Juslin & Laukka 2003; Eyben et al. 2016,
the GeMAPS set). The weights are equal because there was no labelled recording of a service call to fit or to check them
on: the number sorts turns for a listener, it is evidence and no judgement, and no verdict or score rests on it.
Who is agitated from the first word shows no rise; several people in one role (a transfer) are one speaker here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qc.domain.conversation import Role
from qc.text.shard import NO_TIME, ROLE_CODES, Ints, Shard
from qc.text.timing import spoken_chars

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

FIRST_TURNS = 3
MIN_CHARS = 4
"""A turn of fewer spoken characters (嗯, 好的) has no rate, is nobody's first turn and has no arousal."""
UNITS = (3.0, 1.0, 2.0, 45.0)
"""dB, semitones, semitones, characters a minute: twice what a calm reader varies by from sentence to sentence."""
MOST = 4.0
LEAST_MEASURES = 2
"""Arousal needs so many of the four: times alone, without sound, say too little."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arousal:
    """Per turn of the shard, NaN where not known: `loudness_change_db` and `pitch_change_st` against the speaker's own
    first turns, `speech_rate` in characters a minute, `pause_ms` of nobody speaking before the turn, `arousal`.
    Per conversation: the customer's greatest arousal (NaN: none is known) and its turn, counted from 1 (0: none)."""

    arousal: Floats
    loudness_change_db: Floats
    pitch_change_st: Floats
    speech_rate: Floats
    pause_ms: Floats
    customer_peak: Floats
    customer_peak_turn: Ints


def arousal_of(shard: Shard) -> Arousal:
    """The arousal of every turn and conversation. Typed turns and those the recogniser made up have none."""
    spoken = (shard.start_ms != NO_TIME) & (shard.end_ms > shard.start_ms) & ~shard.invented
    if not spoken.any():
        return _nothing(shard)
    chars = spoken_chars(shard)
    enough = spoken & (chars >= MIN_CHARS)
    rate = _rate(shard, chars, enough)
    speaker, alone = _speakers(shard)
    measures = (
        np.where(spoken, shard.energy_db, np.nan),
        np.where(spoken, 12 * np.log2(shard.pitch_hz.astype(np.float64)), np.nan),
        np.where(spoken, shard.pitch_range_st, np.nan),
        rate,
    )
    changes = np.stack([_change(m.astype(np.float64), speaker, alone, enough) for m in measures])
    in_units = np.clip(changes / np.array(UNITS)[:, None], -MOST, MOST)
    known = (~np.isnan(in_units)).sum(axis=0)
    mean = np.where(np.isnan(in_units), 0, in_units).sum(axis=0) / np.maximum(known, 1)
    arousal = np.where(enough & (known >= LEAST_MEASURES), np.round(mean, 2) + 0.0, np.nan).astype(np.float32)
    peak, peak_turn = _peak(shard, arousal)
    return Arousal(
        arousal=arousal,
        loudness_change_db=(np.round(changes[0], 1) + 0.0).astype(np.float32),
        pitch_change_st=(np.round(changes[1], 1) + 0.0).astype(np.float32),
        speech_rate=np.rint(rate).astype(np.float32),
        pause_ms=_pauses(shard, spoken),
        customer_peak=peak,
        customer_peak_turn=peak_turn,
    )


def _nothing(shard: Shard) -> Arousal:
    turns, conversations = (np.full(n, np.nan, np.float32) for n in (len(shard.role), len(shard)))
    return Arousal(
        arousal=turns,
        loudness_change_db=turns,
        pitch_change_st=turns,
        speech_rate=turns,
        pause_ms=turns,
        customer_peak=conversations,
        customer_peak_turn=np.zeros(len(shard), np.int64),
    )


def _rate(shard: Shard, chars: Ints, enough: Bools) -> Doubles:
    """Spoken characters a minute of phrases, pauses between them left out; of the whole turn where it has none."""
    length = (shard.end_ms - shard.start_ms).astype(np.float64)
    if shard.phrases is not None:
        first = shard.phrases.first
        running = np.concatenate(([0], np.cumsum(shard.phrases.until_ms - shard.phrases.start_ms)))
        phrased = (running[first[1:]] - running[first[:-1]]).astype(np.float64)
        length = np.where(phrased > 0, phrased, length)
    usable = enough & (length > 0)
    return np.where(usable, chars * 60_000 / np.where(usable, length, 1), np.nan)


def _speakers(shard: Shard) -> tuple[Ints, Bools]:
    """A number for each turn's speaker, and whether it is one person's: those of an unknown role on a channel that
    several share are not."""
    channel = np.asarray(shard.turn_columns.audio_channel, np.int64)
    channels = int(channel.max(initial=0)) + 2
    key = (shard.conversation * len(ROLE_CODES) + shard.role) * channels + channel + 1
    own_channel = shard.columns.audio_channels[shard.conversation] > 1
    _, speaker = np.unique(key, return_inverse=True)
    return speaker.astype(np.int64), np.asarray((shard.role != ROLE_CODES[Role.UNKNOWN]) | own_channel, bool)


def _change(values: Doubles, speaker: Ints, alone: Bools, enough: Bools) -> Doubles:
    """Each value less the median of its speaker's first ones; NaN where a speaker has fewer than two to compare."""
    usable = np.flatnonzero(~np.isnan(values) & alone & enough)
    speakers = int(speaker.max(initial=-1)) + 1
    counts = np.bincount(speaker[usable], minlength=speakers)
    by_speaker = usable[np.argsort(speaker[usable], kind="stable")]
    place = np.arange(len(usable)) - np.repeat(np.cumsum(counts) - counts, counts)
    taken = np.minimum(-(-counts // 3), FIRST_TURNS)
    first = by_speaker[place < taken[speaker[by_speaker]]]
    ordered = values[first[np.lexsort((values[first], speaker[first]))]]
    begin = np.cumsum(taken) - taken
    some = np.flatnonzero(counts >= 2)
    median = np.full(speakers, np.nan)
    middle = (ordered[begin[some] + (taken[some] - 1) // 2], ordered[begin[some] + taken[some] // 2])
    median[some] = (middle[0] + middle[1]) / 2
    return np.where(alone, values - median[speaker], np.nan)


def _pauses(shard: Shard, spoken: Bools) -> Floats:
    """Milliseconds from when everybody had finished to the turn's beginning, 0 where somebody still speaks; NaN for the
    first of a conversation."""
    turns = np.flatnonzero(spoken)
    pause = np.full(len(spoken), np.nan, np.float32)
    order = turns[np.lexsort((shard.end_ms[turns], shard.start_ms[turns], shard.conversation[turns]))]
    if len(order) < 2:
        return pause
    owner = shard.conversation[order]
    shift = owner * (int(shard.end_ms[order].max()) + 1)  # one running maximum serves all conversations
    spoken_until = np.maximum.accumulate(shard.end_ms[order] + shift)
    silent = np.maximum(shard.start_ms[order][1:] + shift[1:] - spoken_until[:-1], 0)
    pause[order[1:]] = np.where(owner[1:] == owner[:-1], silent, np.nan)
    return pause


def _peak(shard: Shard, arousal: Floats) -> tuple[Floats, Ints]:
    """Per conversation, the customer's greatest arousal and its turn from 1, the first of equals."""
    turns = np.flatnonzero((shard.role == ROLE_CODES[Role.CUSTOMER]) & ~np.isnan(arousal))
    order = turns[np.lexsort((turns, -arousal[turns], shard.conversation[turns]))]
    owners, at = np.unique(shard.conversation[order], return_index=True)
    peak, peak_turn = np.full(len(shard), np.nan, np.float32), np.zeros(len(shard), np.int64)
    peak[owners] = arousal[order[at]]
    peak_turn[owners] = order[at] - shard.first_turn[owners] + 1
    return peak, peak_turn
