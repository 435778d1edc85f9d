"""The course of a dialogue: shapes and builders of its operators."""

from __future__ import annotations

from qc.domain import operators as op
from qc.specs.model import Spec
from qc.specs.operators.site import OperatorShape, Site, about, bounds
from qc.specs.scalars import Count


class TurnCountSpec(Spec):
    """语句数；至少写一个。"""

    min: Count | None = about(op.TurnCount, "min", default=None)
    max: Count | None = about(op.TurnCount, "max", default=None)


def _turn_count(at: Site, spec: TurnCountSpec) -> op.TurnCount:
    bounds(at, "turn_count", spec.min, spec.max, "min、max")
    return op.TurnCount(**spec.model_dump())


DIALOGUE = (OperatorShape(op.TurnCount, TurnCountSpec, _turn_count),)
