"""What an alert says in one paragraph, with every number it rests on, in the language being spoken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from qc.domain.alert import Alert, AlertSpecs, Dimension, Metric
from qc.domain.language import say

BETA_BINOMIAL, NEGATIVE_BINOMIAL, LIKELIHOOD_RATIO = "beta-binomial", "negative-binomial", "log-likelihood-ratio"


def spoken(specs: AlertSpecs) -> AlertSpecs:
    """The same with the names of its rules and levels, and who acts, in the language being spoken, as far as its
    catalogue has them."""
    levels = tuple(replace(m, title=say(m.title), who=say(m.who)) for m in specs.levels)
    return replace(specs, levels=levels, rules=tuple(replace(r, title=say(r.title)) for r in specs.rules))


def dimension(code: Dimension) -> str:
    """话题, 地区."""
    return {
        Dimension.TOTAL: say("全部"),
        Dimension.PROJECT: say("业务项目"),
        Dimension.CHANNEL: say("渠道"),
        Dimension.REGION: say("地区"),
        Dimension.HOUR: say("时段"),
        Dimension.TOPIC: say("话题"),
        Dimension.INTENT: say("意向"),
        Dimension.COMPLAINT: say("投诉类型"),
    }[code]


def subject(metric: Metric, dimensions: Sequence[Dimension], name: str) -> str:
    """What an alert is about: 话题与地区“停电 · 城东”, 来访总量."""
    if tuple(dimensions) == (Dimension.TOTAL,):
        return {
            Metric.VOLUME: say("来访总量"),
            Metric.NEGATIVE: say("整体负面率"),
            Metric.RISK: say("整体风险信号"),
        }[metric]
    if len(dimensions) == 1:
        return say("{dimension}“{name}”", dimension=dimension(dimensions[0]), name=name)
    first, second = map(dimension, dimensions)
    return say("{first}与{second}“{name}”", first=first, second=second, name=name)


def word_subject(term: str) -> str:
    """词“停电”."""
    return say("词“{term}”", term=term)


def test_title(test: str) -> str:
    """The name of a statistical test."""
    return {
        BETA_BINOMIAL: say("贝塔二项检验（占比，计入逐日波动）"),
        NEGATIVE_BINOMIAL: say("负二项检验（总量，计入逐日波动）"),
        LIKELIHOOD_RATIO: say("对数似然比检验（Dunning）"),
    }[test]


def weekday(day: date) -> str:
    """星期五."""
    return (
        say("星期一"),
        say("星期二"),
        say("星期三"),
        say("星期四"),
        say("星期五"),
        say("星期六"),
        say("星期日"),
    )[day.weekday()]


def family(metric: Metric, dimensions: Sequence[Dimension]) -> str:
    """来访量 · 话题 × 地区."""
    what = {
        Metric.VOLUME: say("来访量"),
        Metric.NEGATIVE: say("负面率"),
        Metric.RISK: say("风险信号"),
        Metric.WORD: say("词"),
    }[metric]
    return f"{what} · {' × '.join(map(dimension, dimensions))}" if dimensions else what


def chance(p: float) -> str:
    """A probability with two significant digits: 0.012; what is smaller than 0.0001 is only said to be so."""
    if p >= 0.0995:
        return f"{p:.2f}"
    return f"{p:.2g}" if p >= 1e-4 else "<0.0001"


def count(value: float) -> str:
    """1,234 or 3.4: whole from ten on."""
    return f"{value:,.0f}" if value >= 9.95 else f"{value:.1f}"


def more(increase: float | None) -> str:
    """多 79%, 是预计的 5.2 倍, 以前没有."""
    if increase is None:
        return say("以前没有")
    if increase < 2:
        return say("多 {percent}", percent=f"{increase:.0%}")
    return say("是预计的 {times} 倍", times=f"{increase + 1:.1f}")


def told(alert: Alert) -> str:
    """What an alert is about and why, in one paragraph."""
    return say("{subject}：{why}", subject=alert.name, why=alert.explanation)


def counted(
    *,
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
    on = {"date": day.isoformat(), "weekday": weekday(day), "count": f"{observed:,}"}
    first = {
        Metric.NEGATIVE: say("{date}（{weekday}）{count} 位客户有明显负面情绪", **on),
        Metric.RISK: say("{date}（{weekday}）{count} 位客户有风险信号", **on),
    }.get(metric) or say("{date}（{weekday}）{count} 位客户", **on)
    share = ""
    if of:
        values = {"of": f"{of:,}", "share": f"{observed / of:.1%}"}
        whole = metric is Metric.VOLUME
        share = (
            say("（全天 {of} 位，占 {share}）", **values)
            if whole
            else say("（这些客户共 {of} 位，占 {share}）", **values)
        )
    ground = (
        say(
            "按前 {days} 天并考虑{weekday}的规律预计 {expected} 位",
            days=days,
            weekday=weekday(day),
            expected=count(expected),
        )
        if seasonal
        else say("按前 {days} 天预计 {expected} 位", days=days, expected=count(expected))
    )
    return say(
        "{first}{share}。{ground}，平常 20 天里有 19 天不超过 {high} 位；{more}。"
        "偶然这么多的机会 p：{p}；当天共检验 {tested} 项，校正后 q：{q}。{test}。",
        first=first,
        share=share,
        ground=ground,
        high=f"{usual_high:,}",
        more=more(increase),
        p=chance(p),
        tested=f"{tested:,}",
        q=chance(q),
        test=test_title(test),
    )


def word(
    *, day: date, observed: int, of: int, expected: float, increase: float | None, ratio: float, limit: float,
    q: float, days: int,
) -> str:  # fmt: skip
    """Why a word is an alert."""
    return say(
        "{date}（{weekday}）{of} 个会话中有 {count} 个的客户说到，按前 {days} 天预计 {expected} 个；{more}。"
        "对数似然比 {ratio}，平常 20 天里有 19 天最突出的词不超过 {limit}；q：{q}。{test}。",
        date=day.isoformat(),
        weekday=weekday(day),
        of=f"{of:,}",
        count=f"{observed:,}",
        days=days,
        expected=count(expected),
        more=more(increase),
        ratio=f"{ratio:.1f}",
        limit=f"{limit:.1f}",
        q=chance(q),
        test=test_title(LIKELIHOOD_RATIO),
    )
