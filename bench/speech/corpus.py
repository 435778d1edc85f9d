"""Recordings with reference text → the audio that transcription is measured on. None of it is in this repository.

A corpus is a folder with a `manifest.tsv` (columns id, path, text, speaker, …) of short recordings, a sentence or more
each. Its recordings, in the order of the manifest within each top folder, are dealt alternately into two parts: the odd
ones are `dev`, to look at and tune on; the even ones are `held`, looked at when everything is decided.

From a part are made, always the same:
- `dense`: the recordings of a speaker or a source one after another, 0.4 s between;
- `call`: stereo, two speakers in turn on their own channel, 0.3–1.2 s between, so that each channel is half silent;
- `mono`: the same mixed into one channel, for telling voices apart;
- `telephone(x)`: 300–3400 Hz at 8 kHz, µ-law, noise 30 dB below, as float at 16 kHz again; `quiet(x)`: 26 dB down.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
from scipy.signal import butter, resample_poly, sosfiltfilt

RATE = 16_000
Samples = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Utterance:
    """One recording of the corpus. `samples`: float32 at 16 kHz; `group`: its top folder."""

    id: str
    group: str
    speaker: str
    text: str
    samples: Samples


@dataclass(frozen=True, slots=True)
class Said:
    """Who said what when, in samples of the stream."""

    channel: int
    speaker: str
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Stream:
    """Audio made of utterances. `samples`: float32 [channels, n] at 16 kHz."""

    name: str
    samples: Samples
    said: tuple[Said, ...]

    @property
    def seconds(self) -> float:
        return self.samples.shape[1] / RATE

    def text(self, channel: int) -> str:
        return "".join(s.text for s in self.said if s.channel == channel)


def read(folder: Path, part: str) -> list[Utterance]:
    """The utterances of `part`: dev or held."""
    with (folder / "manifest.tsv").open(encoding="utf-8", newline="") as f:
        rows = list(csv.DictReader(f, delimiter="\t"))
    seen: dict[str, int] = {}
    out = []
    for row in rows:
        group = row["path"].split("/")[0]
        seen[group] = seen.get(group, 0) + 1
        if row["text"] and (seen[group] % 2 == 1) == (part == "dev"):  # without a text nothing can be said of it
            out.append(
                Utterance(row["id"], group, row["speaker"] or row["id"], row["text"], _audio(folder / row["path"]))
            )
    return out


def dense(utterances: Sequence[Utterance]) -> Iterator[Stream]:
    """One stream per group (read speech of one or many speakers; spontaneous talk)."""
    for group in dict.fromkeys(u.group for u in utterances):
        parts: list[Samples] = []
        said = []
        at = 0
        for u in (u for u in utterances if u.group == group):
            said.append(Said(0, u.speaker, u.text, at, at + len(u.samples)))
            parts += [u.samples, np.zeros(round(0.4 * RATE), np.float32)]
            at += len(u.samples) + len(parts[-1])
        yield Stream(group, np.concatenate(parts)[None], tuple(said))


def call(utterances: Sequence[Utterance], name: str = "call") -> Stream:
    """Stereo: the most frequent speaker on channel 0 alternates with all others on channel 1."""
    count: dict[str, int] = {}
    for u in utterances:
        count[u.speaker] = count.get(u.speaker, 0) + 1
    most = max(count, key=lambda s: count[s])
    return _alternating(
        [u for u in utterances if u.speaker == most], [u for u in utterances if u.speaker != most], name
    )


def mono(stream: Stream) -> Stream:
    """The channels of a call mixed into one."""
    return Stream(stream.name + "-mono", stream.samples.sum(0, keepdims=True), stream.said)


def pairs(utterances: Sequence[Utterance], longest_s: float = 60.0) -> Iterator[Stream]:
    """Stereo talks of two speakers each, for every two speakers with at least 8 s of speech."""
    by_speaker: dict[str, list[Utterance]] = {}
    for u in utterances:
        by_speaker.setdefault(u.speaker, []).append(u)
    enough = sorted(s for s, own in by_speaker.items() if sum(len(u.samples) for u in own) >= 8 * RATE)
    for i, one in enumerate(enough):
        for other in enough[i + 1 :]:
            yield _alternating(
                _cut(by_speaker[one], longest_s / 2), _cut(by_speaker[other], longest_s / 2), f"{one}+{other}"
            )


def telephone(samples: Samples, seed: int = 1) -> Samples:
    """What a telephone line leaves of it."""
    band = sosfiltfilt(butter(4, (300, 3400), "bandpass", fs=RATE, output="sos"), samples, axis=-1)
    narrow = resample_poly(band, 1, 2, axis=-1)
    noise = np.random.default_rng(seed).standard_normal(narrow.shape)
    narrow = narrow + noise * np.sqrt(np.mean(narrow**2, axis=-1, keepdims=True)) * 10 ** (-30 / 20)
    coded = np.sign(narrow) * np.log1p(255 * np.clip(np.abs(narrow), 0, 1)) / np.log(256)
    coded = np.round(coded * 127) / 127
    decoded = np.sign(coded) * np.expm1(np.abs(coded) * np.log(256)) / 255
    return np.asarray(resample_poly(decoded, 2, 1, axis=-1), np.float32)[..., : samples.shape[-1]]


def quiet(samples: Samples) -> Samples:
    """26 dB softer: a customer who holds the telephone away."""
    return np.asarray(samples * 0.05, np.float32)


def _alternating(left: Sequence[Utterance], right: Sequence[Utterance], name: str) -> Stream:
    pause = np.random.default_rng(7)
    order: list[tuple[int, Utterance]] = []
    for i in range(max(len(left), len(right))):
        order += [(0, left[i])] if i < len(left) else []
        order += [(1, right[i])] if i < len(right) else []
    said = []
    at = RATE // 2
    for channel, u in order:
        said.append(Said(channel, u.speaker, u.text, at, at + len(u.samples)))
        at += len(u.samples) + round(pause.uniform(0.3, 1.2) * RATE)
    samples = np.zeros((2, at), np.float32)
    for spoken, (channel, u) in zip(said, order, strict=True):
        samples[channel, spoken.start : spoken.end] = u.samples
    return Stream(name, samples, tuple(said))


def _cut(utterances: Sequence[Utterance], longest_s: float) -> list[Utterance]:
    out: list[Utterance] = []
    for u in utterances:
        if out and sum(len(x.samples) for x in out) + len(u.samples) > longest_s * RATE:
            break
        out.append(u)
    return out


def _audio(path: Path) -> Samples:
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    one = samples.mean(axis=1)
    return np.asarray(one if rate == RATE else resample_poly(one, RATE, rate), np.float32)
