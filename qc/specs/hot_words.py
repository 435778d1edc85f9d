"""`_speech/words/*.yml` → hot words.

Codes: V010 a word twice for the same project, V011 a word that has no sound and no `heard`, V012 a `heard` that is a
hot word itself or stands for two words, V013 a `heard` of one character.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints

from qc.domain.speech import HotWord
from qc.paths import packaged
from qc.specs.document import Document, Loc, Problems, read
from qc.specs.lexicons import misnamed, yaml_files
from qc.specs.model import Spec
from qc.specs.scalars import Text
from qc.text.sounds import has_sound

FOLDER = "words"
_Word = Annotated[str, StringConstraints(min_length=1, max_length=30, pattern=r"^\w+$")]
_SHORTEST = 2


class HotWordSpec(Spec):
    """带误写的热词。"""

    text: _Word = Field(description="正确的写法，不带空格和标点")
    heard: tuple[_Word, ...] = Field(default=(), description="已知会被听写成什么；见到就改，不看上下文")


class HotWordsSpec(Spec):
    """一份热词表，放在 _speech/words/ 下：转写时容易写成同音字的名称、产品、简称。"""

    title: Text = Field(description="名称")
    projects: tuple[Text, ...] = Field(default=(), description="只用于哪些业务项目；不写就都用")
    words: tuple[_Word | HotWordSpec, ...] = Field(
        min_length=1, description="热词，或 {text: 热词, heard: [误写, …]}；听成同音字的不必写进 heard"
    )


def load_hot_words(folder: Path) -> tuple[HotWord, ...]:
    """Hot words in order of file and line; those that come with qc where `folder` has no `words`.

    Raises SpecError with all problems.
    """
    own = folder / FOLDER
    roots = [own if own.is_dir() else packaged("rules") / "_speech" / FOLDER]
    problems = Problems()
    problems.extend(misnamed(roots))
    words: list[HotWord] = []
    places: list[tuple[Document, Loc]] = []
    for path in yaml_files(roots):
        with problems.catch():
            document = read(path)
            spec = problems.check(document, HotWordsSpec)
            for i, entry in enumerate(spec.words if spec else ()):
                text, heard = (entry, ()) if isinstance(entry, str) else (entry.text, entry.heard)
                words.append(HotWord(text=text, projects=spec.projects if spec else (), heard=heard))
                places.append((document, ("words", i)))
    for (document, loc), message, code, hint in _wrong(words, places):
        problems.add(document, loc, code, message, hint)
    problems.raise_if_errors()
    return tuple(words)


def _wrong(
    words: list[HotWord], places: list[tuple[Document, Loc]]
) -> Iterator[tuple[tuple[Document, Loc], str, str, str]]:
    """(place, message, code, hint)."""
    known: dict[str, list[HotWord]] = {}
    for word in words:
        known.setdefault(word.text, []).append(word)
    stands: dict[str, list[HotWord]] = {}
    for i, word in enumerate(words):
        earlier = [w for w in words[:i] if w.text == word.text and _meet(w, word)] if len(known[word.text]) > 1 else []
        if earlier:
            yield places[i], f"热词“{word.text}”写了两遍", "V010", "同一业务项目里只写一次，误写都放在它的 heard 里。"
        if not word.heard and not (len(word.text) >= _SHORTEST and has_sound(word.text)):
            hint = "热词至少两个字，由汉字、数字、单音节的字母组成；别的写法请列出 heard。"
            yield places[i], f"“{word.text}”没法按读音查找", "V011", hint
        for heard in word.heard:
            other = next((w for w in stands.get(heard, ()) if w.text != word.text and _meet(w, word)), None)
            if len(heard) < _SHORTEST:
                yield places[i], f"误写“{heard}”只有一个字", "V013", "一个字处处都会出现，请写长一些。"
            elif heard in word.text or any(_meet(w, word) for w in known.get(heard, ())):
                yield places[i], f"误写“{heard}”本身就是正确的词", "V012", "heard 里只写错误的写法。"
            elif other is not None:
                yield places[i], f"误写“{heard}”已经算作“{other.text}”", "V012", "一种误写只能改成一个词，请删掉一处。"
            stands.setdefault(heard, []).append(word)


def _meet(one: HotWord, other: HotWord) -> bool:
    """Whether two words are in force together in some project."""
    return not one.projects or not other.projects or bool(set(one.projects) & set(other.projects))
