"""Shared patterns: `_patterns/*.yml` of a rule folder → SharedPattern.

A rule names them in `regex: {use: …, except_use: …}`; their text is put in its place when the rule is loaded, so that
nothing that runs rules knows of them, and a rule's digest covers what it says in full.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

from pydantic import Field, StringConstraints

from qc.domain.rule import PatternTests, SharedPattern
from qc.specs.document import Document, Problems, read
from qc.specs.lexicons import misnamed, yaml_files
from qc.specs.model import Spec
from qc.specs.scalars import Text

FOLDER = "_patterns"
_Regex = Annotated[str, StringConstraints(min_length=1, max_length=4000, pattern=r"\S")]


class PatternTestsSpec(Spec):
    """共用正则的测试。"""

    match: list[Text] = Field(default=[], description="应当找得到的句子")
    not_: list[Text] = Field(default=[], alias="not", description="不应当找到的句子")


class PatternSpec(Spec):
    """一个共用正则，规则里用 regex: {use: 编号} 引用。"""

    id: Annotated[str, StringConstraints(pattern=r"^\w+$", max_length=60)] = Field(description="编号，与文件名相同")
    title: Text = Field(description="名称")
    pattern: _Regex = Field(description="正则表达式（RE2），写法与规则里的 regex 相同")
    tests: PatternTestsSpec = Field(default=PatternTestsSpec(), description="测试：应当找到和不应当找到的句子")


class PatternFiles(NamedTuple):
    """The sound patterns in order of id, the documents by path, and the ids that rules may name: those of broken files
    are among them, for these have been told what is wrong."""

    patterns: tuple[SharedPattern, ...]
    documents: dict[str, Document]
    ids: frozenset[str]


def load_patterns(roots: Sequence[Path], problems: Problems) -> PatternFiles:
    """The patterns that stand directly in `_patterns` folders. Everything wrong goes to `problems`."""
    found: dict[str, SharedPattern] = {}
    documents: dict[str, Document] = {}
    paths = yaml_files(roots)
    problems.extend(misnamed(roots))
    for path in paths:
        with problems.catch():
            document = read(path)
            documents[document.path] = document
            spec = problems.check(document, PatternSpec)
            if spec is None:
                continue
            if spec.id != path.stem:
                hint = f"请改成 {path.stem}，或改文件名。"
                problems.add(document, ("id",), "R016", f"编号 {spec.id} 与文件名不同", hint)
            elif spec.id in found:
                message = f"共用正则 {spec.id} 已有一份：{found[spec.id].path}"
                problems.add(document, ("id",), "R017", message, "请改名或删掉一份。")
            else:
                found[spec.id] = SharedPattern(
                    id=spec.id,
                    title=spec.title,
                    pattern=spec.pattern,
                    tests=PatternTests(match=tuple(spec.tests.match), not_match=tuple(spec.tests.not_)),
                    path=document.path,
                )
    patterns = tuple(found[name] for name in sorted(found))
    return PatternFiles(patterns, documents, frozenset(found) | {path.stem for path in paths})
