"""Who spoke: voices of one channel told apart, and roles, against rivals.

usage: python -m bench.speech.speakers CORPUS [dev|held] [--roles]
  CORPUS  folder with manifest.tsv (see bench/speech/corpus.py)
  --roles also transcribes the sample calls (stereo, channels swapped, mixed to mono) and compares roles

Talks of two speakers, and the sample calls, are mixed to one channel; the truth is what stood on which channel.
`confusion`: wrong share of the speech given to a voice, voices matched to speakers as well as possible; `left`: share
given to nobody. Rivals see the same speech spans and are told that there are two speakers; qc is not.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.cluster.vq import kmeans2
from scipy.fft import dct

from bench.speech import corpus
from qc.asr.pack import windows
from qc.asr.service import SPEECH
from qc.asr.sound.audio import RATE, open_audio
from qc.asr.sound.detect import Span, SpeechDetector
from qc.asr.speakers.voices.encoder import embed
from qc.asr.speakers.voices.mel import mel
from qc.asr.speakers.voices.talk import VoiceListener

Labels = npt.NDArray[np.int64]
SAMPLE = Path(__file__).resolve().parents[2] / "docs/sample/2026-11-20"
MS = RATE // 1000


def main(folder: Path, part: str, roles: bool) -> None:
    groups: dict[str, list[tuple[corpus.Samples, Labels]]] = {}
    for talk in corpus.pairs(corpus.read(folder, part)):
        mixed = corpus.mono(talk).samples
        truth = _truth(mixed.shape[1], [(s.channel, s.start, s.end) for s in talk.said])
        groups.setdefault("real talks", []).append((mixed, truth))
        groups.setdefault("real talks, telephone", []).append((corpus.telephone(mixed), truth))
        for channel in (0, 1):
            alone = talk.samples[channel : channel + 1]
            one = _truth(alone.shape[1], [(0, s.start, s.end) for s in talk.said if s.channel == channel])
            groups.setdefault("one speaker", []).append((alone, one))
            groups.setdefault("one speaker, telephone", []).append((corpus.telephone(alone), one))
    for _, both in _sample_calls():
        spoken = [(c, s.start, s.end) for c in (0, 1) for s in _spans(both[c : c + 1])]
        truth = _truth(both.shape[1], spoken)
        groups.setdefault("sample calls (one synthetic voice, shifted)", []).append((both.sum(0, keepdims=True), truth))
    for name, talks in groups.items():
        print(f"\n{name}: {len(talks)}, {sum(x.shape[1] for x, _ in talks) / RATE:.0f} s, {part}")
        for method, label in METHODS.items():
            _report(method, label, talks)
    if roles:
        _roles()


def _report(method: str, label: Callable[..., Labels], talks: Sequence[tuple[corpus.Samples, Labels]]) -> None:
    wrong = given = spoken = alone = 0
    worst = cpu = seconds = 0.0
    for samples, truth in talks:
        spans = _spans(samples)
        began = time.process_time()
        found = label(samples, spans)
        cpu += time.process_time() - began
        seconds += samples.shape[1] / RATE
        heard = (truth >= 0) & _mask(spans, len(truth))
        told = heard & (found >= 0)
        pairs = [(truth == 0) & told, (truth == 1) & told]
        misses = sum(min((pairs[0] & (found == v)).sum(), (pairs[1] & (found == v)).sum()) for v in range(3))
        if len(set(truth[told].tolist())) == 1:  # one speaker: whatever is not the most frequent voice is wrong
            misses = told.sum() - max((found[told] == v).sum() for v in range(3))
        wrong, given, spoken = wrong + misses, given + told.sum(), spoken + heard.sum()
        worst = max(worst, misses / max(told.sum(), 1))
        alone += not told.any()
    print(
        f"  {method:46} confusion {100 * wrong / max(given, 1):5.1f} % (worst {100 * worst:4.1f})"
        f"  left {100 * (1 - given / spoken):5.1f} %  taken for one voice {alone}  RTF {cpu / seconds:.4f}"
    )


def _qc(samples: corpus.Samples, spans: Sequence[Span]) -> Labels:
    listener = VoiceListener(0)
    listener.feed(list(windows([samples], [spans])))
    out = np.full(samples.shape[1] // MS + 1, -1, np.int64)
    for s in listener.spoken():
        out[s.start_ms : s.end_ms] = -1 if s.speaker is None else s.speaker
    return out


def _by_stretch(
    features: Callable[[list[corpus.Samples]], npt.NDArray[np.float64]],
    cluster: Callable[[npt.NDArray[np.float64]], Labels],
    longest_s: float = 2.5,
) -> Callable[[corpus.Samples, Sequence[Span]], Labels]:
    """The usual recipe: spans cut into stretches of at most `longest_s`, each somebody's."""

    def label(samples: corpus.Samples, spans: Sequence[Span]) -> Labels:
        stretches = []
        for span in spans:
            count = int(np.ceil((span.end - span.start) / (longest_s * RATE)))
            edges = np.linspace(span.start, span.end, count + 1).astype(int)
            stretches += list(pairwise(edges))
        out = np.full(samples.shape[1] // MS + 1, -1, np.int64)
        if len(stretches) > 2:
            for (a, b), voice in zip(
                stretches, cluster(features([samples[0, a:b] for a, b in stretches])), strict=True
            ):
                out[a // MS : b // MS] = voice
        return out

    return label


def _agglomerative(points: npt.NDArray[np.float64]) -> Labels:
    return np.asarray(fcluster(linkage(points, "average", metric="cosine"), 2, "maxclust") - 1, np.int64)


def _spectral(points: npt.NDArray[np.float64]) -> Labels:
    from sklearn.cluster import SpectralClustering  # scikit-learn: only for this rival

    affinity = np.clip(points @ points.T, 0, 1)
    found = SpectralClustering(2, affinity="precomputed", random_state=0, assign_labels="kmeans").fit_predict(affinity)
    return np.asarray(found, np.int64)


def _kmeans(points: npt.NDArray[np.float64]) -> Labels:
    scaled = (points - points.mean(0)) / (points.std(0) + 1e-9)
    return np.asarray(kmeans2(scaled, 2, minit="++", rng=np.random.default_rng(0))[1], np.int64)


def _mfcc_f0(stretches: list[corpus.Samples]) -> npt.NDArray[np.float64]:
    """Mean and spread of 12 cepstral coefficients, and the median pitch by autocorrelation, of each stretch."""
    out = []
    for x in stretches:
        cepstra = dct(np.log(mel(x) + 1e-8), axis=1, norm="ortho")[:, 1:13]
        pitches = []
        for at in range(0, max(len(x) - 640, 1), 320):
            frame = x[at : at + 640] - x[at : at + 640].mean()
            lags = np.correlate(frame, frame, "full")[len(frame) - 1 :]
            if len(lags) > 260 and lags[0] > 0 and lags[40:260].max() > 0.5 * lags[0]:
                pitches.append(RATE / (40 + int(lags[40:260].argmax())))
        pitch = 4 * np.log(np.median(pitches)) if pitches else 20.0
        out.append(np.concatenate([cepstra.mean(0), cepstra.std(0), [pitch]]))
    return np.array(out)


METHODS: dict[str, Callable[..., Labels]] = {
    "qc": _qc,
    "GE2E embeddings, 2.5 s, agglomerative": _by_stretch(embed, _agglomerative),
    "GE2E embeddings, 2.5 s, spectral (scikit-learn)": _by_stretch(embed, _spectral),
    "GE2E embeddings, 1.0 s, agglomerative": _by_stretch(embed, _agglomerative, 1.0),
    "MFCC and pitch statistics, 2.5 s, k-means": _by_stretch(_mfcc_f0, _kmeans),
}


def _spans(samples: corpus.Samples) -> tuple[Span, ...]:
    detector = SpeechDetector(1)
    for at in range(0, samples.shape[1], 16 * RATE):
        detector.feed(samples[:, at : at + 16 * RATE])
    return detector.spans(SPEECH)[0]


def _truth(samples: int, spoken: Sequence[tuple[int, int, int]]) -> Labels:
    """Who speaks at each millisecond: 0, 1, −1 nobody or both."""
    out = np.full(samples // MS + 1, -1, np.int64)
    both = np.zeros(len(out), np.int64)
    for channel, start, end in spoken:
        out[start // MS : end // MS] = channel
        both[start // MS : end // MS] += 1
    out[both > 1] = -1
    return out


def _mask(spans: Sequence[Span], length: int) -> npt.NDArray[np.bool_]:
    out = np.zeros(length, np.bool_)
    for s in spans:
        out[s.start // MS : s.end // MS] = True
    return out


def _sample_calls() -> Iterator[tuple[Path, corpus.Samples]]:
    for path in sorted(SAMPLE.rglob("*")):
        if path.suffix in (".wav", ".mp3", ".ogg"):
            samples = np.concatenate(list(open_audio(path).blocks()), axis=1)
            if len(samples) == 2:
                yield path, samples


def _roles() -> None:
    """Share of the milliseconds of turns whose role is the one of the channel that speaks."""
    from qc.asr.assemble import Assembly, assemble
    from qc.asr.service import open_transcriber, transcribe
    from qc.domain.config import AsrConfig, AudioConfig
    from qc.domain.conversation import CallMeta, Channel, Source
    from qc.domain.recording import Recording
    from qc.paths import packaged
    from qc.specs.speech import load_speech

    config = AsrConfig()
    assembly = Assembly(audio=AudioConfig(), asr=config, speech=load_speech(packaged("rules") / "_speech"))
    transcriber = open_transcriber(config)
    totals: dict[str, npt.NDArray[np.int64]] = {}
    print("\nroles of the sample calls: right / wrong / unknown, % of the time of turns, and how they are known")
    with tempfile.TemporaryDirectory() as folder:
        for path, both in _sample_calls():
            truth = _truth(both.shape[1], [(c, s.start, s.end) for c in (0, 1) for s in _spans(both[c : c + 1])])
            for kind, samples in (("stereo", both), ("swapped", both[::-1]), ("mono", both.mean(0, keepdims=True))):
                file = Path(folder) / f"{path.stem}.wav"
                soundfile.write(file, samples.T, RATE)
                recording = Recording(
                    conversation_id=path.stem,
                    file=str(file),
                    project=path.parent.name,
                    channel=Channel.VOICE_INBOUND,
                    meta=CallMeta(),
                    source=Source(path=file.name, format="audio", sha256="0" * 64),
                )
                turns, source = assemble(transcribe(recording, transcriber, 3600), path.parent.name, assembly)
                counts = np.zeros(3, np.int64)
                for turn in turns:
                    said = truth[turn.start_ms : turn.end_ms]
                    agent, customer = int((said == 0).sum()), int((said == 1).sum())
                    right = {"agent": agent, "customer": customer}.get(turn.role.value)
                    counts += (0, 0, agent + customer) if right is None else (right, agent + customer - right, 0)
                totals[kind] = totals.get(kind, np.zeros(3, np.int64)) + counts
                print(
                    f"  {path.stem} {kind:8}", *(f"{100 * n / max(counts.sum(), 1):6.1f}" for n in counts), source.value
                )
    for kind, counts in totals.items():
        print(f"  all  {kind:8}", *(f"{100 * n / max(counts.sum(), 1):6.1f}" for n in counts))


if __name__ == "__main__":
    arguments = [a for a in sys.argv[1:] if not a.startswith("--")]
    main(Path(arguments[0]), arguments[1] if len(arguments) > 1 else "dev", "--roles" in sys.argv)
