"""Which function evaluates which operator. Importing `qc.matching.operators` fills the table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from qc.domain.operators import Operator, piece_names
from qc.domain.rule import Frame
from qc.matching.context import Context
from qc.matching.evidence import Evidence, PieceResult
from qc.matching.frame import Selection

Evaluate = Callable[..., Evidence]
_F = TypeVar("_F", bound=Evaluate)
_TABLE: dict[type[Operator], Evaluate] = {}


def evaluates(operator: type[Operator]) -> Callable[[_F], _F]:
    """Decorator: this function finds the evidence of `operator` in the turns of a selection.

    It is called with (operator, frame, selection, context), and, when the operator refers to other pieces of its rule,
    with their results by name. It may return hits in other turns too: the frame drops them.
    """

    def register(function: _F) -> _F:
        _TABLE[operator] = function
        return function

    return register


def evaluate(
    operator: Operator, frame: Frame, selection: Selection, context: Context, done: Mapping[str, PieceResult]
) -> Evidence:
    """The evidence of an operator; `done` holds the rule's pieces judged so far."""
    function = _TABLE[type(operator)]
    names = piece_names(operator)
    if names:
        return function(operator, frame, selection, context, {name: done[name] for name in names})
    return function(operator, frame, selection, context)
