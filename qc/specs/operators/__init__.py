"""How operators are written in rule files: one file per family."""

from __future__ import annotations

from qc.domain.operators import OPERATORS
from qc.specs.operators.dialogue import DIALOGUE
from qc.specs.operators.signals import SIGNALS
from qc.specs.operators.site import OperatorShape, Site
from qc.specs.operators.timing import TIMING
from qc.specs.operators.words import WORDS

__all__ = ["SHAPES", "OperatorShape", "Site"]

_BY_CLASS = {shape.operator: shape for shape in (*WORDS, *TIMING, *DIALOGUE, *SIGNALS)}
SHAPES: dict[str, OperatorShape] = {operator.key: _BY_CLASS[operator] for operator in OPERATORS}
"""Every operator's form by its key, in the order of the reference."""
