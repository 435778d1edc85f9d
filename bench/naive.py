"""The script a centre would write in an afternoon, as the rival of the text stages: SnowNLP for emotion, jieba for
keywords, pyahocorasick for sensitive words, pandas to CSV, one utterance after another.

usage: python bench/naive.py DIALOGUES.jsonl WORDS.txt OUT.csv
"""

import json
import sys
from pathlib import Path

import ahocorasick
import jieba.analyse
import pandas as pd
from snownlp import SnowNLP


def main(dialogues: Path, words: Path, out: Path) -> None:
    automaton = ahocorasick.Automaton()
    for word in words.read_text(encoding="utf-8").split():
        automaton.add_word(word, word)
    automaton.make_automaton()
    rows = []
    with dialogues.open(encoding="utf-8") as lines:
        for line in lines:
            dialogue = json.loads(line)
            for number, turn in enumerate(dialogue["turns"], 1):
                text = turn["text"]
                rows.append(
                    {
                        "id": dialogue["id"],
                        "turn": number,
                        "role": turn["role"],
                        "text": text,
                        "sensitive": "|".join(word for _, word in automaton.iter(text)),
                        "sentiment": SnowNLP(text).sentiments if text.strip() else 0.5,
                        "keywords": "|".join(jieba.analyse.extract_tags(text, topK=5)),
                    }
                )
    pd.DataFrame(rows).to_csv(out, index=False)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
