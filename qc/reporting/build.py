"""Build the report of a run."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from qc.domain.config import ReportConfig
from qc.domain.language import speaking
from qc.errors import UsageError
from qc.opinion.day import DayReport
from qc.reporting.agent import agent_files, agent_ids, agent_pages
from qc.reporting.agents import agents_page, example_ids
from qc.reporting.batch import Batch
from qc.reporting.cases import case_ids, cases_page
from qc.reporting.catalogue import read_catalogue
from qc.reporting.conversation import conversation_page
from qc.reporting.edition import Edition, Folder, Sheet
from qc.reporting.indicators.page import indicators_page
from qc.reporting.opinion import opinion_ids, opinion_page
from qc.reporting.pagenames import page_names
from qc.reporting.quality import quality_ids, quality_page
from qc.reporting.records import Record, read_records
from qc.reporting.render import Renderer, Site
from qc.reporting.reviewing import JudgedRule, judged_rules
from qc.reporting.sampled import with_sampled
from qc.reporting.selection import by_importance
from qc.reporting.sound import COPIES, Recordings
from qc.reporting.unwritten import unwritten
from qc.storage.files import close_tree, make_folder, take_place, write_text
from qc.storage.read import StoredRun

SHEETS = (
    Sheet(name="index", title="质检报表", page=quality_page, quoted=quality_ids),
    Sheet(name="agents", title="员工质量", page=agents_page, quoted=example_ids),
    Sheet(name="opinion", title="舆情报表", page=opinion_page, quoted=opinion_ids),
    Sheet(name="cases", title="案例", page=cases_page, quoted=case_ids),
    Sheet(name="indicators", title="绩效指标", page=indicators_page),
)
"""The pages of a report, as the navigation lists them."""
AGENTS = Folder(name="agent", folder="agents", files=agent_files, pages=agent_pages, quoted=agent_ids)
"""A page for each agent; without the table of agents nothing would lead to them."""
_MARKER = ".qc-report"
"""Marks a folder as ours to replace."""


def build_report(
    run: StoredRun,
    *,
    out: Path,
    template_dirs: Sequence[Path],
    earlier: Sequence[StoredRun] = (),
    recent: Sequence[StoredRun] = (),
    again: StoredRun | None = None,
    day: DayReport | None = None,
    settings: ReportConfig | None = None,
    organisation: str = "",
) -> Path:
    """Write the report of `run` into the folder `out` (RUN/report by custom) and return the path of its index.html.

    `earlier`, `recent`, `again` and `day` as in `Edition`. Up to `settings.pages` conversations get a page: all of
    them, or in a larger run the most important ones with a finding. An earlier report in `out` is replaced.
    Raises UsageError when `out` holds something else, a template is broken, or the disk takes no more.
    """
    settings = settings or ReportConfig()
    _refuse_foreign(out)
    batch = Batch(run)
    sheets = [s for s in SHEETS if s.name not in settings.hide]
    folders = [] if {AGENTS.name, AGENTS.folder} & set(settings.hide) else [AGENTS]
    with speaking(read_catalogue(template_dirs, settings.language)):
        edition = Edition(
            batch=batch,
            earlier=earlier,
            recent=recent,
            again=again,
            day=day,
            settings=settings,
            listed=with_sampled(batch, by_importance(batch, settings.pages)),
        )
        wanted = [line.conversation_id for line in edition.listed]
        quoting: Sequence[Sheet | Folder] = [*sheets, *folders]
        quoted = [i for pages in quoting for i in pages.quoted(batch)]
        edition = replace(edition, records=read_records(run, [*wanted, *quoted]))
        names = page_names(batch.conversations["conversation_id"].to_pylist())
        site = Site(
            lineage=run.lineage,
            names={i: names[i] for i in wanted},
            sheets=tuple((s.file, s.title) for s in sheets),
            settings=settings,
            organisation=organisation,
            reviewed=len(batch.reviewed),
            agents=AGENTS.files(batch) if folders else {},
        )
        return _published(out, edition, sheets, folders, Renderer(template_dirs, site))


def _published(
    out: Path, edition: Edition, sheets: Sequence[Sheet], folders: Sequence[Folder], renderer: Renderer
) -> Path:
    """Into a folder beside it first: a broken template or a full disk must not cost the report that was there."""
    draft = out.with_name(out.name + ".partial")
    shutil.rmtree(draft, ignore_errors=True)
    try:
        make_folder(draft / "conversations")
        for sheet in sheets:
            _write(draft / sheet.file, renderer.render(sheet.file, page=sheet.page(edition)))
        for folder in folders:
            make_folder(draft / folder.folder)
            for name, page in folder.pages(edition):
                _write(draft / folder.folder / name, renderer.render(f"{folder.name}.html", page=page))
        _conversations(draft / "conversations", out, edition, renderer)
        (draft / _MARKER).touch()
        close_tree(draft)
        take_place(draft, out)
    except OSError as error:
        pages = len(sheets) + len(renderer.site.agents) + len(edition.listed)
        raise unwritten(error, edition.batch.run.path, out, draft, pages) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return out / "index.html"


def _conversations(folder: Path, out: Path, edition: Edition, renderer: Renderer) -> None:
    """Write the pages into `folder`, which will be part of `out`."""
    run = edition.batch.run
    rules = judged_rules(run)
    recordings = Recordings(
        run=run,
        kept=edition.settings.audio,
        pages=out / folder.name,
        copies=folder.parent / COPIES,
        shelf=f"../{COPIES}",
    )
    ids = [line.conversation_id for line in edition.listed]
    for before, own, after in zip(["", *ids], ids, [*ids[1:], ""], strict=False):
        name = renderer.site.names[own]
        html = _conversation(edition.records[own], name, recordings, rules, renderer, before=before, after=after)
        _write(folder / name, html)


def _conversation(
    record: Record,
    name: str,
    recordings: Recordings,
    rules: Sequence[JudgedRule],
    renderer: Renderer,
    *,
    before: str = "",
    after: str = "",
) -> str:
    """The page called `name`; the conversations `before` and `after` it have pages too."""
    sound = recordings.of(record.meta, name.removesuffix(".html"))
    page = conversation_page(record, recordings.run.lineage.confidence_floor, sound=sound, rules=rules)
    plays = sound is not None and bool(sound.address)
    return renderer.render("conversation.html", media=plays, page=page, before=before, after=after)


def build_conversation(
    run: StoredRun,
    conversation_id: str,
    *,
    out: Path,
    template_dirs: Sequence[Path],
    settings: ReportConfig | None = None,
    organisation: str = "",
) -> Path:
    """Write the page of one conversation into the folder `out` and return its path.

    Raises UsageError when the run has no such conversation.
    """
    settings = settings or ReportConfig()
    records = read_records(run, [conversation_id])
    if conversation_id not in records:
        raise UsageError(f"批次中没有会话 {conversation_id}。", "请用 qc show 查看编号，或检查批次路径。")
    name = page_names([conversation_id])[conversation_id]
    site = Site(lineage=run.lineage, names={}, single=True, settings=settings, organisation=organisation)
    recordings = Recordings(run=run, kept=settings.audio, pages=out, copies=out / COPIES, shelf=COPIES)
    with speaking(read_catalogue(template_dirs, settings.language)):
        renderer = Renderer(template_dirs, site)
        html = _conversation(records[conversation_id], name, recordings, judged_rules(run), renderer)
    write_text(out / name, html)
    return out / name


def _refuse_foreign(out: Path) -> None:
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    if (out / _MARKER).is_file():
        return
    raise UsageError(f"{out} 不是空目录，也不是 qc 写的报表，不覆盖它。", "请换一个输出目录，或先移走其中的文件。")


def _write(path: Path, html: str) -> None:
    try:
        path.write_text(html, encoding="utf-8", newline="\n")
    except OSError as error:  # a full disk, which does not say where
        raise OSError(error.errno, error.strerror, str(path)) from error
