"""Do sentences end at the same places whatever recogniser heard them?

usage: python -m bench.speech.sentences CORPUS [SECONDS]

A call of the dev part on telephone band, its first SECONDS (120), is heard in several ways. F1 of the ends of sentences
(。？！, by time, within 200 ms) against the first way: of the readable text, and, as a rival, of the marks that the
recogniser wrote itself (each at its share of its phrase's time).
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import soundfile

from bench.speech import corpus
from qc.asr.engines.registry import open_transcriber
from qc.asr.service import transcribe
from qc.asr.wording.readable import readable
from qc.domain.config import AsrConfig
from qc.domain.conversation import CallMeta, Channel, Source
from qc.domain.recording import Recording, Segment

TOLERANCE_MS = 200
_END = re.compile("[。？！.?!]")
_FIRST = AsrConfig(engine="openai-whisper", precision="fast")
WAYS = {
    "openai-whisper fast, batch 8": _FIRST,
    "… batch 1": replace(_FIRST, batch_size=1),
    "… fp32": replace(_FIRST, precision="fp32"),
    "… beam 5": replace(_FIRST, preset="accurate"),
    "… with a prompt": replace(_FIRST, prompt="以下是普通话的句子。请问您有什么问题？好的，谢谢。"),
    "faster-whisper": replace(_FIRST, engine="faster-whisper"),
    "faster-whisper beam 5": replace(_FIRST, engine="faster-whisper", preset="accurate"),
}


def main(folder: Path, seconds: float) -> None:
    """Prints a line per way."""
    call = corpus.call(corpus.read(folder, "dev"))
    samples = corpus.telephone(call.samples[:, : round(seconds * corpus.RATE)])
    first: tuple[list[int], list[int]] | None = None
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary) / "call.wav"
        soundfile.write(path, samples.T, corpus.RATE, subtype="FLOAT")
        for name, config in WAYS.items():
            channels = list(_heard(path, config))
            ends = ([], [])  # type: tuple[list[int], list[int]]
            for channel, own in enumerate(channels):
                for which, segments in enumerate((readable(own, (), config), own)):
                    ends[which].extend(channel * 10_000_000 + at for at in _ends(segments))
            first = first or ends
            ours, theirs = (f1(a, b) for a, b in zip(first, ends, strict=True))
            print(
                f"{name:32} sentences {len(ends[0]):3} F1 {ours:.2f} | its own marks {len(ends[1]):3} F1 {theirs:.2f}"
            )


def f1(one: Sequence[int], other: Sequence[int]) -> float:
    """2 × pairs within the tolerance ÷ ends of both; 1.0 where neither has any."""
    left = sorted(other)
    pairs = 0
    for at in sorted(one):
        near = [x for x in left if abs(x - at) <= TOLERANCE_MS]
        if near:
            left.remove(min(near, key=lambda x: abs(x - at)))
            pairs += 1
    return 2 * pairs / (len(one) + len(other)) if one or other else 1.0


def _ends(segments: Sequence[Segment]) -> Iterator[int]:
    for s in segments:
        for found in _END.finditer(s.text):
            yield round(s.start_ms + (s.end_ms - s.start_ms) * found.end() / len(s.text))


def _heard(path: Path, config: AsrConfig) -> Iterator[tuple[Segment, ...]]:
    recording = Recording(
        conversation_id="call",
        file=str(path),
        project="",
        channel=Channel.VOICE_INBOUND,
        meta=CallMeta(),
        source=Source(path=path.name, format="audio", sha256="0" * 64),
    )
    for channel in transcribe(recording, open_transcriber(config), 36_000).channels:
        yield channel.segments


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 120.0)
