"""Where in its file a rule's or lexicon's trouble stands: files are read again only when there is any."""

from __future__ import annotations

from pathlib import Path

from qc.errors import Problem, SpecError
from qc.specs.document import Document, Loc
from qc.specs.lexicons import read_lexicon


class Notes:
    """Collects problems at places of rule and lexicon files."""

    def __init__(self) -> None:
        self.found: list[Problem] = []
        self._documents: dict[str, Document | None] = {}

    def error(
        self,
        path: str,
        loc: Loc,
        code: str,
        message: str,
        hint: str = "",
        *,
        key: bool = False,
        at: tuple[str, int] = ("", 0),
    ) -> None:
        """A rule cannot go on like this. `at`: the value as a text, and the character of it, from 0, that is wrong."""
        self._add(path, loc, code, message, hint, "error", key, at)

    def warning(self, path: str, loc: Loc, code: str, message: str, hint: str = "", *, key: bool = False) -> None:
        """Probably not what was meant."""
        self._add(path, loc, code, message, hint, "warning", key)

    def _add(
        self,
        path: str,
        loc: Loc,
        code: str,
        message: str,
        hint: str,
        level: str,
        key: bool,
        at: tuple[str, int] = ("", 0),
    ) -> None:
        document = self._document(path)
        if document is None:
            line, col, source = 1, 1, ""
        else:
            line, col, source = document.within(loc, *at) if at[0] else document.where(loc, key=key)
        self.found.append(
            Problem(path=path, line=line, col=col, code=code, message=message, hint=hint, source=source, level=level)
        )

    def written(self, path: str, loc: Loc) -> str | None:
        """The text that stands at a place of a file; None when there is no file or no text."""
        document = self._document(path)
        if document is None or not document.holds(loc):
            return None
        text = document.part(loc)
        return text if isinstance(text, str) else None

    def _document(self, path: str) -> Document | None:
        if path not in self._documents:
            try:
                self._documents[path] = read_lexicon(Path(path))
            except SpecError:  # the pack did not come from files
                self._documents[path] = None
        return self._documents[path]
