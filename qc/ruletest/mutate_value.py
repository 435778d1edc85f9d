"""Parameters a little off: generic over the fields of operators and frames, so that a new operator needs nothing here.

Only what stands in the file is touched: a field that has its default was not written, and needs no test; nor does the
declared type of a metadata field. Numbers move by a quarter, at least one where they are whole: near enough that only
a test close to the threshold notices.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass, replace
from enum import Enum
from typing import Any, NamedTuple

_KEYS = {"in_": "in", "exclude": "except", "pieces": "any", "types": "type"}
_DECLARED = frozenset({"type"})


class Shift(NamedTuple):
    """A changed object, what was done to it in Chinese, and the case (…的测试) that would tell the difference."""

    changed: Any
    what: str
    case: str


@dataclass(frozen=True, slots=True)
class _Place:
    """A field being changed: its owner and its name in the file."""

    owner: Any
    field: Field[Any]

    @property
    def key(self) -> str:
        return _KEYS.get(self.field.name, self.field.name)

    def put(self, value: object) -> Any:
        return replace(self.owner, **{self.field.name: value})


def shifts(owner: Any, skip: frozenset[str] = frozenset()) -> Iterator[Shift]:
    """Every change of one parameter of a frozen dataclass; names in `skip` are left alone."""
    for field in fields(owner):
        value = getattr(owner, field.name)
        if field.name in skip | _DECLARED or value is None or value == _default(field):
            continue
        yield from _field(_Place(owner, field), value)


def _default(field: Field[Any]) -> object:
    if field.default is not MISSING:
        return field.default
    return field.default_factory() if field.default_factory is not MISSING else MISSING


def _field(place: _Place, value: object) -> Iterator[Shift]:
    default = _default(place.field)
    match value:
        case bool():
            yield Shift(place.put(not value), f"去掉 {place.key}", f"写了 {place.key} 才判得对")
        case int() | float():
            for other in _numbers(value):
                yield Shift(place.put(other), f"把 {place.key} 从 {value:g} 改成 {other:g}", _between(value, other))
        case Enum() if isinstance(default, Enum):
            what = f"把 {place.key} 从 {value.value} 改成 {default.value}"
            yield Shift(place.put(default), what, f"{place.key}: {value.value} 才判得对")
        case str() if isinstance(default, str) and default:
            what = f"把 {place.key} 从 {value} 改成 {default}"
            yield Shift(place.put(default), what, f"{place.key}: {value} 才判得对")
        case tuple():
            yield from _elements(place, value)
        case _ if is_dataclass(value) and not isinstance(value, type):
            for inner in shifts(value):
                yield inner._replace(changed=place.put(inner.changed))


def _elements(place: _Place, value: tuple[Any, ...]) -> Iterator[Shift]:
    """One element less, or one a little off."""
    for number, element in enumerate(value):
        around = value[:number], value[number + 1 :]
        if isinstance(element, int | float) and not isinstance(element, bool):
            for other in _numbers(element):
                changed = place.put((*around[0], other, *around[1]))
                what = f"把 {place.key} 里的 {element:g} 改成 {other:g}"
                yield Shift(changed, what, _between(element, other))
            continue
        if len(value) > 1:
            shown = element if isinstance(element, str) else getattr(element, "title", f"第 {number + 1} 项")
            yield Shift(
                place.put((*around[0], *around[1])), f"从 {place.key} 里去掉“{shown}”", f"只靠“{shown}”才判得对"
            )
        if is_dataclass(element) and not isinstance(element, type):
            for inner in shifts(element):
                yield inner._replace(changed=place.put((*around[0], inner.changed, *around[1])))


def _numbers(value: float) -> Iterator[float]:
    """A quarter more and a quarter less; a whole number stays on its side of zero, and nothing positive falls to it."""
    whole = value == int(value)
    size = abs(value)
    step = max(1, round(size / 4)) if whole else size / 4
    for other in (size + step, size - step):
        if other > 0 or (other == 0 and size != step):
            yield type(value)(-other if value < 0 else other)


def _between(value: float, other: float) -> str:
    low, high = sorted((value, other))
    return f"刚好落在 {low:g} 与 {high:g} 之间"
