"""How `qc/asr/engines/pairs.npz` was made: words of an input method and the pairs of them that tell most.

usage: python -m bench.speech.convert_word_pairs lm_sc.arpa OUT.npz [PAIRS]

lm_sc.arpa lies in data/lm_sc.arpa-20220810.tar.xz of the sources of libime 1.0.16 (Debian: apt-get source libime). Kept
are simplified words of up to six Chinese characters, and of their pairs the PAIRS that would cost most to leave out:
how often a pair stands in text times how wrong the two words alone would be about it (Stolcke 1998, without the
back-off's own change). Back-off weights are computed again for what is left. Longer n-grams are left out.
"""

from __future__ import annotations

import hashlib
import math
import sys
from pathlib import Path

import numpy as np

from qc.asr.engines.fluency import LONGEST
from qc.asr.engines.pairs import STEP
from qc.text.normalise import normalise

ARPA_SHA256 = "0092547b9922818642343da0a73400e49dbb09b67cc2c4ce6b61aa2bad6ec95a"
PAIRS = 1_000_000


def convert(arpa: Path, out: Path, count: int) -> None:
    """Write the arrays; print their sizes and the digest of the file."""
    if hashlib.sha256(arpa.read_bytes()).hexdigest() != ARPA_SHA256:
        sys.exit(f"{arpa} is not the model of libime 1.0.16")
    words, alone, back_off, pairs, together = _read(arpa)
    known = np.array([_is_kept(word) for word in words])
    inside = known[pairs].all(1)
    (first, second), together = pairs[inside].T, together[inside]
    loss = np.exp(alone[first] + together) * (together - back_off[first] - alone[second])
    chosen = np.argsort(-loss, kind="stable")[:count]
    first, second, together = first[chosen], second[chosen], together[chosen]

    order = np.flatnonzero(known)
    order = order[np.argsort(-alone[order], kind="stable")]  # the most frequent words first
    number = np.zeros(len(words), np.int64)
    number[order] = np.arange(len(order))
    left = 1 - np.bincount(first, np.exp(together), len(words))
    left_alone = 1 - np.bincount(first, np.exp(alone[second]), len(words))
    back_off = np.log(np.maximum(left, 1e-3) / np.maximum(left_alone, 1e-3))
    rows = np.lexsort((number[second], number[first]))
    with out.open("wb") as f:
        np.savez_compressed(
            f,
            words=np.frombuffer("\n".join(words[i] for i in order).encode(), np.uint8),
            word_cost=_steps(alone[order]).astype(np.uint8),
            back_off=_steps(back_off[order]).astype(np.int16),
            pairs=np.bincount(number[first], minlength=len(order)).astype(np.uint16),
            second=number[second[rows]].astype(np.uint32),
            pair_cost=_steps(together[rows]).astype(np.uint8),
        )
    digest = hashlib.sha256(out.read_bytes()).hexdigest()
    print(f"{len(order):,} words, {len(rows):,} pairs, {out.stat().st_size:,} bytes, SHA-256 {digest}")


def _read(arpa: Path) -> tuple[list[str], np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Words, their log probability and back-off (nats); pairs as two numbers of words, their log probability."""
    words, alone, back_off, pairs, together = [], [], [], [], []
    numbers: dict[str, int] = {}
    order = ""
    with arpa.open(encoding="utf-8") as lines:
        for line in lines:
            fields = line.rstrip("\n").split("\t")
            if line.startswith("\\"):
                order = line.strip()
            elif order == "\\1-grams:" and len(fields) > 1:
                numbers[fields[1]] = len(words)
                words.append(fields[1])
                alone.append(float(fields[0]))
                back_off.append(float(fields[2]))
            elif order == "\\2-grams:" and len(fields) > 1:
                one, two = fields[1].split(" ")
                pairs.append((numbers[one], numbers[two]))
                together.append(float(fields[0]))
    nats = math.log(10)
    return words, np.array(alone) * nats, np.array(back_off) * nats, np.array(pairs), np.array(together) * nats


def _is_kept(word: str) -> bool:
    return len(word) <= LONGEST and normalise(word) == word and all("\u4e00" <= c <= "\u9fff" for c in word)


def _steps(log_probabilities: np.ndarray) -> np.ndarray:
    return np.round(-log_probabilities * STEP)


if __name__ == "__main__":
    convert(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else PAIRS)
