"""Rules made ready to judge many shards: sentences parsed, expressions compiled, one automaton for all words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from qc.domain.operators import (
    TEXTUAL,
    Emotion,
    EntitySpan,
    Intent,
    Keyword,
    Mode,
    Operator,
    Regex,
    Topic,
    measures_whole,
    piece_names,
    word_lists,
)
from qc.domain.rule import Frame, Piece, Rule, RulePack, RuleStatus
from qc.domain.sentence import Name, Sentence, SentenceError, names, parse
from qc.errors import QcError, UsageError
from qc.matching.frame import Standard
from qc.matching.signals import Need
from qc.matching.vocabulary import Vocabulary
from qc.text.regex import compile_pattern


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a piece is worked out. `frame`: the piece's, its `negate` saying whether it is true when nothing is found;
    `selection`: the number of its speaker, range and window among all that differ; `key`: its number among all pieces
    that differ, None where other pieces of its rule (`refers`) have a say in it."""

    operator: Operator
    frame: Frame
    standard: Standard
    selection: int
    key: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledRule:
    """A rule with its sentences parsed; `order` names its pieces such that an anchor's piece comes first; `when_names`
    and `given_names` are the pieces of the sentences, each with whether it stands positive. `bare` is the rule without
    its exceptions (`unless`), where it has any: what it would have said."""

    rule: Rule
    pieces: Mapping[str, Piece]
    plans: Mapping[str, Plan]
    order: tuple[str, ...]
    when: Sentence
    given: Sentence | None
    when_names: tuple[tuple[str, bool], ...]
    given_names: tuple[tuple[str, bool], ...]
    bare: CompiledRule | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledRules:
    """Rules to judge, in order of id. `need`: the signals they ask for. `floor`: below this confidence words are not
    certain. `selections`: the frames, of speaker, range and window, that plans number; `distinct`: how many pieces they
    number. Holds compiled automata: build it once per process, do not pickle it."""

    rules: tuple[CompiledRule, ...]
    vocabulary: Vocabulary
    need: Need
    floor: float
    selections: tuple[Frame, ...]
    distinct: int


def compile_rules(pack: RulePack, *, confidence_floor: float, drafts: bool = False) -> CompiledRules:
    """Compile the rules in force: stable and shadow ones, with `drafts` also drafts; never retired ones.

    Raises UsageError, naming file and line, for what cannot be judged: an expression or sentence that cannot be read,
    a piece or lexicon that does not exist, anchors in a circle.
    """
    statuses = {RuleStatus.STABLE, RuleStatus.SHADOW} | ({RuleStatus.DRAFT} if drafts else set())
    numbers = _Numbers(confidence_floor)
    rules = tuple(_compile(rule, numbers) for rule in sorted(pack.rules, key=lambda r: r.id) if rule.status in statuses)
    lists = [words for r in rules for name in r.order for words in word_lists(r.pieces[name].operator)]
    need = Need.NOTHING
    for compiled in rules:
        for piece in compiled.pieces.values():
            need |= needs(piece.operator)
    return CompiledRules(
        rules=rules,
        vocabulary=Vocabulary(lists, {lexicon.id: lexicon for lexicon in pack.lexicons}),
        need=need,
        floor=confidence_floor,
        selections=tuple(numbers.selections),
        distinct=len(numbers.keys),
    )


class _Numbers:
    """Numbers what pieces of all rules share, so that judging looks nothing up by value."""

    def __init__(self, floor: float) -> None:
        self.selections: dict[Frame, int] = {}
        self.keys: dict[tuple[Operator, Frame], int] = {}
        self._floor = floor

    def plan(self, piece: Piece) -> Plan:
        frame = replace(piece.frame, negate=is_absence(piece))
        where = Frame(speaker=frame.speaker, range=frame.range, window=frame.window)
        key = None if refers_to(piece) else self.keys.setdefault((piece.operator, frame), len(self.keys))
        return Plan(
            operator=piece.operator,
            frame=frame,
            standard=Standard(
                floor=self._floor,
                textual=type(piece.operator) in TEXTUAL,
                whole=measures_whole(piece.operator),
            ),
            selection=self.selections.setdefault(where, len(self.selections)),
            key=key,
        )


def needs(operator: Operator) -> Need:
    """The signal an operator reads."""
    if isinstance(operator, Emotion):
        return Need.EMOTIONS
    if isinstance(operator, Topic):
        return Need.TOPICS
    if isinstance(operator, Intent):
        return Need.INTENTS
    return Need.ENTITIES if isinstance(operator, EntitySpan) else Need.NOTHING


def refers_to(piece: Piece) -> tuple[str, ...]:
    """The pieces that are judged before it: those of its anchors and exceptions, and those its operator looks at."""
    near = (anchor.piece for anchor in (*piece.frame.anchors, *piece.frame.unless))
    return tuple(dict.fromkeys((*near, *piece_names(piece.operator))))


def is_absence(piece: Piece) -> bool:
    """Whether the piece is true when nothing is found."""
    none = isinstance(piece.operator, Keyword) and piece.operator.mode is Mode.NONE
    return piece.frame.negate != none


def _compile(rule: Rule, numbers: _Numbers) -> CompiledRule:
    pieces = {piece.name: piece for piece in rule.pieces}
    when = _sentence(rule, rule.when, pieces)
    given = None if rule.given is None else _sentence(rule, rule.given, pieces)
    wanted = [name.name for part in (when, given) if part is not None for name, _ in names(part)]
    order: list[str] = []
    for name in dict.fromkeys(wanted):
        _visit(rule, pieces, name, order, ())
    for name in order:
        _check_expressions(rule, pieces[name])
    return CompiledRule(
        rule=rule,
        pieces={name: pieces[name] for name in order},
        plans={name: numbers.plan(pieces[name]) for name in order},
        order=tuple(order),
        when=when,
        given=given,
        when_names=_signed(when),
        given_names=() if given is None else _signed(given),
        bare=_compile(_without_exceptions(rule), numbers) if any(p.frame.unless for p in pieces.values()) else None,
    )


def _without_exceptions(rule: Rule) -> Rule:
    return replace(rule, pieces=tuple(replace(p, frame=replace(p.frame, unless=())) for p in rule.pieces))


def _signed(sentence: Sentence) -> tuple[tuple[str, bool], ...]:
    return tuple((name.name, positive) for name, positive in names(sentence))


def _sentence(rule: Rule, text: str, pieces: Mapping[str, Piece]) -> Sentence:
    try:
        sentence = parse(text)
    except SentenceError as error:
        raise UsageError(f"{rule.path}：规则 {rule.id} 的句子“{text}”有误：{error.message}") from None
    for name, _ in names(sentence):
        _known(rule, pieces, name)
    return sentence


def _known(rule: Rule, pieces: Mapping[str, Piece], name: Name) -> None:
    if name.name not in pieces:
        raise UsageError(f"{rule.path}：规则 {rule.id} 没有名为 {name.name} 的片段", "请在 find 里写上它。")


def _visit(rule: Rule, pieces: Mapping[str, Piece], name: str, order: list[str], path: tuple[str, ...]) -> None:
    """Depth-first: the pieces a piece refers to come before it."""
    if name in order:
        return
    if name in path:
        raise UsageError(f"{rule.path}：规则 {rule.id} 的片段绕成了圈：{' → '.join((*path, name))}")
    for other in refers_to(pieces[name]):
        _known(rule, pieces, Name(other))
        _visit(rule, pieces, other, order, (*path, name))
    order.append(name)


def _check_expressions(rule: Rule, piece: Piece) -> None:
    if isinstance(piece.operator, Regex):
        for source in (piece.operator.pattern, piece.operator.exclude):
            try:
                if source is not None:
                    compile_pattern(source, by_turn=True)
            except QcError as error:
                raise UsageError(f"{rule.path}:{piece.line}：{error.message}", error.hint) from None
