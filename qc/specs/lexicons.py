"""Word lists: `_lexicons/*.yml` of a rule folder → Lexicon."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

from pydantic import Field, StringConstraints

from qc.domain.rule import Lexicon, Word
from qc.errors import Problem
from qc.specs.document import Document, Problems, read
from qc.specs.model import Spec
from qc.specs.scalars import Text, WordText

FOLDER = "_lexicons"
_SUFFIXES = (".yml", ".yaml")
_MISNAMED = re.compile(r"([^.~#].*?)\.ya?ml(?![^.])", re.IGNORECASE)


class WordSpec(Spec):
    """带类别和等级的词。"""

    text: WordText = Field(description="词")
    category: Text | None = Field(default=None, description="类别")
    level: Annotated[int, Field(ge=1, le=5)] | None = Field(default=None, description="等级，1 轻 … 5 重")


class LexiconSpec(Spec):
    """一个词表。"""

    id: Annotated[str, StringConstraints(pattern=r"^\w+$", max_length=60)] = Field(description="编号，与文件名相同")
    title: Text = Field(description="名称")
    words: Annotated[list[WordText | WordSpec], Field(min_length=1)] = Field(
        description="词，或 {text: 词, category: 类别, level: 等级}"
    )


class LexiconFiles(NamedTuple):
    """The sound word lists in order of id, the documents by path, and the ids that rules may name: those of broken
    lists are among them, for their own files have been told what is wrong."""

    lexicons: tuple[Lexicon, ...]
    documents: dict[str, Document]
    ids: frozenset[str]


def load_lexicons(roots: Sequence[Path], problems: Problems) -> LexiconFiles:
    """The word lists that stand directly in `_lexicons` folders. Everything wrong goes to `problems`."""
    found: dict[str, Lexicon] = {}
    documents: dict[str, Document] = {}
    paths = yaml_files(roots)
    problems.extend(misnamed(roots))
    for path in paths:
        with problems.catch():
            document = read(path)
            documents[document.path] = document
            spec = problems.check(document, LexiconSpec)
            if spec is None:
                continue
            if spec.id != path.stem:
                problems.add(
                    document, ("id",), "R012", f"编号 {spec.id} 与文件名不同", f"请改成 {path.stem}，或改文件名。"
                )
            elif spec.id in found:
                problems.add(
                    document, ("id",), "R013", f"词表 {spec.id} 已有一份：{found[spec.id].path}", "请改名或删掉一份。"
                )
            else:
                words = (
                    Word(text=w) if isinstance(w, str) else Word(text=w.text, category=w.category, level=w.level)
                    for w in spec.words
                )
                found[spec.id] = Lexicon(id=spec.id, title=spec.title, words=tuple(words), path=document.path)
    lexicons = tuple(found[name] for name in sorted(found))
    return LexiconFiles(lexicons, documents, frozenset(found) | {path.stem for path in paths})


def yaml_files(folders: Iterable[Path]) -> Sequence[Path]:
    """The `.yml` and `.yaml` files directly in the folders, sorted; folders that do not exist hold none."""
    return [
        path
        for folder in folders
        if folder.is_dir()
        for path in sorted(folder.iterdir())
        if path.suffix in _SUFFIXES and not path.name.startswith(".")
    ]


def misnamed(folders: Iterable[Path]) -> Iterator[Problem]:
    """A warning for each file directly in the folders that is YAML by a part of its name, and so is not read."""
    for path in sorted(path for folder in folders if folder.is_dir() for path in folder.iterdir()):
        stem = _MISNAMED.match(path.name)
        if stem and path.suffix not in _SUFFIXES and path.is_file():
            yield Problem(
                path=str(path),
                line=1,
                col=1,
                code="R015",
                message="文件名不以 .yml 结尾，没有读这个文件",
                hint=f"请改名为 {stem[1]}.yml；Windows 要先显示文件扩展名。",
                level="warning",
            )
