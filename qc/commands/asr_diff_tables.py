"""What `qc diff-asr` prints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from qc.commands.console import table
from qc.commands.transcript import visible
from qc.pipeline.asr_diff.difference import AsrDiff, Change
from qc.pipeline.asr_diff.excerpt import Shown
from qc.pipeline.asr_diff.view import Words
from qc.text.marked import Difference

_MOST = 10
_EXAMPLES = 2


def summary(diff: AsrDiff) -> Iterator[str]:
    """The comparison part by part."""
    for name, run in (("A", diff.a), ("B", diff.b)):
        yield f"{name}：{visible(run.run_id)}  {visible(Words.engine(run))}"
    yield f"{Words.headline(diff)}。{Words.apart(diff)}"
    left = [f"只在 A 里的 {diff.only_a}" if diff.only_a else "", f"只在 B 里的 {diff.only_b}" if diff.only_b else ""]
    left = [x for x in left if x]
    if left:
        yield f"没有比：{'、'.join(left)} 个会话。"
    yield from (f"提醒：{note}" for note in diff.notes)
    if diff.changes:
        yield table([["为什么变", "处"], *([why, f"{n}"] for why, n in Words.reasons(diff.changes))], frozenset({1}))
    if diff.rules:
        head = ["规则", "编号", "A 命中", "B 命中", "新增", "失去", "无法判定", "处数不同"]
        rows = [head if diff.same_rules else [*head, "因规则而变"]]
        for r in diff.rules:
            unsure = f"{r.undecided_before} → {r.undecided_after}"
            numbers = [f"{r.before}", f"{r.after}", f"+{r.gained}", f"-{r.lost}", unsure, f"{r.recounted}"]
            rows.append([visible(r.title), r.id, *numbers, *([] if diff.same_rules else [f"{r.by_rules}"])])
        yield table(rows, right=frozenset(range(2, len(rows[0]))))
    yield from _scores(diff)
    for rule in diff.rules:
        changes = Words.of(diff, rule)
        if changes:
            lines = [f"{visible(rule.title)}（{rule.id}）"]
            for change in changes[:_EXAMPLES]:
                lines += _change(change, rule.kind)
            yield "\n".join(lines)


def _scores(diff: AsrDiff) -> Iterator[str]:
    cards = Words.cards(diff)
    if cards:
        rows = [["评分表", "评分", "平均分", "合格率", "一票否决", "分数有变"]]
        rows += [[visible(diff.titles.get(g.scorecard_id, g.scorecard_id)), *Words.scores(m)] for g, m in cards]
        yield table(rows, right=frozenset(range(1, 6)))
    agents = Words.agents(diff)
    if agents:
        rows = [["坐席", "班组", "评分表", "评分", "平均分", "合格率", "一票否决", "分数有变"]]
        for g, m in agents[:_MOST]:
            card = diff.titles.get(g.scorecard_id, g.scorecard_id)
            who = [visible(g.agent or Words.nobody), visible(g.team or Words.nobody), visible(card)]
            rows.append([*who, *Words.scores(m)])
        more = f"\n……另有 {len(agents) - _MOST} 个，见 --html 或 --json。" if len(agents) > _MOST else ""
        yield table(rows, right=frozenset(range(3, 8))) + more


def _change(change: Change, kind: str) -> Iterator[str]:
    moved = f"{Words.verdict(kind, change.before)} → {Words.verdict(kind, change.after)}"
    yield f"  {visible(change.conversation_id)}：{moved}，{Words.why[change.told.why]}"
    for excerpt in change.told.excerpts[:1]:
        yield f"    A  {_text(excerpt.a)}"
        yield f"    B  {_text(excerpt.b)}"
    if not change.told.excerpts and change.told.message:
        yield f"    {visible(change.told.message)}"


def _text(parts: Sequence[Shown]) -> str:
    """The evidence in 【】, what differs in ｛｝."""
    out = ""
    inside = False
    for part in parts:
        if part.evidence != inside:
            out += "【" if part.evidence else "】"
            inside = part.evidence
        text = visible(part.text)
        out += text if part.kind is Difference.SAME else f"｛{text}｝"
    return (out + ("】" if inside else "")) or "（没有听到）"
