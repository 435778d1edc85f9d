"""What `qc rules diff` prints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from qc.commands.console import table
from qc.commands.transcript import visible
from qc.ruletest import diff_words as words
from qc.ruletest.budget import Check
from qc.ruletest.changes import Change
from qc.ruletest.diff import Diff, Sample

_MOST = 10
_SAMPLES = 3


def summary(diff: Diff, checks: Sequence[Check]) -> Iterator[str]:
    """The comparison in a few tables, part by part."""
    moves = diff.moves
    yield f"旧：{visible(diff.old)}\n新：{visible(diff.new)}\n批次：{'、'.join(diff.runs)}"
    yield words.counted(diff)
    if diff.changes.nothing:
        return
    yield (
        f"比较了 {moves.conversations:,} 个会话（{moves.turns:,} 个话轮），其中 {moves.affected:,} 个的得分可能变化；"
        f"算了 {moves.scored:,} 个评分。"
    )
    yield from (f"提醒：{note}" for note in diff.notes)
    yield from _rules(diff)
    yield from _scores(diff)
    yield from _flips(diff)
    if checks:
        yield _budget(checks)


def _rules(diff: Diff) -> Iterator[str]:
    rows = [["规则", "编号", "改动", "命中会话", "新增", "失去", "其他变化"]]
    for change in diff.changes.rules:
        moves = diff.of(change)
        hits = words.pair(moves.count(before="hit"), moves.count(after="hit"), 0)
        gained, lost = f"+{moves.hits_gained}", f"-{moves.hits_lost}"
        title = visible(change.rule.title)
        rows.append([title, change.id, visible(words.changed(change)), hits, gained, lost, words.others(change, moves)])
    if len(rows) > 1:
        yield table(rows, right=frozenset({3, 4, 5}))
    for change in diff.changes.rules:
        moves = diff.of(change)
        if change.change is Change.TEXT or not (moves.gained or moves.lost):
            continue
        lines = [f"{visible(change.rule.title)}（{change.id}）"]
        for mark, samples in (("+", moves.gained), ("-", moves.lost)):
            lines += [f"  {mark} {_sentence(sample)}" for sample in samples[:_SAMPLES]]
        yield "\n".join(lines)


def _sentence(sample: Sample) -> str:
    where = visible(sample.conversation_id) + (f" 第 {sample.turn} 轮" if sample.turn else "")
    if not sample.turn:
        return f"{where}：{visible(sample.hit)}"
    role = words.ROLE.get(sample.role or "", "")
    return f"{where} {role}：{visible(sample.before)}【{visible(sample.hit)}】{visible(sample.after)}"


def _scores(diff: Diff) -> Iterator[str]:
    cards = diff.groups("card")
    if cards:
        rows = [["评分表", "评分", "平均分", "合格率", "一票否决", "分数有变", "等级变化"]]
        for group, movement in cards:
            grades = [f"{a} → {b} {n}" for (c, a, b), n in sorted(diff.moves.grades.items()) if c == group.scorecard_id]
            name = diff.titles.get(group.scorecard_id, group.scorecard_id)
            rows.append([visible(name), *words.scores(movement), "；".join(grades)])
        yield table(rows, right=frozenset(range(1, 6)))
    for by, title in (("team", "班组"), ("agent", "坐席")):
        moved = diff.groups(by)
        if not moved:
            continue
        rows = [[title, "评分表", "评分", "平均分", "合格率", "一票否决", "分数有变"]]
        for group, movement in moved[:_MOST]:
            name = group.team or words.NOBODY
            name = name if by == "team" else f"{group.agent or words.NOBODY}（{name}）"
            card = diff.titles.get(group.scorecard_id, group.scorecard_id)
            rows.append([visible(name), visible(card), *words.scores(movement)])
        more = f"\n……另有 {len(moved) - _MOST} 个，见 HTML 或 JSON。" if len(moved) > _MOST else ""
        yield table(rows, right=frozenset(range(2, 7))) + more


def _flips(diff: Diff) -> Iterator[str]:
    flips = sorted(diff.moves.flips, key=lambda flip: not flip.gained)
    if not flips:
        return
    rows = [["一票否决", "会话", "坐席", "评分表", "原因"]]
    for flip in flips[:_MOST]:
        who = visible(flip.agent or words.NOBODY)
        what = "新增" if flip.gained else "取消"
        rows.append(
            [what, visible(flip.conversation_id), who, visible(flip.scorecard_title), visible("；".join(flip.items))]
        )
    yield table(rows) + (f"\n……另有 {len(flips) - _MOST} 次，见 HTML 或 JSON。" if len(flips) > _MOST else "")


def _budget(checks: Sequence[Check]) -> str:
    lines = [words.over(tuple(checks)) + "。"]
    for check in checks:
        mark = click.style("[通过]", fg="green") if check.passed else click.style("[失败]", fg="red")
        lines.append(f"{mark} {visible(check.what)}：{check.got}（{check.allowed}）")
    return "\n".join(lines)
