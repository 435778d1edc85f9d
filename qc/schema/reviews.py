"""The Arrow schema of what people add to a finished run: samples, reviews, appeals, and the scores that follow.

They stand beside the run's own tables, in RUN/reviews/TABLE/part-NNNNN.parquet. Samples, reviews and appeals only ever
grow: each import adds a part. The final scores are made again from all of them.
"""

from __future__ import annotations

import pyarrow as pa

from qc.schema.tables import ITEM_SCORES, SCORES, TABLES, schema_of

_TIME = pa.timestamp("ms")

SAMPLES = schema_of(
    "samples",
    "复核抽样：抽到的每个会话一行",
    [
        ("sample_id", pa.string(), "抽样编号：批次、种子与要求的摘要"),
        ("conversation_id", pa.string(), "会话编号"),
        ("source_sha256", pa.string(), "来源文件内容的 SHA-256：同一通录音不抽第二次"),
        ("agent_id", pa.string(), "坐席工号"),
        ("stratum", pa.string(), "所在的层"),
        ("stratum_size", pa.int64(), "层里有多少会话"),
        ("probability", pa.float64(), "入样概率 0–1，估计准确率时按它的倒数加权"),
        ("reason", pa.string(), "为什么抽到：risk 有风险、random 随机"),
        ("seed", pa.int64(), "随机种子"),
        ("drawn_at", _TIME, "抽样时间（当地时间）"),
        ("drawn_by", pa.string(), "谁抽的"),
    ],
)

REVIEWS = schema_of(
    "reviews",
    "复核：人对一条判定、或对整个会话的意见，每条意见一行",
    [
        ("review_id", pa.string(), "意见编号：内容的摘要，同一条意见导入两次只算一次"),
        ("conversation_id", pa.string(), "会话编号"),
        ("rule_id", pa.string(), "规则编号；空：整个会话都看过，没有单列的规则都同意"),
        ("rule_version", pa.string(), "规则版本"),
        ("rule_digest", pa.string(), "规则摘要 SHA-256"),
        ("machine_verdict", pa.string(), "机器：hit 命中、miss 未命中、not_applicable 不适用、undecided 无法判定"),
        ("human_verdict", pa.string(), "人：hit、miss、not_applicable、undecided；整个会话为空"),
        ("comment", pa.string(), "说明（脱敏）"),
        ("reviewer", pa.string(), "复核人"),
        ("reviewed_at", _TIME, "复核时间（当地时间）"),
        (
            "origin",
            pa.string(),
            "来自：page 会话页、sheet 工作簿、appeal 申诉、calibration 校准、carried 上次判定时看过",
        ),
        ("session", pa.string(), "校准场次；不是校准为空"),
        ("imported_at", _TIME, "导入时间（当地时间）"),
        ("imported_by", pa.string(), "谁导入的"),
    ],
)

APPEALS = schema_of(
    "appeals",
    "申诉：每一步一行，同一编号的各行是它的经过",
    [
        ("appeal_id", pa.string(), "申诉编号"),
        ("step", pa.int32(), "第几步，从 1 起"),
        ("conversation_id", pa.string(), "会话编号"),
        ("rule_id", pa.string(), "规则编号"),
        ("agent_id", pa.string(), "坐席工号"),
        ("status", pa.string(), "open 已提出、upheld 成立、rejected 不成立、withdrawn 撤回"),
        ("human_verdict", pa.string(), "成立时改判成什么；其余为空"),
        ("actor", pa.string(), "谁"),
        ("at", _TIME, "时间（当地时间）"),
        ("text", pa.string(), "理由或答复（脱敏）"),
    ],
)

FINAL_FINDINGS = schema_of(
    "final_findings",
    "终审判定：人改过或确认过的每条判定一行，按最后一条意见",
    [
        ("conversation_id", pa.string(), "会话编号"),
        ("rule_id", pa.string(), "规则编号"),
        ("machine_verdict", pa.string(), "机器判定"),
        ("final_verdict", pa.string(), "终审判定"),
        ("review_id", pa.string(), "依据的意见；整个会话的意见也算"),
        ("reviewer", pa.string(), "复核人"),
        ("reviewed_at", _TIME, "复核时间"),
        ("origin", pa.string(), "来自"),
    ],
)

FINAL_SCORES = schema_of(
    "final_scores",
    "终审评分：复核过的会话每张评分表一行，列与 scores 相同",
    [(f.name, f.type, f.metadata[b"zh"].decode()) for f in SCORES],
)
FINAL_ITEM_SCORES = schema_of(
    "final_item_scores",
    "终审评分项得分：复核过的会话每个评分项一行，列与 item_scores 相同",
    [(f.name, f.type, f.metadata[b"zh"].decode()) for f in ITEM_SCORES],
)

REVIEW_TABLES: dict[str, pa.Schema] = {
    "samples": SAMPLES,
    "reviews": REVIEWS,
    "appeals": APPEALS,
    "final_findings": FINAL_FINDINGS,
    "final_scores": FINAL_SCORES,
    "final_item_scores": FINAL_ITEM_SCORES,
}
ALL_TABLES = TABLES | REVIEW_TABLES
"""What may lie in a run's folder."""
