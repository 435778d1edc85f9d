"""Hot words and numbers: keyword recall on telephone audio with and without the correction pass, changes of innocent
text, time.

usage: python -m bench.speech.words CORPUS [PART] [TEXTS]

CORPUS: see corpus.py; PART: dev (default) or held; TEXTS: a folder of chats (*.jsonl, {"turns": [{"text": …}]}).

Keywords are the rarer words (two characters and more, under 2000 occurrences in jieba's dictionary, no numerals) of the
reference texts. The list of hot words is these and ten times as many words of the dictionary that nobody says. Recall:
keywords said whose characters all came out right, of all said. False: words of the list that were written where
something else was said.
"""

from __future__ import annotations

import json
import random
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import process_time

import soundfile

from bench.speech import corpus
from qc.asr.engines.registry import choose, open_transcriber
from qc.asr.service import transcribe
from qc.asr.wording.readable import readable
from qc.domain.config import AsrConfig
from qc.domain.conversation import CallMeta, Channel, MarkKind, Source
from qc.domain.recording import Recording, Segment
from qc.domain.speech import HotWord
from qc.paths import packaged
from qc.specs.hot_words import load_hot_words
from qc.text.error_rate import Errors, align
from qc.text.hotwords import HotWords
from qc.text.inverse_numerals import digits
from qc.text.words import counts, segmenter

OTHERS = 10
RARE = 2000
_HAN = re.compile(r"[\u4e00-\u9fff]{2,5}")
_NUMERAL = re.compile("[零一二三四五六七八九十百千万亿两]")
Heard = tuple[str, tuple[Segment, ...]]
"""What was said and what was heard on a channel."""


def main(folder: Path, part: str, texts: Path | None) -> None:
    """Prints everything."""
    heard = list(_heard(folder, part))
    said = keywords([reference for reference, _ in heard])
    words = tuple(HotWord(text=w) for w in sorted({*said, *distractors(said)}))
    print(f"{part}: {len(said)} keywords among {len(words)} hot words")
    print(f"  as heard:       {score(heard, words, correct=False)}")
    print(f"  with hot words: {score(heard, words, correct=True)}", flush=True)
    segments = [s for _, own in heard for s in own]
    for label, some in (("no hot words", ()), (f"{len(words)} hot words", words)):
        begin = process_time()
        for _ in range(5):
            readable(segments, some, AsrConfig())
        print(f"  {label}: {(process_time() - begin) / 5 / len(segments) * 1e6:.0f} µs per segment")
    _linear(words)
    if texts is not None:
        _innocent(texts)


def keywords(references: Sequence[str]) -> list[str]:
    """The rarer words of the texts, sorted."""
    known, _ = counts()
    found = {w for text in references for w in segmenter(()).cut(text)}
    return sorted(w for w in found if _HAN.fullmatch(w) and known.get(w, 0) < RARE and not _NUMERAL.search(w))


def distractors(said: Sequence[str]) -> list[str]:
    """OTHERS times as many words of the dictionary, of the same lengths and as rare."""
    known, _ = counts()
    chosen = random.Random(5)
    by_length: dict[int, list[str]] = {}
    for word in sorted(w for w, n in known.items() if 3 <= n < RARE and _HAN.fullmatch(w)):
        by_length.setdefault(len(word), []).append(word)
    out: set[str] = set()
    while len(out) < OTHERS * len(said):
        out.add(chosen.choice(by_length[len(chosen.choice(said))]))
    return sorted(out - set(said))


def score(channels: Sequence[Heard], words: Sequence[HotWord], *, correct: bool) -> str:
    """Recall, false keywords and CER of the channels."""
    there = there_right = false = 0
    total = Errors()
    config = AsrConfig(correct_words=correct, digits=False)
    for said, segments in channels:
        written = "".join(s.text for s in readable(segments, tuple(words), config))
        alignment = align(said, written)
        total += alignment.errors
        right = [False] * len(said)
        for piece in alignment.pieces:
            if piece.is_equal:
                right[piece.said[0] : piece.said[1]] = [True] * (piece.said[1] - piece.said[0])
        for word in words:
            places = [m.span() for m in re.finditer(word.text, said)]
            there += len(places)
            there_right += sum(all(right[a:b]) for a, b in places)
            false += sum(not all(alignment.right[m.start() : m.end()]) for m in re.finditer(word.text, written))
    return f"recall {there_right}/{there} = {there_right / there:.1%}, false {false}, CER {total.rate:.1%}"


def _heard(folder: Path, part: str) -> Iterator[Heard]:
    config = choose(AsrConfig()).config
    transcriber = open_transcriber(config)
    utterances = corpus.read(folder, part)
    with tempfile.TemporaryDirectory() as temporary:
        for stream in (*corpus.dense(utterances), corpus.call(utterances)):
            path = Path(temporary) / "stream.wav"
            soundfile.write(path, corpus.telephone(stream.samples).T, corpus.RATE, subtype="FLOAT")
            recording = Recording(
                conversation_id=stream.name,
                file=str(path),
                project="",
                channel=Channel.VOICE_INBOUND,
                meta=CallMeta(),
                source=Source(path=path.name, format="audio", sha256="0" * 64),
            )
            transcript = transcribe(recording, transcriber, 36_000)
            for channel in transcript.channels:
                yield stream.text(channel.audio_channel), channel.segments


def _linear(words: Sequence[HotWord]) -> None:
    finder = HotWords(words)
    text = "我想问一下分布是光伏的补贴，一点费用也没有，新增人口取限会发现，"
    for size in (10_000, 100_000):
        begin = process_time()
        finder.corrections([text * (size // len(text))], [0.8])
        print(f"  {len(words)} hot words × {size} characters: {process_time() - begin:.2f} s")


def _innocent(texts: Path) -> None:
    shipped = load_hot_words(packaged("rules") / "_speech")
    finder = HotWords(shipped)
    for path in sorted(texts.glob("*.jsonl")):
        turns = [t["text"] for line in path.read_text("utf-8").splitlines() for t in json.loads(line).get("turns", ())]
        if not turns:
            continue
        size = sum(map(len, turns))
        changes = [c for own in finder.corrections(turns, [0.8] * len(turns)) for c in own]
        begin = process_time()
        numbers = sum(len(digits(t)) for t in turns)
        per_turn = (process_time() - begin) / len(turns) * 1e6
        print(
            f"  {path.stem}: {size} characters, {len(shipped)} shipped words: {len(changes)} changes "
            f"({len({c.text for c in changes})} words); {MarkKind.NUMBER}: {numbers}, {per_turn:.0f} µs per turn"
        )


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(
        Path(sys.argv[1]),
        sys.argv[2] if len(sys.argv) > 2 else "dev",
        Path(sys.argv[3]) if len(sys.argv) > 3 else None,
    )
