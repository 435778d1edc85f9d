"""Words written otherwise and homophones: false alarms on real dialogue, finds in text with real slips, and the cost.

usage: python bench/robust.py --text CORPUS… [--slips SIGHAN.json] [--words N]

CORPUS: JSONL of dialogues, {"turns": [{"text": …}, …]}, or of sentences, {"sentence": …}. The words are those of the
shipped rules and lexicons, and N words of each length drawn from jieba's dictionary. SIGHAN: a JSON list of
{"original_text", "correct_text"} of equal length; each word of the correct text that is written wrongly in the original
is looked for there.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from qc.domain.operators import word_lists
from qc.matching.word_search import EXACT, LEVELS, PINYIN, VARIANTS, WordSearch
from qc.pipeline.specs import folders
from qc.specs.rules import load_rules
from qc.text.automaton import Automaton
from qc.text.homophones import has_homophones
from qc.text.normalise import normalise
from qc.text.words import segmenter

SHOWN = 8
RUNS = 5


def main() -> None:
    args = _arguments()
    text = "\n".join(normalise(line) for path in args.text for line in _lines(path))
    millions = len(text) / 1e6
    print(f"{millions:.2f} million characters\n\nfound beyond the letters, per word and million characters:")
    drawn = _dictionary(args.words)
    for name, words in (("rules", _shipped()), ("dictionary", drawn)):
        _false_alarms(name, words, text.encode(), millions)
    if args.slips:
        _finds(json.loads(args.slips.read_text("utf-8")))
    _cost(_shipped(), text.encode(), millions)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--text", type=Path, nargs="+", required=True)
    parser.add_argument("--slips", type=Path)
    parser.add_argument("--words", type=int, default=300)
    return parser.parse_args()


def _lines(path: Path) -> Iterable[str]:
    for row in map(json.loads, path.read_text("utf-8").splitlines()):
        yield from (turn["text"] for turn in row["turns"]) if "turns" in row else (row["sentence"],)


def _shipped() -> list[str]:
    """The words of all shipped rules that match literally."""
    pack = load_rules([folders(None, rules=None, scorecards=None).rules])
    lists = [words for rule in pack.rules for piece in rule.pieces for words in word_lists(piece.operator)]
    texts = {word for words in lists for word in words.words}
    texts |= {word.text for lexicon in pack.lexicons for word in lexicon.words}
    return sorted({normalise(text) for text in texts})


def _dictionary(count: int) -> list[str]:
    """Words in use: at least a hundred times in the text jieba's dictionary was made of."""
    known = segmenter(())._jieba.FREQ
    words = sorted(word for word, often in known.items() if often >= 100 and has_homophones(word))
    draw = random.Random(1)
    return [word for size in (2, 3, 4) for word in draw.sample([w for w in words if len(w) == size], count)]


def _false_alarms(name: str, words: Sequence[str], buffer: bytes, millions: float) -> None:
    found = WordSearch(words, [PINYIN] * len(words)).scan(buffer)
    of_length = Counter(min(len(word), 5) for word in words)
    for level in (VARIANTS, PINYIN):
        rows = np.flatnonzero(found.level == level)
        alarms = Counter(min(len(words[word]), 5) for word in found.word[rows])
        rates = "  ".join(
            f"{size}{'+' if size == 5 else ''} chars {alarms[size] / of_length[size] / millions:.3f}"
            for size in sorted(of_length)
            if size > 1
        )
        seen = Counter((words[found.word[r]], buffer[found.start[r] : found.end[r]].decode()) for r in rows)
        print(f"{name:11} {LEVELS[level]:9} {rates}")
        print("            " + "、".join(f"{word}>{said} {n}" for (word, said), n in seen.most_common(SHOWN)))


def _finds(rows: Sequence[dict[str, str]]) -> None:
    """Words with a wrong character, looked for by their sound."""
    cases = []
    for row in rows:
        said, meant = normalise(row["original_text"]), normalise(row["correct_text"])
        if len(said) != len(meant):
            continue
        at = 0
        for word in segmenter(()).cut(meant):
            if said[at : at + len(word)] != word and has_homophones(word):
                cases.append((said, word, at))
            at += len(word)
    words = sorted({word for _, word, _ in cases})
    search = WordSearch(words, [PINYIN] * len(words))
    total: Counter[int] = Counter()
    right: Counter[int] = Counter()
    for said, word, at in cases:
        found = search.scan(said.encode())
        start = len(said[:at].encode())
        total[len(word)] += 1
        right[len(word)] += bool(((found.word == words.index(word)) & (found.start == start)).any())
    rates = "  ".join(f"{size} chars {right[size] / total[size]:.2f} of {total[size]}" for size in sorted(total))
    print(f"\nwords with a wrong character that are found: {rates}")


def _cost(words: Sequence[str], buffer: bytes, millions: float) -> None:
    buffer = buffer * max(1, round(5 / millions))
    characters = len(buffer.decode()) / 1e6
    bare = Automaton(words)
    searches = {"bare scan": bare.scan}
    for level in (EXACT, VARIANTS, PINYIN):
        searches[LEVELS[level]] = WordSearch(words, [level] * len(words)).scan
    print(f"\nnanoseconds a character, {len(words)} words, {characters:.1f} million characters:")
    for name, scan in searches.items():
        scan(buffer[: buffer.find(b"\n")])
        times = []
        for _ in range(RUNS):
            began = time.process_time()
            scan(buffer)
            times.append(time.process_time() - began)
        print(f"  {name:10} {sorted(times)[RUNS // 2] / characters * 1e3:.1f}")


if __name__ == "__main__":
    main()
