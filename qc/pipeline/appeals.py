"""Appeals of a run: opened, decided; an upheld one is a review that stands above the others."""

from __future__ import annotations

from pathlib import Path

from qc.errors import UsageError
from qc.pipeline.review import Cards, Clerk, Rescored, enter
from qc.review.appeals import UPHELD, Appeal, Step, appeals, decided, opened, rows
from qc.review.file import LONGEST_COMMENT, clean, name_fault
from qc.review.ledger import final
from qc.review.machine import machine
from qc.review.opinions import APPEAL, HIT, MISS, VERDICTS, WORDS, Opinion
from qc.storage.append import alone, append_part
from qc.storage.read import open_run
from qc.text.masking import mask_value

_OTHER = {HIT: MISS, MISS: HIT}


def stored_appeals(run: Path) -> list[Appeal]:
    """All appeals of the run. Raises UsageError when it is none."""
    return appeals(open_run(run).table("appeals"))


def open_appeal(run: Path, conversation: str, rule: str, *, agent: str, reason: str, who: Clerk) -> Step:
    """Store a new appeal, its reason masked. Raises UsageError."""
    stored = open_run(run)
    agent, reason = _name(agent, "坐席"), _text(reason, "理由")
    said = machine(stored, [conversation])
    with alone(run):
        known = appeals(stored.table("appeals"))
        step = opened(known, said, conversation, rule, agent=agent, reason=reason, at=who.at)
        append_part(run, "appeals", rows([step]))
    return step


def decide_appeal(
    run: Path, appeal_id: str, status: str, verdict: str | None, *, by: str, text: str, cards: Cards, who: Clerk
) -> tuple[Step, Rescored | None]:
    """Store the decision on an appeal. Upheld, `verdict` becomes the final one (None: the other of hit and miss) and
    the scores are made again. Raises UsageError."""
    stored = open_run(run)
    by, text = _name(by, "裁定人"), _text(text, "答复")
    if status == UPHELD:
        cards.read()  # a typing error in --at is told before anything is stored
    with alone(run):
        appeal = next((a for a in appeals(stored.table("appeals")) if a.id == appeal_id), None)
        if appeal is None:
            raise UsageError(f"批次没有申诉 {appeal_id}", f"编号见 qc review appeal list {run}")
        if status != UPHELD:
            step = decided(appeal, status, None, by=by, text=text, at=who.at)
            append_part(run, "appeals", rows([step]))
            return step, None
        conversation, rule = appeal.first.conversation_id, appeal.first.rule_id
        said = machine(stored, [conversation])
        last = final(stored.table("reviews"), said)
        stands = VERDICTS[int(last.codes[said.conversation[conversation], said.rule[rule]])]
        verdict = verdict or _OTHER.get(stands)
        if verdict is None or verdict == stands:
            told = f"现在的判定是“{WORDS[stands]}”"
            raise UsageError(
                f"申诉成立要改判成什么？{told}", "用 --verdict 写明 hit、miss、not_applicable 或 undecided。"
            )
        step = decided(appeal, status, verdict, by=by, text=text, at=who.at)
        opinion = Opinion(
            conversation_id=conversation,
            rule_id=rule,
            rule_version=said.versions.get(rule),
            rule_digest=said.digests[rule],
            machine_verdict=said.verdict(conversation, rule),
            human_verdict=verdict,
            comment=f"申诉 {appeal.id}：{text}",
            reviewer=by,
            reviewed_at=step.at,
            origin=APPEAL,
        )
        rescored = enter(stored, opinion, cards, who)
        append_part(run, "appeals", rows([step]))
    return step, rescored


def _name(value: str, what: str) -> str:
    if fault := name_fault(value, what):
        raise UsageError(fault, "写姓名或工号。")
    return clean(value).strip()


def _text(value: str, what: str) -> str:
    text = clean(value).strip()
    if not text or len(text) > LONGEST_COMMENT:
        raise UsageError(f"没有写{what}" if not text else f"{what}超过 {LONGEST_COMMENT} 字", f"一句话说清{what}。")
    return mask_value(text)
