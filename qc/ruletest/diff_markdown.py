"""A comparison as the comment of a pull request: short, tables first, sentences folded away.

Everything that came from a conversation or a file is escaped: it can neither format, link, nor call anybody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from qc.ruletest import diff_words as words
from qc.ruletest.budget import Check
from qc.ruletest.changes import Change, RuleChange
from qc.ruletest.diff import Diff, Flip, Sample
from qc.ruletest.gate import cell, visible

_RULES = 30
_SAMPLED = 12
_SAMPLES = 3
_FLIPS = 20
_AGENTS = 10
_CHECKS = 30


def markdown(diff: Diff, checks: Sequence[Check] = ()) -> str:
    """The whole comment, without a heading of its own."""
    lines = [f"**{words.headline(diff)}。**", ""]
    lines.append(
        f"旧：{cell(diff.old)}；新：{cell(diff.new)}；批次：{cell('、'.join(diff.runs))}。{words.counted(diff)}"
    )
    lines += [f"\n> {cell(note)}" for note in diff.notes]
    if checks:
        lines += ["", *_budget(checks)]
    if diff.changes.rules:
        lines += ["", *_rules(diff)]
    if diff.groups("card"):
        lines += ["", *_cards(diff)]
    if diff.moves.flips:
        lines += ["", *_flips(diff.moves.flips)]
    lines += [line for by, title in (("team", "班组"), ("agent", "坐席")) for line in _callers(diff, by, title)]
    lines += [line for change in _moved(diff)[:_SAMPLED] for line in _sampled(diff, change)]
    return "\n".join(lines) + "\n"


def _in_html(text: str) -> str:
    """As `cell`, inside a line of HTML, where Markdown's own escapes would be seen."""
    return escape(visible(text)).replace("@", "@\u200b")


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1) -> list[str]:
    rule = ["---" if i < left else "---:" for i in range(len(head))]
    return [f"| {' | '.join(line)} |" for line in (head, rule, *rows)]


def _budget(checks: Sequence[Check]) -> Iterator[str]:
    yield f"**{words.over(tuple(checks))}**"
    shown = sorted(checks, key=lambda check: check.passed)[:_CHECKS]
    yield ""
    yield from _table(
        ("预算", "实际", "允许", "结果"),
        [(cell(c.what), c.got, c.allowed, "通过" if c.passed else "**超出**") for c in shown],
        left=4,
    )


def _moved(diff: Diff) -> list[RuleChange]:
    """Rules with the most hits gained and lost first; those that only changed text last."""
    return sorted(
        diff.changes.rules,
        key=lambda c: (c.change is Change.TEXT, -(diff.of(c).hits_gained + diff.of(c).hits_lost), c.id),
    )


def _rules(diff: Diff) -> Iterator[str]:
    rows = []
    for change in _moved(diff)[:_RULES]:
        moves = diff.of(change)
        hits = words.pair(moves.count(before="hit"), moves.count(after="hit"), 0)
        gained, lost = f"+{moves.hits_gained}", f"−{moves.hits_lost}"
        name = f"{cell(change.rule.title)} {cell(change.id)}"
        rows.append((name, cell(words.changed(change)), hits, gained, lost, words.others(change, moves)))
    yield from _table(("规则", "改动", "命中会话", "新增", "失去", "其他变化"), rows, left=2)
    yield from _more(len(diff.changes.rules) - _RULES, "条规则")


def _cards(diff: Diff) -> Iterator[str]:
    rows = []
    for group, movement in diff.groups("card"):
        grades = "；".join(
            f"{cell(a)} → {cell(b)} {n}"
            for (card, a, b), n in sorted(diff.moves.grades.items())
            if card == group.scorecard_id
        )
        rows.append((cell(diff.titles.get(group.scorecard_id, group.scorecard_id)), *words.scores(movement), grades))
    yield from _table(("评分表", "评分", "平均分", "合格率", "一票否决", "分数有变", "等级变化"), rows)


def _flips(flips: Sequence[Flip]) -> Iterator[str]:
    rows = [
        (
            cell(f.conversation_id),
            cell(f.agent or words.NOBODY),
            cell(f.team or words.NOBODY),
            cell(f.scorecard_title),
            "**新增**" if f.gained else "取消",
            cell("；".join(f.items)),
        )
        for f in sorted(flips, key=lambda f: not f.gained)[:_FLIPS]
    ]
    yield from _table(("一票否决：会话", "坐席", "班组", "评分表", "变化", "原因"), rows, left=6)
    yield from _more(len(flips) - _FLIPS, "次")


def _callers(diff: Diff, by: str, title: str) -> Iterator[str]:
    moved = diff.groups(by)
    if not moved:
        return
    who = {(group.team, group.agent) for group, _ in moved}
    yield f"\n<details><summary>{title}：{len(who)} 个分数有变</summary>\n"
    rows = []
    for group, movement in moved[:_AGENTS]:
        name = group.team if by == "team" else f"{group.agent or words.NOBODY}（{group.team or words.NOBODY}）"
        card = cell(diff.titles.get(group.scorecard_id, group.scorecard_id))
        rows.append((cell(name or words.NOBODY), card, *words.scores(movement)))
    yield from _table((title, "评分表", "评分", "平均分", "合格率", "一票否决", "分数有变"), rows, left=2)
    yield from _more(len(moved) - _AGENTS, "行")
    yield "\n</details>"


def _sampled(diff: Diff, change: RuleChange) -> Iterator[str]:
    moves = diff.of(change)
    if not moves.gained and not moves.lost:
        return
    yield f"\n<details><summary>{_in_html(change.rule.title)}：新增和失去命中的句子</summary>\n"
    for title, samples in (("新增", moves.gained), ("失去", moves.lost)):
        yield from (f"- {title} {_sentence(sample)}" for sample in samples[:_SAMPLES])
    yield "\n</details>"


def _sentence(sample: Sample) -> str:
    where = cell(sample.conversation_id) + (f" 第 {sample.turn} 轮" if sample.turn else "")
    role = words.ROLE.get(sample.role or "", "")
    said = f"{cell(sample.before)}<b>{cell(sample.hit)}</b>{cell(sample.after)}" if sample.turn else cell(sample.hit)
    return f"{where}{' ' + role if role else ''}：{said}"


def _more(count: int, unit: str) -> Iterator[str]:
    if count > 0:
        yield f"\n……另有 {count} {unit}，见 HTML 或 JSON。"
