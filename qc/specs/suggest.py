"""“你是不是想写 …”."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

_CHINESE = {
    **dict.fromkeys(("坐席", "客服", "座席"), "agent"), **dict.fromkeys(("客户", "用户"), "customer"),
    "机器人": "bot", "系统": "system", "不限": "any", **dict.fromkeys(("电话", "呼入", "热线"), "voice_inbound"),
    **dict.fromkeys(("外呼", "回访"), "voice_outbound"), **dict.fromkeys(("在线", "在线会话", "聊天"), "chat"),
    "工单": "ticket", "留言": "message", "低": "low", "中": "medium", "高": "high", "严重": "critical",
    "违规": "violation", "亮点": "merit", "信号": "signal", "草稿": "draft", "试跑": "shadow", "正式": "stable",
    "停用": "retired", "命中": "hit", "未命中": "miss", "不适用": "na", "无法判定": "undecided",
    "扣分": "deduct", "加分": "award", "合规": "compliance", "业务": "business",
    **dict.fromkeys(("手机", "手机号"), "mobile"), "身份证": "id_card", "银行卡": "bank_card",
    "负面": "negative", "中性": "neutral", "正面": "positive",
}  # fmt: skip
"""The Chinese words people write for our English values."""


def suggest(word: str, options: Iterable[str], fallback: str = "") -> str:
    """A hint naming the option closest to `word`; all options when there are few; else `fallback`.

    >>> suggest("titel", ["id", "title"])
    '你是不是想写“title”？'
    """
    names = sorted(set(options))
    if _CHINESE.get(word) in names:
        return f"请写 {_CHINESE[word]}。"
    close = nearest(word, names)
    if close is not None:
        return f"你是不是想写“{close}”？"
    if names and len(names) <= 15:
        return f"可以写：{'、'.join(names)}。"
    return fallback


def nearest(word: str, options: Iterable[str]) -> str | None:
    """The option spelt most like `word`; None when none is like it."""
    return next(iter(difflib.get_close_matches(word, sorted(set(options)), n=1, cutoff=0.6)), None)


def suggest_field(word: str, fields: Mapping[str, str]) -> str:
    """A hint for a key that does not exist: the field closest in spelling or described by `word`, else all of them.

    >>> suggest_field("严重程度", {"severity": "严重程度 low、high", "title": "名称"})
    '你是不是想写“severity”？'
    """
    if not fields:
        return "请删掉它。"
    meant = [name for name, about in fields.items() if len(word) > 1 and about.startswith(word)]
    return suggest(meant[0] if meant else word, fields, f"可以写：{'、'.join(fields)}。")
