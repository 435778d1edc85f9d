"""What a comparison of two transcripts comes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from qc.domain.run import Lineage
from qc.pipeline.asr_diff.why import Told
from qc.ruletest.diff import Group, Movement
from qc.text.error_rate import Errors


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A finding that is not the same. `before`, `after`: verdict names, `absent` for a rule not judged; `told`: why,
    with the places."""

    conversation_id: str
    other_id: str
    agent: str
    rule_id: str
    before: str
    after: str
    told: Told


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleDrift:
    """One rule on the shared recordings. `by_rules`: findings that differ between the stored runs only because the
    rule itself (or the words it reads) was not the same."""

    id: str
    title: str
    kind: str
    before: int
    after: int
    gained: int
    lost: int
    undecided_before: int
    undecided_after: int
    changed: int
    recounted: int
    by_rules: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AsrDiff:
    """Run B against run A. `shared`: recordings in both; `only_a`, `only_b`: in one; `texts`: conversations without
    a recording, left out; `heard_otherwise`: recordings whose turns differ. `apart`: how far the transcripts are apart,
    B against A, on the first `sampled` of them. `same_rules`: stored verdicts were compared."""

    a: Lineage
    b: Lineage
    shared: int
    only_a: int
    only_b: int
    texts: int
    heard_otherwise: int
    apart: Errors
    sampled: int
    same_rules: bool
    rules: tuple[RuleDrift, ...]
    changes: tuple[Change, ...]
    groups: Mapping[Group, Movement]
    titles: Mapping[str, str]
    notes: tuple[str, ...]
