"""Which header means which field: the names centres use, Chinese and English, and their own from `qc.yaml`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from qc.domain.config import MANIFEST_FIELDS
from qc.errors import UsageError

CALL: Mapping[str, str] = {
    "conversation_id": """
        流水号 通话流水号 录音流水号 业务流水号 通话id 通话编号 录音编号 录音id 会话编号 会话id 会话标识
        对话编号 对话id 接触编号 工单号 工单编号 工单id conversationid callid sessionid contactid dialogueid
        chatid ticketid tid id uuid
    """,
    "file": """
        录音文件 录音文件名 录音路径 文件名 文件名称 文件路径 文件 file filename filepath path recording
        recordingfile audio audiofile
    """,
    "project": "业务项目 项目 项目名称 业务线 project businessline",
    "channel": """
        渠道 渠道类型 接入渠道 来源渠道 受理渠道 呼叫类型 呼叫方向 通话类型 通话方向 channel direction calltype
    """,
    "agent_id": """
        坐席工号 座席工号 客服工号 员工工号 工号 坐席编号 座席编号 坐席id 座席id 处理人工号 agentid staffid
        agentno employeeid
    """,
    "agent_name": """
        坐席姓名 座席姓名 客服姓名 员工姓名 坐席 座席 客服 处理人 处理人姓名 受理人 agentname agent staffname
    """,
    "team": "班组 坐席班组 团队 小组 组别 技能组 team group skillgroup",
    "customer_id": """
        客户号 客户编号 客户id 客户编码 户号 用户编号 用户id 主叫号码 主叫 来电号码 客户号码 客户电话 customerid
        customer userid caller callernumber ani
    """,
    "started_at": """
        开始时间 通话开始时间 呼叫开始时间 录音开始时间 会话开始时间 呼叫时间 来电时间 接入时间 受理时间
        创建时间 starttime startedat begintime calltime createdat createtime
    """,
    "duration_ms": "通话时长 时长 录音时长 会话时长 通话时间长度 duration durations talktime callduration",
    "ring_count": "振铃次数 响铃次数 振铃声数 ringcount rings",
    "queue_wait_s": "排队时长 排队时间 排队等待时长 排队等待时间 等待时长 等待时间 queuewait queuetime waittime",
    "hold_s": """
        保持时长 保持时间 通话保持时长 通话保持时间 保留时长 hold时长 hold holdtime holdduration
    """,
    "after_call_s": """
        话后处理时长 话后处理时间 话后时长 话后处理 事后处理时长 整理时长 aftercall aftercallwork acw acwtime wrapup
        wrapuptime
    """,
    "transfers": """
        转接次数 转接数 转移次数 是否转接 是否转人工 转人工 transfercount transfers transferred toagent
    """,
    "satisfaction": "满意度 满意度评价 满意度评分 满意度结果 客户满意度 satisfaction csat rating",
    "region": "地区 区域 所属地区 归属地 省份 城市 region province city area",
}
MESSAGE: Mapping[str, str] = {
    "role": """
        角色 发送方 发送者 发送人 发言人 发言方 说话人 说话方 身份 消息来源 role sender sendertype speaker from
        author
    """,
    "text": "内容 消息内容 发送内容 发言内容 聊天内容 文本 消息 text content message msg words utterance body",
    "time": "时间 发送时间 消息时间 发言时间 time timestamp ts datetime sendtime sentat createdat createtime date",
    "begin_ms": "开始毫秒 beginms startms",
    "end_ms": "结束毫秒 endms",
    "audio_channel": "声道 audiochannel",
    "confidence": "置信度 confidence",
}
TICKET: Mapping[str, str] = {
    "ticket_id": "工单号 工单编号 工单id 单号 ticketid ticketno ticket",
    "request": """
        客户诉求 诉求内容 诉求 受理内容 客户描述 问题描述 投诉内容 咨询内容 报修内容 工单内容 request complaint
        description
    """,
    "handling": "处理过程 处理情况 处理记录 处理意见 处理步骤 跟进记录 handling process progress",
    "result": "处理结果 办理结果 处理结论 回复内容 答复内容 答复口径 解决方案 result resolution reply",
}
_SYNONYMS = {
    **dict.fromkeys(("duration", "duration_s"), "duration_ms"),
    "queue_wait": "queue_wait_s",
    "hold": "hold_s",
    "after_call": "after_call_s",
}
_BRACKETS = re.compile(r"[(\[【].*?[)\]】]")
_UNITS = ((re.compile(r"毫秒|ms|millis", re.I), 0.001), (re.compile(r"分钟|\(分\)|min", re.I), 60.0))


@lru_cache(maxsize=4096)
def fold(header: str) -> str:
    """A header as compared: half width, lower case, without spaces, underscores, hyphens and bracketed units."""
    plain = unicodedata.normalize("NFKC", header[:200]).strip("\ufeff \t\r\n").lower()
    return re.sub(r"[\s_\-*:]", "", _BRACKETS.sub("", plain))


def unit_of(header: str) -> float:
    """Seconds per unit of a number under `header`: 通话时长(毫秒) → 0.001, 时长(分钟) → 60, else 1."""
    plain = unicodedata.normalize("NFKC", header[:200])
    return next((unit for pattern, unit in _UNITS if pattern.search(plain)), 1.0)


@dataclass(frozen=True, slots=True)
class Columns:
    """Header → field for one family of fields. Earlier aliases of a field win over later ones."""

    rank: Mapping[str, tuple[str, int]]

    def field_of(self, header: str) -> str | None:
        """The field a single header means, or None."""
        found = self.rank.get(fold(header))
        return found[0] if found else None

    def assign(self, headers: Sequence[str]) -> dict[str, int]:
        """Field → index of the best header for it; the first of equals. A header serves at most one field."""
        best: dict[str, tuple[int, int]] = {}
        for index, header in enumerate(headers):
            if found := self.rank.get(fold(header)):
                name, rank = found
                best[name] = min(best.get(name, (rank, index)), (rank, index))
        return {name: index for name, (_, index) in best.items()}


def columns(aliases: Mapping[str, str], configured: Mapping[str, Sequence[str]]) -> Columns:
    """The aliases of one family with those of `manifest.columns` in front.

    Raises UsageError when `configured` names a field that does not exist in any family.
    """
    rank: dict[str, tuple[str, int]] = {}
    for name, headers in configured.items():
        if name not in MANIFEST_FIELDS:
            known = "、".join(MANIFEST_FIELDS)
            raise UsageError(f"qc.yaml 的 manifest.columns 里没有 {name} 这个字段", f"可用的字段：{known}")
        field = _SYNONYMS.get(name, name)
        if field in aliases:
            for place, header in enumerate(headers):
                rank.setdefault(fold(header), (field, place - len(headers)))
    for field, words in aliases.items():
        for place, word in enumerate([*words.split(), fold(field)]):
            rank.setdefault(fold(word), (field, place))
    return Columns(rank)
