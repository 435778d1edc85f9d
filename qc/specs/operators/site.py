"""What the shapes and builders of operators share."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields
from typing import Any

from pydantic import Field

from qc.domain import operators as op
from qc.specs.document import Document, Loc, Problems
from qc.specs.model import Spec
from qc.specs.suggest import suggest


class Site:
    """Where a piece stands in its file: builders note problems here. `lexicons`: those it may refer to; `patterns`: the
    texts of the shared patterns by id, empty for one whose file is broken; `siblings`: the names of all pieces of the
    rule."""

    def __init__(
        self,
        document: Document,
        name: str,
        problems: Problems,
        *,
        lexicons: Collection[str],
        siblings: Collection[str],
        patterns: Mapping[str, str] | None = None,
    ) -> None:
        self.document, self.name, self.loc, self.problems = document, name, ("find", name), problems
        self._lexicons, self._siblings, self._patterns = lexicons, siblings, patterns or {}

    def wrong(self, loc: Loc, code: str, message: str, hint: str = "") -> None:
        """Note an error at a place below the piece."""
        self.problems.add(self.document, (*self.loc, *loc), code, message, hint)

    def lexicons(self, loc: Loc, given: str | list[str] | None) -> tuple[str, ...]:
        """The ids at `loc`; those that do not exist are problems."""
        return self._known(
            loc, given, self._lexicons, "R014", "找不到词表", "词表放在 _lexicons 文件夹里，编号就是文件名。"
        )

    def patterns(self, loc: Loc, given: str | list[str] | None) -> tuple[str, ...]:
        """The texts of the shared patterns whose ids stand at `loc`; those that do not exist are problems."""
        fallback = "共用正则放在 _patterns 文件夹里，编号就是文件名。"
        names = self._known(loc, given, self._patterns, "R018", "找不到共用正则", fallback)
        return tuple(self._patterns[name] for name in names if name in self._patterns)

    def pieces(self, loc: Loc, given: str | list[str] | None) -> tuple[str, ...]:
        """The names of other pieces at `loc`; those that do not exist are problems."""
        return self._known(loc, given, self._siblings, "R004", "find 里没有片段", "请检查片段的名字。")

    def _known(
        self, loc: Loc, given: str | list[str] | None, known: Collection[str], code: str, message: str, fallback: str
    ) -> tuple[str, ...]:
        for index, name in enumerate(listed(given)):
            if name not in known:
                place = loc if isinstance(given, str) else (*loc, index)
                self.wrong(place, code, f"{message} {name}", suggest(name, known, fallback))
        return listed(given)


@dataclass(frozen=True, slots=True)
class OperatorShape:
    """How an operator is written: its full form in a file, the builder from that, and the type of a short form."""

    operator: type[op.Operator]
    shape: type[Spec]
    build: Callable[[Site, Any], op.Operator]
    short: Any = None


def about(operator: type[op.Operator], name: str, **options: Any) -> Any:
    """A field described as the operator's own parameter is."""
    described = {f.name: f.metadata["zh"] for f in fields(operator)}[name]
    return Field(description=described, **options)


def listed(value: str | list[str] | None) -> tuple[str, ...]:
    """One or several, each once, in order."""
    return () if value is None else (value,) if isinstance(value, str) else tuple(dict.fromkeys(value))


def bounds(at: Site, key: str, low: float | None, high: float | None, names: str) -> None:
    """At least one bound is given, and they leave room between them."""
    some(at, key, low, high, names)
    if low is not None and high is not None and low > high:
        at.wrong((key,), "R023", f"下限 {low:g} 大于上限 {high:g}", "请把小的写在 min，大的写在 max。")


def some(at: Site, key: str, one: object, other: object, names: str) -> None:
    """At least one of two is given."""
    if one is None and other is None:
        at.wrong((key,), "R022", f"{names} 至少写一个", f"请写上 {names} 之一。")
