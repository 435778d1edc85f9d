"""What a named rival says of sentences; run by a Python that has it, in a virtual environment of its own.

usage: PYTHON bench/emotion/rivals.py snownlp|cnsenti < SENTENCES.jsonl > SCORES.json

Reads one JSON string a line and writes {"scores": […], "cpu_s": …}: snownlp's probability of being positive less 0.5,
or cnsenti's weighted sum of positive less that of negative words. cpu_s is of scoring, without loading dictionaries.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable


def _snownlp() -> Callable[[str], float]:
    from snownlp import SnowNLP

    return lambda text: SnowNLP(text).sentiments - 0.5 if text.strip() else 0.0


def _cnsenti() -> Callable[[str], float]:
    from cnsenti import Sentiment

    sentiment = Sentiment()

    def score(text: str) -> float:
        found = sentiment.sentiment_calculate(text)
        return float(found["pos"] - found["neg"])

    return score


def main() -> None:
    score = {"snownlp": _snownlp, "cnsenti": _cnsenti}[sys.argv[1]]()
    texts = [json.loads(line) for line in sys.stdin]
    score("预热，这句话很好")
    begun = time.process_time()
    scores = [score(text) for text in texts]
    json.dump({"scores": scores, "cpu_s": time.process_time() - begun}, sys.stdout)


if __name__ == "__main__":
    main()
