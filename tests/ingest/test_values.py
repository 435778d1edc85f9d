"""Times, lengths of time, roles: what people write, and what must not be guessed."""

from __future__ import annotations

from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qc.domain.conversation import Role, Turn
from qc.ingest.draft import split
from qc.ingest.moments import clock, moment, seconds
from qc.ingest.roles import role_of


@pytest.mark.parametrize(
    ("written", "iso"),
    [
        ("2026/11/20 9:03", "2026-11-20T09:03:00"),
        ("2026-11-20 09:03:11.500", "2026-11-20T09:03:11.500000"),
        ("2026年11月20日 9时3分5秒", "2026-11-20T09:03:05"),
        ("2026年11月20日 下午 9:03", "2026-11-20T21:03:00"),
        ("2026/11/20 12:03:11 AM", "2026-11-20T00:03:11"),
        ("20261120210311", "2026-11-20T21:03:11"),
        ("20261120 210311", "2026-11-20T21:03:11"),
        ("2026.11.20", "2026-11-20T00:00:00"),
        ("2026-11-20T13:03:11Z", "2026-11-20T21:03:11"),
        ("2026-11-20T14:03:11+01:00", "2026-11-20T21:03:11"),
        (46346.377083333, "2026-11-20T09:03:00"),
        (1795179791, "2026-11-20T21:03:11"),
        ("1795179791000", "2026-11-20T21:03:11"),
    ],
)
def test_moments_people_write(written, iso):
    assert moment(written).isoformat() == iso


@pytest.mark.parametrize(
    "written",
    ["11/20/2026", "2026-13-01", "2026-11-20 24:00:00", "昨天", "", "9" * 400, 10**30, float("nan"), True, None, []],
)
def test_no_moment_is_guessed(written):
    with pytest.raises(ValueError):
        moment(written)


@pytest.mark.parametrize(
    ("written", "unit", "expected"),
    [
        (185, 1, 185),
        ("185.5", 1, 185.5),
        ("3:05", 1, 185),
        ("1:03:05", 1, 3785),
        ("01：03：05", 1, 3785),
        ("3分5秒", 1, 185),
        ("1小时2分3秒", 1, 3723),
        ("90s", 1, 90),
        (185000, 0.001, 185),
        (2, 60, 120),
    ],
)
def test_lengths_people_write(written, unit, expected):
    assert seconds(written, unit) == pytest.approx(expected)


@pytest.mark.parametrize("written", ["", "三分钟", "-5", "3:75", "1e5", 10**400, float("inf"), 10**7, None, True])
def test_no_length_is_guessed(written):
    with pytest.raises(ValueError):
        seconds(written)


@given(st.one_of(st.text(), st.integers(), st.floats(), st.none(), st.booleans(), st.lists(st.text(), max_size=2)))
def test_any_value_is_a_time_or_a_value_error(value):
    for read in (moment, seconds, clock):
        with suppress(ValueError):
            read(value)


@pytest.mark.parametrize(
    ("word", "role"),
    [
        ("坐席", Role.AGENT),
        ("客服8001", Role.AGENT),
        ("坐席-张三", Role.AGENT),
        ("客服小王", Role.AGENT),
        ("AGENT", Role.AGENT),
        ("客户经理", Role.AGENT),
        ("用户", Role.CUSTOMER),
        ("访客", Role.CUSTOMER),
        ("客户王先生", Role.CUSTOMER),
        ("customer_1", Role.CUSTOMER),
        ("机器人", Role.BOT),
        ("智能客服", Role.BOT),
        ("客服机器人", Role.BOT),
        ("CUSTOM_BOT", Role.BOT),
        ("系统", Role.SYSTEM),
        ("客户投诉处理专员", Role.UNKNOWN),
        ("clientele", Role.UNKNOWN),
        ("SPEAKER_00", Role.UNKNOWN),
        ("张三", Role.UNKNOWN),
        ("", Role.UNKNOWN),
    ],
)
def test_role_words(word, role):
    assert role_of(word) is role


@given(
    st.text(st.sampled_from("您好吗。，！ab \n"), min_size=1, max_size=400),
    st.integers(1, 60),
    st.integers(0, 10**6),
    st.integers(0, 10**6),
)
def test_splitting_loses_nothing_and_keeps_time_order(text, limit, start, length):
    turn = Turn(role=Role.AGENT, text=text, start_ms=start, end_ms=start + length)
    parts = list(split(turn, limit))
    assert "".join(p.text for p in parts) == text
    assert all(0 < len(p.text) <= limit for p in parts)
    assert parts[0].start_ms == start
    assert parts[-1].end_ms == start + length
    assert all(a.end_ms == b.start_ms for a, b in pairwise(parts))


def test_splits_stand_at_clause_ends():
    text = "第一句话说完了。" * 10
    parts = list(split(Turn(role=Role.AGENT, text=text), 30))
    assert all(p.text.endswith("。") for p in parts)
