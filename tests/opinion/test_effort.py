"""客户费力度 and 主动服务占比, against SQL over the tables and against their definitions."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from qc.opinion.contacts import contacts
from qc.opinion.effort import PARTS, effort, missing_columns, share_of
from qc.opinion.proactive import proactive
from tests.opinion.service_runs import Call, store

RULES = ("customer.restate", "customer.repeat_contact", "service.proactive_offer")


def test_every_part_and_the_sum_of_those_that_are_known(tmp_path: Path) -> None:
    everything = {"queue_wait_s": 60.0, "hold_s": 30.0, "duration_ms": 300_000, "transfers": 1}
    calls = [
        Call(id="first", hour=0, more=everything),
        Call(id="again", hour=5, more=everything, hits=("customer.restate",)),
        Call(id="says", hour=6, customer=None, hits=("customer.repeat_contact",)),
        Call(id="bare", hour=7, customer="138****5678", channel="chat", more={"customer_turns": 5}),
        Call(id="odd", hour=8, customer="K9"),
        Call(id="ticket", hour=9, channel="ticket"),
    ]
    run = store(tmp_path / "a", calls, rules=RULES)
    rows = {r["conversation_id"]: r for r in effort(run, contacts([run]), 7).to_pylist()}
    assert set(rows) == {"first", "again", "says", "bare", "odd"}
    # weights 30 25 20 15 10; whole at 3 times, 2 times, 2 transfers, 180 s, 600 s
    assert rows["first"]["effort"] == pytest.approx(0 + 0 + 10 + 7.5 + 5)
    assert rows["again"]["effort"] == pytest.approx(10 + 12.5 + 10 + 7.5 + 5)
    assert rows["says"]["repeats"] == 1 and rows["says"]["transfers"] is None
    assert rows["says"]["effort"] == pytest.approx(100 * 10 / (30 + 25))
    assert rows["bare"]["repeats"] is None
    assert rows["bare"]["effort"] == pytest.approx(100 * (10 * 150 / 600) / (25 + 10))
    assert rows["odd"]["transfers"] is None
    assert share_of(PARTS[0], 9.0) == 1.0 and share_of(PARTS[0], None) is None


def test_what_the_manifest_lacks_is_named(tmp_path: Path) -> None:
    run = store(tmp_path / "a", [Call(id="1", customer=None), Call(id="2", customer=None)])
    table = effort(run, contacts([run]), 7)
    assert missing_columns(table) == {
        "重复联系": "客户编号",
        "重复说明": "相应的规则",
        "转接": "转接次数",
        "等待": "排队时长、保持时长",
        "时长": "通话时长",
    }
    assert table["effort"].null_count == 2


def test_repeats_reach_over_runs_and_a_night_judged_twice_is_one(tmp_path: Path) -> None:
    before = store(tmp_path / "a", [Call(id="1", hour=0), Call(id="2", hour=30)], night=0)
    rejudged = store(tmp_path / "b", [Call(id="1", hour=0), Call(id="2", hour=30)], night=0)
    run = store(tmp_path / "c", [Call(id="3", hour=48), Call(id="4", hour=24 * 9)], night=1)
    rows = effort(run, contacts([before, rejudged, run]), 7).to_pylist()
    assert {r["conversation_id"]: r["repeats"] for r in rows} == {"3": 2.0, "4": 0.0 + 1.0}


def test_numbers_that_begin_anew_every_day_are_not_mixed_up(tmp_path: Path) -> None:
    """C1 of the first night is a stranger's first contact, C1 of the second K2's third."""
    before = store(tmp_path / "a", [Call(id="C1", customer="K1"), *(Call(id=f"C{i}", customer="K2") for i in (2, 3))])
    run = store(tmp_path / "b", [Call(id="C1", hour=24, customer="K2"), Call(id="C2", hour=24, customer="K9")], night=1)
    rows = effort(run, contacts([before, run]), 7).to_pylist()
    assert {r["conversation_id"]: r["repeats"] for r in rows} == {"C1": 2.0, "C2": 0.0}


def test_proactive_share_equals_a_query(tmp_path: Path) -> None:
    channels = ("voice_outbound", "voice_inbound", "chat", "ticket")
    calls = [Call(id=f"C{i}", channel=channels[i % 4], hits=RULES[2:] * (i % 3 == 0)) for i in range(40)]
    silent = Call(id="silent", channel="voice_outbound", more={"agent_turns": 0})
    run = store(tmp_path / "a", [*calls, silent], rules=RULES)
    found = proactive(run)
    query = f"""
        SELECT count(*) FILTER (c.channel = 'voice_outbound'), count(*),
               count(*) FILTER (c.channel <> 'voice_outbound' AND f.rule_id IS NOT NULL)
        FROM '{tmp_path}/a/conversations/*.parquet' c
        LEFT JOIN '{tmp_path}/a/findings/*.parquet' f USING (conversation_id)
        WHERE c.channel <> 'ticket' AND c.agent_turns > 0
    """
    assert [(found.outbound, found.served, found.offered)] == duckdb.sql(query).fetchall()
    assert found.judged and found.count == found.outbound + found.offered > found.outbound
    assert not proactive(store(tmp_path / "b", calls)).judged


def test_a_rule_on_trial_counts_for_no_figure(tmp_path: Path) -> None:
    calls = [
        Call(id="tried", trial=("customer.restate", "customer.repeat_contact", "service.proactive_offer")),
        Call(id="plain", customer="K2"),
    ]
    run = store(tmp_path / "a", calls, rules=RULES)
    rows = {r["conversation_id"]: r for r in effort(run, contacts([run]), 7).to_pylist()}
    assert rows["tried"]["restating"] is None and rows["tried"]["repeats"] == 0.0
    found = proactive(run)
    assert (found.offered, found.judged) == (0, False)
