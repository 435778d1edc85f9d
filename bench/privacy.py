"""Personal data found and hidden, by type: recall on planted values, precision, and innocent numbers hidden by mistake.

usage: python -m bench.privacy [--phrasing held_out|develop] [--count 4000] [--seed 1] [--misses 20]
       python -m bench.privacy --chats CHATS.jsonl [--read 200]

A planted value counts as hidden when every one of its digits and characters stands in a span that is masked (of an
address what follows the city, of a piece all of it). A found span that touches no planted value is a false alarm; an
innocent number any digit of which is hidden is one hidden by mistake. CHATS is a file of real chats in which values
were replaced by placeholders such as [电话x] ({"turns": [{"role": …, "text": …}]} a line): invented values are planted
in their places, the chats stay as they are otherwise; --read prints masked turns to read.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.planted import Planted, Talk, talks
from bench.planted_chats import chats
from qc.domain.conversation import Entity
from qc.text.entities import find_entities
from qc.text.masking import mask, mask_turns
from qc.text.normalise import normalise
from qc.text.places import readable
from qc.text.shard import Shard

_SHARD = 500


@dataclass
class Tally:
    planted: int = 0
    hidden: int = 0
    alarms: int = 0
    found: int = 0


@dataclass
class Measure:
    """What was found of what was planted; `misses` and `alarms` are texts to look at."""

    types: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    spellings: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    innocent: dict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    misses: list[str] = field(default_factory=list)
    mistaken: list[str] = field(default_factory=list)
    alarms: list[str] = field(default_factory=list)


def measure(given: Sequence[Talk]) -> Measure:
    """Mask the conversations and compare with what was planted."""
    out = Measure()
    for at in range(0, len(given), _SHARD):
        part = given[at : at + _SHARD]
        shard = Shard([talk.conversation for talk in part])
        entities = find_entities(shard)
        by_turn, texts = entities.by_turn(), mask_turns(shard, entities)
        for i, talk in enumerate(part):
            base = int(shard.first_turn[i])
            for planted in talk.planted:
                turn = base + planted.turn
                _count(out, planted, shard.turn_columns.text[turn], by_turn.get(turn, ()), texts[turn])
            _alarms(out, talk, base, by_turn, shard)
    return out


def _count(out: Measure, planted: Planted, text: str, entities: Sequence[Entity], masked: str) -> None:
    personal = [e for e in entities if e.personal]
    shown = normalise(text[planted.start : planted.end])
    first = planted.start + (readable(text[planted.start : planted.end]) if planted.type == "address" else 0)
    telling = [i for i in range(first, planted.end) if shown[i - planted.start].isalnum()]
    covered = [any(e.start <= i < e.end for e in personal) for i in telling]
    if not planted.personal:
        tally = out.innocent[planted.type]
        tally.planted += 1
        if any(c for c, i in zip(covered, telling, strict=True) if shown[i - planted.start].isdigit()):
            tally.hidden += 1
            out.mistaken.append(f"{planted.type}: {text}\n    {masked}")
        return
    hidden = all(covered) or (
        planted.spelling in _WITH_WORDS and _covers_digits(shown, covered, telling, planted.start)
    )
    for tally in (out.types[planted.type + (" 分段" if planted.piece else "")], out.spellings[planted.spelling]):
        tally.planted += 1
        tally.hidden += hidden
    if not hidden:
        out.misses.append(f"{planted.type} {planted.spelling}: {text}\n    {masked}")


_WITH_WORDS = ("corrected", "hesitating", "halting")


def _covers_digits(shown: str, covered: Sequence[bool], telling: Sequence[int], start: int) -> bool:
    digits = set("0123456789x零一二三四五六七八九幺")
    return all(c for c, i in zip(covered, telling, strict=True) if shown[i - start] in digits)


def _alarms(out: Measure, talk: Talk, base: int, by_turn: dict[int, tuple[Entity, ...]], shard: Shard) -> None:
    for t in range(len(talk.conversation.turns)):
        mine = [p for p in talk.planted if p.turn == t and p.personal]
        for e in by_turn.get(base + t, ()):
            if e.personal:
                out.types[e.type].found += 1
                if not any(p.start < e.end and e.start < p.end for p in mine):
                    out.types[e.type].alarms += 1
                    text = shard.turn_columns.text[base + t]
                    out.alarms.append(f"{e.type}「{text[e.start : e.end]}」: {text}")


def report(out: Measure, misses: int) -> None:
    """Print the tables."""
    _table("planted values", out.types)
    _table("by spelling", out.spellings)
    planted = sum(t.planted for t in out.innocent.values())
    hidden = sum(t.hidden for t in out.innocent.values())
    print(f"\ninnocent numbers hidden: {hidden} of {planted} ({hidden / max(planted, 1):.2%})")
    print("  " + ", ".join(f"{k} {t.hidden}/{t.planted}" for k, t in sorted(out.innocent.items()) if t.hidden))
    for title, lines in (("missed", out.misses), ("hidden by mistake", out.mistaken), ("false alarms", out.alarms)):
        print(f"\n{title}: {len(lines)}")
        print("\n".join(f"  {line}" for line in lines[:: max(1, len(lines) // max(misses, 1))][:misses]))


def _table(title: str, tallies: dict[str, Tally]) -> None:
    print(f"\n{title:<20}{'planted':>9}{'hidden':>9}{'recall':>9}{'found':>9}{'alarms':>8}{'precision':>11}")
    total = Tally()
    for name, t in sorted(tallies.items()):
        _row(name, t)
        for key in ("planted", "hidden", "alarms", "found"):
            setattr(total, key, getattr(total, key) + getattr(t, key))
    _row("all", total)


def _row(name: str, t: Tally) -> None:
    recall = f"{t.hidden / t.planted:.4f}" if t.planted else ""
    precision = f"{1 - t.alarms / t.found:.4f}" if t.found else ""
    print(f"{name:<20}{t.planted:>9}{t.hidden:>9}{recall:>9}{t.found:>9}{t.alarms:>8}{precision:>11}")


def read_through(given: Iterable[Talk], lines: int) -> None:
    """Print turns in which something was planted, as they were and masked."""
    rest = lines
    for talk in given:
        shard = Shard([talk.conversation])
        found = find_entities(shard).by_turn()
        for t, turn in enumerate(talk.conversation.turns):
            if any(p.turn == t for p in talk.planted) and rest:
                print(f"{turn.role.value[0]} {turn.text}\n  {mask(turn.text, found.get(t, ()))}")
                rest -= 1


def main() -> None:
    args = _arguments()
    given = list(chats(args.chats, args.seed) if args.chats else talks(args.phrasing, args.count, args.seed))
    kinds = Counter(p.type for talk in given for p in talk.planted if p.personal)
    turns = sum(len(talk.conversation.turns) for talk in given)
    print(f"{len(given)} conversations, {turns} turns, {sum(kinds.values())} planted personal values")
    report(measure(given), args.misses)
    read_through(given, args.read)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--phrasing", choices=("develop", "held_out"), default="held_out")
    parser.add_argument("--count", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--misses", type=int, default=0, help="examples to print")
    parser.add_argument("--chats", type=Path)
    parser.add_argument("--read", type=int, default=0, help="masked turns to print")
    return parser.parse_args()


if __name__ == "__main__":
    main()
