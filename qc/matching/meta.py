"""meta 随录参数: conditions on what the manifest says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from operator import eq, ge, gt, le, lt, ne

import numpy as np

from qc.domain.conversation import CallMeta
from qc.domain.operators import Meta, Scalar
from qc.domain.rule import Frame
from qc.matching.context import Context
from qc.matching.evidence import Evidence, hits
from qc.matching.frame import Selection
from qc.matching.registry import evaluates

META_FIELDS = tuple(f.name for f in fields(CallMeta) if f.name != "extra")
_COMPARE: dict[str, Callable[[Scalar, Scalar], bool]] = {"eq": eq, "ne": ne, "gt": gt, "ge": ge, "lt": lt, "le": le}
_TRUE, _FALSE = ("true", "是", "1", "y", "yes"), ("false", "否", "0", "n", "no")


@evaluates(Meta)
def compare_meta(operator: Meta, frame: Frame, selection: Selection, context: Context) -> Evidence:
    """One measure per conversation in which all comparisons hold; a field without a value cannot be compared."""
    holding: list[int] = []
    values: list[float] = []
    unmeasured: dict[int, str] = {}
    for index, meta in enumerate(selection.shard.columns.meta):
        value = field_value(meta, operator.name)
        try:
            if _holds(operator, value):
                holding.append(index)
                values.append(float(value) if isinstance(value, int | float) else np.nan)
        except _UnknownError as unknown:
            unmeasured[index] = str(unknown)
    return Evidence(hits=hits(np.array(holding, np.int64), value=np.array(values, np.float64)), unmeasured=unmeasured)


class _UnknownError(Exception):
    """The comparison cannot be made."""


def field_value(meta: CallMeta, name: str) -> str | float | None:
    """The value of a metadata field or of another manifest column; None and blank: not given."""
    value = getattr(meta, name) if name in META_FIELDS else meta.extra.get(name)
    return None if value is None or (isinstance(value, str) and not value.strip()) else value


def _holds(operator: Meta, value: str | float | None) -> bool:
    if operator.null is not None and operator.null != (value is None):
        return False
    if operator.not_null is not None and operator.not_null != (value is not None):
        return False
    compared = [name for name in _COMPARE if getattr(operator, name) is not None]
    listed = (operator.in_, operator.not_in, operator.between, operator.contains, operator.not_contains)
    if not compared and all(condition is None for condition in listed):
        return True
    if value is None:
        raise _UnknownError(f"随录参数 {operator.name} 没有值")
    for name in compared:
        wanted = getattr(operator, name)
        if not _COMPARE[name](_like(operator, value, wanted), wanted):
            return False
    if operator.in_ is not None and not any(_same(value, wanted) for wanted in operator.in_):
        return False
    if operator.not_in is not None and any(_same(value, wanted) for wanted in operator.not_in):
        return False
    if operator.between is not None:
        lo, hi = operator.between
        if not (ge(_like(operator, value, lo), lo) and le(_like(operator, value, hi), hi)):
            return False
    if operator.contains is not None and operator.contains not in _text(value):
        return False
    return operator.not_contains is None or operator.not_contains not in _text(value)


def _like(operator: Meta, value: str | float, wanted: Scalar) -> Scalar:
    """The value read as the kind of thing it is compared with."""
    if isinstance(wanted, str):
        return _text(value)
    text = _text(value).strip().lower()
    if isinstance(wanted, bool):
        if text in (*_TRUE, *_FALSE):
            return text in _TRUE
        raise _UnknownError(f"随录参数 {operator.name} 的值不是“是”或“否”")
    try:
        return float(text.replace(",", ""))
    except ValueError:
        raise _UnknownError(f"随录参数 {operator.name} 的值不是数字") from None


def _same(value: str | float, wanted: Scalar) -> bool:
    if isinstance(wanted, str):
        return _text(value) == wanted
    try:
        return float(value) == float(wanted)
    except ValueError:
        return False


def _text(value: str | float) -> str:
    return value.strip() if isinstance(value, str) else str(int(value) if float(value).is_integer() else value)
