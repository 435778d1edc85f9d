"""All mutants of a rule: the rule changed in one place, with the test that would tell the difference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from qc.domain import sentence
from qc.domain.operators import Regex, word_lists
from qc.domain.rule import Lexicon, Piece, Rule
from qc.domain.sentence import Sentence
from qc.errors import QcError
from qc.matching.compile import is_absence, refers_to
from qc.ruletest.mutate_piece import MOST, Change, Effect, changes, without_words
from qc.ruletest.mutate_sentence import changed
from qc.text.normalise import normalise
from qc.text.regex import compile_pattern


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A rule changed in one place. `what` was done; `missing`: which test to write when none notices. `key` and
    `needle` say where in the file: the piece or the sentence, and a text inside it. `lexicon` is one it needs in
    addition."""

    rule: Rule
    what: str
    missing: str
    key: tuple[str, ...]
    needle: str = ""
    lexicon: Lexicon | None = None


def mutants(rule: Rule, lexicons: Mapping[str, Lexicon], most: int = MOST) -> Iterator[Mutant]:
    """Every mutant once, each under an id of its own; what says the same as the rule or as another mutant is left out
    as far as it can be told by looking. `most`: see MOST."""
    seen = {_meaning(rule)}
    for mutant in (*_pieces(rule, most), *_lexicon_words(rule, lexicons, most), *_sentences(rule)):
        meaning = _meaning(mutant.rule)
        if meaning not in seen and _compiles(mutant.rule):
            seen.add(meaning)
            yield replace(mutant, rule=replace(mutant.rule, id=f"{rule.id}#{len(seen):05d}"))


def _meaning(rule: Rule) -> tuple[object, ...]:
    given = None if rule.given is None else sentence.show(sentence.parse(rule.given))
    used = _used(rule)
    return tuple(p for p in rule.pieces if p.name in used), sentence.show(sentence.parse(rule.when)), given


def _used(rule: Rule) -> set[str]:
    pieces = {piece.name: piece for piece in rule.pieces}
    waiting = [n.name for text in (rule.when, rule.given) if text is not None for n in _names(text)]
    used: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in used:
            used.add(name)
            waiting += refers_to(pieces[name])
    return used


def _names(text: str) -> list[sentence.Name]:
    return [name for name, _ in sentence.names(sentence.parse(text))]


def _compiles(rule: Rule) -> bool:
    try:
        for piece in rule.pieces:
            if isinstance(piece.operator, Regex):
                compile_pattern(piece.operator.pattern, by_turn=True)
    except QcError:
        return False
    return True


def _pieces(rule: Rule, most: int) -> Iterator[Mutant]:
    used = _used(rule)
    for piece in rule.pieces:
        if piece.name in used:
            for change in changes(piece, _said(rule, piece), most):
                yield _mutant(rule, piece, change)


def _lexicon_words(rule: Rule, lexicons: Mapping[str, Lexicon], most: int) -> Iterator[Mutant]:
    used = _used(rule)
    for piece in rule.pieces:
        names = dict.fromkeys(name for words in word_lists(piece.operator) for name in words.lexicons)
        for name in names if piece.name in used else ():
            lexicon = lexicons[name]
            for number in _words_said(_said(rule, piece), lexicon)[:most]:
                word = lexicon.words[number]
                text = normalise(word.text)
                reduced = Lexicon(
                    id=f"{name}#{number}",
                    title=lexicon.title,
                    words=tuple(w for w in lexicon.words if normalise(w.text) != text),
                )
                for change in without_words(piece, name, word.text, reduced.id):
                    yield replace(_mutant(rule, piece, change), lexicon=reduced)


def _said(rule: Rule, piece: Piece) -> str:
    """What the piece's speaker says in the rule's tests, normalised, one turn a line."""
    speaker = piece.frame.speaker
    turns = (turn for test in rule.tests for turn in test.turns if speaker is None or turn.role in speaker)
    return normalise("\n".join(turn.text for turn in turns))


def _words_said(said: str, lexicon: Lexicon) -> list[int]:
    """The numbers of the lexicon's words in `said`, in the order they are said."""
    places = {number: said.find(normalise(word.text)) for number, word in enumerate(lexicon.words)}
    return sorted((n for n, at in places.items() if at >= 0), key=lambda n: (places[n], n))


def _mutant(rule: Rule, piece: Piece, change: Change) -> Mutant:
    pieces = tuple(change.piece if other.name == piece.name else other for other in rule.pieces)
    return Mutant(
        rule=replace(rule, pieces=pieces),
        what=f"片段 {piece.name}：{change.what}",
        missing=f"请补一个{change.case}的{_expected(rule, piece, change.effect)}测试",
        key=("find", piece.name),
        needle=change.needle,
    )


def _expected(rule: Rule, piece: Piece, effect: Effect) -> str:
    """What the missing test expects: where a piece that speaks for a hit holds less often, it is a hit."""
    for text, more, less in ((rule.when, "未命中", "命中"), (rule.given, "“不适用”", "“适用”")):
        signs = set() if text is None else {p for n, p in sentence.names(sentence.parse(text)) if n.name == piece.name}
        if len(signs) == 1:
            sign = effect.value * (1 if signs.pop() != is_absence(piece) else -1)
            return {1: more, -1: less}.get(sign, "")
    return ""


def _sentences(rule: Rule) -> Iterator[Mutant]:
    for other, what in changed(sentence.parse(rule.when)):
        yield _sentence(rule, "when", other, what, replace(rule, when=sentence.show(other)))
    if rule.given is None:
        return
    for other, what in changed(sentence.parse(rule.given)):
        yield _sentence(rule, "given", other, what, replace(rule, given=sentence.show(other)))
    yield Mutant(
        rule=replace(rule, given=None),
        what="去掉 given",
        missing="请补一个“不适用”（expect: na）的测试",
        key=("given",),
    )


def _sentence(rule: Rule, key: str, other: Sentence, what: str, changed_rule: Rule) -> Mutant:
    missing = f"请补一个能和“{sentence.show(other)}”分出不同的测试"
    return Mutant(rule=changed_rule, what=f"{key}：{what}", missing=missing, key=(key,))
