"""sequence and flow against a reference that tries every choice of places, and against every reading of what is not
certain: a verdict holds however the words that were not heard clearly are read."""

from __future__ import annotations

from itertools import pairwise, product

from hypothesis import given, settings
from hypothesis import strategies as st

WORDS = {"a": "甲", "b": "乙", "c": "丙"}
FIND = "".join(f"{name}: {{keyword: {word}}}\n" for name, word in WORDS.items())


def places(name: str, texts: list[str]) -> list[tuple[int, int]]:
    return [(turn, at) for turn, text in enumerate(texts) for at, char in enumerate(text) if char == WORDS[name]]


def in_order(chosen: list[tuple[int, int]], gap: int | None) -> bool:
    pairs = list(pairwise(chosen))
    return all(a < b and (gap is None or b[0] - a[0] <= gap) for a, b in pairs)


def complete(steps: list[str], gap: int | None, texts: list[str]) -> bool:
    return any(in_order(list(chosen), gap) for chosen in product(*(places(step, texts) for step in steps)))


def kept(steps: list[tuple[str, bool]], gap: int | None, texts: list[str]) -> bool:
    wanted = [places(name, texts) for name, optional in steps if places(name, texts) or not optional]
    return any(in_order(list(chosen), gap) for chosen in product(*wanted))


TURNS = st.lists(
    st.tuples(st.sampled_from(["甲", "乙", "丙", "甲乙", "丙甲", "嗯"]), st.sampled_from([0.9, 0.9, 0.1])), max_size=6
)
GAP = st.sampled_from([None, 1, 2])


def readings(turns: list[tuple[str, float]]) -> list[list[str]]:
    return [list(texts) for texts in product(*([text] if sure > 0.5 else [text, "嗯"] for text, sure in turns))]


def verdict(judged, piece: str, turns: list[tuple[str, float]]) -> str:
    return judged(f"{FIND}p: {piece}", [f"A {text} ~{sure}" for text, sure in turns]).verdict


@settings(max_examples=250, deadline=None)
@given(st.lists(st.sampled_from("abc"), min_size=2, max_size=3), GAP, TURNS)
def test_sequence(judged, steps, gap, turns):
    limit = "" if gap is None else f", max_gap: {gap}"
    said = verdict(judged, f"{{sequence: {{steps: [{', '.join(steps)}]{limit}}}}}", turns)
    truths = {complete(steps, gap, texts) for texts in readings(turns)}
    assert said == "undecided" or truths == {said == "hit"}
    if all(sure > 0.5 for _, sure in turns):
        assert said != "undecided"


STEPS = st.permutations("abc").flatmap(
    lambda names: st.lists(st.booleans(), min_size=3, max_size=3).map(
        lambda optional: [(name, may and name != names[0]) for name, may in zip(names, optional, strict=True)]
    )
)


@settings(max_examples=400, deadline=None)
@given(STEPS, GAP, TURNS)
def test_flow(judged, steps, gap, turns):
    shown = ", ".join(f"{{piece: {name}, optional: {str(may).lower()}}}" for name, may in steps)
    limit = "" if gap is None else f", max_gap: {gap}"
    said = verdict(judged, f"{{flow: {{steps: [{shown}]{limit}}}}}", turns)
    truths = {not kept(steps, gap, texts) for texts in readings(turns)} if turns else {False}
    assert said == "undecided" or truths == {said == "hit"}
    if all(sure > 0.5 for _, sure in turns):
        assert said != "undecided"
