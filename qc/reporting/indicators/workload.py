"""工作量: how much comes in and how much one person handles."""

from __future__ import annotations

import numpy as np

from qc.reporting.indicators.facts import Bools, Facts, Floats
from qc.reporting.indicators.indicator import PERCENT, Family, Figure, Indicator, of_values, share


def _per_day(f: Facts) -> Figure:
    """Conversations a day, over the days that have any."""
    days = f.day[~np.isnan(f.day)]
    return _volume(np.unique(days, return_counts=True)[1].astype(np.float64), f.size)


def _per_shift(f: Facts) -> Figure:
    """Conversations one agent had in a shift; where shifts are not given, in a day."""
    served = (f.served > 0) & f.agent.known & ~np.isnan(f.day)
    shifts = len(f.shift.names) + 1
    days = f.day[served].astype(np.int64)
    place = (f.agent.codes[served] * 4_000_000 + days) * shifts + f.shift.codes[served] + 1
    return _volume(np.unique(place, return_counts=True)[1].astype(np.float64), int((f.served > 0).sum()))


def _volume(counts: Floats, conversations: int) -> Figure:
    """The mean of `counts`; where there is none, none of the `conversations` could be counted."""
    return of_values(counts, len(counts) or conversations)


def _served(f: Facts) -> Bools:
    return np.asarray(f.served > 0)


WORKLOAD = Family(
    id="workload",
    title="工作量与主动服务",
    indicators=(
        Indicator(
            id="daily_volume",
            title="日均处理量",
            says="平均每天多少个会话；没有会话的日子不算。",
            formula="会话数 ÷ 有会话的天数",
            unit="个/天",
            better="",
            of="会话",
            sources=("conversations.date", "conversations.started_at"),
            needs="开始时间",
            supply="清单里加一列“开始时间”（也认通话开始时间、start_time）。",
            measure=_per_day,
        ),
        Indicator(
            id="shift_volume",
            title="人均班次处理量",
            says="一个坐席一个班次平均接待多少个会话；没有班次的，一天算一个班次。",
            formula="坐席接待的会话 ÷ 坐席班次数（坐席 × 日期 × 班次，去重）",
            unit="个/班次",
            better="higher",
            of="坐席接待的会话",
            sources=("conversations.agent_id", "conversations.date", "conversations.extra"),
            needs="坐席工号与开始时间",
            supply="清单里加“坐席工号”与“开始时间”两列；一天排几个班的，再加一列“班次”（也认班别、shift）。",
            measure=_per_shift,
        ),
        Indicator(
            id="proactive",
            title="主动服务占比",
            says="坐席服务的会话里，中心主动打给客户的、或坐席主动提供了客户没有要求的服务的，占多少。",
            formula="（呼出的会话 + 坐席主动提供服务的会话）÷ 坐席接待的会话",
            unit=PERCENT,
            better="higher",
            of="坐席接待的会话",
            sources=("conversations.channel", "findings.rule_id"),
            needs="主动服务的规则 service.proactive_offer",
            supply="规则包里要有 service.proactive_offer，并且不是试运行；用 qc inspect 重新质检。",
            measure=share(
                _served,
                lambda f: np.where(f.channel.among("voice_outbound"), 1.0, f.offered),
            ),
        ),
        Indicator(
            id="forecast",
            title="业务量预测准确率",
            says="实际业务量与预测业务量相差多少。",
            formula="1 − |实际业务量 − 预测业务量| ÷ 预测业务量",
            unit=PERCENT,
            better="higher",
            of="预测",
            supply="预测在排班系统里，不随会话来；请用排班系统的报表，实际业务量见日均处理量。",
        ),
    ),
)
