"""Read speech without pauses, its sentences in several random orders, so that one lost sentence does not decide:
character error rates of the engines of `engines.py`, and how far each is from the first of them.

usage: OMP_NUM_THREADS=1 python -m bench.speech.orders CORPUS RESULTS.json [--part held|dev] [--orders N]
           [--engines NAME,…] [--band clean,telephone]

RESULTS.json keeps the errors of every sentence; an engine whose errors stand there is not run again. Intervals: 95 %,
by drawing sentences with replacement, the same ones for both engines, a sentence with all its orders and bands.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from bench.speech import corpus
from bench.speech.engines import _BANDS, CLI, SPONTANEOUS, Engine, _engines
from qc.text.error_rate import divide, errors

DRAWS = 5000


def main() -> None:
    args = _arguments()
    results: dict[str, Any] = json.loads(args.results.read_text("utf-8")) if args.results.exists() else {}
    bands, orders = args.band.split(","), range(1, args.orders + 1)
    said = [u for u in corpus.read(args.corpus, args.part) if u.group != SPONTANEOUS]
    names = args.engines.split(",")
    for name in names:
        own = results.setdefault(name, {})
        missing = [(band, order) for band in bands for order in orders if f"{band} {order}" not in own]
        if not missing:
            continue
        engine = _engines([name])[name]
        for band, order in missing:
            own[f"{band} {order}"] = _heard(engine, _ordered(said, order), band)
            args.results.write_text(json.dumps(results), "utf-8")
    for name in names:
        print(_line(results, names[0], name, bands, orders))


def _ordered(said: Sequence[corpus.Utterance], order: int) -> list[corpus.Utterance]:
    shuffled = list(said)
    random.Random(order).shuffle(shuffled)
    return shuffled


def _heard(engine: Engine, said: Sequence[corpus.Utterance], band: str) -> dict[str, Any]:
    """`cpu_s`, and per sentence its characters and errors."""
    sentences: dict[str, tuple[int, int]] = {}
    seconds = 0.0
    for stream in corpus.dense(said):
        own = [u for u in said if u.group == stream.name]
        heard = replace(stream, samples=_BANDS[band](stream.samples))
        begun = time.process_time()
        (text,) = engine(heard)
        seconds += time.process_time() - begun
        start = 0
        for utterance, end in zip(own, divide([u.text for u in own], [text]), strict=True):
            found = errors(utterance.text, text[start:end])
            sentences[utterance.id] = (found.characters, found.total)
            start = end
    return {"cpu_s": seconds, "sentences": sentences}


def _line(results: dict[str, Any], first: str, name: str, bands: Sequence[str], orders: Sequence[int]) -> str:
    line = f"{name:24}"
    for chosen in (*([band] for band in bands if len(bands) > 1), bands):
        runs = [f"{band} {order}" for band in chosen for order in orders]
        ours, theirs = (_counts(results[engine], runs) for engine in (name, first))
        draws = np.random.default_rng(1).integers(0, len(ours), (DRAWS, len(ours)))
        apart = (ours[draws, 1].sum(1) - theirs[draws, 1].sum(1)) / ours[draws, 0].sum(1)
        low, high = np.percentile(100 * apart, [2.5, 97.5])
        rate, difference = ours[:, 1].sum() / ours[:, 0].sum(), (ours[:, 1] - theirs[:, 1]).sum() / ours[:, 0].sum()
        line += f"  {'+'.join(chosen)} {100 * rate:.1f} % ({100 * difference:+.1f}, {low:+.1f} to {high:+.1f})"
    return line + f"  {sum(results[name][f'{b} {o}']['cpu_s'] for b in bands for o in orders):.0f} CPU s"


def _counts(runs: dict[str, Any], wanted: Sequence[str]) -> Any:
    """[sentences, 2]: characters and errors of each sentence over these runs."""
    ids = sorted(runs[wanted[0]]["sentences"])
    return np.array([[runs[run]["sentences"][i] for i in ids] for run in wanted]).sum(0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("corpus", type=Path)
    parser.add_argument("results", type=Path)
    parser.add_argument("--part", choices=["held", "dev"], default="held")
    parser.add_argument("--orders", type=int, default=3)
    parser.add_argument("--engines", default=f"{CLI},faster-whisper,qc fast,qc accurate")
    parser.add_argument("--band", default="clean,telephone")
    return parser.parse_args()


if __name__ == "__main__":
    main()
