"""Which function evaluates which operator. Importing `qc.matching.operators` fills the table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from qc.domain.operators import Operator
from qc.domain.rule import Frame
from qc.matching.context import Context
from qc.matching.evidence import Evidence
from qc.matching.frame import Selection

Evaluate = Callable[[Any, Frame, Selection, Context], Evidence]
_F = TypeVar("_F", bound=Evaluate)
_TABLE: dict[type[Operator], Evaluate] = {}


def evaluates(operator: type[Operator]) -> Callable[[_F], _F]:
    """Decorator: this function finds the evidence of `operator` in the turns of a selection.

    It may return hits in other turns too: the frame drops them.
    """

    def register(function: _F) -> _F:
        _TABLE[operator] = function
        return function

    return register


def evaluate(operator: Operator, frame: Frame, selection: Selection, context: Context) -> Evidence:
    """The evidence of an operator."""
    return _TABLE[type(operator)](operator, frame, selection, context)
