from __future__ import annotations

import pytest

from qc.domain.conversation import CallMeta

META = CallMeta(
    ring_count=6,
    queue_wait_s=12.5,
    region="浙江杭州",
    started_at="2026-11-20T21:03:11",
    satisfaction=2,
    extra={"工单类型": "投诉", "金额": "1,200.50", "回访": "是", "空": " "},
)
TABLE = [
    ("field: ring_count, gt: 4", "hit"),
    ("field: ring_count, gt: 6", "miss"),
    ("field: ring_count, ge: 6, le: 6", "hit"),
    ("field: ring_count, eq: 6", "hit"),
    ("field: ring_count, ne: 6", "miss"),
    ("field: ring_count, lt: 6", "miss"),
    ('field: ring_count, eq: "6"', "hit"),
    ("field: ring_count, in: [5, 6]", "hit"),
    ("field: ring_count, not_in: [5, 6]", "miss"),
    ("field: ring_count, between: [5, 7]", "hit"),
    ("field: queue_wait_s, between: [13, 20]", "miss"),
    ("field: region, contains: 杭州", "hit"),
    ("field: region, not_contains: 杭州", "miss"),
    ("field: region, in: [浙江杭州, 上海]", "hit"),
    ('field: started_at, ge: "2026-11-20", lt: "2026-11-21"', "hit"),
    ("field: 工单类型, eq: 投诉", "hit"),
    ("field: 金额, gt: 1200", "hit"),
    ("field: 金额, in: [1200]", "miss"),
    ("field: 回访, eq: true", "hit"),
    ("field: 回访, gt: 3", "undecided"),  # not a number
    ("field: 工单类型, eq: false", "undecided"),
    ("field: team, eq: 一组", "undecided"),  # not given
    ("field: 没有这一列, eq: 一组", "undecided"),
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
