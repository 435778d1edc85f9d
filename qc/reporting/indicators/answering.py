"""接通与时长: how soon customers are answered, and how long a contact takes."""

from __future__ import annotations

import numpy as np

from qc.reporting.indicators.facts import Bools, Facts, Floats
from qc.reporting.indicators.indicator import PERCENT, Family, Indicator, mean, share

SOON_S = 20.0
"""Seconds within which a call shall be answered; what most centres and the 20 秒接通率 take."""
RINGS = 3


_WAIT = "清单里加一列“排队时长”（也认排队时间、等待时长、queue_wait），写秒数或分:秒。"
_HOLD = "清单里加一列“保持时长”（也认通话保持时长、hold_time），没有保持的写 0。"
_AFTER = "清单里加一列“话后处理时长”（也认话后时长、事后处理时长、acw、wrap_up_time），写秒数或分:秒。"


def _incoming(f: Facts) -> Bools:
    return f.channel.among("voice_inbound", "chat")


def _calls_in(f: Facts) -> Bools:
    return f.channel.among("voice_inbound")


def _calls(f: Facts) -> Bools:
    return f.channel.among("voice_inbound", "voice_outbound")


def _served(f: Facts) -> Bools:
    return np.asarray(f.served > 0)


def _flag(known: Floats, mask: Bools) -> Floats:
    return np.where(np.isnan(known), np.nan, mask.astype(float))


def _handling(f: Facts) -> Floats:
    return f.duration_s + f.after_call_s


ANSWERING = Family(
    id="answering",
    title="接通与时长",
    indicators=(
        Indicator(
            id="answer_wait",
            title="平均应答速度",
            says="客户从接入到有人应答，平均等了多久；立即接起的也算，等了 0 秒。",
            formula="Σ 排队时长 ÷ 有排队时长的呼入电话与在线会话数",
            unit="秒",
            better="lower",
            of="呼入电话与在线会话",
            sources=("conversations.queue_wait_s", "conversations.channel"),
            needs="排队时长",
            supply=_WAIT,
            measure=mean(_incoming, lambda f: f.queue_wait_s),
        ),
        Indicator(
            id="answered_20s",
            title="20 秒接通率",
            says="接通的呼入电话里，排队不超过 20 秒就接起的占多少。没有接通的来电没有录音，不在分母里。",
            formula="排队不超过 20 秒的呼入电话 ÷ 有排队时长的呼入电话",
            unit=PERCENT,
            better="higher",
            of="呼入的电话",
            sources=("conversations.queue_wait_s", "conversations.channel"),
            needs="排队时长",
            supply=_WAIT,
            measure=share(_calls_in, lambda f: _flag(f.queue_wait_s, f.queue_wait_s <= SOON_S)),
        ),
        Indicator(
            id="answered_3_rings",
            title="三声内接听率",
            says="铃响三声以内接起的电话占多少。",
            formula="振铃不超过 3 次的呼入电话 ÷ 有振铃次数的呼入电话",
            unit=PERCENT,
            better="higher",
            of="呼入的电话",
            sources=("conversations.ring_count", "conversations.channel"),
            needs="振铃次数",
            supply="清单里加一列“振铃次数”（也认响铃次数、ring_count），写整数。",
            measure=share(_calls_in, lambda f: _flag(f.ring_count, f.ring_count <= RINGS)),
        ),
        Indicator(
            id="talk_time",
            title="平均通话时长",
            says="每个电话从接起到挂断，平均多久；中间的保持也在内。",
            formula="Σ 通话时长 ÷ 呼入与呼出电话数",
            unit="秒",
            better="lower",
            of="呼入与呼出电话",
            sources=("conversations.duration_ms", "conversations.channel"),
            needs="通话时长",
            supply="有录音的自动得知；没有录音的，清单里加一列“通话时长”（也认时长、duration）。",
            measure=mean(_calls, lambda f: f.duration_s),
        ),
        Indicator(
            id="hold_time",
            title="平均保持时长",
            says="每个电话里客户被保持，平均一共多久；没有保持的算 0 秒。",
            formula="Σ 保持时长 ÷ 有保持时长的电话数",
            unit="秒",
            better="lower",
            of="呼入与呼出电话",
            sources=("conversations.hold_s", "conversations.channel"),
            needs="保持时长",
            supply=_HOLD,
            measure=mean(_calls, lambda f: f.hold_s),
        ),
        Indicator(
            id="hold_rate",
            title="通话保持率",
            says="有过保持的电话占多少。",
            formula="保持时长大于 0 的电话 ÷ 有保持时长的电话",
            unit=PERCENT,
            better="lower",
            of="呼入与呼出电话",
            sources=("conversations.hold_s", "conversations.channel"),
            needs="保持时长",
            supply=_HOLD,
            measure=share(_calls, lambda f: _flag(f.hold_s, f.hold_s > 0)),
        ),
        Indicator(
            id="after_call",
            title="话后处理时长",
            says="从电话挂断到坐席恢复接话等待，平均多久。",
            formula="Σ 话后处理时长 ÷ 有话后处理时长的电话数",
            unit="秒",
            better="lower",
            of="呼入与呼出电话",
            sources=("conversations.after_call_s", "conversations.channel"),
            needs="话后处理时长",
            supply=_AFTER,
            measure=mean(_calls, lambda f: f.after_call_s),
        ),
        Indicator(
            id="handle_time",
            title="平均处理时长",
            says="一个电话平均占用坐席多久：通话加话后处理。",
            formula="Σ（通话时长 + 话后处理时长）÷ 两者都有的电话数",
            unit="秒",
            better="lower",
            of="呼入与呼出电话",
            sources=("conversations.after_call_s", "conversations.duration_ms", "conversations.channel"),
            needs="话后处理时长",
            supply=_AFTER,
            measure=mean(_calls, _handling),
        ),
        Indicator(
            id="transfer_rate",
            title="转接率",
            says="坐席接待的会话里，转给别人的占多少。",
            formula="转接次数大于 0 的会话 ÷ 有转接次数的坐席会话",
            unit=PERCENT,
            better="lower",
            of="坐席接待的会话",
            sources=("conversations.transfers", "conversations.agent_turns"),
            needs="转接次数",
            supply="清单里加一列“转接次数”（也认是否转接、transfer_count），写次数，或是、否。",
            measure=share(lambda f: _served(f) & (f.bot == 0), lambda f: _flag(f.transfers, f.transfers > 0)),
        ),
        Indicator(
            id="abandoned",
            title="呼损率",
            says="没有等到人接就挂断的来电占多少。",
            formula="放弃的来电 ÷ 全部来电",
            unit=PERCENT,
            better="lower",
            of="来电",
            supply="放弃的来电没有录音，不会成为会话；请用话务平台（ACD）的报表。",
        ),
    ),
)
