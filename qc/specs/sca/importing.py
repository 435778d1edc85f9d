"""UploadRule JSON → rule files of ours, as drafts, with the list of what could not be carried over."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import yaml

from qc.domain import sentence as ours
from qc.domain.sentence import And, Name, Not, Or, Sentence
from qc.specs.sca.formula import FormulaError, read_formula, renamed, without
from qc.specs.sca.frame import import_frame
from qc.specs.sca.operators import UnsayableError, Yaml, import_operator
from qc.specs.sca.reading import Loss, Node, read_json

_NO_NAME = re.compile(r"\W+")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedRule:
    """One rule file: its id, its YAML, and what of the rule was lost. `text` is empty when nothing could be carried."""

    id: str
    title: str
    text: str
    losses: tuple[Loss, ...]


@dataclass(frozen=True, slots=True)
class _Condition:
    """A condition as pieces and the sentence over them; no sentence when none of its operators could be carried."""

    pieces: Mapping[str, Yaml]
    sentence: Sentence | None
    head: str
    """The piece whose hits are the condition's; empty when there is no such piece."""
    leads: tuple[str, ...]
    """The conditions it is anchored to."""


def import_sca(text: str, shown_as: str, prefix: str) -> list[ImportedRule]:
    """The rules of an UploadRule JSON text, in its order. `prefix`: the folder part of the ids, like `sca` in `sca.r1`.

    Raises SpecError when the text is no JSON or holds no rules.
    """
    top = read_json(text, shown_as)
    reader = _Reader(top.nodes("conditions"))
    made, taken = [], set[str]()
    for number, rule in enumerate(top.nodes("rules"), 1):
        name = _slug(rule.text("rid") or str(number))
        while f"{prefix}.r{name}" in taken:
            name += "_"
        taken.add(f"{prefix}.r{name}")
        made.append(reader.rule(rule, f"{prefix}.r{name}", shown_as))
    return made


class _Reader:
    def __init__(self, nodes: list[Node]) -> None:
        self._nodes: dict[str, Node] = {}
        self._twins: dict[str, list[Node]] = {}
        for node in nodes:
            cid = node.text("cid", "conditionInfoCid")
            if self._nodes.setdefault(cid, node) is not node:
                self._twins.setdefault(cid, []).append(node)
        self._heads = {cid: self._head(node, cid) for cid, node in self._nodes.items()}

    def rule(self, node: Node, identifier: str, source: str) -> ImportedRule:
        """One rule with the conditions it needs."""
        losses: list[Loss] = []
        title = node.text("name", "ruleName", "title") or f"规则 {node.text('rid')}"
        formula = node.text("lambda", "ruleLambda")
        pieces: Yaml = {}
        when: Sentence | None = None
        try:
            parsed = read_formula(formula)
            when = self._when(parsed, node, pieces, losses)
        except FormulaError as error:
            losses.append(Loss(where=f"{node.path}.lambda", what=formula[:60], why=f"看不懂：{error}"))
        node.get("id")
        for key, value in node.unasked():
            losses.append(Loss(where=f"{node.path}.{key}", what=str(value)[:40], why="规则的这一项没有导入"))
        text = "" if when is None else _file(identifier, title, pieces, when, node.path, source, losses)
        return ImportedRule(id=identifier, title=title, text=text, losses=tuple(losses))

    def _when(self, parsed: Sentence, node: Node, pieces: Yaml, losses: list[Loss]) -> Sentence | None:
        found: dict[str, _Condition] = {}
        waiting = [name.name for name, _ in ours.names(parsed)]
        while waiting:
            cid = waiting.pop(0)
            if cid in found:
                continue
            if cid not in self._nodes:
                losses.append(Loss(where=f"{node.path}.lambda", what=cid, why="没有这个条件"))
                found[cid] = _Condition({}, None, "", ())
                continue
            for twin in self._twins.get(cid, ()):
                losses.append(Loss(where=twin.path, what=cid, why="与前面的条件同号，只导入了前面那个"))
            found[cid] = self._condition(self._nodes[cid], cid, losses)
            waiting += found[cid].leads
        for cid, condition in found.items():
            for name in sorted(pieces.keys() & condition.pieces.keys()):
                losses.append(Loss(where=node.path, what=name, why=f"条件 {cid} 的片段与别的条件重名，盖住了前面的"))
            pieces.update(condition.pieces)
        missing = frozenset(cid for cid, condition in found.items() if condition.sentence is None)
        if missing:
            why = f"去掉了没有导入的条件 {'、'.join(sorted(missing))}，规则会变宽或变窄"
            losses.append(Loss(where=f"{node.path}.lambda", what=ours.show(parsed)[:60], why=why))
        left = without(parsed, missing)
        whole = {cid: condition.sentence for cid, condition in found.items() if condition.sentence is not None}
        return None if left is None else renamed(left, whole)

    def _head(self, node: Node, cid: str) -> str:
        """The name of the piece that stands for a condition in anchors; empty when it has none of its own."""
        found = _Reader._combined(node)
        if found is None:
            return ""
        names, positive, _ = found
        known = [oid for oid, operator in zip(names, node.nodes("operators"), strict=True) if _sayable(operator)]
        kept = [oid for oid in positive if oid in known]
        return _piece_name(cid, kept[-1], len(names)) if kept else ""

    @staticmethod
    def _combined(node: Node) -> tuple[list[str], list[str], list[str]] | None:
        """(all, positive, negative) operator ids of a condition that is one operator or `a&&b&&!c`; else None."""
        names = [operator.text("oid") or str(n) for n, operator in enumerate(node.nodes("operators"), 1)]
        try:
            parsed = read_formula(node.text("lambda", "operLambda") or "&&".join(names))
        except FormulaError:
            return None
        parts = parsed.parts if isinstance(parsed, And) else (parsed,)
        positive = [part.name for part in parts if isinstance(part, Name)]
        negative = [part.inside.name for part in parts if isinstance(part, Not) and isinstance(part.inside, Name)]
        whole = len(positive) + len(negative) == len(parts) and set(positive + negative) <= set(names) and positive
        return (names, positive, negative) if whole else None

    def _condition(self, node: Node, cid: str, losses: list[Loss]) -> _Condition:
        check = node.node("check_range")
        lead = check.node("anchor").text("cid", "anchorCid")
        frame = import_frame(check, {name: head for name, head in self._heads.items() if head}, losses)
        operators: dict[str, Yaml] = {}
        nodes = node.nodes("operators")
        for number, operator in enumerate(nodes, 1):
            oid = operator.text("oid") or str(number)
            if oid in operators:
                losses.append(Loss(where=operator.path, what=oid, why="与前面的算子同号，只导入了前面那个"))
                continue
            try:
                operators[oid] = import_operator(operator, frame["speaker"], losses)
            except UnsayableError as error:
                losses.append(Loss(where=operator.path, what=operator.text("type") or "（没有 type）", why=str(error)))
            for name in ("id", "name", "operName", "qualityCheckType", "userGroup"):
                operator.get(name)
            for key, value in operator.unasked():
                losses.append(Loss(where=f"{operator.path}.{key}", what=str(value)[:40], why="算子的这一项没有导入"))
        for name in ("id", "rid", "name", "userGroup"):
            node.get(name)
        formula = node.text("lambda", "operLambda")
        for key, value in node.unasked():
            losses.append(Loss(where=f"{node.path}.{key}", what=str(value)[:40], why="条件的这一项没有导入"))
        leads = (lead,) if lead in self._heads and self._heads[lead] and _anchored(frame) else ()
        names = {oid: _piece_name(cid, oid, len(nodes)) for oid in operators}
        combined = self._combined(node)
        if combined is not None:
            return _in_one_sentence(combined, operators, names, frame, leads)
        try:
            parsed = read_formula(formula)
        except FormulaError as error:
            losses.append(Loss(where=f"{node.path}.lambda", what=formula[:60], why=f"看不懂：{error}"))
            return _Condition({}, None, "", ())
        if not isinstance(parsed, Or):
            why = "SCA 在一句里看，我们在整通会话里看"
            losses.append(Loss(where=f"{node.path}.lambda", what=formula[:60], why=why, approximate=True))
        known = without(parsed, frozenset(name.name for name, _ in ours.names(parsed)) - operators.keys())
        pieces = {names[oid]: _clean(frame | piece) for oid, piece in operators.items()}
        sentence = None if known is None else renamed(known, {oid: Name(name) for oid, name in names.items()})
        return _Condition(pieces, sentence, "", leads)


def _sayable(operator: Node) -> bool:
    try:
        import_operator(operator, "any", [])
    except UnsayableError:
        return False
    return True


def _in_one_sentence(
    combined: tuple[list[str], list[str], list[str]],
    operators: Mapping[str, Yaml],
    names: Mapping[str, str],
    frame: Yaml,
    leads: tuple[str, ...],
) -> _Condition:
    """`a&&b&&!c` must hold in one sentence: each positive piece stands in the turn of the one before it, and the last
    one is excused by the negative ones in its turn. Inferred: nothing says so, but a condition hits sentences."""
    _, positive, negative = combined
    kept = [oid for oid in positive if oid in operators]
    pieces: Yaml = {}
    for number, oid in enumerate(kept):
        own = frame if number == 0 else {"speaker": frame["speaker"], "same_turn": {"piece": names[kept[number - 1]]}}
        pieces[names[oid]] = _clean(own | operators[oid])
    excuses = [oid for oid in negative if oid in operators]
    for oid in excuses:
        pieces[names[oid]] = _clean({"speaker": frame["speaker"]} | operators[oid])
    if not kept:
        return _Condition({}, None, "", ())
    last = names[kept[-1]]
    if excuses:
        pieces[last]["unless"] = [{"piece": names[oid], "where": "same_turn"} for oid in excuses]
    return _Condition(pieces, Name(last), last, leads)


def _anchored(frame: Yaml) -> bool:
    return any(key in frame for key in ("after", "before", "around", "same_turn"))


def _clean(piece: Yaml) -> Yaml:
    """The operator first, as people write it."""
    frame = ("speaker", "range", "joined", "in_clause", "all_turns", "count", "after", "before", "around", "same_turn")
    return {key: value for key, value in piece.items() if key not in frame} | {
        key: piece[key] for key in frame if key in piece
    }


def _piece_name(cid: str, oid: str, several: int) -> str:
    return f"c{_slug(cid)}" if several == 1 else f"c{_slug(cid)}_{_slug(oid)}"


def _slug(text: str) -> str:
    return _NO_NAME.sub("_", text)[:40] or "_"


def _file(identifier: str, title: str, pieces: Yaml, when: Sentence, path: str, source: str, losses: list[Loss]) -> str:
    rule: Yaml = {
        "id": identifier,
        "title": title[:200],
        "severity": "medium",
        "status": "draft",
        "find": pieces,
        "when": ours.show(when),
        "message": f"{title[:200]}。".replace("{", "｛").replace("}", "｝"),
    }
    body = yaml.dump(rule, allow_unicode=True, sort_keys=False, width=110, Dumper=_Dumper)
    return "\n".join([*_comments(path, source, losses), body])


class _Dumper(yaml.SafeDumper):
    """Lists inside mappings are indented; nothing is anchored."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _comments(path: str, source: str, losses: list[Loss]) -> Iterator[str]:
    yield f"# 由 qc rules import-sca 导入：{_one_line(source)} 的 {path}"
    yield "# 还是草稿：请核对严重程度、话术和下面列的内容，补上测试（至少一个 hit 一个 miss），再改 status。"
    if losses:
        yield "# 没有照原样导入的内容："
        yield from (f"#   {_one_line(loss.line())}" for loss in losses)


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
