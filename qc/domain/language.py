"""The language of what people read. The source is Chinese; a catalogue maps it to another language.

`say` stands wherever a page gets its words: in templates as `_("…")`, in Python as `say("…")`. The Chinese text is the
key, so that without a catalogue, and for whatever a catalogue lacks, it is what people see.

Where the other language counts, its text has a word for one and one for more behind the value:
`{n} {n:conversation|conversations}`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from string import Formatter

_CATALOGUE: ContextVar[Mapping[str, str]] = ContextVar("catalogue", default={})  # noqa: B039 nobody writes to it


class Wording(Formatter):
    """`str.format` with the field `{n:one|many}`: the first word for a value that reads 1, else the second."""

    def format_field(self, value: object, format_spec: str) -> str:
        one, counts, many = format_spec.partition("|")
        if counts:
            return one if str(value) == "1" else many
        return str(super().format_field(value, format_spec))


_WORDING = Wording()


def say(text: str, /, **values: object) -> str:
    """`text`, a literal with `{name}` where a value goes, in the language being spoken; values are put in as they are,
    and say themselves first where they are words. Without values braces stay braces."""
    told = _CATALOGUE.get().get(text, text)
    return _WORDING.vformat(told, (), values) if values else told


@contextmanager
def speaking(catalogue: Mapping[str, str]) -> Iterator[None]:
    """Speak by `catalogue` (Chinese text → the other language) in this block; an empty one is Chinese."""
    token = _CATALOGUE.set(catalogue)
    try:
        yield
    finally:
        _CATALOGUE.reset(token)
