"""Build the report of a run."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from qc.domain.alert import Alert
from qc.errors import UsageError
from qc.reporting.agents import agents_page, example_ids
from qc.reporting.batch import Batch
from qc.reporting.complaints import complaint_ids
from qc.reporting.conversation import conversation_page
from qc.reporting.opinion import opinion_page
from qc.reporting.pagenames import page_names
from qc.reporting.quality import case_ids, quality_page
from qc.reporting.records import read_records
from qc.reporting.render import Renderer, Site
from qc.reporting.risks import risk_ids, risks
from qc.reporting.selection import DEFAULT_PAGES, by_importance
from qc.storage.read import StoredRun

_MARKER = ".qc-report"
"""Marks a folder as ours to replace."""


def build_report(
    run: StoredRun,
    *,
    out: Path,
    template_dirs: Sequence[Path],
    earlier: Sequence[StoredRun] = (),
    recent: Sequence[StoredRun] = (),
    alerts: Sequence[Alert] = (),
    pages: int = DEFAULT_PAGES,
) -> Path:
    """Write the report of `run` into the folder `out` (RUN/report by custom) and return the path of its index.html.

    `earlier` runs are what topics and hot words are compared with, `recent` ones those in which contacts may have been
    repeated; `alerts` are shown as they are. Up to `pages` conversations get a page: all of them, or in a larger run
    the most important ones with a finding. An earlier report in `out` is replaced.
    Raises UsageError when `out` holds something else, or a template is broken.
    """
    _refuse_foreign(out)
    batch = Batch(run)
    listed = by_importance(batch, pages)
    wanted = {line.conversation_id for line in listed}
    aside = complaint_ids(batch)
    records = read_records(
        run, [*wanted, *case_ids(batch), *risk_ids(batch), *risk_ids(batch, aside), *example_ids(batch)]
    )
    names = page_names(batch.conversations["conversation_id"].to_pylist())
    site = Site(lineage=run.lineage, names={i: names[i] for i in wanted})
    renderer = Renderer(template_dirs, site)
    found = risks(batch, records)

    # Into a folder beside it first: a broken template or a full disk must not cost the report that was there.
    draft = out.with_name(out.name + ".partial")
    shutil.rmtree(draft, ignore_errors=True)
    try:
        (draft / "conversations").mkdir(parents=True)
        _write(draft / "index.html", renderer.render("index.html", page=quality_page(batch, records, listed, found)))
        _write(draft / "agents.html", renderer.render("agents.html", page=agents_page(batch, records)))
        opinion = opinion_page(batch, risks(batch, records, aside), earlier, recent, alerts)
        _write(draft / "opinion.html", renderer.render("opinion.html", page=opinion))
        for i, line in enumerate(listed):
            html = renderer.render(
                "conversation.html",
                page=conversation_page(records[line.conversation_id], run.lineage.confidence_floor),
                before=listed[i - 1].conversation_id if i else "",
                after=listed[i + 1].conversation_id if i + 1 < len(listed) else "",
            )
            _write(draft / "conversations" / site.names[line.conversation_id], html)
        (draft / _MARKER).touch()
        shutil.rmtree(out, ignore_errors=True)
        draft.replace(out)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return out / "index.html"


def build_conversation(run: StoredRun, conversation_id: str, *, out: Path, template_dirs: Sequence[Path]) -> Path:
    """Write the page of one conversation into the folder `out` and return its path.

    Raises UsageError when the run has no such conversation.
    """
    records = read_records(run, [conversation_id])
    if conversation_id not in records:
        raise UsageError(f"批次中没有会话 {conversation_id}。", "请用 qc show 查看编号，或检查批次路径。")
    name = page_names([conversation_id])[conversation_id]
    site = Site(lineage=run.lineage, names={}, single=True)
    html = Renderer(template_dirs, site).render(
        "conversation.html",
        page=conversation_page(records[conversation_id], run.lineage.confidence_floor),
        before="",
        after="",
    )
    out.mkdir(parents=True, exist_ok=True)
    _write(out / name, html)
    return out / name


def _refuse_foreign(out: Path) -> None:
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if (out / _MARKER).is_file():
        return
    raise UsageError(f"{out} 不是空目录，也不是 qc 写的报表，不覆盖它。", "请换一个输出目录，或先移走其中的文件。")


def _write(path: Path, html: str) -> None:
    path.write_text(html, encoding="utf-8", newline="\n")
