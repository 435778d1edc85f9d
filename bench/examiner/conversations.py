"""Conversations of four trades, typed or transcribed, with every personal datum and innocent figure marked in place."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

from bench.examiner import people, values
from bench.examiner.innocents import INNOCENTS
from bench.examiner.phrases import LINES
from bench.examiner.speaking import Part, Saying, say, say_email

SEED = 20261122
CONVERSATIONS = 2000
TRADES = {
    "power": "mobile landline id_card account account address name email credit_code bank_card",
    "insurer": "mobile id_card plate passport name bank_card email address landline plate",
    "bank": "mobile id_card bank_card bank_account passport name email landline credit_code",
    "shop": "mobile address name email credit_code id_card bank_card landline plate",
}
MAKERS = {
    "mobile": values.mobile,
    "landline": values.landline,
    "id_card": values.id_card,
    "bank_card": values.bank_card,
    "account": values.account,
    "bank_account": values.bank_account,
    "plate": values.plate,
    "passport": values.passport,
    "credit_code": values.credit_code,
}
HUMS = ("嗯", "呃", "那个", "就是", "哦", "啊", "喂", "对", "就是说")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One personal datum: ``pieces`` are (turn, start, end), characters of the turn's text, end excluded."""

    kind: str
    way: str
    pieces: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Innocent:
    """A figure (``kind`` a slot of :mod:`bench.examiner.innocents`) or a word that hides nobody."""

    kind: str
    turn: int
    start: int
    end: int


@dataclass(slots=True, kw_only=True)
class Told:
    """A conversation: ``turns`` of (role ``agent`` or ``customer``, text), its items and its innocents."""

    trade: str
    voice: bool
    turns: list[tuple[str, str]] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    innocents: list[Innocent] = field(default_factory=list)


class _Writer:
    """Writes turns, keeping the place of everything marked."""

    def __init__(self, trade: str, voice: bool, rng: Random) -> None:
        self.told = Told(trade=trade, voice=voice)
        self.rng = rng
        self.stop = rng.choice((None, "", " ", " ", "")) if voice and rng.random() < 0.92 else None
        if not voice and rng.random() < 0.3:
            self.stop = " "

    def _plain(self, text: str, start: bool, end: bool) -> str:
        """Literal text of a template, its stops dropped as this conversation drops them."""
        if self.stop is None:
            return text
        text = re.sub(r"[，。？！、]+", self.stop, text)
        return text.lstrip() if start else text.rstrip() if end else text

    def turn(
        self, role: str, template: str, parts: Sequence[Part] = (), pieces: list[tuple[int, int, int]] | None = None
    ) -> None:
        """One turn: ``parts`` stand at ``{}``; the places of the told ones are added to ``pieces``."""
        voice, rng, at = self.told.voice, self.rng, len(self.told.turns)
        text = (
            rng.choice(HUMS) + rng.choice(("", " ", " "))
            if voice and role == "customer" and rng.random() < 0.22
            else ""
        )
        tokens = [token for token in re.split(r"(\{\w*\}|『[^』]*』)", template) if token]
        for place, token in enumerate(tokens):
            if token == "{}":
                for part, told in parts:
                    if told and pieces is not None:
                        pieces.append((at, len(text), len(text) + len(part)))
                    text += part
            elif token[0] in "{『":
                kind = "word" if token[0] == "『" else token[1:-1]
                shown = token[1:-1] if token[0] == "『" else INNOCENTS[kind](voice, rng)
                self.told.innocents.append(Innocent(kind=kind, turn=at, start=len(text), end=len(text) + len(shown)))
                text += shown
            else:
                text += self._plain(token, place == 0, place == len(tokens) - 1)
        self.told.turns.append((role, text or rng.choice(("嗯", "好"))))

    def item(self, kind: str, role: str, template: str, saying: Saying) -> None:
        """A datum told in ``template``, over as many turns as its saying has."""
        pieces: list[tuple[int, int, int]] = []
        echoes: list[tuple[int, int, int]] = []
        before, after = template.split("{}")
        for place, parts in enumerate(saying.turns):
            last = place == len(saying.turns) - 1
            self.turn(role, (before if place == 0 else "") + "{}" + (after if last else ""), parts, pieces)
            if not last and saying.echo:
                self.turn("agent", self.rng.choice(("{}", "{}，嗯。", "{}，好的，您继续。")), parts, echoes)
            elif not last and not saying.same_speaker:
                self.turn("agent", self.rng.choice(LINES["nods.agent"]))
        shown = "account" if kind == "bank_account" else kind
        self.told.items.append(Item(kind=shown, way=saying.way, pieces=tuple(pieces)))
        if len(echoes) > 1:
            self.told.items.append(Item(kind=shown, way="echo", pieces=tuple(echoes)))


def _address(voice: bool, rng: Random, whole: bool) -> Saying:
    before, pieces = people.address(rng, voice)
    if len(pieces) > 1 and not whole and rng.random() < 0.12:
        return Saying(
            way="turns",
            turns=[[(before, False), (pieces[0], True)], [(pieces[1], True)]],
            same_speaker=rng.random() < 0.5,
        )
    gap = rng.choice(("", "", "", " ", "，")) if not voice else rng.choice(("", "", " ", "的", " 嗯 "))
    parts: list[Part] = [(before, False), (pieces[0], True)]
    for piece in pieces[1:]:
        parts += [(gap, False), (piece, True)]
    return Saying(way="words" if voice else "plain", turns=[parts])


def _sayings(kind: str, voice: bool, rng: Random) -> tuple[Saying, Saying]:
    """How the datum is told, and how the agent reads the same datum back."""
    if kind == "name":
        told = Saying(way="plain", turns=[[(people.name(rng), True)]])
        return told, told
    if kind == "address":
        state = rng.getstate()
        told = _address(voice, rng, False)
        rng.setstate(state)
        return told, _address(voice, rng, True)
    if kind == "email":
        told = say_email(voice, rng)
        return told, told
    number = MAKERS[kind](rng)
    return say(number, voice, rng), say(number, voice, rng, whole=True)


def _tell(writer: _Writer, kind: str) -> None:
    """One datum: asked for or told unasked, now and then corrected, now and then read back."""
    rng, voice = writer.rng, writer.told.voice
    told, back = _sayings(kind, voice, rng)

    def pick(table: str) -> str:
        return rng.choice(LINES[f"{table}.{kind}"])

    if kind == "name" and voice and rng.random() < 0.03:
        writer.turn("agent", pick("ask"))
        words = rng.choice(LINES["spelled"])
        writer.item(kind, "customer", "{}", Saying(way="spelled", turns=[[(words, True)]]))
        return
    if rng.random() < 0.62:
        writer.turn("agent", pick("ask"))
        writer.item(kind, "customer", pick("answer"), told)
    else:
        writer.item(kind, "customer", pick("told"), told)
    if kind in MAKERS and rng.random() < 0.06:
        again, _ = _sayings(kind, voice, rng)
        fix = rng.choice(
            ("哦不对，是{}。", "说错了，{}。", "等一下，念错了，应该是{}。", "不好意思报错了，{}，这个才对。")
        )
        writer.item(kind, "customer", fix, again)
        return
    if rng.random() < 0.28:
        writer.item(kind, "agent", pick("confirm"), Saying(way="read back", turns=back.turns))
        writer.turn("customer", rng.choice(LINES["nods.customer"]))


def _chat(writer: _Writer) -> None:
    """Some turns of the trade without personal data."""
    rng, trade = writer.rng, writer.told.trade
    for _ in range(rng.randint(1, 2)):
        writer.turn("customer", rng.choice(LINES["customer.any" if rng.random() < 0.3 else f"customer.{trade}"]))
    if rng.random() < 0.8:
        writer.turn("agent", rng.choice(LINES["agent.any" if rng.random() < 0.3 else f"agent.{trade}"]))
    if rng.random() < 0.3:
        _lines(writer, rng.choice(LINES["asked"]))


def _lines(writer: _Writer, script: str) -> None:
    """A few ready lines, ``a:`` before the agent's and ``c:`` before the customer's."""
    for role, text in re.findall(r"([ac]):((?:(?![ac]:).)+)", script):
        writer.turn("agent" if role == "a" else "customer", text)


def _conversation(rng: Random, counts: Counter[str]) -> Told:
    trade, voice = rng.choice(list(TRADES)), rng.random() < 0.55
    writer = _Writer(trade, voice, rng)
    writer.turn("agent", rng.choice(LINES[f"open.{trade}"]))
    _chat(writer)
    allowed = sorted(set(TRADES[trade].split()), key=lambda kind: (counts[kind], kind))
    chosen = [] if rng.random() < 0.15 else rng.sample(allowed[:5], rng.choice((1, 2, 2, 3, 3)))
    for kind in chosen:
        counts[kind] += 1
        _tell(writer, kind)
        if rng.random() < 0.6:
            _chat(writer)
    _lines(writer, rng.choice(LINES["close"]))
    return writer.told


def conversations(count: int = CONVERSATIONS, seed: int = SEED) -> Iterator[Told]:
    """``count`` conversations; the same ``seed`` gives the same text."""
    rng, counts = Random(seed), Counter[str]()
    for _ in range(count):
        yield _conversation(rng, counts)
