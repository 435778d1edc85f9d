"""Label files of invented sentences: enough to train a small head in a second."""

from __future__ import annotations

import csv
import io

_THINGS = ("电表", "水费", "宽带", "保单", "空调", "路由器", "发票", "快递", "账单", "门禁", "套餐", "理赔")
_SAID = {
    "负面": (
        "{}的事拖了半个月，你们到底管不管",
        "为了{}我跑了三趟，气死我了",
        "{}又坏了，什么破质量",
        "别再推了，{}的问题我要投诉",
        "{}弄成这样真让人失望",
    ),
    "中性": (
        "我想问一下{}怎么办理",
        "{}要带身份证吗",
        "请问{}的营业时间是几点",
        "我昨天申请了{}",
        "{}可以改地址吗",
        "帮我查一下{}",
    ),
    "正面": ("{}已经好了，谢谢你们", "{}处理得真快，辛苦了", "非常满意，{}没问题了", "{}的事多亏你，太感谢了"),
}


def emotion_rows() -> list[tuple[str, str]]:
    """180 sentences, three classes."""
    return [(said.format(thing), label) for thing in _THINGS for label, listed in _SAID.items() for said in listed]


def intent_rows() -> list[tuple[str, str]]:
    """The same sentences by what they are about."""
    return [(said.format(thing), thing) for thing in _THINGS for listed in _SAID.values() for said in listed]


def as_csv(rows: list[tuple[str, str]], header: tuple[str, str] = ("文本", "标签")) -> str:
    """A CSV with a header."""
    out = io.StringIO()
    csv.writer(out).writerows([header, *rows])
    return out.getvalue()
