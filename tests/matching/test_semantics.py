"""Frames against the slow reference, on whatever rules and dialogues come to mind."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from qc.domain.conversation import Phrase, Role, Turn
from qc.domain.finding import Verdict
from qc.domain.operators import Keyword, Mode, Words
from qc.domain.rule import Anchor, AnchorRelation, Frame, OnEmpty, Piece, Rule, TimeWindow, TurnRange, Which
from qc.matching.judge import VERDICTS, judge
from qc.matching.signals import NO_SIGNALS
from qc.text.shard import Shard
from tests.matching import reference

_WORDS = st.lists(st.sampled_from(["甲", "乙", "甲乙"]), min_size=1, max_size=2, unique=True).map(tuple)
_KEYWORD = st.one_of(
    st.builds(lambda words, mode: Keyword(words=Words(words=words), mode=mode), _WORDS, st.sampled_from(Mode)),
    st.just(Keyword(words=Words(words=("甲", "乙", "甲乙")), at_least=2)),
)
_PLACE = st.integers(-3, 3).filter(bool)
_SPEAKER = st.sampled_from([None, frozenset({Role.AGENT}), frozenset({Role.CUSTOMER})])
_SECONDS = st.integers(1, 12).map(float)
_WINDOW = st.one_of(
    st.builds(lambda s: TimeWindow(first_s=s), _SECONDS),
    st.builds(lambda s: TimeWindow(last_s=s), _SECONDS),
    st.builds(lambda s, e: TimeWindow(from_s=s, to_s=s + e), _SECONDS, _SECONDS),
)
_LIMIT = {"turns": st.none() | st.integers(1, 3), "seconds": st.none() | _SECONDS}
_COUNT = st.sampled_from([(1, None), (2, None), (0, 1), (1, 1), (0, 0)])
_TEXT = st.text(alphabet="甲乙丙，", max_size=5)


def _anchor(piece: str, which: list[Which]) -> st.SearchStrategy[Anchor]:
    chosen = st.builds(
        Anchor, relation=st.sampled_from(AnchorRelation), piece=st.just(piece), which=st.sampled_from(which), **_LIMIT
    )
    numbered = st.builds(lambda a, n: replace(a, nth=n if a.which is Which.NTH else None), chosen, st.integers(1, 3))
    same = AnchorRelation.SAME_TURN
    return numbered.map(lambda a: replace(a, turns=None, seconds=None) if a.relation is same else a)


def _frame(*, anchored: bool) -> st.SearchStrategy[Frame]:
    plain = st.builds(
        lambda count, unit, **parts: Frame(
            count_min=count[0], count_max=count[1], joined=unit == "joined", in_clause=unit == "clause", **parts
        ),
        count=_COUNT,
        unit=st.sampled_from(["turn", "turn", "joined", "clause"]),
        speaker=_SPEAKER,
        range=st.none() | st.builds(TurnRange, first=_PLACE, last=_PLACE),
        window=st.none() | _WINDOW,
        negate=st.booleans(),
        on_empty=st.none() | st.sampled_from(OnEmpty),
        anchors=st.lists(_anchor("q", list(Which)), max_size=2).map(tuple) if anchored else st.just(()),
        unless=st.lists(_anchor("e", [Which.ANY]), max_size=2).map(tuple) if anchored else st.just(()),
    )
    # every turn is only looked at where turns are looked at one by one
    every = plain.map(lambda f: f if f.joined else replace(f, all_turns=True, count_min=1, count_max=None))
    frames = st.one_of(plain, plain, every)
    return frames.filter(_meaningful)


def _meaningful(frame: Frame) -> bool:
    each = sum(anchor.which is Which.EACH for anchor in frame.anchors)
    return each == 0 or (each == 1 and not frame.all_turns and not frame.joined)


def _piece(name: str, *, anchored: bool) -> st.SearchStrategy[Piece]:
    return st.builds(Piece, name=st.just(name), operator=_KEYWORD, frame=_frame(anchored=anchored)).filter(_single)


def _single(piece: Piece) -> bool:
    """`each` looks at a hit where it begins; words that count together may lie apart."""
    one = isinstance(piece.operator, Keyword) and piece.operator.mode is not Mode.ALL and piece.operator.at_least == 1
    return one or all(anchor.which is not Which.EACH for anchor in piece.frame.anchors)


_SIMPLE = st.builds(
    Piece,
    name=st.just("q"),
    operator=_WORDS.map(lambda words: Keyword(words=Words(words=words))),
    frame=st.builds(Frame, speaker=_SPEAKER, count_min=st.integers(1, 2), negate=st.sampled_from([False] * 4 + [True])),
)
_PIECES = st.tuples(_SIMPLE, _SIMPLE.map(lambda piece: replace(piece, name="e")), _piece("p", anchored=True))


@st.composite
def _dialogue(draw: st.DrawFn) -> tuple[Turn, ...]:
    """Turns one after the other."""
    now, turns = 0, []
    for text in draw(st.lists(_TEXT, max_size=6)):
        start = now + draw(st.integers(0, 4)) * 1000
        now = start + draw(st.integers(0, 4)) * 1000
        turns.append(Turn(role=draw(st.sampled_from(reference.ROLES)), text=text, start_ms=start, end_ms=now))
    return tuple(turns)


def _rule(judged, pieces: tuple[Piece, ...]) -> Rule:
    return replace(judged.rule("p: {keyword: 甲}"), pieces=pieces)


def _say(judged, pieces: tuple[Piece, ...], dialogues: list[tuple[Turn, ...]]):
    conversations = [replace(judged.conversation([]), id=str(i), turns=turns) for i, turns in enumerate(dialogues)]
    return judge(judged.compiled([_rule(judged, pieces)]), Shard(conversations), NO_SIGNALS)


@settings(max_examples=300, deadline=None)
@given(pieces=_PIECES, dialogues=st.lists(_dialogue(), min_size=1, max_size=3))
def test_what_is_certain_is_judged_like_the_reference(judged, pieces, dialogues):
    judgement = _say(judged, pieces, dialogues)
    for i, turns in enumerate(dialogues):
        said, result = reference.verdict(pieces, turns)
        finding = next(iter(judgement.findings[i]), None)
        assert VERDICTS[judgement.verdicts[0, i]].value == ("miss" if said == "excused" else said)
        if said == "hit":
            spans = [(o.turn + 1, o.start) for group in result.hits for o in group]
            assert [(hit.turn, hit.char_start) for hit in finding.hits] == sorted(spans)
        elif said == "excused":
            assert finding.verdict is Verdict.MISS
            assert set(finding.excused) <= {"e"}
            assert bool(finding.excused) == bool(result.excused)
        else:
            assert finding is None


_DOUBT = st.lists(st.sampled_from(["", "", "role", "words", "phrase"]), max_size=6)


def _readings(turns: tuple[Turn, ...], doubts: list[str]) -> list[tuple[Turn, ...]]:
    """Every way things may have been: who spoke, and whether the words that were not heard clearly were said."""
    ways = []
    for turn, doubt in zip(turns, doubts, strict=True):
        if doubt == "role":
            ways.append([replace(turn, role=role) for role in reference.ROLES])
        elif doubt == "words":
            ways.append([turn, replace(turn, text="丙" * len(turn.text))])
        elif doubt == "phrase":
            clear = len(turn.text) // 2
            ways.append([turn, replace(turn, text=turn.text[:clear] + "丙" * (len(turn.text) - clear))])
        else:
            ways.append([turn])
    return list(product(*ways))


def _heard(turn: Turn, doubt: str) -> Turn:
    """The turn as it is stored when that much of it is in doubt; `phrase`: its second half, the turn being clear."""
    if doubt == "role":
        return replace(turn, role=Role.UNKNOWN)
    if doubt == "phrase":
        clear, length = len(turn.text) // 2, len(turn.text)
        phrases = (
            Phrase(start=0, end=clear, start_ms=0, end_ms=0, confidence=0.9),
            Phrase(start=clear, end=length, start_ms=0, end_ms=0, confidence=0.1),
        )
        return replace(turn, confidence=0.6, phrases=tuple(p for p in phrases if p.start < p.end))
    return replace(turn, confidence=0.1 if doubt == "words" else 0.9)


@settings(max_examples=300, deadline=None)
@given(pieces=_PIECES, turns=_dialogue(), doubts=_DOUBT)
def test_a_verdict_holds_in_every_reading_of_what_is_uncertain(judged, pieces, turns, doubts):
    doubts = (doubts + [""] * len(turns))[: len(turns)]
    unclear = tuple(_heard(t, d) for t, d in zip(turns, doubts, strict=True))
    said = VERDICTS[_say(judged, pieces, [unclear]).verdicts[0, 0]].value
    assume(said != "undecided")
    each = any(anchor.which is Which.EACH for anchor in pieces[-1].frame.anchors)
    assume(not ("role" in doubts and each))
    for reading in _readings(turns, doubts):
        meant, result = reference.verdict(pieces, reading)
        # a speaker who may have said nothing in the range is taken to have spoken
        if not (result.empty and "role" in doubts):
            assert said == ("miss" if meant == "excused" else meant)


def test_a_word_of_a_doubtful_speaker_may_be_what_the_exception_excuses(judged):
    piece = Piece(
        name="p",
        operator=Keyword(words=Words(words=("甲", "乙", "甲乙")), at_least=2),
        frame=Frame(
            joined=True,
            speaker=frozenset({Role.AGENT}),
            unless=(Anchor(relation=AnchorRelation.BEFORE, piece="e", which=Which.ANY),),
        ),
    )
    e = Piece(name="e", operator=Keyword(words=Words(words=("甲",))), frame=Frame())
    q = replace(e, name="q")
    turns = tuple(_turn(text) for text in ("乙", "", "", "乙甲"))
    assert reference.verdict((q, e, piece), turns)[0] == "excused"
    unclear = (_heard(turns[0], "role"), *(_heard(turn, "") for turn in turns[1:]))
    assert VERDICTS[_say(judged, (q, e, piece), [unclear]).verdicts[0, 0]].value == "undecided"


def _turn(text: str) -> Turn:
    return Turn(role=Role.AGENT, text=text, start_ms=0, end_ms=0)
