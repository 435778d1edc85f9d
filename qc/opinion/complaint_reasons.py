"""The reasons of the complaint list: how a run stores them, and how a page says them in its language.

A reason is a clause, or clauses joined by `，`, behind headings that end in `：`. It is stored as one Chinese sentence;
here stand the forms it is written with, and `told` reads a sentence by the same forms.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from string import Formatter

from qc.domain.language import say
from qc.opinion.evidence import Sign
from qc.opinion.scope import Reach

RULE, TOPIC = "命中“{title}”", "谈到“{title}”"
INTENT = {1: "提到“{title}”", 2: "明确“{title}”", 3: "强烈“{title}”"}
FEELING = "客户{feeling} {level} 级"
RATED = "满意度 {n} 分"
AGAIN = "本批为同一件事联系了 {n} 次"
REACHED, REACHED_AT = "{scope}有 {n} 个客户说的是同一件事", "{scope}（{value}）有 {n} 个客户说的是同一件事"
PROVEN, TURN, AT_TURN = "{clause}（{evidence}）", "第 {turn} 轮", "第 {turn} 轮“{words}”"
TYPE = "类型“{title}”"
FEELINGS = {
    "anger": "愤怒",
    "anxiety": "焦急",
    "disappointment": "失望",
    "disgust": "厌恶",
    "threat": "扬言升级",
}
UPSET = "负面情绪"
ESCALATIONS = {
    "regulator": "可能找监管",
    "media": "可能找媒体或上网曝光",
    "superior": "要求上级处理",
    "hotline": "可能打政府热线",
    "court": "可能走司法",
}
SCOPES = {"area": "同一地区", "hour": "同一时段", "product": "同一产品"}
BATCH = "本批"
HOUR = "{date} {hour} 时"
FORMS = (RULE, TOPIC, *INTENT.values(), FEELING, RATED, AGAIN, REACHED, REACHED_AT, PROVEN, TURN, AT_TURN, TYPE, HOUR)
WORDS = (*FEELINGS.values(), UPSET, *ESCALATIONS.values(), *SCOPES.values(), BATCH)
"""What a catalogue must hold: forms, and words that stand in them."""

_SHOWN = 3
"""Pieces of evidence for one condition."""
_LONGEST = 30
"""Characters of a quotation."""


def proven(clause: str, signs: Sequence[Sign]) -> str:
    """`clause（第 3 轮“…”）`, each words once."""
    shown = dict.fromkeys((s.turn, "、".join(s.said)) for s in signs)
    parts = []
    for turn, said in list(shown)[:_SHOWN]:
        words = said if len(said) <= _LONGEST else said[:_LONGEST] + "…"
        part = ("" if turn is None else TURN.format(turn=turn)) + (f"“{words}”" if words else "")
        if part:
            parts.append(part)
    return PROVEN.format(clause=clause, evidence="、".join(parts)) if parts else clause


def reached(reach: Reach) -> str:
    """Whom else it concerns."""
    scope = SCOPES.get(reach.kind, BATCH)
    if reach.value:
        return REACHED_AT.format(scope=scope, value=reach.value, n=reach.size)
    return REACHED.format(scope=scope, n=reach.size)


def told(stored: str) -> str:
    """A stored reason in the language being spoken. Words of customers, titles, and what this version cannot read stay
    as they are."""
    for start in (0, *(found.end() for found in re.finditer("：", stored))):
        clauses = _clauses(stored, start)
        if clauses:
            heads = stored[:start].split("：")[:-1]
            return say("：").join([*map(_heading, heads), say("，").join(clauses)])
    return stored


def told_all(stored: Iterable[str] | None) -> tuple[str, ...]:
    """Each of the stored reasons, said."""
    return tuple(map(told, stored or ()))


def _pattern(form: str) -> re.Pattern[str]:
    """What a form with its values reads like."""
    fields = {"n": r"\d+", "level": r"\d+"}
    fields |= {"scope": "|".join((*SCOPES.values(), BATCH)), "feeling": "|".join((*FEELINGS.values(), UPSET))}
    out = ""
    for plain, name, _, _ in Formatter().parse(form):
        out += re.escape(plain) + (f"(?P<{name}>{fields.get(name, '.+?')})" if name else "")
    return re.compile(out)


_ORDER = (RULE, TOPIC, *INTENT.values(), FEELING, RATED, AGAIN, REACHED_AT, REACHED)
_CLAUSES = tuple((form, _pattern(form)) for form in _ORDER)
_EVIDENCE = re.compile(r"（((?:第 |“).*?[”轮])）(?=，|$)")
_PIECE = re.compile("(?:第 (?P<turn>[0-9]+) 轮)?(?:“(?P<words>.*)”)?", re.DOTALL)
_BETWEEN = re.compile("(?<=[”轮])、(?=第 |“)")
_HOUR = _pattern(HOUR)
_TYPE = _pattern(TYPE)


def _clauses(text: str, start: int) -> list[str]:
    """The clauses from `start` to the end, said; empty where it is not made of them."""
    out: list[str] = []
    while True:
        read = next(((form, found) for form, pattern in _CLAUSES if (found := pattern.match(text, start))), None)
        if read is None:
            return []
        form, found = read
        clause, start = say(form, **_values(found.groupdict())), found.end()
        if quoted := _EVIDENCE.match(text, start):
            pieces = say("、").join(map(_piece, _BETWEEN.split(quoted[1])))
            clause, start = say(PROVEN, clause=clause, evidence=pieces), quoted.end()
        out.append(clause)
        if start == len(text):
            return out
        if text[start] != "，":
            return []
        start += 1


def _values(read: Mapping[str, str]) -> Mapping[str, str]:
    """What is a word of ours is said, what is a title or a place stays."""
    own = {name: say(value) if name in ("feeling", "scope") else value for name, value in read.items()}
    if "value" in own and (hour := _HOUR.fullmatch(own["value"])):
        own["value"] = say(HOUR, **hour.groupdict())
    return own


def _piece(text: str) -> str:
    found = _PIECE.fullmatch(text)
    turn, words = (found["turn"], found["words"]) if found else (None, None)
    if turn is None:
        return text
    return say(TURN, turn=turn) if words is None else say(AT_TURN, turn=turn, words=words)


def _heading(text: str) -> str:
    kind = _TYPE.fullmatch(text)
    return say(text) if kind is None else say(TYPE, title=kind["title"])
