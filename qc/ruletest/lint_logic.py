"""Lint of what rules say: sentences that cannot come true because of what their pieces are, and rules that contradict
each other."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from itertools import permutations

import numpy as np

from qc.domain import sentence
from qc.domain.operators import CallDuration, Keyword, Mode, TurnCount, Words
from qc.domain.rule import Lexicon, OnEmpty, Piece, Rule, RuleKind
from qc.domain.sentence import Not
from qc.matching.kleene import truth_of
from qc.ruletest.places import Notes
from qc.specs.rule_digest import rule_digest

MAX_PIECES = 12
"""Sentences over more pieces are not tried out in full."""


def outcomes(parsed: sentence.Sentence, pieces: Mapping[str, Piece], *, by_name: bool = False) -> set[int]:
    """The truths a sentence takes over all combinations of its pieces' truths that can occur: equal pieces agree, a
    piece and its negation do not. With `by_name` the pieces are taken to be independent. Empty: too many pieces."""
    names = sorted({name.name for name, _ in sentence.names(parsed)})
    if len(names) > MAX_PIECES:
        return set()
    rows = np.arange(2 ** len(names))
    truths = {name: (2 * ((rows >> bit) & 1)).astype(np.int8) for bit, name in enumerate(names)}
    possible = np.ones(len(rows), bool)
    for one, other in () if by_name else permutations(names, 2):
        if implies(pieces[one], pieces[other]):
            possible &= truths[one] <= truths[other]
        if pieces[one].frame.on_empty is not OnEmpty.HIT and implies(pieces[one], _negated(pieces[other])):
            possible &= truths[one] + truths[other] <= 2
    return set(truth_of(parsed, truths)[possible].tolist())


def implies(one: Piece, other: Piece) -> bool:
    """Whether `other` holds wherever `one` does, as far as their operators and frames tell. Never true by mistake."""
    if one.operator == other.operator and one.frame == other.frame:
        return True
    if one.frame != other.frame or one.frame.negate or one.frame.count_max is not None:
        return False
    a, b = one.operator, other.operator
    if isinstance(a, Keyword) and isinstance(b, Keyword):
        return (
            _plain_any(a)
            and _plain_any(b)
            and _with(a.words, ()) == _with(b.words, ())
            and (set(a.words.words) <= set(b.words.words))
        )
    if isinstance(a, TurnCount) and isinstance(b, TurnCount):
        return _inside((a.min, a.max), (b.min, b.max))
    if isinstance(a, CallDuration) and isinstance(b, CallDuration):
        return _inside((a.min_s, a.max_s), (b.min_s, b.max_s))
    return False


def _with(words: Words, listed: tuple[str, ...]) -> Words:
    return replace(words, words=listed)


def _plain_any(operator: Keyword) -> bool:
    return operator.mode is Mode.ANY and operator.at_least == 1


def _inside(small: tuple[float | None, float | None], large: tuple[float | None, float | None]) -> bool:
    low = large[0] is None or (small[0] is not None and small[0] >= large[0])
    return low and (large[1] is None or (small[1] is not None and small[1] <= large[1]))


def _negated(piece: Piece) -> Piece:
    """The piece with the opposite frame. The two never hold together, unless both do so on an empty range."""
    return replace(piece, frame=replace(piece.frame, negate=not piece.frame.negate))


def lint_logic(rule: Rule, pieces: Mapping[str, Piece], notes: Notes) -> None:
    """The rule's sentences can turn out both ways."""
    for key, text in (("when", rule.when), ("given", rule.given)):
        if text is None:
            continue
        parsed = sentence.parse(text)
        free = outcomes(parsed, pieces, by_name=True)
        if len(free) == 1:
            always = "成立" if free == {2} else "不成立"
            notes.error(rule.path, (key,), "R104", f"{key} 永远{always}，与片段无关", "请检查 and、or、not。")
        elif len(bound := outcomes(parsed, pieces)) == 1:
            always = "成立" if bound == {2} else "不成立"
            hint = "有的片段条件相同、互相包含或正好相反，请检查它们的词、范围和 negate。"
            notes.error(rule.path, (key,), "R116", f"{key} 永远{always}：片段之间是有关系的", hint)


def lint_pairs(rules: Collection[Rule], lexicons: Collection[Lexicon], notes: Notes) -> None:
    """No two rules with the same conditions, or with opposite ones."""
    by_id = {lexicon.id: lexicon for lexicon in lexicons}
    seen: dict[str, Rule] = {}
    for rule in rules:
        other = seen.setdefault(rule.digest or rule.id, rule)
        if other is rule:
            continue
        if {rule.kind, other.kind} == {RuleKind.VIOLATION, RuleKind.MERIT}:
            text = f"与规则 {other.id} 的条件完全相同，却一条算违规一条算亮点"
            notes.error(rule.path, ("kind",), "R117", text, "请改条件，或删掉一条。", key=True)
        else:
            text = f"与规则 {other.id} 的条件完全相同"
            notes.warning(rule.path, ("find",), "R114", text, "请删掉一条。", key=True)
    for rule in rules:
        parsed = sentence.parse(rule.when)
        if isinstance(parsed, Not) and rule.digest and rule.kind is RuleKind.VIOLATION:
            opposite = seen.get(rule_digest(replace(rule, when=sentence.show(parsed.inside)), by_id))
            if opposite is not None and opposite.kind is RuleKind.VIOLATION:
                text = f"与规则 {opposite.id} 正好相反：每通会话总有一条是违规"
                notes.warning(rule.path, ("when",), "R118", text, "请去掉一条，或把其中一条改成亮点。")
