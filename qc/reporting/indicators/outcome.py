"""解决与体验: whether the matter was settled, and what it cost the customer."""

from __future__ import annotations

import numpy as np

from qc.opinion.contacts import INCOMING
from qc.opinion.resolution import DAYS
from qc.reporting.estimates import Rate
from qc.reporting.indicators.facts import Bools, Facts, Floats
from qc.reporting.indicators.indicator import PERCENT, Family, Figure, Indicator, mean, of_rate, share

_SURVEY = "清单里加一列“满意度”（也认满意度评价、csat），写 1–5 或非常满意…非常不满意，未评价的留空。"
SATISFIED = 4
"""满意 and 非常满意."""


def _all(f: Facts) -> Bools:
    return np.ones(f.size, bool)


def _contacts(f: Facts) -> Bools:
    return np.asarray(f.served > 0) | np.asarray(f.bot > 0) | f.channel.among(*INCOMING)


def _satisfied(f: Facts) -> Floats:
    return np.where(np.isnan(f.satisfaction), np.nan, (f.satisfaction >= SATISFIED).astype(float))


def _rated(f: Facts) -> Floats:
    """Not known where no conversation has an answer: then there was no survey, or no column."""
    known = ~np.isnan(f.satisfaction)
    return known.astype(float) if known.any() else np.full(f.size, np.nan)


def _solved(f: Facts) -> Figure:
    episodes = f.episodes
    rate = Rate(count=int(episodes.solved.sum()), n=int(episodes.counted.sum()))
    return of_rate(rate, len(episodes.counted))


OUTCOME = Family(
    id="outcome",
    title="解决与体验",
    indicators=(
        Indicator(
            id="first_contact_resolution",
            title="一次问题解决率",
            says=f"客户第一次来就解决的占多少：{DAYS} 天内没有就同一件事再来。把之前各批次合起来看，期限未到的不算。",
            formula=f"{DAYS} 天内没有重复来的首次来话 ÷ 期限已到的首次来话",
            unit=PERCENT,
            better="higher",
            of="来话",
            sources=(
                *("conversations.customer_id", "conversations.started_at", "conversations.contact_reason"),
                *("conversations.primary_topic", "conversations.project"),
            ),
            needs=f"期限已到的首次来话（要有客户号、开始时间，和 {DAYS} 天以上的批次）",
            supply=(
                f"清单里加“客户号”与“开始时间”两列（号码不要打星号），并把每天的批次放在同一个目录下，"
                f"攒够 {DAYS} 天就有。"
            ),
            measure=_solved,
            compared=False,
        ),
        Indicator(
            id="effort",
            title="客户费力度",
            says="客户为办成一件事费了多少力，0 到 100：重复联系、重复说明、转接、等待、时长五部分加权。",
            formula="100 × Σ 权重 × 该部分的程度 ÷ 已知部分的权重之和",
            unit="分",
            better="lower",
            of="客户来往的会话",
            sources=(
                *("conversations.customer_id", "conversations.transfers", "conversations.queue_wait_s"),
                *("conversations.hold_s", "conversations.duration_ms", "findings.hit_count"),
            ),
            supply="清单里的客户号、转接次数、排队时长、保持时长越全，费力度越准；一部分也没有的不算。",
            measure=mean(lambda f: ~f.channel.among("ticket"), lambda f: f.effort, 100.0),
            looks_back=DAYS,
        ),
        Indicator(
            id="satisfied",
            title="满意率",
            says="参评的客户里，评 4 分（满意）以上的占多少。",
            formula="评 4 分、5 分的会话 ÷ 有满意度的会话",
            unit=PERCENT,
            better="higher",
            of="会话",
            sources=("conversations.satisfaction",),
            needs="满意度",
            supply=_SURVEY,
            measure=share(_all, _satisfied),
        ),
        Indicator(
            id="rated",
            title="参评率",
            says="与客户来往的会话里，客户参加了满意度评价的占多少。",
            formula="有满意度的会话 ÷ 与客户来往的会话",
            unit=PERCENT,
            better="higher",
            of="客户来往的会话",
            sources=("conversations.satisfaction",),
            needs="满意度",
            supply=_SURVEY,
            measure=share(_contacts, _rated),
        ),
        Indicator(
            id="soothed",
            title="安抚成功率",
            says="客户有过明显负面情绪的会话里，坐席安抚之后平静下来的占多少。",
            formula="安抚成功的会话 ÷ 有过 2 级以上负面情绪、坐席安抚过的会话",
            unit=PERCENT,
            better="higher",
            of="客户有过负面情绪、坐席安抚过的会话",
            sources=("conversations.soothed",),
            supply="情绪由 qc 自己判断，不需要另外的数据。",
            measure=share(lambda f: ~np.isnan(f.soothed), lambda f: f.soothed),
        ),
        Indicator(
            id="complaint_rate",
            title="投诉与升级风险率",
            says="有投诉或升级风险的会话占多少。",
            formula="有投诉或升级风险的会话 ÷ 全部会话",
            unit=PERCENT,
            better="lower",
            of="会话",
            sources=("complaints.conversation_id",),
            needs="投诉判定",
            supply="旧版本的批次没有这张表：用 qc inspect 重新质检。",
            measure=share(_all, lambda f: f.complaint),
        ),
        Indicator(
            id="on_time",
            title="非实时业务处理准时率",
            says="工单、留言、邮件等不是当场办的请求里，按时办结的占多少。",
            formula="按时办结的工单与留言 ÷ 写明是否按时的工单与留言",
            unit=PERCENT,
            better="higher",
            of="工单与留言",
            sources=("conversations.extra", "conversations.channel"),
            needs="按时办结",
            supply="工单或清单里加一列“按时办结”（也认是否按时、on_time），写是、否。",
            measure=share(lambda f: f.channel.among("ticket", "message"), lambda f: f.on_time),
        ),
    ),
)
