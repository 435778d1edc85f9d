"""What an alert says in one Chinese paragraph, with every number it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from qc.domain.alert import Dimension, Metric

DIMENSIONS = {
    Dimension.TOTAL: "全部",
    Dimension.PROJECT: "业务项目",
    Dimension.CHANNEL: "渠道",
    Dimension.REGION: "地区",
    Dimension.HOUR: "时段",
    Dimension.TOPIC: "话题",
    Dimension.INTENT: "意向",
    Dimension.COMPLAINT: "投诉类型",
}
WHOLE = {Metric.VOLUME: "来访总量", Metric.NEGATIVE: "整体负面率", Metric.RISK: "整体风险信号"}
METRICS = {Metric.VOLUME: "来访量", Metric.NEGATIVE: "负面率", Metric.RISK: "风险信号", Metric.WORD: "词"}
BETA_BINOMIAL, NEGATIVE_BINOMIAL, LIKELIHOOD_RATIO = "beta-binomial", "negative-binomial", "log-likelihood-ratio"
TESTS = {
    BETA_BINOMIAL: "贝塔二项检验（占比，计入逐日波动）",
    NEGATIVE_BINOMIAL: "负二项检验（总量，计入逐日波动）",
    LIKELIHOOD_RATIO: "对数似然比检验（Dunning）",
}
_WEEKDAYS = "一二三四五六日"


def weekday(day: date) -> str:
    """星期五."""
    return f"星期{_WEEKDAYS[day.weekday()]}"


def family(metric: Metric, dimensions: Sequence[Dimension]) -> str:
    """来访量 · 话题 × 地区."""
    if not dimensions:
        return METRICS[metric]
    return f"{METRICS[metric]} · {' × '.join(DIMENSIONS[d] for d in dimensions)}"


def chance(p: float) -> str:
    """A probability with two significant digits: 0.012; what is smaller than 0.0001 is only said to be so."""
    if p >= 0.0995:
        return f"{p:.2f}"
    return f"{p:.2g}" if p >= 1e-4 else "不到 0.0001"


def count(value: float) -> str:
    """1,234 or 3.4: whole from ten on."""
    return f"{value:,.0f}" if value >= 9.95 else f"{value:.1f}"


def more(increase: float | None) -> str:
    """多 79%, 是预计的 5.2 倍, 以前没有."""
    if increase is None:
        return "以前没有"
    return f"多 {increase:.0%}" if increase < 2 else f"是预计的 {increase + 1:.1f} 倍"


def counted(
    *,
    subject: str,
    metric: Metric,
    day: date,
    observed: int,
    of: int | None,
    expected: float,
    usual_high: int,
    increase: float | None,
    p: float,
    q: float,
    tested: int,
    days: int,
    seasonal: bool,
    test: str,
) -> str:
    """Why a count of customers is an alert."""
    what = {Metric.NEGATIVE: "客户有明显负面情绪", Metric.RISK: "客户有风险信号"}.get(metric, "客户")
    share = ""
    if of:
        whole = "全天" if metric is Metric.VOLUME else "这些客户共"
        share = f"（{whole} {of:,} 位，占 {observed / of:.1%}）"
    ground = f"前 {days} 天" + (f"并考虑{weekday(day)}的规律" if seasonal else "")
    return (
        f"{subject}：{day.isoformat()}（{weekday(day)}）{observed:,} 位{what}{share}。"
        f"按{ground}预计 {count(expected)} 位，"
        f"平常 20 天里有 19 天不超过 {usual_high:,} 位；{more(increase)}。"
        f"偶然这么多的机会 p：{chance(p)}；当天共检验 {tested:,} 项，校正后 q：{chance(q)}。{TESTS[test]}。"
    )


def word(
    *, term: str, day: date, observed: int, of: int, expected: float, increase: float | None, ratio: float,
    limit: float, q: float, days: int,
) -> str:  # fmt: skip
    """Why a word is an alert."""
    return (
        f"“{term}”：{day.isoformat()}（{weekday(day)}）{of:,} 个会话中有 {observed:,} 个的客户说到，"
        f"按前 {days} 天预计 {count(expected)} 个；{more(increase)}。对数似然比 {ratio:.1f}，"
        f"平常 20 天里有 19 天最突出的词不超过 {limit:.1f}；q：{chance(q)}。{TESTS[LIKELIHOOD_RATIO]}。"
    )
