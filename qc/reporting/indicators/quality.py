"""质量与监控: how good the service was, and how much people look after the machine that says so."""

from __future__ import annotations

import numpy as np

from qc.reporting.indicators.facts import Bools, Facts, Floats
from qc.reporting.indicators.indicator import PERCENT, Family, Figure, Indicator, mean, of_values, share
from qc.review.accuracy import measure

_CARDS = "评分表（scorecards/）的适用范围要包括这些会话。"
_REVIEWS = "用 qc review sample 抽样，班组长在会话页或工作簿上复核，再用 qc review import 导入。"


def _all(f: Facts) -> Bools:
    return np.ones(f.size, bool)


def _right(f: Facts) -> Figure:
    """As the review loop measures it, verdict by verdict."""
    found = measure(f.verdicts).accuracy
    if found is None:
        return Figure()
    return Figure(value=100 * found.value, low=100 * found.low, high=100 * found.high, n=found.n, scope=found.n)


def _per_agent(f: Facts, column: Floats) -> Figure:
    """The mean over agents of what their conversations add up to; of those without reviews 0."""
    own = f.agent.known
    agents, place = np.unique(f.agent.codes[own], return_inverse=True)
    if np.isnan(column).all():
        return Figure(scope=len(agents))
    totals = np.bincount(place, weights=np.nan_to_num(column[own]), minlength=len(agents)).astype(np.float64)
    return of_values(totals, len(agents))


QUALITY = Family(
    id="quality",
    title="质量与监控",
    indicators=(
        Indicator(
            id="quality_score",
            title="通话质量监控评分",
            says="评过分的会话平均多少分，复核过的按终审；满分不是 100 的评分表折成百分，一个会话有几张表的取平均。",
            formula="Σ 会话得分 ÷ 评分会话数；会话得分 = 得分 ÷ 满分 × 100",
            unit="分",
            better="higher",
            of="会话",
            sources=("scores.score", "scores.base", "final_scores.score"),
            supply=_CARDS,
            measure=mean(_all, lambda f: f.score, 100.0),
        ),
        Indicator(
            id="pass_rate",
            title="质检合格率",
            says="每张评分表都合格的会话占多少。",
            formula="合格的会话 ÷ 评分会话",
            unit=PERCENT,
            better="higher",
            of="会话",
            sources=("scores.passed", "final_scores.passed"),
            supply=_CARDS,
            measure=share(_all, lambda f: f.passed),
        ),
        Indicator(
            id="business_error",
            title="业务差错率",
            says="有业务关键差错的会话占多少。",
            formula="有业务关键差错的会话 ÷ 评分会话",
            unit=PERCENT,
            better="lower",
            of="会话",
            sources=("scores.business_error", "final_scores.business_error"),
            supply="评分表（scorecards/）的适用范围要包括这些会话；差错类别写在规则的 error_class。",
            measure=share(_all, lambda f: f.business_error),
        ),
        Indicator(
            id="machine_accuracy",
            title="智能质检准确率",
            says="有人整通复核过的会话里，机器判对的判定占多少，按抽样概率加权到全部会话；计入的是判定数。",
            formula="Σ 权重 × 机器与人一致的判定 ÷ Σ 权重 × 两者能比较的判定",
            unit=PERCENT,
            better="higher",
            of="整通复核过的会话",
            sources=("final_findings.machine_verdict", "final_findings.final_verdict", "samples.probability"),
            needs="复核记录",
            supply=_REVIEWS,
            measure=_right,
        ),
        Indicator(
            id="review_coverage",
            title="人工复核率",
            says="质检过的会话里，有人复核过的占多少。",
            formula="有复核意见的会话 ÷ 质检过的会话",
            unit=PERCENT,
            better="higher",
            of="会话",
            sources=("reviews.conversation_id",),
            needs="复核记录",
            supply=_REVIEWS,
            measure=share(_all, lambda f: f.looked_at),
        ),
        Indicator(
            id="monitoring",
            title="监控频率",
            says="平均每个坐席有几个会话被人复核；没有被复核的坐席算 0。",
            formula="被复核的会话 ÷ 有会话的坐席数",
            unit="次/人",
            better="higher",
            of="坐席",
            sources=("reviews.conversation_id", "conversations.agent_id"),
            needs="复核记录",
            supply=_REVIEWS,
            measure=lambda f: _per_agent(f, f.looked_at),
        ),
        Indicator(
            id="feedback",
            title="反馈频率",
            says="平均每个坐席得到几条书面反馈：复核时写下的说明。面谈不在其中。",
            formula="有说明的复核意见 ÷ 有会话的坐席数",
            unit="次/人",
            better="higher",
            of="坐席",
            sources=("reviews.comment", "conversations.agent_id"),
            needs="复核记录",
            supply=_REVIEWS,
            measure=lambda f: _per_agent(f, f.remarks),
        ),
    ),
)
