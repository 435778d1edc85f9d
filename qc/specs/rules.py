"""Rule files: `rules/**/*.yml` → RulePack, with every problem of every file at its place.

Codes: R001–R009 the file's own name and sentences, R010–R019 references and duplicates, R020–R029 pieces,
R030–R039 tests. What a rule says but had better not is for `qc.ruletest.lint`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

from qc.domain import sentence
from qc.domain.operators import piece_names
from qc.domain.rule import Lexicon, Piece, Rule, RulePack, Scope, Validity
from qc.errors import Problem, SpecError
from qc.specs import patterns as shared
from qc.specs.document import Document, Loc, Problems, read
from qc.specs.lexicons import FOLDER, load_lexicons, misnamed, yaml_files
from qc.specs.pieces import about_operator, build_piece, pattern_names, speakers
from qc.specs.rule_digest import pack_digest, rule_digest
from qc.specs.rule_shape import RuleSpec
from qc.specs.rule_tests import build_test
from qc.specs.suggest import suggest

_WORD = re.compile(r"[^\W\d]\w*")
_CHINESE = re.compile("[且或非并和与]|^不是?$|^没有$")
"""Chinese connectives, of which a sentence knows only the English ones."""
_ENGLISH = {
    **dict.fromkeys(("且", "并且", "而且", "和", "与", "及", "以及"), "and"),
    **dict.fromkeys(("或", "或者", "或是"), "or"),
    **dict.fromkeys(("非", "不", "不是", "没有"), "not"),
}
_EXAMPLE = "写作 甲 and not (乙 or 丙)，甲、乙、丙是 find 里的片段名。"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFiles:
    """What a set of folders holds: the rules, lexicons and shared patterns whose files are sound, all documents by
    path, every problem.

    `ids` are those of all rule files by place, broken ones too, so that what refers to them is not blamed.
    """

    pack: RulePack
    ids: frozenset[str]
    documents: Mapping[str, Document]
    problems: tuple[Problem, ...]


def load_rules(roots: Sequence[Path], *, lexicon_roots: Sequence[Path] | None = None) -> RulePack:
    """Rules and lexicons of all `roots` together, in order of id.

    Lexicons come from `lexicon_roots`, by default the `_lexicons` folder of each root. An id that occurs twice is an
    error, also across roots. Raises SpecError with every problem of every file.
    """
    files = read_rules(roots, lexicon_roots=lexicon_roots)
    if any(problem.level == "error" for problem in files.problems):
        raise SpecError(files.problems)
    return files.pack


def read_rules(roots: Sequence[Path], *, lexicon_roots: Sequence[Path] | None = None) -> RuleFiles:
    """As `load_rules`, but the problems are returned beside the rules that have none."""
    problems = Problems()
    folders = [root / FOLDER for root in roots] if lexicon_roots is None else list(lexicon_roots)
    lexicons, documents, names = load_lexicons(folders, problems)
    patterns = shared.load_patterns([root / shared.FOLDER for root in roots], problems)
    documents.update(patterns.documents)
    texts = dict.fromkeys(patterns.ids, "") | {pattern.id: pattern.pattern for pattern in patterns.patterns}
    there = _There({lexicon.id: lexicon for lexicon in lexicons}, names, texts)
    found: dict[str, Rule] = {}
    users: dict[str, list[str]] = {}
    ids: set[str] = set()
    for root in roots:
        if not root.is_dir():
            problems.extend([_no_folder(root)])
        for path in _rule_files(root, problems):
            wanted = ".".join(path.relative_to(root).with_suffix("").parts)
            ids.add(wanted)
            with problems.catch():
                document = read(path)
                documents[document.path] = document
                rule, named = _rule(document, wanted, there, problems)
                for name in named:
                    users.setdefault(name, []).append(wanted)
                if rule is None:
                    continue
                if rule.id in found:
                    hint = "编号要唯一，请改名或删掉一份。"
                    problems.add(document, ("id",), "R011", f"规则 {rule.id} 已有一份：{found[rule.id].path}", hint)
                else:
                    found[rule.id] = rule
    rules = tuple(found[name] for name in sorted(found))
    pack = RulePack(
        rules=rules,
        lexicons=lexicons,
        patterns=tuple(replace(p, rules=tuple(sorted(users.get(p.id, ())))) for p in patterns.patterns),
        digest=pack_digest(rules, lexicons),
    )
    return RuleFiles(pack=pack, ids=frozenset(ids), documents=documents, problems=problems.all)


def _no_folder(root: Path) -> Problem:
    return Problem(
        path=str(root), line=1, col=1, code="R010", message="找不到规则目录", hint="请检查路径，或用 --rules 指定。"
    )


def _rule_files(folder: Path, problems: Problems) -> Iterator[Path]:
    """Rule files below a folder in order of path; names that begin with _ or . are not rules."""
    if not folder.is_dir():
        return
    problems.extend(misnamed([folder]))
    yield from (path for path in yaml_files([folder]) if not path.name.startswith("_"))
    for inner in sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith(("_", "."))):
        yield from _rule_files(inner, problems)


class _There(NamedTuple):
    """What a rule may name: the lexicons of `names`, of which `lexicons` are sound, and the shared patterns by id, of
    which a broken one has no text."""

    lexicons: Mapping[str, Lexicon]
    names: Collection[str]
    patterns: Mapping[str, str]


def _rule(document: Document, wanted: str, there: _There, problems: Problems) -> tuple[Rule | None, frozenset[str]]:
    """The rule of one file, whose id should be `wanted`, and the shared patterns it names; no rule when anything is
    wrong with it or with one of these."""
    spec = problems.check(document, RuleSpec, reword=partial(about_operator, document))
    if spec is None:
        _raw_sentences(document, problems)
        return None, frozenset()
    named = frozenset(name for piece in spec.find.values() for name in pattern_names(piece))
    own = Problems()
    if spec.id != wanted:
        own.add(document, ("id",), "R001", f"编号 {spec.id} 与文件位置不符", f"按文件位置应为 {wanted}。")
    default = speakers(spec.scope.speaker)
    pieces = []
    for name, piece in spec.find.items():
        if name.lower() in sentence.RESERVED:
            own.add(document, ("find", name), "R002", f"片段不能叫 {name}", "它是连接词，请换个名字。", key=True)
        built = build_piece(
            document,
            name,
            piece,
            own,
            default_speaker=default,
            lexicons=there.names,
            siblings=spec.find,
            patterns=there.patterns,
        )
        if built is not None:
            pieces.append(built)
    _sentence(document, ("when",), spec.when, spec.find, own)
    if spec.given is not None:
        _sentence(document, ("given",), spec.given, spec.find, own)
    if spec.valid.from_ is not None and spec.valid.to is not None and spec.valid.from_ > spec.valid.to:
        own.add(document, ("valid", "to"), "R006", "生效时间的结束早于开始", "请把早的日期写在 from。")
    _references(document, spec, pieces, own)
    tests = tuple(build_test(document, index, test, own) for index, test in enumerate(spec.tests))
    problems.extend(own.all)
    if not own.empty or not all(there.patterns[name] for name in named):
        return None, named
    rule = Rule(
        id=spec.id,
        title=spec.title,
        kind=spec.kind,
        severity=spec.severity,
        error_class=spec.error_class,
        status=spec.status,
        version=spec.version,
        scope=Scope(projects=frozenset(spec.scope.projects or ()), channels=frozenset(spec.scope.channels or ())),
        pieces=tuple(pieces),
        when=spec.when,
        given=spec.given,
        valid=Validity(first=spec.valid.from_, last=spec.valid.to),
        message=spec.message,
        advice=spec.advice,
        owner=spec.owner,
        basis=spec.basis,
        exceptions=tuple(spec.exceptions),
        tests=tuple(test for test in tests if test is not None),
        path=document.path,
    )
    return replace(rule, digest=rule_digest(rule, there.lexicons)), named


def _raw_sentences(document: Document, problems: Problems) -> None:
    """The sentences of a file of which something else has the wrong shape."""
    find = document.part(("find",)) if document.holds(("find",)) else None
    for key in ("when", "given"):
        text = document.part((key,)) if document.holds((key,)) else None
        if isinstance(text, str) and text.strip() and isinstance(find, dict):
            _sentence(document, (key,), text, find, problems)


def _sentence(document: Document, loc: Loc, text: str, pieces: Collection[str], problems: Problems) -> None:
    """The sentence reads, and names pieces that exist."""
    for word in _WORD.finditer(text):
        if word[0] in _ENGLISH and word[0] not in pieces:
            message = f"“{word[0]}”要写成 {_ENGLISH[word[0]]}"
            hint = "连接词请写英文，前后空格：且 and、或 or、非 not。"
            _at(document, loc, text, word.start(), "R003", message, hint, problems)
            return
    chinese = any(_CHINESE.search(word) for word in _WORD.findall(text) if word not in pieces)
    english = "连接词请写英文，前后空格：且 and、或 or、非 not。" if chinese else ""
    try:
        parsed = sentence.parse(text)
    except sentence.SentenceError as error:
        _at(document, loc, text, error.at, "R003", error.message, english or _EXAMPLE, problems)
        return
    for name, _ in sentence.names(parsed):
        if name.name not in pieces:
            hint = english if _CHINESE.search(name.name) else suggest(name.name, pieces, "请先在 find 里写这个片段。")
            _at(document, loc, text, name.at, "R004", f"find 里没有片段 {name.name}", hint, problems)


def _at(
    document: Document, loc: Loc, text: str, offset: int, code: str, message: str, hint: str, problems: Problems
) -> None:
    """A problem at an offset of a text value."""
    line, col, source = document.within(loc, text, offset)
    problems.extend(
        [Problem(path=document.path, line=line, col=col, code=code, message=message, hint=hint, source=source)]
    )


def _references(document: Document, spec: RuleSpec, pieces: Sequence[Piece], problems: Problems) -> None:
    """Anchors and exceptions name pieces that exist, and no piece waits for itself."""
    leads = {piece.name: [other for other, _ in _referred(piece)] for piece in pieces}
    for piece in pieces:
        for other, loc in _referred(piece):
            place = ("find", piece.name, *loc)
            if other not in spec.find and loc[-1] != "":
                problems.add(
                    document, place, "R004", f"find 里没有片段 {other}", suggest(other, spec.find, "请检查片段的名字。")
                )
            elif _reaches(leads, other, piece.name):
                way = f"{piece.name} → {other} → … → {piece.name}"
                message = f"片段绕成了圈：{way}" if other != piece.name else f"片段 {other} 不能以自己为前置条件"
                problems.add(document, place, "R005", message, "请去掉其中一处，或改成另一个片段。")


def _referred(piece: Piece) -> Iterator[tuple[str, Loc]]:
    """The pieces a piece refers to, each with the place below it; operators check the names they use themselves."""
    for anchor in piece.frame.anchors:
        yield anchor.piece, (anchor.relation.value, "piece")
    for exception in piece.frame.unless:
        yield exception.piece, ("unless",)
    for name in piece_names(piece.operator):
        yield name, (piece.operator.key, "")


def _reaches(leads: Mapping[str, list[str]], start: str, goal: str) -> bool:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name == goal:
            return True
        if name not in seen:
            seen.add(name)
            waiting += leads.get(name, ())
    return False
