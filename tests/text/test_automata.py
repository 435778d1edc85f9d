"""The expressions of personal data are large: RE2 must be able to run them as automata, also backwards."""

from __future__ import annotations

import pytest

from qc.text import asked, codes, dictated_turns, digits, labelled, names, places, shapes
from qc.text.regex import compile_pattern

OURS = {
    "numbers": digits.NUMBER,
    "shapes": shapes.SHAPES,
    "codes": codes.CODED,
    "names": names.NAMED,
    "followed": names.FOLLOWED,
    "answers": asked.ANSWERED,
    "addresses": places.ADDRESS,
    "flats": places.AT_HOME,
    "labelled": labelled.LABELLED,
    **dictated_turns.DICTATED,
}
MOST = 45_000
"""Instructions. Of the memory of our expressions RE2 needs some 700 bytes for each; with less it simulates what it
cannot make an automaton of, and a match takes 0.4 ms instead of 10 µs (measured on the labels, 34,000 of them)."""


@pytest.mark.parametrize("name", OURS)
def test_an_expression_leaves_its_automaton_room(name: str) -> None:
    assert compile_pattern(OURS[name]).size < MOST
