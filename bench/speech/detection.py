"""Is speech found however soft and dirty it is, and is nothing else taken for it?

usage: OMP_NUM_THREADS=1 python bench/speech/detection.py kept CORPUS [--part held]
       OMP_NUM_THREADS=1 python bench/speech/detection.py hold CORPUS [--part held] [--music FOLDER]
       OMP_NUM_THREADS=1 python bench/speech/detection.py sounds [--music FOLDER] [--seconds 600] [--rivals-seconds 60]
       [--only KIND …]

`kept`: the share of speech frames that reach the recogniser, and the share of the rest, further than 0.3 s from any
speech, that does so as well, for recordings of the corpus as they come over a telephone in bad conditions. The
reference is made from the clean recordings: frames of 32 ms where Silero says speech and that are at most 30 dB below
the loud ones. Beside ours: the same network asked with its package's settings, faster-whisper's detection as it is on
by default in its batched mode, and webrtcvad and ten-vad where they are installed. All but faster-whisper's, which
brings its own 0.4 s, get the 0.15 s on both sides of a stretch that our windows add.

`hold`: the same for recordings with 25 s of hold music between them, after 40 s of talk or after every recording, all
over a telephone line, the music as loud as the speech or 8 dB louder: a melody made here, and each audio file in FOLDER
that is longer.

`sounds`: what is not speech, `--seconds` of each kind and of each audio file in FOLDER (music without singing), over a
telephone line: seconds found to be speech, and the characters that come out of the whole chain and can cost anybody
points (confidence above 0); the same for stock whisper (greedy) and faster-whisper's batched mode on a shorter piece.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

from bench.speech import corpus  # noqa: E402
from bench.speech.sounds import SOUNDS, hum, melody  # noqa: E402
from qc.asr.engines.ct2.files import find_files  # noqa: E402
from qc.asr.engines.whisper.load import load  # noqa: E402
from qc.asr.models.weights import find_model  # noqa: E402
from qc.asr.pack import PAD  # noqa: E402
from qc.asr.service import SPEECH, open_transcriber, transcribe  # noqa: E402
from qc.asr.sound.audio import RATE, Samples, open_audio  # noqa: E402
from qc.asr.sound.detect import SpeechDetector, SpeechOptions, find_spans  # noqa: E402
from qc.asr.sound.silero import session  # noqa: E402
from qc.domain.config import AsrConfig  # noqa: E402
from qc.domain.conversation import CallMeta, Channel, Source  # noqa: E402
from qc.domain.recording import Recording  # noqa: E402

FRAME = 512
HOLD_S = 25.0
Flags = npt.NDArray[np.bool_]
Detect = Callable[[Samples], Iterator[tuple[int, int]]]
"""One channel at 16 kHz → stretches of speech in samples."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True)
    kept = commands.add_parser("kept")
    kept.add_argument("corpus", type=Path)
    kept.add_argument("--part", choices=("dev", "held"), default="dev")
    kept.set_defaults(run=lambda a: _kept(a.corpus, a.part))
    hold = commands.add_parser("hold")
    hold.add_argument("corpus", type=Path)
    hold.add_argument("--part", choices=("dev", "held"), default="dev")
    hold.add_argument("--music", type=Path)
    hold.set_defaults(run=lambda a: _hold(a.corpus, a.part, a.music))
    sounds = commands.add_parser("sounds")
    sounds.add_argument("--music", type=Path)
    sounds.add_argument("--seconds", type=float, default=600.0)
    sounds.add_argument("--rivals-seconds", type=float, default=60.0)
    sounds.add_argument("--only", nargs="*", help="of these kinds only")
    sounds.set_defaults(run=lambda a: _sounds(a.music, a.seconds, a.rivals_seconds, a.only))
    args = parser.parse_args()
    args.run(args)


def _ours(samples: Samples) -> Iterator[tuple[int, int]]:
    detector = SpeechDetector(1)
    detector.feed(samples[None])
    for span in detector.spans(SPEECH)[0]:
        yield span.start, span.end


def _silero(samples: Samples) -> Iterator[tuple[int, int]]:
    """The package's own defaults, without what we do before."""
    options = SpeechOptions(threshold=0.5, min_silence_s=0.1, min_speech_s=0.25, max_speech_s=1e6)
    for span in find_spans(_probabilities(samples), len(samples), options):
        yield span.start, span.end


def _probabilities(samples: Samples) -> npt.NDArray[np.float32]:
    frames = np.pad(samples, (0, -len(samples) % FRAME)).reshape(-1, FRAME)
    context = np.concatenate([np.zeros((1, 64), np.float32), frames[:-1, -64:]])
    state = np.zeros((1, 1, 128), np.float32)
    inputs = {"input": np.concatenate([context, frames], axis=1), "h": state, "c": state}
    return np.asarray(session().run(["speech_probs"], inputs)[0]).reshape(-1)


def _faster_whisper(samples: Samples) -> Iterator[tuple[int, int]]:
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    options = VadOptions(max_speech_duration_s=30, min_silence_duration_ms=160)
    for found in get_speech_timestamps(samples, options):
        yield found["start"], found["end"]


def _webrtc(samples: Samples) -> Iterator[tuple[int, int]]:
    import webrtcvad

    vad = webrtcvad.Vad(2)
    pcm = (np.clip(samples, -1, 1) * 32767).astype("<i2")
    yield from _runs(480, [vad.is_speech(pcm[i : i + 480].tobytes(), RATE) for i in range(0, len(pcm) - 479, 480)])


def _ten(samples: Samples) -> Iterator[tuple[int, int]]:
    from ten_vad import TenVad

    vad = TenVad(256, 0.5)
    pcm = (np.clip(samples, -1, 1) * 32767).astype(np.int16)
    yield from _runs(256, [bool(vad.process(pcm[i : i + 256])[1]) for i in range(0, len(pcm) - 255, 256)])


def _runs(size: int, flags: list[bool]) -> Iterator[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.array([False, *flags, False]).astype(np.int8)))
    for start, end in edges.reshape(-1, 2).tolist():
        yield start * size, end * size


def _detectors() -> dict[str, tuple[Detect, int]]:
    out: dict[str, tuple[Detect, int]] = {"qc": (_ours, PAD), "silero defaults": (_silero, PAD)}
    for name, module, detect, pad in (
        ("faster-whisper", "faster_whisper", _faster_whisper, 0),
        ("webrtcvad 2", "webrtcvad", _webrtc, PAD),
        ("ten-vad", "ten_vad", _ten, PAD),
    ):
        if find_spec(module):
            out[name] = (detect, pad)
    return out


def _conditions() -> dict[str, Callable[[Samples], Samples]]:
    """Clean recordings [channels, n] → the same in trouble."""
    telephone, quiet = corpus.telephone, corpus.quiet

    def down(db: float) -> Callable[[Samples], Samples]:
        return lambda x: np.round(telephone(x) * 10 ** (-db / 20) * 32768).astype(np.float32) / 32768

    def hissing(x: Samples, ratio_db: float) -> Samples:
        noise = np.random.default_rng(9).standard_normal(x.shape)
        return (x + noise * _loudness(x) * 10 ** (-ratio_db / 20)).astype(np.float32)

    def humming(x: Samples) -> Samples:
        return x + hum(x.shape[-1] / RATE)[: x.shape[-1]] / 10 ** (-35 / 20) * np.float32(_loudness(x).max() * 0.5)

    return {
        "clean": lambda x: x,
        "telephone": telephone,
        "12 dB down": down(12),
        "quiet (26 dB down)": lambda x: quiet(telephone(x)),
        "quiet before the line": lambda x: telephone(quiet(x)),
        "40 dB down": down(40),
        "clipped": lambda x: np.clip(10 * telephone(x), -0.99, 0.99),
        "offset": lambda x: quiet(telephone(x)) + np.float32(0.1),
        "hum": lambda x: humming(telephone(x)),
        "quiet, hum": lambda x: humming(quiet(telephone(x))),
        "hiss 20 dB below": lambda x: hissing(telephone(x), 20),
        "hiss 15 dB below": lambda x: hissing(telephone(x), 15),
        "quiet, hiss 15 dB": lambda x: quiet(hissing(telephone(x), 15)),
    }


def _loudness(x: Samples) -> npt.NDArray[np.float64]:
    """RMS of each channel where somebody speaks: of the frames at most 25 dB below the loud ones, [channels, 1]."""
    whole = x.shape[1] // FRAME * FRAME
    power = np.square(x[:, :whole], dtype=np.float64).reshape(len(x), -1, FRAME).mean(axis=2)
    floor = np.percentile(power, 95, axis=1, keepdims=True) * 10**-2.5
    return np.sqrt(np.array([[own[own >= least].mean()] for own, least in zip(power, floor, strict=True)]))


def _reference(row: Samples) -> Flags:
    speech = _probabilities(row) >= 0.5
    power = np.square(np.pad(row, (0, -len(row) % FRAME)).reshape(-1, FRAME)).mean(axis=1)
    return speech & (power > np.percentile(power[power > 1e-10], 95) / 1000)


def _kept(folder: Path, part: str) -> None:
    utterances = corpus.read(folder, part)
    streams = [*corpus.dense(utterances), corpus.call(utterances)]
    references = [[_reference(row) for row in s.samples] for s in streams]
    table = _Table()
    for condition, spoil in _conditions().items():
        for stream, own in zip(streams, references, strict=True):
            for row, wanted in zip(np.asarray(spoil(stream.samples), np.float32), own, strict=True):
                table.hear(row, wanted)
        table.print(condition)


def _hold(folder: Path, part: str, music: Path | None) -> None:
    said = [np.pad(u.samples, (RATE // 2, -len(u.samples) % FRAME)) for u in corpus.read(folder, part)]
    wanted = [_reference(samples) for samples in said]
    loudness = float(_loudness(np.concatenate(said)[None])[0, 0])
    played = [melody(120.0), *(_played(path, None) for path in _audio_files(music))]
    table = _Table()
    for talk_s in (40, 0):
        for louder_db in (0, 8):
            for one in (m for m in played if len(m) > HOLD_S * RATE):
                tune = one * np.float32(loudness / _loudness(one[None])[0, 0] * 10 ** (louder_db / 20))
                samples, flags = _with_music(said, wanted, tune, talk_s)
                table.hear(corpus.telephone(samples), flags)
            table.print(f"{talk_s or 'every'} · {louder_db} dB")


def _with_music(
    said: Sequence[Samples], wanted: Sequence[Flags], tune: Samples, talk_s: float
) -> tuple[Samples, Flags]:
    """What is said, after at least `talk_s` of it another part of the tune; and the frames of speech."""
    hold = round(HOLD_S * RATE) // FRAME * FRAME
    out: list[Samples] = []
    flags: list[Flags] = []
    at, talked = 0, talk_s * RATE
    for samples, own in zip(said, wanted, strict=True):
        if talked >= talk_s * RATE:
            at = (at + 7 * RATE) % (len(tune) - hold)
            out.append(tune[at : at + hold])
            flags.append(np.zeros(hold // FRAME, bool))
            talked = 0
        whole = len(samples) // FRAME
        out.append(samples[: whole * FRAME])
        flags.append(own[:whole])
        talked += len(samples)
    return np.concatenate(out), np.concatenate(flags)


class _Table:
    """A column per detector, a line per condition."""

    def __init__(self) -> None:
        self._detectors = _detectors()
        self._cells = {name: [0, 0, 0, 0, 1.0] for name in self._detectors}
        print("% of speech kept (the worst channel) / % of the rest taken for speech")
        print(f"{'':22}" + "".join(f"{name:>22}" for name in self._detectors))

    def hear(self, row: Samples, wanted: Flags) -> None:
        for name, (detect, pad) in self._detectors.items():
            _count(self._cells[name], _frames(detect(row), pad, len(wanted)), wanted)

    def print(self, condition: str) -> None:
        """The line of what was heard since the last one."""
        line = (f"{100 * k / t:.1f} ({100 * w:.0f}) / {100 * f / n:.1f}" for k, t, f, n, w in self._cells.values())
        print(f"{condition:22}" + "".join(f"{cell:>22}" for cell in line), flush=True)
        self._cells = {name: [0, 0, 0, 0, 1.0] for name in self._detectors}


def _frames(found: Iterator[tuple[int, int]], pad: int, count: int) -> Flags:
    out = np.zeros(count, bool)
    for start, end in found:
        out[max(start - pad, 0) // FRAME : -(-(end + pad) // FRAME)] = True
    return out


def _count(cell: list[float], heard: Flags, wanted: Flags) -> None:
    far = np.convolve(wanted, np.ones(19), "same") == 0
    kept, total = int((heard & wanted).sum()), int(wanted.sum())
    cell[0] += kept
    cell[1] += total
    cell[2] += int((heard & far).sum())
    cell[3] += int(far.sum())
    cell[4] = min(cell[4], kept / total)


def _sounds(music: Path | None, seconds: float, rivals_seconds: float, only: list[str] | None) -> None:
    made: dict[str, Callable[[float], Samples]] = {name: _on_the_line(make) for name, make in SOUNDS.items()}
    for path in _audio_files(music):
        made[path.name] = _on_the_line(lambda s, path=path: _played(path, s))
    transcriber = open_transcriber(AsrConfig())
    rivals = _recognisers() if rivals_seconds else {}
    print(
        f"{seconds:.0f} s of each, {rivals_seconds:.0f} s for the others: seconds of speech / characters that survive"
    )
    print(f"{'':18}" + "".join(f"{name:>18}" for name in ("qc", *rivals)))
    for name, make in made.items():
        if only and name not in only:
            continue
        cells = [_through_qc(make(seconds), transcriber)]
        cells += [rival(make(rivals_seconds)) for rival in rivals.values()]
        print(f"{name:18}" + "".join(f"{cell:>18}" for cell in cells), flush=True)


def _on_the_line(make: Callable[[float], Samples]) -> Callable[[float], Samples]:
    def made(seconds: float) -> Samples:
        sound = make(seconds)
        return corpus.telephone(sound) if sound.any() and np.abs(sound).max() > 1e-3 else sound

    return made


def _audio_files(folder: Path | None) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.suffix in (".wav", ".ogg", ".flac", ".mp3")) if folder else []


def _played(path: Path, seconds: float | None) -> Samples:
    """So many seconds of it, again and again; None: once."""
    one = np.concatenate(list(open_audio(path).blocks()), axis=1).mean(axis=0)
    return np.asarray(one if seconds is None else np.resize(one, round(seconds * RATE)), np.float32)


def _through_qc(samples: Samples, transcriber: object) -> str:
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        soundfile.write(file.name, samples, RATE, subtype="PCM_16")
        meta = {"project": "", "channel": Channel.VOICE_INBOUND, "meta": CallMeta()}
        source = Source(path="sound", format="audio", sha256="0" * 64)
        recording = Recording(conversation_id="sound", file=file.name, source=source, **meta)
        (channel,) = transcribe(recording, transcriber, 4 * 3600).channels
    return f"{channel.speech_ms / 1000:.1f} s / {_characters(s.text for s in channel.segments if s.confidence > 0)}"


def _recognisers() -> dict[str, Callable[[Samples], str]]:
    """The others as their users run them, with the same weights."""
    model = load(find_model("base"), "fp32").whisper
    settings = {"language": "zh", "fp16": False, "condition_on_previous_text": False}

    def whisper(samples: Samples) -> str:
        return f"{_characters([model.transcribe(samples, **settings)['text']])}"

    if not find_spec("faster_whisper"):
        return {"whisper greedy": whisper}
    from faster_whisper import BatchedInferencePipeline, WhisperModel

    files = find_files("base")
    pipeline = BatchedInferencePipeline(
        WhisperModel("base", device="cpu", compute_type="int8", cpu_threads=1, files=files.read())
    )

    def batched(samples: Samples) -> str:
        speech = sum(end - start for start, end in _faster_whisper(samples)) / RATE
        found, _ = pipeline.transcribe(samples, language="zh", beam_size=1, batch_size=8)
        return f"{speech:.1f} s / {_characters(p.text for p in found)}"

    return {"whisper greedy": whisper, "faster-whisper": batched}


def _characters(texts: Iterable[str]) -> int:
    return sum(c.isalnum() for text in texts for c in text)


if __name__ == "__main__":
    main()
