"""A comparison of transcripts as a page, as JSON, and in the words that all ways of showing it use."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from qc import __version__
from qc.domain.run import Lineage
from qc.pipeline.asr_diff.difference import AsrDiff, Change, RuleDrift
from qc.pipeline.asr_diff.why import Why
from qc.reporting.render import Renderer, Site
from qc.ruletest.diff import Group, Movement, Totals
from qc.ruletest.diff_words import NOBODY, ROLE, called, scores

FORMAT, VERSION = "qc.asr.diff", 1
WHY = {
    Why.WORDS: "证据处的字听成了别的",
    Why.ROLE: "说话人判得不同，或没有分出来",
    Why.CONFIDENCE: "字相同，置信度不同",
    Why.TIME: "字相同，时间或断句不同",
    Why.ELSEWHERE: "别处的字不同（规则看的是整通或没有出现的话）",
}


class Words:
    """What things are called, for templates and tables."""

    nobody, role, why, scores, verdict = NOBODY, ROLE, WHY, staticmethod(scores), staticmethod(called)

    @staticmethod
    def engine(run: Lineage) -> str:
        """How a run heard its recordings."""
        return " · ".join(x for x in (run.asr_engine, run.asr_model, run.asr_options) if x) or "没有录音转写"

    @staticmethod
    def headline(diff: AsrDiff) -> str:
        """The outcome in one sentence."""
        heard = f"{diff.shared:,} 个相同的录音里，{diff.heard_otherwise:,} 个的转写不同"
        if not diff.changes:
            return f"{heard}，没有一处判定因此改变"
        touched = len({c.conversation_id for c in diff.changes})
        return f"{heard}；{touched:,} 个录音的 {len(diff.changes):,} 处判定因此改变"

    @staticmethod
    def apart(diff: AsrDiff) -> str:
        """How far the transcripts are apart."""
        share = f"{diff.apart.rate * 100:.1f}%"
        part = "" if diff.sampled == diff.shared else f"（前 {diff.sampled:,} 个录音）"
        return f"两份转写的字相差 {share}{part}，其中同音字占 {diff.apart.homophone_share * 100:.0f}%。"

    @staticmethod
    def reasons(changes: Sequence[Change]) -> list[tuple[str, int]]:
        """Reasons with their number, most frequent first."""
        counted = Counter(c.told.why for c in changes)
        return sorted(((WHY[why], n) for why, n in counted.items()), key=lambda x: (-x[1], x[0]))

    @staticmethod
    def of(diff: AsrDiff, rule: RuleDrift) -> list[Change]:
        return [c for c in diff.changes if c.rule_id == rule.id]

    @staticmethod
    def agents(diff: AsrDiff) -> list[tuple[Group, Movement]]:
        """Scores by agent, the largest change of the mean first; only where some moved."""
        moved = [(g, m) for g, m in diff.groups.items() if m.moved]
        return sorted(moved, key=lambda pair: (-abs(round(pair[1].mean_change, 9)), pair[0]))

    @staticmethod
    def cards(diff: AsrDiff) -> list[tuple[Group, Movement]]:
        """Scores by card."""
        out: dict[Group, Movement] = {}
        for group, movement in diff.groups.items():
            whole = Group(scorecard_id=group.scorecard_id)
            out[whole] = out.get(whole, Movement()) + movement
        return sorted(out.items())


def page(diff: AsrDiff, templates: Sequence[Path]) -> str:
    """A page that stands alone. Raises UsageError when a template is missing or broken."""
    shown = Lineage(run_id=f"{diff.a.run_id}、{diff.b.run_id}", qc_version=__version__)
    renderer = Renderer(templates, Site(lineage=shown, names={}, single=True))
    return renderer.render("asr_diff.html", page=diff, words=Words)


def document(diff: AsrDiff) -> str:
    """JSON for programs: `format` and `version` say its form; text is as stored (masked)."""
    out = {
        "format": FORMAT,
        "version": VERSION,
        "a": _run(diff.a),
        "b": _run(diff.b),
        "recordings": {"shared": diff.shared, "only_a": diff.only_a, "only_b": diff.only_b},
        "conversations_without_audio": diff.texts,
        "heard_otherwise": diff.heard_otherwise,
        "apart": {**asdict(diff.apart), "rate": diff.apart.rate, "recordings": diff.sampled},
        "same_rules": diff.same_rules,
        "notes": list(diff.notes),
        "rules": [asdict(rule) for rule in diff.rules],
        "changes": [asdict(change) for change in diff.changes],
        "scores": [
            {
                **asdict(group),
                "before": _totals(movement.before),
                "after": _totals(movement.after),
                "moved": movement.moved,
            }
            for group, movement in diff.groups.items()
        ],
    }
    return json.dumps(out, ensure_ascii=False, indent=1) + "\n"


def _run(run: Lineage) -> dict[str, Any]:
    names = ("run_id", "asr_engine", "asr_model", "asr_options", "speech_digest", "rules_digest", "confidence_floor")
    return {name: getattr(run, name) for name in names}


def _totals(totals: Totals) -> dict[str, Any]:
    return {"scores": totals.n, "mean": totals.mean, "pass_rate": totals.pass_rate, "auto_fail": totals.auto_fail}
