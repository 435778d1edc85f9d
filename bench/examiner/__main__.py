"""Recall per kind and per way of telling, innocent figures and words masked, on the examiner's frozen set.

usage: python -m bench.examiner [--count 2000] [--misses 20] [--kind mobile]
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from bench.examiner.conversations import CONVERSATIONS, SEED, Told, conversations
from qc.domain.conversation import CallMeta, Channel, Conversation, Role, Source, Turn
from qc.text.entities import find_entities
from qc.text.masking import MASK, mask_turns
from qc.text.shard import Shard

_SHARD = 500
_PROJECTS = {"power": "95598", "insurer": "保险", "bank": "银行", "shop": "电商"}
_LEAST_STARRED = 3
"""So many characters must be gone from the text, of a name one: of 138****5678 and z***@qq.com the rest may stay."""
Marks = list[set[int]]
"""Per turn of a conversation: the places of the characters under a mask."""


def main() -> None:
    args = _arguments()
    told: Counter[str] = Counter()
    hidden: Counter[str] = Counter()
    innocent: Counter[str] = Counter()
    masked: Counter[str] = Counter()
    lines: dict[str, list[str]] = defaultdict(list)
    for talk, marks, texts in _masked(conversations(args.count, args.seed)):
        named: Marks = [set() for _ in talk.turns]
        for item in talk.items:
            bare = [(t, i) for t, start, end in item.pieces for i in range(start, end) if talk.turns[t][1][i].isalnum()]
            starred = sum(texts[t][i] == MASK for t, i in bare)
            whole = all(i in marks[t] for t, i in bare) and starred >= min(_LEAST_STARRED, (len(bare) + 2) // 3)
            for key in (item.kind, f"way {item.way}", "all"):
                told[key] += 1
                hidden[key] += whole
            for t, start, end in item.pieces:
                named[t].update(range(start, end))
            if not whole:
                around = range(max(0, item.pieces[0][0] - 1), item.pieces[-1][0] + 1)
                shown = " / ".join(f"{talk.turns[t][1]} → {texts[t]}" for t in around)
                lines[item.kind].append(f"missed {item.kind} {item.way}: {shown}")
        for figure in talk.innocents:
            key = figure.kind
            covered = any(i in marks[figure.turn] for i in range(figure.start, figure.end))
            for name in (key, "words" if key == "word" else "figures"):
                innocent[name] += 1
                masked[name] += covered
            if covered:
                word = talk.turns[figure.turn][1][figure.start : figure.end]
                lines[key].append(f"masked {key}「{word}」: {talk.turns[figure.turn][1]} → {texts[figure.turn]}")
            named[figure.turn].update(range(figure.start, figure.end))
        for t, places in enumerate(marks):
            if places and not places & named[t]:
                innocent["turns with only other text masked"] += 1
                lines["other"].append(f"other: {talk.turns[t][1]} → {texts[t]}")
    _table("told", "hidden", told, hidden)
    _table("innocent", "masked", innocent, masked)
    for kind, found in sorted(lines.items()):
        if args.kind in ("", kind):
            print(f"\n{kind}: {len(found)}")
            print("\n".join(f"  {line}" for line in found[:: max(1, len(found) // max(args.misses, 1))][: args.misses]))


def _masked(given: Iterable[Told]) -> Iterator[tuple[Told, Marks, Sequence[str]]]:
    rest = iter(given)
    while part := list(islice(rest, _SHARD)):
        shard = Shard([_conversation(number, talk) for number, talk in enumerate(part)])
        entities = find_entities(shard)
        by_turn, texts = entities.by_turn(), mask_turns(shard, entities)
        for number, talk in enumerate(part):
            first = int(shard.first_turn[number])
            here = range(first, first + len(talk.turns))
            marks = [{i for e in by_turn.get(t, ()) if e.personal for i in range(e.start, e.end)} for t in here]
            yield talk, marks, [texts[t] for t in here]


def _conversation(number: int, talk: Told) -> Conversation:
    return Conversation(
        id=f"examiner-{number:05d}",
        project=_PROJECTS[talk.trade],
        channel=Channel.VOICE_INBOUND if talk.voice else Channel.CHAT,
        turns=tuple(Turn(role=Role(role), text=text) for role, text in talk.turns),
        meta=CallMeta(),
        source=Source(path="examiner.jsonl", format="chat_jsonl", sha256=""),
    )


def _table(what: str, part: str, whole: Counter[str], of_them: Counter[str]) -> None:
    print(f"\n{what:<36}{'count':>8}{part:>8}{'share':>9}")
    for name, count in sorted(whole.items()):
        print(f"{name:<36}{count:>8}{of_them[name]:>8}{of_them[name] / count:>9.4f}")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=CONVERSATIONS)
    parser.add_argument("--seed", type=int, default=SEED, help="another seed: the same templates with other data")
    parser.add_argument("--misses", type=int, default=0, help="examples to print per kind")
    parser.add_argument("--kind", default="", help="examples of this kind only")
    return parser.parse_args()


if __name__ == "__main__":
    main()
