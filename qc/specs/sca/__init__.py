"""Rules of Alibaba Cloud 智能对话分析 (SCA): the JSON of its UploadRule to our YAML and back.

`importing` and `exporting` are the ways in and out; `reading` takes the JSON apart, `formula` its lambda expressions,
`frame` its check_range, `operators` its operators. What one side cannot say is a `Loss`, never dropped silently.

Documented by Alibaba (API 2019-01-15: UploadRule, GetRuleDetail, 规则对象说明, 检测算子对象说明): the three levels
rule, condition, operator; cid, rid, oid, lambda; check_range with role, anchor {cid, location, hit_time} and range
{from, to}; the operators in `operators` and their parameters. Inferred by us, each marked there: how the operators of
one condition meet in a sentence, what in_sentence and threshold do, how an AROUND range is written.
"""
