"""Role words of chat exports and other products → Role."""

from __future__ import annotations

import re
from functools import lru_cache

from qc.domain.conversation import Role

_WORDS: dict[Role, str] = {
    Role.AGENT: """
        坐席 座席 客服 人工 人工客服 人工坐席 客服人员 客服代表 客户代表 客户经理 客户服务 服务人员 专员 话务员
        接线员 员工 商家 卖家 店家 agent staff operator seat csr waiter seller employee representative
        supervisor 坐席端 客服端
    """,
    Role.CUSTOMER: """
        客户 用户 访客 顾客 买家 会员 市民 来电人 诉求人 投诉人 报修人 主叫 乘客 患者 参保人 投保人 customer
        user visitor client guest buyer caller consumer 客户端 用户端
    """,
    Role.BOT: """
        机器人 人工智能 智能客服 智能机器人 客服机器人 语音机器人 智能助手 智能助理 小助手 助手 智能应答
        自动回复 bot robot chatbot assistant virtual_agent custom_bot 机器人客服
    """,
    Role.SYSTEM: "系统 系统消息 系统提示 系统通知 通知 提示 事件 system notice event notification ivr",
}
_ROLE = {word: role for role, words in _WORDS.items() for word in words.split()}
_LONGEST_FIRST = sorted(_ROLE, key=lambda w: (-len(w), w))
_TAIL = re.compile(r"[\s\d_\-:：/（(\[【#].*|[a-z].*|.{1,3}(先生|女士|小姐)", re.DOTALL)
"""What may follow a role word in a sender's name: 客服8001, 坐席-张三, 客户王先生. 客户投诉处理 is no customer."""
_NAME_CHARS = 4  # 客服小王, 机器人小电: what serves the customer is often followed by a name


@lru_cache(maxsize=4096)
def role_of(word: str) -> Role:
    """The role named by `word`; UNKNOWN when it names none.

    >>> role_of("客服 8001"), role_of("CUSTOMER"), role_of("SPEAKER_00")
    (<Role.AGENT: 'agent'>, <Role.CUSTOMER: 'customer'>, <Role.UNKNOWN: 'unknown'>)
    """
    name = word.strip().lower()
    if (role := _ROLE.get(name)) is not None:
        return role
    for known in _LONGEST_FIRST:
        if name.startswith(known):
            rest = name[len(known) :]
            # an English word must end: "clientele" names nobody
            if known.isascii() and rest[0].isalpha() and rest[0].isascii():
                continue
            named = _ROLE[known] in (Role.AGENT, Role.BOT) and len(rest) <= _NAME_CHARS
            return _ROLE[known] if named or _TAIL.fullmatch(rest) else Role.UNKNOWN
    return Role.UNKNOWN
