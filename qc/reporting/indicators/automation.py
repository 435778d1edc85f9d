"""智能与自助: what bots and self-service take off people, and how the systems hold."""

from __future__ import annotations

import numpy as np

from qc.opinion.contacts import INCOMING
from qc.reporting.indicators.facts import Bools, Facts, Floats
from qc.reporting.indicators.indicator import PERCENT, Family, Indicator, share

_ELSEWHERE = "故障记在运维系统里，不随会话来；请用运维系统的报表。"


def _incoming(f: Facts) -> Bools:
    return f.channel.among(*INCOMING)


def _bot(f: Facts) -> Bools:
    return np.asarray(f.bot > 0)


def _by_itself(f: Facts) -> Floats:
    """Not known where there is no talk with a bot: the bots' talks may be another system's."""
    if not _bot(f).any():
        return np.full(f.size, np.nan)
    return (_bot(f) & ~(f.served > 0) & ~(f.to_agent > 0)).astype(float)


AUTOMATION = Family(
    id="automation",
    title="智能与自助",
    indicators=(
        Indicator(
            id="self_service",
            title="自助服务比率",
            says="客户的服务请求里，机器人或自助渠道自己办完、没有转人工的占多少。",
            formula="只有机器人接待、没有转人工的来话 ÷ 全部来话",
            unit=PERCENT,
            better="higher",
            of="来话",
            sources=("conversations.channel", "conversations.agent_turns", "conversations.transfers"),
            needs="机器人或自助渠道的会话",
            supply="把机器人、自助渠道的会话与人工的放进同一个批次，渠道写机器人或语音机器人。",
            measure=share(_incoming, _by_itself),
        ),
        Indicator(
            id="to_agent",
            title="转人工率",
            says="机器人接待的会话里，最后转了人工的占多少。",
            formula="转了人工的机器人会话 ÷ 全部机器人会话；转了人工：转接次数大于 0，或会话里有坐席接着说",
            unit=PERCENT,
            better="lower",
            of="机器人接待的会话",
            sources=("conversations.transfers", "conversations.bot_turns", "conversations.agent_turns"),
            needs="是否转人工",
            supply="清单里加一列“是否转人工”（也认转接次数、transferred），写是、否；或交整段会话，坐席的话也在内。",
            measure=share(_bot, lambda f: f.to_agent),
        ),
        Indicator(
            id="bot_resolution",
            title="智能咨询问题解决率",
            says="机器人接待的会话里，问题解决了的占多少：由客户在会话结束时评价，或系统给出。",
            formula="问题解决了的机器人会话 ÷ 写明是否解决的机器人会话",
            unit=PERCENT,
            better="higher",
            of="机器人接待的会话",
            sources=("conversations.extra", "conversations.bot_turns"),
            needs="问题是否解决",
            supply="清单或会话里加一列“问题是否解决”（也认是否解决、resolved），写是、否。",
            measure=share(_bot, lambda f: f.resolved),
        ),
        Indicator(
            id="line_faults",
            title="电信及网络线路故障率",
            says="线路故障的时间占服务时间多少。",
            formula="年度故障总时长 ÷ 总服务时长",
            unit=PERCENT,
            better="lower",
            of="服务时间",
            supply=_ELSEWHERE,
        ),
        Indicator(
            id="system_faults",
            title="应用程序故障率",
            says="应用程序故障的时间占服务时间多少。",
            formula="年度故障总时长 ÷ 总服务时长",
            unit=PERCENT,
            better="lower",
            of="服务时间",
            supply=_ELSEWHERE,
        ),
    ),
)
