"""The HTML page of a comparison, for the team lead."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from qc import __version__
from qc.domain.run import Lineage
from qc.reporting.render import Renderer, Site
from qc.ruletest import diff_words
from qc.ruletest.budget import Check
from qc.ruletest.diff import Diff


def diff_page(diff: Diff, checks: Sequence[Check], templates: Sequence[Path]) -> str:
    """One page that stands alone. Raises UsageError when a template is missing or broken."""
    shown = Lineage(run_id="、".join(diff.runs), qc_version=__version__)
    renderer = Renderer(templates, Site(lineage=shown, names={}, single=True))
    return renderer.render("diff.html", page=diff, checks=tuple(checks), words=diff_words)
