"""A word list as plain text: one word a line, `#` begins a comment, category and level behind tabs.

    # 舆情敏感词
    出人命<Tab>人身安全<Tab>5
    呼吸机停

For lists of thousands of words, which people keep in tables. The first comment is the title.
Codes: W001 fields, W002 level, W003 word, W004 no words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from qc.domain.rule import Word
from qc.errors import Problem, SpecError
from qc.specs.compose import Mark, source_line
from qc.specs.document import Document, read_text
from qc.specs.invisible import invisible

SUFFIX = ".txt"
_MAX_CHARS = 100
_LEVELS = {str(level): level for level in range(1, 6)}
_OTHER_DIVISIONS = re.compile(r"\S+\s*[,，;；|\s]\s*[^\d\s,，;；|]+\s*[,，;；|\s]\s*[1-5]")


class WordFile(NamedTuple):
    """The title, the words, and the document by which places of words (`("words", n)`) are told."""

    title: str
    words: tuple[Word, ...]
    document: Document


def read_words(path: Path) -> WordFile:
    """Read a plain word list. Raises SpecError with the problems of all lines."""
    shown = str(path)
    lines = read_text(path, shown).splitlines()
    words: list[Word] = []
    marks: list[Mark] = []
    found: list[Problem] = []
    title = ""
    for number, line in enumerate(lines, 1):
        content = line.strip()
        if content.startswith("#"):
            title = title or content.lstrip("# ")
        elif content:
            problems = list(_wrong(line, content))
            for code, at, message, hint in problems:
                found.append(_problem(shown, lines, number, at, code, message, hint))
            if not problems:
                text, category, level = _fields(line)
                words.append(Word(text=text, category=category or None, level=_LEVELS.get(level)))
                marks.append(Mark(number, line.index(text) + 1))
    for number, col, message, hint in invisible(lines):
        found.append(_problem(shown, lines, number, col, "Y015", message, hint))
    if not words and not found:
        found.append(_problem(shown, lines, 1, 1, "W004", "词表里没有词", "请一行写一个词，或删掉这个文件。"))
    if found:
        raise SpecError(sorted(found, key=lambda p: (p.line, p.col)))
    data = {"id": path.stem, "title": title or path.stem, "words": [word.text for word in words]}
    fields = {"id": Mark(1, 1), "title": Mark(1, 1), "words": Mark(1, 1, elements=marks)}
    keys = dict.fromkeys(fields, (1, 1))
    document = Document(path=shown, data=data, lines=lines, marks=Mark(1, 1, keys=keys, fields=fields))
    return WordFile(title or path.stem, tuple(words), document)


def _fields(line: str) -> tuple[str, str, str]:
    """Word, category and level of a line; what is not given is empty."""
    parts = [part.strip() for part in line.split("\t")]
    text, category, level = (*parts, "", "")[:3]
    return text, category, level


def _wrong(line: str, content: str) -> Iterator[tuple[str, int, str, str]]:
    """(code, column, message, hint) of what is wrong with a line that is neither empty nor a comment."""
    parts = line.rstrip().split("\t")
    text, _, level = _fields(line)
    if len(parts) > 3:
        yield "W001", len("\t".join(parts[:3])) + 2, "一行至多三项：词、类别、等级", "多出来的请删掉，或写在 # 注释里。"
    elif not text:
        yield "W003", 1, "这一行没有词", "词写在最前面，类别和等级写在后面。"
    elif len(text) > _MAX_CHARS:
        yield "W003", 1, f"词太长，至多 {_MAX_CHARS} 个字", "一行只写一个词。"
    elif len(parts) == 1 and _OTHER_DIVISIONS.fullmatch(content):
        yield "W001", 1, "词、类别、等级要用制表符（Tab）隔开", "从表格里复制出来的就是；逗号、空格会算作词的一部分。"
    elif level and level not in _LEVELS:
        at = line.index(level, len("\t".join(parts[:2]))) + 1
        yield "W002", at, f"等级应为 1 到 5，写成了 {level[:20]}", "1 轻 … 5 重；没有等级就不写。"


def _problem(path: str, lines: list[str], line: int, col: int, code: str, message: str, hint: str) -> Problem:
    source = source_line(lines, line, col)
    return Problem(path=path, line=line, col=col, code=code, message=message, hint=hint, source=source)
