"""Short sheets: the figures of the pages, agents, teams, deductions, topics, indicators."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from qc.domain.language import say
from qc.export.view import View
from qc.reporting.estimates import Mean, Rate
from qc.reporting.indicators.page import Row as IndicatorRow
from qc.reporting.summaries import Summary
from qc.sheets.pages import As, Column, Kind

Row = Sequence[object]


def overview_columns() -> tuple[Column, ...]:
    return (
        Column(title=say("内容"), width=24),
        Column(title=say("数值"), width=28, wrap=True),
        Column(title=say("说明"), width=70, wrap=True),
    )


def overview_rows(view: View) -> Iterator[Row]:
    """What the run is, and the figures at the top of the report."""
    lineage, total, counts = view.batch.run.lineage, view.quality.total, view.batch.run.lineage.counts
    yield say("批次"), lineage.name or lineage.run_id, lineage.run_id
    yield say("运行"), lineage.started_at.replace("T", " "), f"qc {lineage.qc_version}"
    kept = lineage.personal_data != "masked"
    yield say("个人信息"), say("未脱敏：请按个人信息保管") if kept else say("已脱敏"), None
    yield say("输入"), As(counts.input, Kind.WHOLE), lineage.input_path
    yield say("失败与隔离"), As(counts.failed + counts.quarantined, Kind.WHOLE), None
    yield say("会话"), As(total.conversations, Kind.WHOLE), None
    yield say("录音时长"), As(total.voice_ms, Kind.DURATION), None
    yield say("平均分"), As(total.score.value, Kind.NUMBER), _mean(total.score)
    yield say("合格率"), As(total.passing.value, Kind.PERCENT), _rate(total.passing)
    yield say("一票否决"), As(total.auto_fails, Kind.WHOLE), None
    yield say("违规"), As(total.violations, Kind.WHOLE), None
    yield say("风险信号"), As(total.risks, Kind.WHOLE), say("有风险信号的会话数")
    yield say("无法判定"), As(total.undecided, Kind.WHOLE), say("有规则无法判定的会话数")
    yield say("客户负面"), As(total.negative.value, Kind.PERCENT), _rate(total.negative)
    for row in view.quality.accuracy:
        yield row.title, As(row.rate.value, Kind.PERCENT), _rate(row.rate)
    for card in view.quality.cards:
        name = say("评分表：{title}", title=card.title)
        yield (
            name,
            As(card.score.value, Kind.NUMBER),
            say("；").join([card.version, _mean(card.score), _rate(card.passing)]),
        )
    yield say("已复核"), As(len(view.batch.reviewed), Kind.WHOLE), say("复核过的会话按终审判定与得分计算")


def agent_columns() -> tuple[Column, ...]:
    return (
        Column(title=say("工号"), width=14),
        Column(title=say("坐席")),
        Column(title=say("班组")),
        *_summary_columns(),
        Column(title=say("抢话"), kind=Kind.WHOLE),
        *_top_columns(),
    )


def agent_rows(view: View) -> Iterator[Row]:
    for a in view.agents.agents:
        top = (a.top.title, a.top.times, a.top.lost) if a.top else (None, None, None)
        yield a.person.agent_id, a.person.name, a.person.team, *_summary(a.summary), a.interruptions, *top


def team_columns() -> tuple[Column, ...]:
    agents = Column(title=say("坐席人数"), kind=Kind.WHOLE)
    return Column(title=say("班组")), agents, *_summary_columns(), *_top_columns()


def team_rows(view: View) -> Iterator[Row]:
    for team in view.agents.teams:
        top = (team.top.title, team.top.times, team.top.lost) if team.top else (None, None, None)
        yield team.summary.key, team.agents, *_summary(team.summary), *top


def deduction_columns() -> tuple[Column, ...]:
    return (
        Column(title=say("评分项"), width=26),
        Column(title=say("评分表"), width=30),
        Column(title=say("扣分"), kind=Kind.NUMBER),
        Column(title=say("占扣分"), kind=Kind.PERCENT),
        Column(title=say("扣分会话"), kind=Kind.WHOLE),
        Column(title=say("可判会话"), kind=Kind.WHOLE, note=say("不适用和无法判定的不算。")),
        Column(title=say("扣分率"), kind=Kind.PERCENT),
        *_interval(),
        Column(title=say("一票否决"), kind=Kind.WHOLE),
        Column(title=say("总分归零"), kind=Kind.WHOLE),
    )


def deduction_rows(view: View) -> Iterator[Row]:
    for d in view.quality.deductions.rows:
        rate = d.rate
        share = (d.lost, d.share, rate.count, rate.n, rate.value, rate.low, rate.high)
        yield d.title, say("、").join(d.cards), *share, d.fatal, d.zeroed


def topic_columns() -> tuple[Column, ...]:
    return (
        Column(title=say("话题")),
        Column(title=say("上级话题")),
        Column(title=say("主要话题会话"), kind=Kind.WHOLE),
        Column(title=say("占全部"), kind=Kind.PERCENT),
        Column(title=say("提到的会话"), kind=Kind.WHOLE),
        Column(title=say("客户数"), kind=Kind.WHOLE, note=say("同一客户只算一次。")),
        Column(title=say("客户负面"), kind=Kind.WHOLE),
        Column(title=say("负面率"), kind=Kind.PERCENT, note=say("占客户有发言的会话。")),
        Column(title=say("风险会话"), kind=Kind.WHOLE),
        Column(title=say("占比变化"), kind=Kind.PERCENT, note=say("与之前各批次相比，百分点；没有之前的批次为空。")),
    )


def topic_rows(view: View) -> Iterator[Row]:
    for t in view.opinion.topics.rows:
        counts = (t.main.count, t.main.value, t.mentioned, t.customers, t.negative.count, t.negative.value, t.risks)
        yield t.title, t.parent, *counts, t.change


def indicator_columns() -> tuple[Column, ...]:
    return (
        Column(title=say("类别")),
        Column(title=say("指标"), width=24),
        Column(title=say("数值"), kind=Kind.NUMBER),
        Column(title=say("单位")),
        Column(title=say("95% 区间下限"), kind=Kind.NUMBER),
        Column(title=say("95% 区间上限"), kind=Kind.NUMBER),
        Column(title=say("目标"), kind=Kind.NUMBER),
        Column(title=say("依据的个数"), kind=Kind.WHOLE),
        Column(title=say("公式"), width=50),
        Column(title=say("来源列"), width=30),
        Column(title=say("还缺什么"), width=40),
    )


def indicator_rows(view: View) -> Iterator[Row]:
    for family in view.indicators.families:
        for row in (*family.rows, *family.lacking):
            yield say(family.title), *_indicator(row)


def _indicator(row: IndicatorRow) -> Row:
    i, f = row.indicator, row.figure
    sources = say("、").join(i.sources)
    lacking = None if f.n else say(i.supply)
    return say(i.title), f.value, say(i.unit), f.low, f.high, row.target, f.n, say(i.formula), sources, lacking


def _summary_columns() -> tuple[Column, ...]:
    return (
        Column(title=say("会话"), kind=Kind.WHOLE),
        Column(title=say("评分会话"), kind=Kind.WHOLE),
        Column(title=say("平均分"), kind=Kind.NUMBER),
        Column(title=say("95% 区间下限"), kind=Kind.NUMBER),
        Column(title=say("95% 区间上限"), kind=Kind.NUMBER),
        Column(title=say("合格率"), kind=Kind.PERCENT),
        Column(title=say("一票否决"), kind=Kind.WHOLE),
        Column(title=say("违规"), kind=Kind.WHOLE),
        Column(title=say("亮点"), kind=Kind.WHOLE),
        Column(title=say("客户负面"), kind=Kind.PERCENT, note=say("占客户有发言的会话。")),
        Column(title=say("安抚成功"), kind=Kind.PERCENT, note=say("占有过负面情绪、可以看出结果的会话。")),
        Column(title=say("平均语速"), kind=Kind.NUMBER, note=say("字/分钟。")),
        Column(title=say("静音占比"), kind=Kind.PERCENT),
        Column(title=say("会话时长"), kind=Kind.DURATION),
    )


def _summary(s: Summary) -> Row:
    score = (s.conversations, s.score.n, s.score.value, s.score.low, s.score.high, s.passing.value)
    counts = (s.auto_fails, s.violations, s.merits, s.negative.value, s.soothed.value)
    return *score, *counts, s.pace, s.silence, s.duration_ms


def _top_columns() -> tuple[Column, ...]:
    first = Column(
        title=say("先改什么"), width=24, note=say("先是使总分归零的项，再是其他一票否决，再是扣分最多次的项。")
    )
    return first, Column(title=say("次数"), kind=Kind.WHOLE), Column(title=say("该项扣分"), kind=Kind.NUMBER)


def _interval() -> tuple[Column, ...]:
    return (
        Column(title=say("95% 区间下限"), kind=Kind.PERCENT),
        Column(title=say("95% 区间上限"), kind=Kind.PERCENT),
    )


def _mean(score: Mean) -> str:
    if score.low is None or score.high is None:
        return say("{n} 个会话", n=score.n)
    low, high = f"{score.low:.1f}", f"{score.high:.1f}"
    return say("{n} 个会话，95% 区间 {low}–{high}", n=score.n, low=low, high=high)


def _rate(rate: Rate) -> str:
    if rate.low is None or rate.high is None:
        return say("没有可算的会话")
    low, high = f"{rate.low * 100:.1f}%", f"{rate.high * 100:.1f}%"
    return say("{n} 个里有 {count} 个，95% 区间 {low}–{high}", n=rate.n, count=rate.count, low=low, high=high)
