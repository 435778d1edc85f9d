"""What the codes of the stored tables are called on paper, and the order in which they are listed.

Names are Chinese here and said where they are shown (`formatting.label`).
"""

from __future__ import annotations

from qc.domain.conversation import CHANNEL_TITLES

SEVERITIES = ("critical", "high", "medium", "low")
SEVERITY = {"critical": "致命", "high": "严重", "medium": "一般", "low": "轻微"}
# A shape beside the word: colour alone is lost in print and on some eyes.
SEVERITY_MARK = {"critical": "◆", "high": "▲", "medium": "●", "low": "○"}

KIND = {"violation": "违规", "signal": "信号", "merit": "亮点"}

PASSING = {"yes": "合格", "no": "不合格"}

COPC = {"customer": "无客户关键差错", "business": "无业务关键差错", "compliance": "无合规关键差错"}
ERROR_CLASS = {"customer": "客户关键差错", "business": "业务关键差错", "compliance": "合规关键差错"}

CHANNEL = CHANNEL_TITLES

ROLE = {"agent": "坐席", "customer": "客户", "bot": "机器人", "system": "系统", "unknown": "未分角色"}

ROLE_SOURCE = {
    "channels": "按声道区分",
    "swapped": "声道接反，已按开场白更正",
    "voices": "单声道，由声音区分",
    "configured": "单声道，按配置都算一方",
    "unsure": "说话人没有把握",
    "unknown": "没有记录（旧版本）",
}
MARK = {"hot_word": "热词改正", "number": "数字写法", "filler": "语气词"}

ITEM_STATUS = {
    "passed": "达标",
    "deducted": "扣分",
    "awarded": "加分",
    "not_awarded": "未加分",
    "not_applicable": "不适用",
    "undecided": "无法判定",
}
ITEM_MARK = {
    "passed": "✓",
    "deducted": "−",
    "awarded": "+",
    "not_awarded": "·",
    "not_applicable": "·",
    "undecided": "?",
}

SENTIMENTS = ("negative", "neutral", "positive")
SENTIMENT = {"negative": "负面", "neutral": "中性", "positive": "正面", "none": "无客户发言"}

EMOTION_COMPONENT = {
    "anger": "愤怒",
    "anxiety": "焦急",
    "disappointment": "失望",
    "disgust": "厌恶",
    "threat": "扬言升级",
    "satisfaction": "满意",
    "indifference": "冷漠",
    "impatience": "不耐烦",
    "soothing": "安抚",
    "empathy": "共情",
}

MOOD_COURSE = {"better": "好转", "worse": "变差", "steady": "变化不大"}
TURNING = {"peak": "最差", "inflamed": "此后变差", "calmed": "此后好转"}
TURNING_MARK = {"peak": "◇", "inflamed": "▼", "calmed": "▲"}

VERDICT = {"hit": "命中", "miss": "未命中", "not_applicable": "不适用", "undecided": "无法判定"}

STAGE = {"ingest": "读入", "asr": "转写", "inspect": "质检"}

FAILURE = {
    "missing_recording": "缺录音",
    "outside_root": "路径在输入目录之外",
    "ambiguous": "同名文件不止一个",
    "no_transcript": "缺转写",
    "not_one_conversation": "转写不是一通会话",
    "no_times": "转写没有时间",
    "times_beyond_end": "转写时间超出录音",
    "duplicate_row": "清单行重复",
    "duplicate_id": "会话编号重复",
    "missing_key": "清单行没有编号",
    "missing_id": "没有会话编号",
    "empty_file": "空文件",
    "empty_conversation": "空会话",
    "encoding": "编码不对",
    "bad_json": "JSON 写坏",
    "bad_shape": "内容不合格式",
    "bad_table": "表格写坏",
    "open_quote": "引号没有闭合",
    "unknown_format": "不认识的格式",
    "unfinished": "转写任务没有成功",
    "too_large": "会话过大",
    "unreadable": "读不了",
    "not_audio": "不是录音",
    "corrupt": "录音损坏",
    "truncated": "录音不完整",
    "unsupported": "格式不支持",
    "too_long": "录音过长",
    "no_speech": "没有说话声",
    "transcript_lost": "转写缓存丢失",
    "changed": "处理中被改动",
    "crashed": "使进程崩溃",
    "timeout": "超过时限",
    "memory": "超过内存上限",
    "error": "程序出错",
}
"""Kind of a failure (docs/inputs.zh-CN.md says what to do about each)."""

OPERATOR = {
    "keyword": "关键词",
    "regex": "正则",
    "near": "邻近",
    "silence": "静音",
    "speed": "语速",
    "interrupt": "抢话",
    "call_duration": "通话时长",
    "turn_count": "话轮数",
    "role_is": "角色判断",
    "repeat": "上下文重复",
    "sequence": "先后出现",
    "flow": "流程",
    "answer_after_question": "知识点问答",
    "meta": "随录参数",
    "emotion": "情绪",
    "topic": "话题",
    "entity": "信息实体",
}

CHANGE = {"added": "新增", "removed": "移除", "changed": "改动"}
CHANGE_MARK = {"added": "＋", "removed": "－", "changed": "△"}

UNIT = {"s": "秒", "ms": "毫秒", "percent": "%", "字/分钟": "字/分钟", "轮": "轮", "级": "级"}
"""Unit of a stored measure → what it is called."""

ESCALATION = {"regulator": "监管", "media": "媒体", "superior": "上级", "hotline": "政府热线", "court": "司法"}
SCOPE = {"single": "个案", "area": "同一地区", "hour": "同一时段", "product": "同一产品"}

INTENT_KIND = {
    "churn": "流失与退保",
    "complaint": "投诉",
    "purchase": "购买",
    "repayment": "还款",
    "other": "其他",
}
INTENT_LEVEL = {1: "提到", 2: "明确", 3: "强烈"}

ALERT_LEVEL = {"critical": "严重", "warning": "预警", "watch": "关注", "notice": "提示"}

UNKNOWN_TOPIC = "unknown"
BLANK = "未填写"


def severity_rank(code: str) -> int:
    """0 is the gravest; codes this version does not know come last."""
    return SEVERITIES.index(code) if code in SEVERITIES else len(SEVERITIES)
