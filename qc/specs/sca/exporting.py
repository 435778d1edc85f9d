"""Our rules → UploadRule JSON, with the list of what SCA cannot say."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from qc.domain import operators as op
from qc.domain import sentence as ours
from qc.domain.operators import piece_names
from qc.domain.rule import ErrorClass, Lexicon, Rule, RuleKind, Validity
from qc.domain.sentence import And, Name, Not, Sentence
from qc.specs.sca.formula import FormulaError, renamed, write_formula
from qc.specs.sca.frame import export_frame
from qc.specs.sca.operators import UnsayableError, export_operator
from qc.specs.sca.reading import Loss


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """The JSON text, the ids of the rules in it, and what was lost. A rule SCA cannot say is not in it."""

    text: str
    rules: tuple[str, ...]
    losses: tuple[Loss, ...]


def export_sca(rules: Sequence[Rule], lexicons: Sequence[Lexicon], app_key: str = "") -> Exported:
    """All rules as one UploadRule JSON text; conditions are numbered through. `app_key` is Alibaba's appKey."""
    words = {lexicon.id: [word.text for word in lexicon.words] for lexicon in lexicons}
    conditions: list[dict[str, Any]] = []
    written: list[dict[str, Any]] = []
    losses: list[Loss] = []
    for rule in rules:
        own: list[Loss] = []
        try:
            made, formula = _rule(rule, words, len(conditions), own)
        except (UnsayableError, FormulaError) as error:
            losses.append(Loss(where=rule.id, what=rule.title, why=f"整条规则没有导出：{error}"))
            continue
        conditions += made
        written.append({"rid": str(len(written) + 1), "name": rule.title, "lambda": formula})
        losses += [*own, *_unsaid(rule)]
    data = {"appKey": app_key, "conditions": conditions, "rules": written}
    kept = {loss.where for loss in losses if loss.why.startswith("整条规则")}
    return Exported(
        text=json.dumps(data, ensure_ascii=False, indent=1) + "\n",
        rules=tuple(rule.id for rule in rules if rule.id not in kept),
        losses=tuple(losses),
    )


def _rule(
    rule: Rule, words: Mapping[str, list[str]], before: int, losses: list[Loss]
) -> tuple[list[dict[str, Any]], str]:
    when = ours.parse(rule.when)
    if rule.given is not None:
        when = And((ours.parse(rule.given), when))
        why = "SCA 没有前提，写成了“而且”：前提不成立时是未命中，不是不适用"
        losses.append(Loss(where=f"{rule.id} given", what=rule.given, why=why, approximate=True))
    pieces = {piece.name: piece for piece in rule.pieces}
    needed: list[str] = []
    waiting = [name.name for name, _ in ours.names(when)]
    while waiting:
        name = waiting.pop(0)
        if name not in needed:
            needed.append(name)
            piece = pieces[name]
            waiting += [*(a.piece for a in piece.frame.anchors), *piece_names(piece.operator)]
    ids = {name: str(before + number) for number, name in enumerate(needed, 1)}
    made = []
    for name in needed:
        piece, where = pieces[name], f"{rule.id} find.{name}"

        def every(listed: op.Words) -> list[str]:
            return list(dict.fromkeys([*listed.words, *(w for i in listed.lexicons for w in words.get(i, ()))]))

        try:
            operator = export_operator(piece.operator, piece.frame, every)
            frame = piece.frame
            if isinstance(piece.operator, op.Keyword):
                frame = replace(frame, count_min=1)  # said by the operator
            if frame.count_min != 1:
                raise UnsayableError("SCA 只有关键词能写处数")
            check = export_frame(frame, ids, where, losses)
        except UnsayableError as error:
            raise UnsayableError(f"片段 {name}：{error}") from None
        made.append(
            {
                "cid": ids[name],
                "name": name,
                "check_range": check,
                "operators": [{"oid": "1", "name": name, "type": operator.type, "param": operator.param}],
                "lambda": "1",
            }
        )
        for lexicon in (i for listed in op.word_lists(piece.operator) for i in listed.lexicons):
            losses.append(
                Loss(where=where, what=f"词表 {lexicon}", why="词写进了条件里，以后要两边改", approximate=True)
            )
    turned: dict[str, Sentence] = {n: Not(Name(n)) if pieces[n].frame.negate else Name(n) for n in needed}
    return made, write_formula(renamed(when, turned), ids)


def _unsaid(rule: Rule) -> list[Loss]:
    """What a rule says beside its condition."""
    said = {
        "scope": rule.scope.projects or rule.scope.channels,
        "valid": rule.valid != Validity(),
        "kind": rule.kind is not RuleKind.VIOLATION,
        "severity": True,
        "error_class": rule.error_class is not ErrorClass.NONE,
        "advice": rule.advice,
        "exceptions": rule.exceptions,
        "tests": rule.tests,
    }
    keys = "、".join(key for key, value in said.items() if value)
    return [Loss(where=rule.id, what=keys, why="SCA 的规则 JSON 里没有这些")]
