"""What `qc asr eval` prints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from qc.asr.evaluation.measure import Evaluation, Interval, Keyword
from qc.commands.console import table
from qc.commands.transcript import clock, visible
from qc.pipeline.asr_eval_view import Case, Report
from qc.text.error_rate import Errors
from qc.text.marked import Difference, Stretch

_CASES = 5
_INVENTIONS = 5


def summary(shown: Report) -> Iterator[str]:
    """The evaluation in a few tables, part by part."""
    yield from (f"提醒：{visible(note)}" for note in shown.notes)
    yield _systems(shown.systems)
    yield from _differences(shown)
    for group in shown.tables:
        head = [group.title, "字数", *(name for s in shown.systems for name in (visible(s.name), "同音占比"))]
        rows = [head if len(shown.systems) > 1 else [group.title, "字数", "字错误率", "同音占比"]]
        for label, own in group.lines:
            count = next(e.characters for e in own if e is not None)
            rows.append([visible(label), f"{count}", *(cell for e in own for cell in _rates(e))])
        yield table(rows, right=frozenset(range(1, len(rows[0]))))
    if shown.keywords:
        yield _keywords(shown)
    for system in shown.systems:
        yield _calibration(system, named=len(shown.systems) > 1)
    yield from _cases(shown.worst)
    for system, found in zip(shown.systems, shown.inventions, strict=True):
        if found:
            lines = [f"凭空写出的句子（{visible(system.name)}）：{len(found)} 句"]
            lines += [f"  {visible(i.file)} {_at(i.start_ms)}：{visible(i.text)}" for i in found[:_INVENTIONS]]
            yield "\n".join(lines)


def percent(value: float | None) -> str:
    """One decimal."""
    return "—" if value is None else f"{value * 100:.1f}%"


def _systems(systems: Sequence[Evaluation]) -> str:
    rows = [["转写", "段", "字", "字错误率", "替换", "多出", "漏掉", "同音占比", "凭空", "疑似", "置信度偏差", "失败"]]
    for s in systems:
        e = s.errors
        edits = [f"{e.substitutions}", f"{e.insertions}", f"{e.deletions}"]
        counts = [f"{len(s.invented)}", f"{len(s.suspected)}", percent(s.calibration_error), f"{len(s.failures)}"]
        head = [visible(s.name), f"{len(s.rows)}", f"{e.characters}"]
        rows.append([*head, percent(e.rate), *edits, percent(e.homophone_share), *counts])
    lines = [table(rows, right=frozenset(range(1, 12)))]
    lines += [f"{visible(file)}：{visible(why)}" for s in systems for file, why in sorted(s.failures.items())]
    return "\n".join(lines)


def _differences(shown: Report) -> Iterator[str]:
    first, *others = shown.systems
    for other, interval in zip(others, shown.intervals, strict=True):
        yield f"{visible(other.name)} 比 {visible(first.name)}：{_difference(interval)}"


def _difference(i: Interval) -> str:
    said = "确实更差" if i.low > 0 else "确实更好" if i.high < 0 else "分不出高下"
    drawn = "录音" if i.drawn == "recordings" else "段"
    span = f"95% 区间 {i.low * 100:+.1f} 到 {i.high * 100:+.1f}，按{drawn}重抽"
    return f"{i.difference * 100:+.1f} 个百分点（{span}），{said}。"


def _rates(errors: Errors | None) -> list[str]:
    return ["—", "—"] if errors is None else [percent(errors.rate), percent(errors.homophone_share)]


def _keywords(shown: Report) -> str:
    several = len(shown.systems) > 1
    rows = [["关键词", "说了"]]
    for system in shown.systems:
        rows[0] += [f"{visible(system.name)}：听出" if several else "听出", "召回", "误出"]
    sums = tuple(system.keyword_total for system in shown.systems)
    for name, own in [*((row[0].text, row) for row in shown.keywords), ("合计", sums)]:
        rows.append([visible(name), f"{own[0].said}", *(cell for k in own for cell in _found(k))])
    return table(rows, right=frozenset(range(1, len(rows[0]))))


def _found(k: Keyword) -> list[str]:
    return [f"{k.found}", percent(k.found / k.said if k.said else None), f"{k.false}"]


def _calibration(system: Evaluation, *, named: bool) -> str:
    title = f"置信度（{visible(system.name)}）" if named else "置信度"
    if not system.calibration:
        return f"{title}：这份转写没有置信度。"
    rows = [[title, "句", "字", "所说", "实际"]]
    for b in system.calibration:
        span = f"{b.low:.1f}–{b.high:.1f}"
        rows.append([span, f"{b.phrases}", f"{b.characters}", f"{b.predicted * 100:.0f}%", f"{b.measured * 100:.0f}%"])
    return table(rows, right=frozenset({1, 2, 3, 4}))


def _cases(cases: Sequence[Case]) -> Iterator[str]:
    if not cases:
        return
    lines = ["错得最多的（【】不同，〔〕同音，｛｝只在一边）"]
    for case in cases[:_CASES]:
        at = "" if case.start_ms is None else f" {_at(case.start_ms)}"
        lines.append(f"{visible(case.file)}（参考文本第 {case.line} 行）{at}")
        for version in case.versions:
            name = f" {visible(version.system)}" if len(case.versions) > 1 else ""
            lines += [f"  参考  {stretches(version.said)}", f"  转写  {stretches(version.written)}{name}"]
    if len(cases) > _CASES:
        lines.append("……更多见 --html。")
    yield "\n".join(lines)


_BRACKETS = {
    Difference.SAME: ("", ""),
    Difference.OTHER: ("【", "】"),
    Difference.SOUND: ("〔", "〕"),
    Difference.ONLY: ("｛", "｝"),
}


def stretches(parts: Sequence[Stretch]) -> str:
    """A text with its differences in brackets."""
    return "".join(_BRACKETS[s.kind][0] + visible(s.text) + _BRACKETS[s.kind][1] for s in parts) or "（空）"


def _at(ms: int | None) -> str:
    return "" if ms is None else clock(ms)
