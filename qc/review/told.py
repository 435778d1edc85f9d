"""What the measured accuracy means, in sentences that the terminal and the pages share."""

from __future__ import annotations

import math

from qc.domain.conversation import CHANNEL_TITLES
from qc.domain.language import say
from qc.review.accuracy import Accuracy, Measured
from qc.review.fairness import ACCUSED, MISSED, Difference
from qc.review.measures import needed

_WIDE = 0.1
"""Half an interval wider than this calls for more reviews."""


def attribute_told(attribute: str) -> str:
    """What a conversation is told apart by, as people read it."""
    return {
        "project": say("业务项目"),
        "channel": say("渠道"),
        "accent": say("口音"),
        "confidence": say("转写置信度"),
        "sample_rate": say("采样率"),
        "role_source": say("角色来源"),
    }[attribute]


def value_told(attribute: str, value: str) -> str:
    """The value of an attribute as people read it."""
    if attribute == "channel":
        return say(CHANNEL_TITLES.get(value, value))
    sources = {
        "channels": say("按声道区分"),
        "swapped": say("声道接反，已更正"),
        "voices": say("单声道，由声音区分"),
        "configured": say("单声道，按配置"),
        "unsure": say("说话人没有把握"),
    }
    return sources.get(value, value) if attribute == "role_source" else value


def difference_told(found: Difference) -> str:
    """One sentence: which rule errs on what, by how much, and how sure that is."""
    kind = say(
        "{attribute}“{value}”",
        attribute=attribute_told(found.attribute),
        value=value_told(found.attribute, found.value),
    )
    words = {
        "kind": kind,
        "wrong": found.wrong,
        "n": found.n,
        "share": f"{found.share:.0%}",
        "other_wrong": found.other_wrong,
        "other_n": found.other_n,
        "other": f"{found.other_share:.0%}",
        "q": "< 0.001" if found.q < 0.001 else f"= {found.q:.3f}",
        "rule": found.title,
    }
    if not found.rule_id:
        if found.what == MISSED:
            return say(
                "{kind}的会话漏判更多：{n} 个有问题的会话里 {wrong} 个有漏判（{share}），"
                "其余 {other_n} 个里 {other_wrong} 个（{other}），不像偶然（q {q}）。",
                **words,
            )
        if found.what == ACCUSED:
            return say(
                "{kind}的会话误判更多：{n} 个会话里 {wrong} 个有误判（{share}），"
                "其余 {other_n} 个里 {other_wrong} 个（{other}），不像偶然（q {q}）。",
                **words,
            )
        return say(
            "{kind}的会话误判更多：{n} 个有命中的会话里 {wrong} 个有误判（{share}），"
            "其余 {other_n} 个里 {other_wrong} 个（{other}），不像偶然（q {q}）。",
            **words,
        )
    if found.what == MISSED:
        return say(
            "“{rule}”在{kind}的会话上漏判更多：{n} 处问题漏了 {wrong} 处（{share}），其余会话 {other_n} 处漏了"
            " {other_wrong} 处（{other}），不像偶然（q {q}）。",
            **words,
        )
    if found.what == ACCUSED:
        return say(
            "“{rule}”在{kind}的会话上误判更多：人说没有的 {n} 个会话里判成命中 {wrong} 个（{share}），其余会话"
            " {other_n} 个里 {other_wrong} 个（{other}），不像偶然（q {q}）。",
            **words,
        )
    return say(
        "“{rule}”在{kind}的会话上误判更多：{n} 处命中里 {wrong} 处被改判（{share}），其余会话 {other_n} 处里"
        " {other_wrong} 处（{other}），不像偶然（q {q}）。",
        **words,
    )


def basis_told(measured: Accuracy) -> str:
    """What the figures rest on."""
    whole = measured.overall
    counts = {"n": whole.judged, "conversations": whole.conversations, "people": len(measured.reviewers)}
    if not measured.sampled:
        return say(
            "{people} 人复核了 {conversations} 个会话的 {n} 条判定。这些会话不是抽样抽出来的，数字只说明看过的会话；"
            "要代表整批，用 qc review sample 抽样后复核。",
            **counts,
        )
    told = say(
        "{people} 人复核了抽样抽到的 {conversations} 个会话的 {n} 条判定，按入样概率的倒数加权，代表整批。", **counts
    )
    if measured.left_out:
        told += say("抽样之外另复核了 {n} 条，不进估计。", n=measured.left_out)
    return told


def advice_told(whole: Measured) -> str | None:
    """How many more reviews would tell more, None where the intervals are narrow."""
    if whole.recall is None and whole.reviewed:
        return say(
            "还没有整个会话看完的复核，漏判有多少不知道。看完一个会话后，在会话页点“整个会话都看过，其余同意”，"
            "或在复核表的“整个会话”一行选同意。"
        )
    precision = whole.precision
    if precision is None:
        return say("还没有复核过命中，误判有多少不知道。")
    if precision.half <= _WIDE:
        return None
    more = math.ceil(precision.n * ((precision.half / _WIDE) ** 2 - 1))  # the width falls with the root of the number
    return say(
        "精确率的误差还有 ±{half} 个百分点；再复核约 {more} 条命中，误差在 ±10 个百分点之内。",
        half=f"{100 * precision.half:.0f}",
        more=more,
    )


def behind_told() -> str:
    """What to do about final verdicts that are older than the last review."""
    return say(
        "终审判定比最后收下的复核旧：上次导入没有做完。用 qc review import --run 批次目录 重算（不用给文件，"
        "再导入一次同一个文件也行），再看下面的数。"
    )


def nothing_told() -> str:
    """What to do when nothing was reviewed, and what it buys."""
    return say(
        "先用 qc review sample 抽一批复核，再用 qc review import 收回。复核 {ten} 条判定，"
        "准确率的误差在 ±10 个百分点之内；{five} 条 ±5；{two} 条 ±2"
        "（准确率在 90% 上下时分别是 {ten90}、{five90}、{two90} 条）。",
        ten=needed(0.1),
        five=needed(0.05),
        two=needed(0.02),
        ten90=needed(0.1, 0.9),
        five90=needed(0.05, 0.9),
        two90=needed(0.02, 0.9),
    )
