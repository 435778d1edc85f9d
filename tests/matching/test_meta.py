from __future__ import annotations

import pytest

from qc.domain.conversation import CallMeta
from qc.specs.document import SpecError

META = CallMeta(
    ring_count=6,
    queue_wait_s=12.5,
    region="浙江杭州",
    started_at="2026-11-20T21:03:11",
    satisfaction=2,
    agent_id="1001",
    extra={
        "工单类型": "投诉",
        "金额": "1,200.50",
        "回访": "是",
        "空": " ",
        "到期日": "2026/3/1",
        "标签": "投诉；催单, VIP",
        "等级": "B",
    },
)
TABLE = [
    ("field: ring_count, gt: 4", "hit"),
    ("field: ring_count, gt: 6", "miss"),
    ("field: ring_count, ge: 6, le: 6", "hit"),
    ("field: ring_count, eq: 6", "hit"),
    ("field: ring_count, ne: 6", "miss"),
    ("field: ring_count, lt: 6", "miss"),
    ("field: ring_count, in: [5, 6]", "hit"),
    ("field: ring_count, not_in: [5, 6]", "miss"),
    ("field: ring_count, between: [5, 7]", "hit"),
    ("field: queue_wait_s, between: [13, 20]", "miss"),
    ("field: region, contains: 杭州", "hit"),
    ("field: region, not_contains: 杭州", "miss"),
    ("field: region, in: [浙江杭州, 上海]", "hit"),
    ('field: agent_id, eq: "1001"', "hit"),
    ("field: 金额, gt: 1200", "hit"),
    ("field: 金额, in: [1200.5]", "hit"),
    ("field: 金额, in: [1200]", "miss"),
    ("field: 金额, contains: 元", "miss"),
    ("field: 工单类型, gt: 3", "undecided"),  # not a number
    ("field: 工单类型, in: [3]", "undecided"),
    ("field: 回访, eq: true", "hit"),
    ("field: 回访, ne: false", "hit"),
    ("field: 回访, eq: 是", "hit"),
    ("field: 工单类型, eq: false", "undecided"),  # neither yes nor no
    # dates
    ('field: started_at, ge: "2026-11-20", lt: "2026-11-21"', "hit"),
    ("field: started_at, le: 2026-11-20", "hit"),  # the whole day
    ("field: started_at, eq: 2026/11/20", "hit"),
    ("field: started_at, gt: 2026-11-20 21:03", "hit"),  # the minute
    ('field: started_at, lt: "2026-11-20 21:03"', "miss"),
    ("field: 到期日, lt: 2026-12-01", "hit"),  # as text 2026/3/1 would be the greater
    ("field: 到期日, between: [2026-03-01, 2026-03-31]", "hit"),
    ("field: 到期日, in: [2026年3月1日]", "hit"),
    ("field: 到期日, not_in: [2026-03-02]", "hit"),
    ("field: 工单类型, lt: 2026-12-01", "undecided"),  # not a date
    ("field: 到期日, type: string, lt: 2026-12-01", "miss"),
    ("field: 等级, type: string, lt: C", "hit"),
    # lists
    ("field: 标签, contains: 投诉", "hit"),
    ("field: 标签, type: list, contains: 投诉", "hit"),
    ("field: 标签, type: list, contains: VIP", "hit"),
    ("field: 标签, type: list, contains: 催", "miss"),  # part of an item
    ("field: 标签, type: list, not_contains: 催", "hit"),
    ("field: 标签, type: list, not_contains: 催单", "miss"),
    # not given
    ("field: team, eq: 一组", "undecided"),
    ("field: 没有这一列, eq: 一组", "undecided"),
    ("field: 没有这一列, type: list, contains: 一组", "undecided"),
    ("field: 空, not_null: true", "miss"),  # blank is not given
    ("field: team, null: true", "hit"),
    ("field: team, null: false", "miss"),
    ("field: ring_count, not_null: true", "hit"),
    ("field: team, not_null: true, eq: 一组", "miss"),
]


@pytest.mark.parametrize(("condition", "verdict"), TABLE)
def test_table(judged, condition, verdict):
    assert judged(f"p: {{meta: {{{condition}}}}}", ["A 您好"], meta=META).verdict == verdict


def test_the_reason_names_the_field(judged):
    assert "team" in judged("p: {meta: {field: team, eq: 一组}}", ["A 您好"]).finding.reason


def test_numbers_become_values(judged):
    [hit] = judged("p: {meta: {field: ring_count, gt: 4}}", ["A 您好"], meta=META).hits
    assert hit.value == 6
    [hit] = judged("p: {meta: {field: 金额, gt: 4}}", ["A 您好"], meta=META).hits
    assert hit.value == 1200.5


@pytest.mark.parametrize(
    ("condition", "reason"),
    [
        ("field: 工单类型, gt: 3", "工单类型 的值不是数字"),
        ("field: 工单类型, lt: 2026-12-01", "工单类型 的值不是日期"),
        ("field: 工单类型, eq: true", "工单类型 的值不是“是”或“否”"),
        ("field: team, eq: 一组", "team 没有值"),
    ],
)
def test_the_reason_says_what_is_wrong_with_the_value(judged, condition, reason):
    assert reason in judged(f"p: {{meta: {{{condition}}}}}", ["A 您好"], meta=META).finding.reason


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ('field: ring_count, gt: "4"', 'ring_count 按数字比较，gt 写成了 "4"'),
        ("field: ring_count, in: [4, 五]", 'ring_count 按数字比较，in 写成了 "五"'),
        ("field: agent_id, eq: 1001", "agent_id 按文字比较，eq 写成了 1001"),
        ("field: started_at, ge: 昨天", 'started_at 按日期比较，ge 写成了 "昨天"'),
        ("field: started_at, ge: 2026-02-30", 'started_at 按日期比较，ge 写成了 "2026-02-30"'),
        ("field: 金额, gt: 1, lt: 多", '金额 按数字比较，lt 写成了 "多"'),
        ("field: 金额, between: [1, 多]", '金额 按数字比较，between 写成了 "多"'),
        ('field: 金额, gt: "1200"', "gt 比较大小，要写数字或日期"),
        ("field: 标签, type: list, eq: 投诉", '标签 按列表比较，eq 写成了 "投诉"'),
        ("field: ring_count, contains: 投诉", "ring_count 是数字，不能用 contains"),
        ("field: 金额, between: [7, 5]", "between 的第一个值大于第二个"),
        ("field: 到期日, between: [2026/11/1, 2026/3/1]", "between 的第一个值大于第二个"),
        ("field: 金额", "没有写条件"),
    ],
)
def test_what_cannot_be_compared_is_told_when_the_rule_is_read(judged, condition, message):
    with pytest.raises(SpecError) as error:
        judged(f"p: {{meta: {{{condition}}}}}", ["A 您好"])
    assert [problem.message for problem in error.value.problems] == [message]
