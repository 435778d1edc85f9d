"""Word lists: `_lexicons/*.yml` and `*.txt` of a rule folder → Lexicon."""

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
from qc.specs.word_file import SUFFIX, read_words

FOLDER = "_lexicons"
_ID = r"\w+"
_SUFFIXES = (".yml", ".yaml")
_MISNAMED = re.compile(r"([^.~#].*?)\.ya?ml(?![^.])", re.IGNORECASE)


class WordSpec(Spec):
    """带类别和等级的词。"""

    text: WordText = Field(description="词")
    category: Text | None = Field(default=None, description="类别")
    level: Annotated[int, Field(ge=1, le=5)] | None = Field(default=None, description="等级，1 轻 … 5 重")


class LexiconSpec(Spec):
    """一个词表。"""

    id: Annotated[str, StringConstraints(pattern=rf"^{_ID}$", max_length=60)] = Field(description="编号，与文件名相同")
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
    paths = sorted((*yaml_files(roots), *_word_files(roots)), key=lambda path: (roots.index(path.parent), path))
    problems.extend(misnamed(roots))
    for path in paths:
        with problems.catch():
            lexicon, document = _read(path, problems)
            documents[document.path] = document
            if lexicon is None:
                continue
            if lexicon.id != path.stem:
                problems.add(
                    document, ("id",), "R012", f"编号 {lexicon.id} 与文件名不同", f"请改成 {path.stem}，或改文件名。"
                )
            elif lexicon.id in found:
                message = f"词表 {lexicon.id} 已有一份：{found[lexicon.id].path}"
                problems.add(document, ("id",), "R013", message, "请改名或删掉一份。")
            else:
                found[lexicon.id] = lexicon
    lexicons = tuple(found[name] for name in sorted(found))
    return LexiconFiles(lexicons, documents, frozenset(found) | {path.stem for path in paths})


def read_lexicon(path: Path) -> Document:
    """The document of a word list, YAML or plain text. Raises SpecError when it does not read."""
    return read_words(path).document if path.suffix == SUFFIX else read(path)


def _read(path: Path, problems: Problems) -> tuple[Lexicon | None, Document]:
    """One word list (None: its problems have been noted) and its document. Raises SpecError when it does not read."""
    if path.suffix == SUFFIX:
        file = read_words(path)
        if not re.fullmatch(_ID, path.stem):
            hint = "编号就是文件名，只用字母、数字、汉字和下划线。"
            problems.add(file.document, (), "R012", f"文件名 {path.name} 不能作编号", hint)
            return None, file.document
        return Lexicon(id=path.stem, title=file.title, words=file.words, path=file.document.path), file.document
    document = read(path)
    spec = problems.check(document, LexiconSpec)
    if spec is None:
        return None, document
    words = (
        Word(text=w) if isinstance(w, str) else Word(text=w.text, category=w.category, level=w.level)
        for w in spec.words
    )
    return Lexicon(id=spec.id, title=spec.title, words=tuple(words), path=document.path), document


def _word_files(folders: Iterable[Path]) -> Iterator[Path]:
    for folder in folders:
        if folder.is_dir():
            yield from (p for p in folder.iterdir() if p.suffix == SUFFIX and not p.name.startswith("."))


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
