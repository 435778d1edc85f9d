"""meta 随录参数: conditions on what the manifest says."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields
from datetime import datetime
from operator import eq, ge, gt, le, lt, ne

import numpy as np

from qc.domain.conversation import CallMeta
from qc.domain.operators import Meta, MetaType, Scalar
from qc.domain.rule import Frame
from qc.matching.context import Context
from qc.matching.evidence import Evidence, hits
from qc.matching.frame import Selection
from qc.matching.registry import evaluates
from qc.text.dates import read_date

META_FIELDS = tuple(f.name for f in fields(CallMeta) if f.name != "extra")
_COMPARE: dict[str, Callable[..., bool]] = {"eq": eq, "ne": ne, "gt": gt, "ge": ge, "lt": lt, "le": le}
_TRUE, _FALSE = ("true", "是", "1", "y", "yes"), ("false", "否", "0", "n", "no")
_ITEM_MARKS = re.compile("[;；,，、|｜]")
_NAMES = {MetaType.NUMBER: "数字", MetaType.DATE: "日期", MetaType.FLAG: "“是”或“否”"}
_Value = str | float | bool | datetime


@evaluates(Meta)
def compare_meta(operator: Meta, frame: Frame, selection: Selection, context: Context) -> Evidence:
    """One measure per conversation in which all comparisons hold; a field without a value, or whose value is not of the
    type compared, cannot be compared."""
    holding: list[int] = []
    values: list[float] = []
    unmeasured: dict[int, str] = {}
    for index, meta in enumerate(selection.shard.columns.meta):
        value = field_value(meta, operator.name)
        try:
            if _holds(operator, value):
                holding.append(index)
                values.append(_measure(operator, value))
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
    others = (operator.in_, operator.not_in, operator.between, operator.contains, operator.not_contains)
    if not compared and all(condition is None for condition in others):
        return True
    if value is None:
        raise _UnknownError(f"随录参数 {operator.name} 没有值")
    if operator.contains is not None and operator.contains not in _parts(operator, value):
        return False
    if operator.not_contains is not None and operator.not_contains in _parts(operator, value):
        return False
    tests = [(_COMPARE[name], getattr(operator, name)) for name in compared]
    if operator.between is not None:
        tests += [(ge, operator.between[0]), (le, operator.between[1])]
    if not all(_compare(operator, test, value, wanted) for test, wanted in tests):
        return False
    if operator.in_ is not None and not any(_compare(operator, eq, value, wanted) for wanted in operator.in_):
        return False
    return operator.not_in is None or not any(_compare(operator, eq, value, wanted) for wanted in operator.not_in)


def _parts(operator: Meta, value: str | float) -> str | list[str]:
    """What `contains` looks into: the items of a list, or the text."""
    if operator.type is not MetaType.LIST:
        return _text(value)
    return [item.strip() for item in _ITEM_MARKS.split(_text(value))]


def _compare(operator: Meta, test: Callable[..., bool], value: str | float, wanted: Scalar) -> bool:
    """Both read as the operator's type; a date written without a time stands for the whole day."""
    here, there = _read(operator, value), _read(operator, wanted)
    if isinstance(here, datetime) and isinstance(there, datetime):
        written = read_date(_text(wanted))
        if written is not None and not written.timed:
            here = here.replace(hour=0, minute=0, second=0)
    return test(here, there)


def _read(operator: Meta, value: Scalar) -> _Value:
    """A value as the type compared."""
    if operator.type is MetaType.STRING or operator.type is MetaType.LIST:
        return _text(value)
    text = _text(value).lower()
    match operator.type:
        case MetaType.FLAG if text in (*_TRUE, *_FALSE):
            return text in _TRUE
        case MetaType.NUMBER:
            try:
                return float(text.replace(",", ""))
            except ValueError:
                pass
        case MetaType.DATE:
            date = read_date(text.upper())
            if date is not None:
                return date.at
    raise _UnknownError(f"随录参数 {operator.name} 的值不是{_NAMES[operator.type]}")


def _measure(operator: Meta, value: str | float | None) -> float:
    """The number that was compared; NaN when it is none."""
    if isinstance(value, int | float):
        return float(value)
    if value is None or operator.type is not MetaType.NUMBER:
        return np.nan
    return float(_read(operator, value))  # type: ignore[arg-type]  # a number by its type


def _text(value: Scalar) -> str:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(int(value) if float(value).is_integer() else value)
