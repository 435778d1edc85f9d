"""The review sheet: the same reviews in a workbook, for who would rather work there."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from qc.errors import refusal
from qc.review.file import LONGEST_COMMENT, MOST_REVIEWS, clean, name_fault
from qc.review.machine import Machine
from qc.review.opinions import HIT, MISS, NOT_APPLICABLE, SHEET, UNDECIDED, WORDS, Complaint, Opinion, Returned
from qc.sheets.pages import Column, Kind, Page
from qc.sheets.read import SheetError, SheetRow, read_sheet, sheet_rows
from qc.sheets.write import write_workbook
from qc.storage.read import StoredRun

AGREE = "同意"
CHOICES = {AGREE: None, "命中（违规）": HIT, "未命中（达标）": MISS, WORDS[NOT_APPLICABLE]: NOT_APPLICABLE}
CHOICES |= {WORDS[UNDECIDED]: UNDECIDED}
_ANSWERS = CHOICES | {"命中": HIT, "违规": HIT, "未命中": MISS, "达标": MISS}
WHOLE = "整个会话"
_REVIEW, _RULES, _RUN = "复核", "规则", "批次"
_MODIFIED = re.compile(rb"<dcterms:modified[^>]*>([0-9TZ:.+-]{10,40})<")
_EVIDENCE = 3
_MOST_BYTES = 128 << 20
"""Unpacked: what spreadsheets write is wordy."""

_ID, _RULE, _TITLE, _MACHINE = "会话编号", "规则编号", "规则", "机器判定"
_HUMAN, _MISSED, _COMMENT, _REVIEWER = "人工判定", "漏判的规则", "说明", "复核人"
_VERSION, _DIGEST = "规则版本", "规则摘要"
_MISSED_NOTE = "只在“整个会话”这一行填：机器没有判出来的规则，写编号或名称，几条用分号隔开；编号见“规则”这一页。"
_COLUMNS = (
    Column(title=_ID, width=20),
    Column(title="坐席", width=14),
    Column(title=_RULE, width=24),
    Column(title=_TITLE, width=22, wrap=True),
    Column(title=_MACHINE, width=12),
    Column(title="依据", width=48, wrap=True),
    Column(title=_HUMAN, width=16, entry=True, choices=tuple(CHOICES), note="空着就是没有看过。"),
    Column(title=_MISSED, width=20, wrap=True, entry=True, note=_MISSED_NOTE),
    Column(title=_COMMENT, width=30, wrap=True, entry=True),
    Column(title=_REVIEWER, width=12, entry=True),
    Column(title="会话页", kind=Kind.LINK, width=30),
    Column(title=_VERSION, width=10),
    Column(title=_DIGEST, width=12),
)
_NEEDED = (_ID, _RULE, _MACHINE, _HUMAN, _MISSED, _COMMENT, _REVIEWER, _VERSION, _DIGEST)


def write_sheet(path: Path, run: StoredRun, machine: Machine, pages: Mapping[str, str], *, created: datetime) -> int:
    """Write the sheet of the conversations of `machine`, in its order, to `path`; returns how many rows it has.
    `pages`: conversation → where its page lies. Replaces what is there."""
    titles, evidence = _evidence(run, machine)
    rows = list(_rows(machine, pages, titles, evidence))
    lineage = run.lineage
    about = [("run_id", lineage.run_id), ("plan_digest", lineage.plan_digest), ("rules_digest", lineage.rules_digest)]
    known = [(r, titles.get(r), machine.versions.get(r), machine.digests[r]) for r in machine.rules]
    widths = {_RULE: 30, _TITLE: 40, _VERSION: 10, _DIGEST: 12}
    four = tuple(Column(title=title, width=width) for title, width in widths.items())
    write_workbook(
        path,
        [
            Page(name=_REVIEW, columns=_COLUMNS, rows=rows, frozen=1, locked=True),
            Page(name=_RULES, columns=four, rows=known, locked=True),
            Page(
                name=_RUN, columns=(Column(title="项", width=16), Column(title="值", width=70)), rows=about, locked=True
            ),
        ],
        created=created,
        title=f"复核 {lineage.run_id}",
    )
    return len(rows)


def _rows(
    machine: Machine, pages: Mapping[str, str], titles: Mapping[str, str], evidence: Mapping[tuple[str, str], str]
) -> Iterator[Sequence[object]]:
    empty = (None, None, None, None)
    for conversation in machine.ids:
        agent = machine.agents[conversation]
        who = agent.name or agent.id
        page = pages.get(conversation)
        yield conversation, who, None, WHOLE, None, None, *empty, page, None, machine.rules_digest
        found = [r for r in range(len(machine.rules)) if (conversation, machine.rules[r]) in evidence]
        for r in sorted(found, key=lambda r: (machine.verdict(conversation, machine.rules[r]) != HIT, r)):
            rule = machine.rules[r]
            said = WORDS[machine.verdict(conversation, rule)]
            told = conversation, who, rule, titles.get(rule, ""), said, evidence[conversation, rule]
            yield *told, *empty, page, machine.versions.get(rule), machine.digests[rule]


def _evidence(run: StoredRun, machine: Machine) -> tuple[dict[str, str], dict[tuple[str, str], str]]:
    """The titles of rules, and of every finding what it goes by."""
    mine = pa.array(machine.ids, pa.string())
    columns = ["conversation_id", "rule_id", "rule_title", "verdict", "message", "reason"]
    found = run.table("findings", columns)
    named = found.group_by("rule_id").aggregate([("rule_title", "max")])
    titles = dict(zip(named["rule_id"].to_pylist(), named["rule_title_max"].to_pylist(), strict=True))
    titles |= run.lineage.rule_titles
    found = found.filter(pc.is_in(found["conversation_id"], value_set=mine))
    told: dict[tuple[str, str], str] = {}
    for row in found.to_pylist():
        if row["verdict"] != MISS and row["rule_id"] in machine.rule:
            why = row["reason"] if row["verdict"] == UNDECIDED else row["message"]
            told[row["conversation_id"], row["rule_id"]] = why or ""
    hits = run.table("hits", ["conversation_id", "rule_id", "hit", "turn", "text"])
    hits = hits.filter(pc.is_in(hits["conversation_id"], value_set=mine))
    for row in hits.sort_by([(name, "ascending") for name in ("conversation_id", "rule_id", "hit")]).to_pylist():
        key = row["conversation_id"], row["rule_id"]
        if key in told and row["turn"] is not None and row["text"] and row["hit"] <= _EVIDENCE:
            told[key] += f"\n第 {row['turn']} 轮“{row['text']}”"
    return titles, told


def read_reviews(path: Path, *, now: datetime, reviewer: str = "") -> Returned:
    """The reviews of a sheet that came back. `reviewer` stands where a row names nobody. What cannot be understood is
    complained of and left out. The time is when the workbook was last saved."""
    shown = path.name
    try:
        rows = read_sheet(path, _NEEDED, _REVIEW, _MOST_BYTES)
        about = {str(cells[0]): str(cells[1]) for cells in sheet_rows(path, _RUN, _MOST_BYTES) if len(cells) > 1}
        listed = read_sheet(path, (_RULE, _TITLE, _VERSION, _DIGEST), _RULES, _MOST_BYTES)
    except (SheetError, OSError) as error:
        why = str(error) if isinstance(error, SheetError) else f"读不了（{refusal(error)}）"
        return _refused(shown, why)
    if len(rows) > MOST_REVIEWS:
        return _refused(shown, f"有 {len(rows)} 行，超过 {MOST_REVIEWS} 行，请分几个文件")
    saved = _saved(path, now)
    opinions: list[Opinion] = []
    complaints: list[Complaint] = []
    rules = _Rules(listed, rows)
    for row in rows:
        reader = _Row(row, f"{shown} 第 {row.number} 行", saved, reviewer)
        opinions += reader.opinions(rules)
        complaints += [Complaint(place=reader.place, message=fault) for fault in reader.faults]
    return Returned(
        path=shown,
        run_id=about.get("run_id"),
        plan_digest=about.get("plan_digest"),
        opinions=tuple(opinions),
        complaints=tuple(complaints),
    )


class _Rules:
    """The rules that the sheet lists, by number or title, and which of them have a row of their own where."""

    def __init__(self, listed: Sequence[SheetRow], rows: Sequence[SheetRow]) -> None:
        self._known = {str(row.cells[_RULE]): row.cells for row in listed}
        self._titles = {str(row.cells[_TITLE]): rule for rule, row in zip(self._known, listed, strict=False)}
        self._asked = {(str(r.cells[_ID]), str(r.cells[_RULE])) for r in rows if r.cells[_RULE]}

    def named(self, name: str) -> tuple[str, str, str] | None:
        """Number, version and digest of the rule that people call so; None: there is none."""
        rule = name if name in self._known else self._titles.get(name)
        if rule is None:
            return None
        cells = self._known[rule]
        return rule, str(cells[_VERSION] or ""), str(cells[_DIGEST] or "")

    def has_row(self, conversation: str, rule: str) -> bool:
        return (conversation, rule) in self._asked


class _Row:
    """One row of a sheet that came back; what is wrong with it is noted in `faults`."""

    def __init__(self, row: SheetRow, place: str, saved: datetime, reviewer: str) -> None:
        self._cells: Mapping[str, Any] = row.cells
        self.place = place
        self.faults: list[str] = []
        self._saved = saved
        self._reviewer = self._text(_REVIEWER) or reviewer

    def _text(self, column: str) -> str:
        value = self._cells[column]
        return "" if value is None else clean(str(value)).strip()

    def opinions(self, rules: _Rules) -> list[Opinion]:
        """What the row says; nothing when anything is wrong with it."""
        answer, missed = self._text(_HUMAN), self._text(_MISSED)
        if not answer and not missed:
            if self._text(_COMMENT):
                self.faults.append(f"写了说明，却没有选{_HUMAN}")
            return []
        if answer and answer not in _ANSWERS:
            self.faults.append(f"{_HUMAN}“{answer[:20]}”看不懂，请从列表里选")
        if fault := name_fault(self._reviewer, _REVIEWER):
            told = fault if self._reviewer else f"{fault}；整张表同一人复核的，加 --reviewer 姓名"
            self.faults.append(told)
        if len(self._text(_COMMENT)) > LONGEST_COMMENT:
            self.faults.append(f"说明超过 {LONGEST_COMMENT} 字")
        made = self._one(answer) if self._cells[_RULE] else self._whole(answer, missed, rules)
        return [] if self.faults else made

    def _one(self, answer: str) -> list[Opinion]:
        if self._text(_MISSED):
            self.faults.append(f"{_MISSED}只能写在“{WHOLE}”这一行")
        words = {word: verdict for verdict, word in WORDS.items()}
        machine = words.get(self._text(_MACHINE))
        if machine is None:
            self.faults.append(f"{_MACHINE}被改动过，请恢复原来的内容")
        rule, version, digest = (self._text(column) for column in (_RULE, _VERSION, _DIGEST))
        return [self._opinion((rule, version, digest), machine, _ANSWERS.get(answer) or machine)]

    def _whole(self, answer: str, missed: str, rules: _Rules) -> list[Opinion]:
        if answer and answer != AGREE:
            self.faults.append(f"“{WHOLE}”这一行只能选“{AGREE}”（看完了，没有单列的都对），别的请选在各条规则上")
        made = [self._opinion((None, "", self._text(_DIGEST)), None, None)] if answer else []
        for name in filter(None, (part.strip() for part in re.split(r"[;；、,，\n]", missed))):
            rule = rules.named(name)
            if rule is None:
                self.faults.append(f"{_MISSED}里没有叫“{name[:40]}”的规则，编号见“{_RULES}”这一页")
            elif rules.has_row(str(self._cells[_ID]), rule[0]):
                self.faults.append(f"规则 {rule[0]} 在下面有自己的一行，请在那里选")
            else:
                made.append(self._opinion(rule, None, HIT))
        return made

    def _opinion(self, rule: tuple[str | None, str, str], machine: str | None, human: str | None) -> Opinion:
        return Opinion(
            conversation_id=str(self._cells[_ID] or "").strip(),
            rule_id=rule[0],
            rule_version=rule[1] or None,
            rule_digest=rule[2] or None,
            machine_verdict=machine,
            human_verdict=human,
            comment=self._text(_COMMENT),
            reviewer=self._reviewer,
            reviewed_at=self._saved,
            origin=SHEET,
            place=self.place,
        )


def _refused(shown: str, why: str) -> Returned:
    return Returned(
        path=shown, run_id=None, plan_digest=None, opinions=(), complaints=(Complaint(place=shown, message=why),)
    )


def _saved(path: Path, now: datetime) -> datetime:
    """When the workbook was last saved, as local time: by what it says itself, else by its file; never later than
    `now`."""
    moment = datetime.fromtimestamp(path.stat().st_mtime)
    try:
        with zipfile.ZipFile(path) as parts, parts.open("docProps/core.xml") as stream:
            if said := _MODIFIED.search(stream.read(100_000)):
                told = datetime.fromisoformat(said[1].decode())
                moment = told if told.tzinfo is None else told.astimezone().replace(tzinfo=None)
    except (KeyError, ValueError, OSError, OverflowError, zipfile.BadZipFile):
        pass
    return min(moment, now).replace(microsecond=0)
