"""The Arrow schema of every table a run writes.

Keys: `conversation_id` is unique in `conversations` and `scores` is unique by (conversation_id, scorecard_id).
`turn` counts from 1. Times are milliseconds from the start of the conversation. Text is masked unless the run was
told to keep personal data; masks keep the length, so spans stay valid.
"""

from __future__ import annotations

import pyarrow as pa

SCHEMA_VERSION = "1.4"

_WORDS = pa.list_(pa.field("element", pa.string()))


def _spans(*fields: tuple[str, pa.DataType]) -> pa.DataType:
    """A list of pieces of a text: `fields` and the characters `start`..`end` (exclusive)."""
    return pa.list_(pa.field("element", pa.struct([("start", pa.int32()), ("end", pa.int32()), *fields])))


_TIMES = (("start_ms", pa.int64()), ("end_ms", pa.int64()))
_ENTITIES = _spans(("type", pa.string()), ("valid", pa.bool_()), ("personal", pa.bool_()))


def schema_of(name: str, title: str, fields: list[tuple[str, pa.DataType, str]]) -> pa.Schema:
    """The schema of a table from (name, type, Chinese description) of its columns."""
    return pa.schema(
        [pa.field(n, t, metadata={"zh": d}) for n, t, d in fields],
        metadata={"qc.table": name, "qc.title": title, "qc.schema_version": SCHEMA_VERSION},
    )


CONVERSATIONS = schema_of(
    "conversations",
    "会话：每个质检对象一行",
    [
        ("conversation_id", pa.string(), "会话编号"),
        ("project", pa.string(), "业务项目"),
        ("channel", pa.string(), "渠道：voice_inbound、voice_outbound、chat、bot_text、bot_voice、ticket、message"),
        ("date", pa.date32(), "业务日期（开始时间的日期，未给出时为空）"),
        ("started_at", pa.timestamp("ms"), "开始时间（当地时间）"),
        ("duration_ms", pa.int64(), "时长，毫秒"),
        ("agent_id", pa.string(), "坐席工号"),
        ("agent_name", pa.string(), "坐席姓名"),
        ("team", pa.string(), "班组"),
        ("customer_id", pa.string(), "客户编号（脱敏）"),
        ("region", pa.string(), "地区"),
        ("ring_count", pa.int32(), "振铃次数"),
        ("queue_wait_s", pa.float64(), "排队等待，秒"),
        ("hold_s", pa.float64(), "通话保持合计，秒（清单给出）"),
        ("after_call_s", pa.float64(), "话后处理，秒（清单给出）"),
        ("transfers", pa.int32(), "转接次数（清单给出）；机器人会话大于 0 就是转了人工"),
        ("satisfaction", pa.int32(), "满意度 1–5"),
        ("extra", pa.map_(pa.string(), pa.string()), "其他随录参数（脱敏）"),
        ("source_path", pa.string(), "来源文件，相对输入目录"),
        ("source_format", pa.string(), "来源格式"),
        ("source_sha256", pa.string(), "来源文件内容的 SHA-256"),
        ("in_manifest", pa.bool_(), "清单中有这一条"),
        ("audio_channels", pa.int32(), "声道数"),
        ("sample_rate", pa.int32(), "采样率，赫兹"),
        ("codec", pa.string(), "编码"),
        ("asr_engine", pa.string(), "转写引擎"),
        ("asr_model", pa.string(), "转写模型（名称与摘要）"),
        (
            "role_source",
            pa.string(),
            "角色怎样得知：channels 声道、swapped 声道接反、voices 声音、configured 配置、unsure 不确定；不是录音为空",
        ),
        ("asr_confidence", pa.float32(), "转写置信度（估计有多大比例的字听对了），按字数平均"),
        ("turn_count", pa.int32(), "话轮数"),
        ("agent_turns", pa.int32(), "坐席话轮数"),
        ("customer_turns", pa.int32(), "客户话轮数"),
        ("bot_turns", pa.int32(), "机器人话轮数"),
        ("agent_speech_ms", pa.int64(), "坐席说话时长，毫秒；无时间为空"),
        ("customer_speech_ms", pa.int64(), "客户说话时长，毫秒；无时间为空"),
        ("longest_silence_ms", pa.int64(), "最长静音，毫秒；无时间为空"),
        ("silence_ms", pa.int64(), "静音合计，毫秒；无时间为空"),
        ("agent_chars_per_min", pa.float32(), "坐席平均语速，字/分钟"),
        ("customer_emotion_start", pa.float32(), "客户开场情绪 −1…1"),
        ("customer_emotion_end", pa.float32(), "客户结束情绪 −1…1"),
        ("customer_emotion_worst", pa.float32(), "客户最差情绪 −1…1"),
        ("customer_emotion_worst_turn", pa.int32(), "客户情绪最差的话轮"),
        ("customer_emotion_level", pa.int32(), "客户负面情绪最高等级 0–5"),
        ("agent_emotion_worst", pa.float32(), "坐席最差情绪 −1…1"),
        ("agent_emotion_worst_turn", pa.int32(), "坐席情绪最差的话轮"),
        ("agent_emotion_level", pa.int32(), "坐席负面情绪最高等级 0–5"),
        ("customer_emotion_trend", pa.float32(), "客户情绪走势：结束减开场，正为好转；不足两轮为空"),
        ("inflamed_turn", pa.int32(), "此后客户情绪跌得最多的坐席话轮；没有明显恶化为空"),
        ("calmed_turn", pa.int32(), "此后客户情绪回升最多的坐席话轮；没有明显好转为空"),
        (
            "soothed",
            pa.bool_(),
            "安抚成功：客户有过 2 级以上负面情绪，坐席安抚之后平静；否：最后仍不平静；没有过、看不出是安抚的为空",
        ),
        ("customer_arousal_peak", pa.float32(), "客户最激动时的激动程度（声音，相对其开场）；没有录音为空"),
        ("customer_arousal_peak_turn", pa.int32(), "客户最激动的话轮"),
        ("primary_topic", pa.string(), "主要话题编号，未识别为 unknown"),
        ("contact_reason", pa.string(), "来电原因：客户最先说清的事，话题编号；未识别为 unknown"),
        ("contact_reason_turn", pa.int32(), "说出来电原因的话轮"),
        (
            "not_applicable",
            _WORDS,
            "不适用的规则；判定过而既不在这里、在 findings 里也不是命中或无法判定的，是未命中。未判定时为空",
        ),
    ],
)

TURNS = schema_of(
    "turns",
    "话轮：每句话一行",
    [
        ("conversation_id", pa.string(), "会话编号"),
        ("turn", pa.int32(), "第几轮，从 1 起"),
        ("role", pa.string(), "角色：agent 坐席、customer 客户、bot 机器人、system 系统、unknown 未知"),
        ("start_ms", pa.int64(), "开始，毫秒"),
        ("end_ms", pa.int64(), "结束，毫秒"),
        ("text", pa.string(), "文本（默认脱敏，长度不变）"),
        ("confidence", pa.float32(), "转写置信度：估计有多大比例的字听对了，0–1；0 为疑似凭空生成"),
        ("audio_channel", pa.int32(), "声道，从 0 起"),
        ("energy_db", pa.float32(), "音量 dBFS，0 最响；没有录音为空"),
        ("pitch_hz", pa.float32(), "音高：基频的中位数，赫兹；没有录音或没有浊音为空"),
        ("pitch_range_st", pa.float32(), "音高起伏：基频第 10 到第 90 百分位，半音；没有录音为空"),
        ("entities", _ENTITIES, "信息实体及其位置"),
        ("phrases", _spans(*_TIMES, ("confidence", pa.float32())), "一口气说的话：位置、时间、置信度；不是录音为空"),
        ("words", _spans(*_TIMES), "词的位置与时间；要求时才有"),
        (
            "marks",
            _spans(("kind", pa.string()), ("original", pa.string())),
            "文字整理：hot_word 热词改正、number 数字写法、filler 语气词；original 为整理前的字（默认脱敏）",
        ),
    ],
)

FINDINGS = schema_of(
    "findings",
    "判定：规则命中、无法判定或因例外不算，每个会话每条规则一行",
    [
        ("conversation_id", pa.string(), "会话编号"),
        ("rule_id", pa.string(), "规则编号"),
        ("rule_title", pa.string(), "规则名称"),
        ("rule_version", pa.string(), "规则版本"),
        ("rule_digest", pa.string(), "规则摘要 SHA-256"),
        ("kind", pa.string(), "violation 违规、merit 亮点、signal 信号"),
        ("severity", pa.string(), "严重程度 low、medium、high、critical"),
        ("error_class", pa.string(), "差错类别 customer、business、compliance、none"),
        ("status", pa.string(), "规则状态 stable、shadow"),
        ("verdict", pa.string(), "hit 命中、undecided 无法判定、miss 未命中（本会命中，因例外不算）"),
        ("reason", pa.string(), "无法判定的原因"),
        ("message", pa.string(), "给坐席的一句话（脱敏）"),
        ("advice", pa.string(), "应当怎么做"),
        ("pieces", _WORDS, "成立的片段"),
        ("excused", _WORDS, "成立的例外（unless 的片段）：没有它们就命中了；此时的证据是不算的那些命中"),
        ("hit_count", pa.int32(), "命中处数"),
        ("first_turn", pa.int32(), "第一处证据所在话轮"),
    ],
)

HITS = schema_of(
    "hits",
    "命中：每处证据一行",
    [
        ("conversation_id", pa.string(), "会话编号"),
        ("rule_id", pa.string(), "规则编号"),
        ("hit", pa.int32(), "本规则在本会话的第几处，从 1 起"),
        ("piece", pa.string(), "规则中的片段名"),
        ("operator", pa.string(), "算子"),
        ("turn", pa.int32(), "话轮；整通测量为空"),
        ("role", pa.string(), "角色"),
        ("char_start", pa.int32(), "起始字"),
        ("char_end", pa.int32(), "结束字（不含）"),
        ("start_ms", pa.int64(), "开始，毫秒"),
        ("end_ms", pa.int64(), "结束，毫秒"),
        ("text", pa.string(), "命中的文字（脱敏）"),
        ("value", pa.float64(), "测量值"),
        ("unit", pa.string(), "测量单位"),
        ("category", pa.string(), "词表类别"),
        ("level", pa.int32(), "词表等级"),
        ("note", pa.string(), "说明，如流程缺了哪一步"),
    ],
)

ITEM_SCORES = schema_of(
    "item_scores",
    "评分项得分：每个会话每个评分项一行",
    [
        ("conversation_id", pa.string(), "会话编号"),
        ("scorecard_id", pa.string(), "评分表编号"),
        ("section_id", pa.string(), "部分编号"),
        ("section_title", pa.string(), "部分名称"),
        ("section_points", pa.float64(), "部分分值：本部分扣到此为止"),
        ("item_id", pa.string(), "评分项编号"),
        ("item_title", pa.string(), "评分项名称"),
        ("rule_ids", _WORDS, "引用的规则"),
        ("effect", pa.string(), "deduct 扣分项、award 加分项"),
        (
            "status",
            pa.string(),
            "passed 达标、deducted 扣分、awarded 加分、not_awarded 未加分、not_applicable 不适用、undecided 无法判定",
        ),
        ("points", pa.float64(), "得分变化，扣分为负"),
        ("max_points", pa.float64(), "该项满分"),
        ("hits", pa.int32(), "命中处数"),
        ("error_class", pa.string(), "差错类别"),
        ("auto_fail", pa.string(), "一票否决的后果：none 无、section 本部分归零、card 总分归零"),
        ("fatal", pa.bool_(), "触发一票否决"),
    ],
)

SCORES = schema_of(
    "scores",
    "评分：每个会话每张适用的评分表一行",
    [
        ("conversation_id", pa.string(), "会话编号"),
        ("scorecard_id", pa.string(), "评分表编号"),
        ("scorecard_title", pa.string(), "评分表名称"),
        ("scorecard_version", pa.string(), "评分表版本"),
        ("scorecard_digest", pa.string(), "评分表摘要 SHA-256"),
        ("base", pa.float64(), "满分"),
        ("raw_score", pa.float64(), "一票否决之前的得分"),
        ("score", pa.float64(), "得分"),
        ("grade", pa.string(), "等级"),
        ("passed", pa.bool_(), "合格"),
        ("auto_fail", pa.bool_(), "一票否决"),
        ("auto_fail_items", _WORDS, "触发一票否决的评分项"),
        ("undecided_items", pa.int32(), "无法判定的项数"),
        ("customer_error", pa.bool_(), "有客户关键差错"),
        ("business_error", pa.bool_(), "有业务关键差错"),
        ("compliance_error", pa.bool_(), "有合规关键差错"),
    ],
)

EMOTIONS = schema_of(
    "emotions",
    "情绪：坐席与客户的每个话轮一行",
    [
        ("conversation_id", pa.string(), "会话编号"),
        ("turn", pa.int32(), "话轮"),
        ("role", pa.string(), "角色"),
        ("polarity", pa.float32(), "情绪 −1（负）…1（正）"),
        ("label", pa.string(), "negative 负面、neutral 中性、positive 正面"),
        ("level", pa.int32(), "强度 0–5"),
        ("component", pa.string(), "主要成分，如 anger、anxiety、threat、satisfaction；中性为空"),
        ("phrases", _WORDS, "依据的短语"),
        ("features", _WORDS, "依据的字串：训练出的模型里最说明问题的几个，没有用模型为空"),
        ("negative_probability", pa.float32(), "负面的概率 0–1（校准过）"),
        ("positive_probability", pa.float32(), "正面的概率 0–1（校准过）"),
        ("smoothed", pa.float32(), "平滑后的情绪：同一角色前后几轮加权平均"),
        ("snownlp", pa.float32(), "snownlp 情感分 0–1（作为一路信号）"),
        ("arousal", pa.float32(), "激动程度：音量、音高、起伏、语速相对说话人开场的变化，合成一个数；没有录音为空"),
        ("loudness_change_db", pa.float32(), "音量比说话人开场高多少分贝"),
        ("pitch_change_st", pa.float32(), "音高比说话人开场高多少半音"),
        ("speech_rate", pa.float32(), "语速，字/分钟；没有时间为空"),
        ("pause_ms", pa.int64(), "说这句之前的停顿，毫秒；没有时间为空"),
    ],
)

TOPICS = schema_of(
    "topics",
    "话题：每个会话每个话题一行",
    [
        ("conversation_id", pa.string(), "会话编号"),
        ("topic_id", pa.string(), "话题编号，未识别为 unknown"),
        ("topic", pa.string(), "话题名称"),
        ("parent", pa.string(), "上级话题名称"),
        ("share", pa.float32(), "在本会话中的占比 0–1"),
        ("rank", pa.int32(), "名次，1 为主要话题"),
        ("words", _WORDS, "依据的词"),
        ("first_turn", pa.int32(), "首次出现的话轮"),
    ],
)

TURN_TOPICS = schema_of(
    "turn_topics",
    "话轮话题：每个话轮谈到的每个话题一行",
    [
        ("conversation_id", pa.string(), "会话编号"),
        ("turn", pa.int32(), "话轮"),
        ("role", pa.string(), "角色"),
        ("topic_id", pa.string(), "话题编号"),
        ("score", pa.float32(), "依据的词权重合计"),
        ("words", _WORDS, "依据的词"),
    ],
)

INTENTS = schema_of(
    "intents",
    "意向：每个会话每种意向一行",
    [
        ("conversation_id", pa.string(), "会话编号"),
        ("intent_id", pa.string(), "意向编号"),
        ("intent", pa.string(), "意向名称"),
        ("kind", pa.string(), "类别：purchase 购买、churn 流失、complaint 投诉、repayment 还款、other 其他"),
        ("level", pa.int32(), "强度 1 提到、2 明确、3 强烈"),
        ("turn", pa.int32(), "说得最强的话轮"),
        ("phrases", _WORDS, "依据的短语"),
        ("probability", pa.float32(), "训练出的模型给的概率；没有用模型为空"),
        ("source", pa.string(), "依据：phrases 短语、model 模型、both 两者"),
    ],
)

COMPLAINTS = schema_of(
    "complaints",
    "投诉与升级风险：每个有风险的会话一行",
    [
        ("conversation_id", pa.string(), "会话编号"),
        ("type_id", pa.string(), "投诉类型编号，不属于任何一类为 other"),
        ("type", pa.string(), "投诉类型"),
        ("severity", pa.string(), "严重程度 low、medium、high、critical"),
        ("escalations", _WORDS, "可能升级到：regulator 监管、media 媒体、superior 上级、hotline 热线、court 司法"),
        ("scope", pa.string(), "影响面：single 个案、product 同一产品、area 同一地区、hour 同一时段"),
        ("scope_size", pa.int32(), "同一影响面的会话数"),
        ("deadline_minutes", pa.int32(), "应在多少分钟内处理"),
        ("due_at", pa.timestamp("ms"), "处理截止（开始时间加时限；没有开始时间为空）"),
        ("turn", pa.int32(), "最重的证据所在话轮"),
        ("reasons", _WORDS, "为什么是这个级别"),
    ],
)

TERMS = schema_of(
    "terms",
    "词频：每个业务项目每个词一行，用于热词",
    [
        ("project", pa.string(), "业务项目"),
        ("term", pa.string(), "词"),
        ("conversations", pa.int64(), "出现该词的会话数（客户所说）"),
        ("occurrences", pa.int64(), "出现次数"),
        ("negative_conversations", pa.int64(), "其中客户有负面情绪的会话数"),
    ],
)

FAILURES = schema_of(
    "failures",
    "失败：没有得到结果的每个输入一行",
    [
        ("input", pa.string(), "输入文件，相对输入目录；清单行为“清单名:行号”"),
        ("conversation_id", pa.string(), "会话编号"),
        ("stage", pa.string(), "ingest 读入、asr 转写、inspect 质检"),
        ("kind", pa.string(), "原因代码"),
        ("message", pa.string(), "原因"),
        ("retryable", pa.bool_(), "重试可能成功"),
        ("quarantined", pa.bool_(), "已隔离（曾使进程崩溃）"),
        ("sha256", pa.string(), "文件内容的 SHA-256"),
    ],
)

TABLES: dict[str, pa.Schema] = {
    "conversations": CONVERSATIONS,
    "turns": TURNS,
    "findings": FINDINGS,
    "hits": HITS,
    "item_scores": ITEM_SCORES,
    "scores": SCORES,
    "emotions": EMOTIONS,
    "topics": TOPICS,
    "turn_topics": TURN_TOPICS,
    "intents": INTENTS,
    "complaints": COMPLAINTS,
    "terms": TERMS,
    "failures": FAILURES,
}
