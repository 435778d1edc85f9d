"""Templates of a workspace are data from a repository, not code we trust: what they may touch, and how much.

They see view models, numbers and text; no module but two of ours, no file, no name with an underscore; nothing they are
given can be changed. All text is escaped, and there is no way to say that it is not: `safe`, `{% autoescape %}` and
replacing inside HTML do not exist. A page that takes more time, memory or output than any of ours is refused.
"""

from __future__ import annotations

import enum
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import is_dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from types import FunctionType, MappingProxyType, ModuleType
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateNotFound, TemplateSyntaxError, nodes
from jinja2.exceptions import SecurityError
from jinja2.runtime import Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from qc.memory import bounded_memory

MOST_BYTES = 2_000_000
"""Of one template or script; ours have 60,000 at most."""
MOST_CHARS = 100_000_000
"""Of one page."""
_CPU_S = 300
_MEMORY_BYTES = 2 << 30
_LARGEST_POWER = 64
_PLAIN: tuple[type, ...] = (
    *(str, int, float, bool, type(None), tuple, list, dict, set, frozenset, MappingProxyType),
    *(datetime, date, time, timedelta, Decimal, enum.Enum),
)
_OURS = "qc."
_NOT_SHOWN = ("qc.storage.", "qc.reporting.batch", "qc.reporting.edition")
"""They lead to files."""
_LACKING_FILTERS = ("safe", "urlize")
_LACKING_GLOBALS = ("lipsum",)


class ExhaustedError(Exception):
    """A page took more than it may; the text says of what (Chinese)."""


class UnfitError(TemplateNotFound):
    """A template is there and may not be used; the message says why (Chinese)."""


class Folder(FileSystemLoader):
    """Templates inside the folders and nowhere else: `..` and links that lead out are no templates."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Any]:
        """As the base class; raises UnfitError for what lies outside or is no text of a usual size."""
        for root in self.searchpath:
            path = Path(root, template)
            if "\x00" in template or not path.is_file():
                continue
            if not path.resolve().is_relative_to(Path(root).resolve()):
                raise UnfitError(template, f"{template} 是指向模板目录之外的链接")
            if path.stat().st_size > MOST_BYTES:
                raise UnfitError(template, f"{template} 超过 {MOST_BYTES // 1_000_000} MB")
            break
        try:
            return super().get_source(environment, template)
        except UnicodeDecodeError:
            raise UnfitError(template, f"{template} 不是 UTF-8 编码，请另存为 UTF-8") from None


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja that shows view models to a template and lets it do nothing else."""

    intercepted_binops = frozenset({"**", "*"})

    def __init__(self, folders: Sequence[Path], **options: Any) -> None:
        folder = Folder([str(f) for f in folders])
        super().__init__(loader=folder, autoescape=True, undefined=StrictUndefined, **options)
        for name in _LACKING_FILTERS:
            del self.filters[name]
        for name in _LACKING_GLOBALS:
            del self.globals[name]
        self.filters["replace"] = _replace
        self._decided: dict[tuple[type, str], bool] = {}

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Public attributes of plain values and of the data classes of a page; not what leads to code or files."""
        if isinstance(obj, (ModuleType, type)):  # each is a case of its own
            return self._is_safe(obj, attr, value)
        key = type(obj), attr  # of all others the kind decides; a report asks two million times
        if key not in self._decided:
            self._decided[key] = self._is_safe(obj, attr, value)
        return self._decided[key]

    def _is_safe(self, obj: Any, attr: str, value: Any) -> bool:
        if not super().is_safe_attribute(obj, attr, value):
            return False
        if isinstance(obj, ModuleType):
            return obj.__name__.startswith(_OURS) and _shown_of_module(obj, value)
        if isinstance(obj, type):  # a page's own words, gathered in a class
            function = isinstance(value, FunctionType) and value.__module__.startswith(_OURS)
            return obj.__module__.startswith(_OURS) and (function or isinstance(value, _PLAIN))
        if isinstance(obj, Markup):
            return False
        if isinstance(obj, (*_PLAIN, Undefined)):
            return True
        kind = type(obj)
        if kind.__module__.startswith("jinja2."):
            return True
        return is_dataclass(obj) and kind.__module__.startswith(_OURS) and not kind.__module__.startswith(_NOT_SHOWN)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Multiplication of numbers only, and small powers: `"x" * 10**9` is no page."""
        if not (isinstance(left, (int, float)) and isinstance(right, (int, float))):
            raise SecurityError("* 和 ** 只用于数")
        if operator == "**" and (abs(left) > _LARGEST_POWER or abs(right) > _LARGEST_POWER):
            raise SecurityError(f"乘方里有大于 {_LARGEST_POWER} 的数")
        return super().call_binop(context, operator, left, right)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        parsed = super()._parse(source, name, filename)
        for found in parsed.find_all((nodes.ScopedEvalContextModifier, nodes.EvalContextModifier)):
            raise TemplateSyntaxError("不许用 {% autoescape %}：所有文字都转义", found.lineno, name, filename)
        return parsed


def _shown_of_module(module: ModuleType, value: object) -> bool:
    """Tables of words, and functions the module itself defines."""
    return isinstance(value, _PLAIN) or (isinstance(value, FunctionType) and value.__module__ == module.__name__)


def _replace(value: object, old: str, new: str, count: int = -1) -> str:
    """Jinja's, on text only: replacing inside HTML could undo an escape."""
    if any(isinstance(part, Markup) for part in (value, old, new)):
        raise SecurityError("replace 只用于文字，不用于网页片段")
    return str(value).replace(str(old), str(new), count)


@contextmanager
def bounded() -> Iterator[None]:
    """Inside, the process may take so much memory more and so much processor time; raises ExhaustedError beyond. Where
    the system knows no such bound, or outside the main thread, the size of the page is the only one."""
    with bounded_memory(_MEMORY_BYTES), _bounded_time():
        try:
            yield
        except MemoryError:
            raise ExhaustedError(f"内存超过 {_MEMORY_BYTES >> 30} GB") from None


@contextmanager
def _bounded_time() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def late(_signal: int, _frame: object) -> None:
        raise ExhaustedError(f"计算超过 {_CPU_S} 秒")

    before = signal.signal(signal.SIGVTALRM, late)
    signal.setitimer(signal.ITIMER_VIRTUAL, _CPU_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
