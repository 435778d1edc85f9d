"""Two runs over the same recordings, heard in two ways: which findings are not the same, and why.

The recordings are the same, so no agent has changed. Where both runs were judged by the same rules, their stored
verdicts are compared; where not, both transcripts are judged anew by the rules in force now, so that what remains is
due to the transcripts, and what the rules moved is told apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from qc.domain.run import Lineage
from qc.domain.specs import Specs
from qc.pipeline.asr_diff.difference import AsrDiff
from qc.pipeline.asr_diff.findings import changes, drifts
from qc.pipeline.asr_diff.pairs import Pairs
from qc.pipeline.asr_diff.reader import by_role
from qc.pipeline.asr_diff.scores import card_titles, moved_scores
from qc.pipeline.asr_diff.side import Side
from qc.pipeline.progress import Progress
from qc.storage.read import open_run, require_judged
from qc.text.error_rate import Errors, align

_SAMPLED = 2000
"""Recordings whose texts are compared character by character to say how far the transcripts are apart."""


def compare_runs(
    a: Path, b: Path, *, by_id: bool, specs: Callable[[], Specs], floor: float, progress: Progress
) -> AsrDiff:
    """`by_id`: recordings are paired by the ids of conversations instead of their audio. `specs` gives the rules in
    force, asked for when the runs were not judged alike; `floor` serves a run B that does not say its own. Raises
    UsageError for runs that are unfinished or not judged, or that share no recording."""
    runs = require_judged(open_run(a)), require_judged(open_run(b))
    lines = runs[0].lineage, runs[1].lineage
    unlike = _unlike(*lines)
    own = specs() if unlike else None
    known = lines[1].confidence_floor
    floor = floor if known is None else known
    rules = sorted({r for line in lines for r in line.rule_digests} | {r.id for r in (own.in_force if own else ())})
    progress.stage("判定", sum(line.counts.ok for line in lines), "个会话")
    sides = [Side(run, rules, own, floor, progress) for run in runs]
    progress.finish()
    pairs = Pairs(*sides, by_id=by_id)
    only_a, only_b = (side.comparable(by_id) - len(pairs) for side in sides)
    otherwise, apart = _changed_texts(pairs)
    return AsrDiff(
        a=lines[0],
        b=lines[1],
        shared=len(pairs),
        only_a=only_a,
        only_b=only_b,
        texts=0 if by_id else sum(row["source_format"] != "audio" for side in sides for row in side.rows),
        heard_otherwise=otherwise,
        apart=apart,
        sampled=min(_SAMPLED, len(pairs)),
        same_rules=own is None,
        rules=tuple(drifts(pairs, own, specs)),
        changes=tuple(changes(pairs, progress)),
        groups=moved_scores(pairs, own),
        titles=card_titles(pairs, own),
        notes=tuple(_notes(*lines, unlike, floor)),
    )


def _unlike(a: Lineage, b: Lineage) -> list[str]:
    """What the two were judged with that is not the same."""
    out = []
    if not a.rule_digests or not b.rule_digests or dict(a.rule_digests) != dict(b.rule_digests):
        out.append("规则")
    if a.lexicons_digest != b.lexicons_digest:
        out.append("情绪词表或话题")
    if {c.id: c.digest for c in a.scorecards} != {c.id: c.digest for c in b.scorecards}:
        out.append("评分表")
    if a.confidence_floor != b.confidence_floor:
        out.append("置信度下限")
    if a.qc_version != b.qc_version:
        out.append("qc 版本")
    return out


def _changed_texts(pairs: Pairs) -> tuple[int, Errors]:
    """How many recordings have other turns in B, and the errors of B's words against A's in the first of them."""
    otherwise, apart = 0, Errors()
    for n, (one, other) in enumerate(pairs.places()):
        a, b = pairs.a.reader.lines(one), pairs.b.reader.lines(other)
        otherwise += [(line.role, line.text) for line in a] != [(line.role, line.text) for line in b]
        if n < _SAMPLED:
            said, written = ("".join(line.text for line in by_role(own)) for own in (a, b))
            apart += align(said, written).errors
    return otherwise, apart


def _notes(a: Lineage, b: Lineage, unlike: Sequence[str], floor: float) -> Iterator[str]:
    if unlike:
        yield (
            f"两个批次的{'、'.join(unlike)}不同：两份转写都用现在的规则（置信度下限 {floor:g}）"
            "重新判定再比，因规则不同而变的判定另外计数。"
        )
    heard = [(x.asr_engine, x.asr_model, x.asr_options, x.speech_digest) for x in (a, b)]
    if heard[0] == heard[1]:
        yield "两个批次的引擎、模型、选项和热词都相同，转写也应相同。"
    if a.personal_data != b.personal_data:
        yield "两个批次一个脱敏、一个没有脱敏：被遮住的字会显示为不同。"
