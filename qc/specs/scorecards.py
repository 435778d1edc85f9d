"""`scorecards/*.yml` → Scorecard. Cards refer to rules by id and never repeat their conditions."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from qc.domain.scorecard import CardScope, Grade, Item, MetaCondition, Scorecard, Section
from qc.errors import Problem, SpecError
from qc.specs.document import Problems, read
from qc.specs.scorecard_checks import check_card
from qc.specs.scorecard_shape import ScopeSpec, ScorecardSpec, SectionSpec


class CardFiles(NamedTuple):
    """The cards whose files have the right shape, by id, and every problem of every file."""

    cards: tuple[Scorecard, ...]
    problems: tuple[Problem, ...]


def load_scorecards(roots: Sequence[Path], rule_ids: Collection[str] | None) -> tuple[Scorecard, ...]:
    """All cards under `roots` (`*.yml`, sub-folders too; names with a leading `_` or `.` are passed over), by id.

    `rule_ids`: the rules that exist; None: references are not checked. Raises SpecError with the problems of all
    files.
    """
    cards, problems = read_scorecards(roots, rule_ids)
    if problems:
        raise SpecError(problems)
    return cards


def read_scorecards(roots: Sequence[Path], rule_ids: Collection[str] | None) -> CardFiles:
    """As `load_scorecards`, but the problems are returned beside the cards."""
    problems = Problems()
    cards: dict[str, Scorecard] = {}
    for root in roots:
        if not root.is_dir():
            problems.extend([_no_folder(root)])
        for path in _card_files(root):
            with problems.catch():
                document = read(path)
                spec = problems.check(document, ScorecardSpec)
                if spec is None:
                    continue
                check_card(problems, document, spec, path.stem, rule_ids)
                if spec.id in cards:
                    message = f"评分表 {spec.id} 已有一份：{cards[spec.id].path}"
                    problems.add(document, ("id",), "C001", message, "编号要唯一，请改名或删掉一份。")
                cards[spec.id] = _card(spec, document.path)
    return CardFiles(tuple(cards[name] for name in sorted(cards)), problems.all)


def _no_folder(root: Path) -> Problem:
    hint = "请检查路径，或用 --scorecards 指定。"
    return Problem(path=str(root), line=1, col=1, code="C010", message="找不到评分表目录", hint=hint)


def _card_files(root: Path) -> Iterator[Path]:
    for path in sorted(p for suffix in ("*.yml", "*.yaml") for p in root.rglob(suffix)):
        if not any(part.startswith(("_", ".")) for part in path.relative_to(root).parts):
            yield path


def _card(spec: ScorecardSpec, path: str) -> Scorecard:
    content = json.dumps(spec.model_dump(mode="json"), ensure_ascii=False, sort_keys=True)
    return Scorecard(
        id=spec.id,
        title=spec.title,
        version=spec.version,
        base=spec.base,
        pass_mark=spec.pass_mark,
        grades=tuple(Grade(name=g.name, min=g.min) for g in spec.grades),
        sections=tuple(_section(s) for s in spec.sections),
        scope=_scope(spec.scope),
        fallback=spec.fallback,
        bonus_cap=spec.bonus_cap,
        over_base=spec.over_base,
        digest=hashlib.sha256(content.encode()).hexdigest(),
        path=path,
    )


def _scope(spec: ScopeSpec) -> CardScope:
    return CardScope(
        projects=frozenset(spec.projects),
        channels=frozenset(spec.channels),
        meta=tuple(
            MetaCondition(field=name, values=frozenset(str(value).strip() for value in values))
            for name, values in sorted(spec.meta.items())
        ),
    )


def _section(spec: SectionSpec) -> Section:
    items = tuple(
        Item(
            id=i.id,
            title=i.title,
            rules=i.rules,
            conditions=i.needed,
            points=i.points,
            effect=i.effect,
            per=i.per,
            cap=i.cap,
            auto_fail=i.auto_fail,
            error_class=i.error_class,
        )
        for i in spec.items
    )
    return Section(id=spec.id, title=spec.title, points=spec.worth, items=items)
