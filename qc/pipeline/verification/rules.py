"""The rules a run was judged with: those in force if they are still the same, else from the workspace's history."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from qc import __version__
from qc.domain.run import Lineage
from qc.domain.specs import Specs
from qc.errors import QcError
from qc.matching.signals import Need
from qc.pipeline.revisions import history, read_state
from qc.pipeline.specs import Folders, load
from qc.ruletest.changes import need_of

_SIGNALS = Need.EMOTIONS | Need.TOPICS | Need.INTENTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is left of the rules a run was judged with. `specs` None: nothing. `whole`: all of it is the same, rules,
    words, topics; else `specs` holds only those rules that are. `cards`: ids of scorecards that are the same. `told`:
    where it comes from, or why it is not to be had."""

    specs: Specs | None
    whole: bool
    cards: frozenset[str]
    told: str


def known_rules(lineage: Lineage, where: Folders, workspace: Path | None, revision: str | None) -> Known:
    """Look at the rules in force (or of `revision`), then through the commits that touched them."""
    if lineage.qc_version != __version__:
        told = f"由 qc {lineage.qc_version} 判定，现在是 {__version__}：程序变了，重判不能说明问题"
        return Known(specs=None, whole=False, cards=frozenset(), told=told)
    now = _read(revision, workspace, where)
    if now is not None and _same(lineage, now):
        return _whole(lineage, now, "现在的规则就是当时的" if revision is None else f"用版本 {revision} 的规则")
    if revision is None and workspace is not None:
        for commit in history(workspace, lineage.finished_at):
            then = _read(commit, workspace, where)
            if then is not None and _same(lineage, then):
                return _whole(lineage, then, f"规则后来改过，用的是 git 版本 {commit[:10]} 的")
    if now is None:
        return Known(specs=None, whole=False, cards=frozenset(), told="规则读不出来")
    return _what_is_left(lineage, now)


def _read(revision: str | None, workspace: Path | None, where: Folders) -> Specs | None:
    try:
        return load(where) if revision is None else read_state(revision, workspace, where).specs
    except QcError:
        return None


def _same(lineage: Lineage, specs: Specs) -> bool:
    return (specs.pack.digest, specs.lexicons_digest) == (lineage.rules_digest, lineage.lexicons_digest)


def _cards(lineage: Lineage, specs: Specs) -> frozenset[str]:
    then = {card.id: card.digest for card in lineage.scorecards}
    return frozenset(card.id for card in specs.cards if then.get(card.id) == card.digest)


def _whole(lineage: Lineage, specs: Specs, told: str) -> Known:
    return Known(specs=specs, whole=True, cards=_cards(lineage, specs), told=told)


def _what_is_left(lineage: Lineage, specs: Specs) -> Known:
    """The rules that decide as they did. How one counts (shadow or not) may have changed: no score is made of them."""
    words = specs.lexicons_digest == lineage.lexicons_digest
    kept = tuple(
        rule
        for rule in specs.in_force
        if lineage.rule_digests.get(rule.id) == rule.digest and (words or not need_of(rule) & _SIGNALS)
    )
    gone = len(lineage.rule_digests) - len(kept)
    told = f"规则后来改过，git 里也没有找到当时的：{gone} 条规则和评分没有重判（--at 可指明 git 版本）"
    return Known(specs=replace(specs, pack=replace(specs.pack, rules=kept)), whole=False, cards=frozenset(), told=told)
