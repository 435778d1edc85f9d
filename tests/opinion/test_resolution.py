"""一次解决率: against a plain reading of its definition, against SQL, and whatever the order of the runs."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path

import duckdb
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qc.opinion.contacts import contacts, repeats_before, told
from qc.opinion.resolution import Resolution, resolution
from qc.storage.read import StoredRun
from tests.opinion.service_runs import DAY_0, Call, store

CALLS = st.lists(
    st.builds(
        Call,
        id=st.sampled_from([f"C{i:02d}" for i in range(30)]),
        customer=st.sampled_from(["K1", "K2", "138****5678", None, " "]),
        matter=st.sampled_from(["utility.outage", "utility.bill", None]),
        hour=st.one_of(st.none(), st.integers(0, 24 * 20).map(float)),
        project=st.sampled_from(["95598", "电商"]),
        channel=st.sampled_from(["voice_inbound", "chat", "voice_outbound", "ticket"]),
    ),
    max_size=25,
    unique_by=lambda call: call.id,
)


def plain(calls: list[Call], days: int) -> tuple[int, int, int]:
    """(solved, counted, open) by the words of the definition."""
    came = [c for c in calls if c.channel in ("voice_inbound", "chat")]
    ends = {
        p: max((c.hour for c in came if c.project == p and c.hour is not None), default=0.0) for p in ("95598", "电商")
    }
    known = [c for c in came if c.customer in ("K1", "K2") and c.matter and c.hour is not None]
    order = sorted(known, key=lambda c: (c.hour, c.id))
    solved = counted = still = 0
    for i, call in enumerate(order):
        same = [
            (j, abs((o.hour or 0) - (call.hour or 0)))
            for j, o in enumerate(order)
            if j != i and (o.project, o.customer, o.matter) == (call.project, call.customer, call.matter)
        ]
        if any(j < i and gap <= days * 24 for j, gap in same):
            continue
        if (call.hour or 0) + days * 24 > ends[call.project]:
            still += 1
            continue
        counted += 1
        solved += not any(j > i and gap <= days * 24 for j, gap in same)
    return solved, counted, still


def figures(runs: list[StoredRun], days: int) -> Resolution:
    return resolution(contacts(runs), days)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(calls=CALLS, days=st.integers(1, 7), cut=st.integers(0, 25))
def test_it_is_what_the_definition_says_however_the_calls_fall_into_runs(
    calls: list[Call], days: int, cut: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        one, two = store(Path(folder) / "a", calls[:cut], night=0), store(Path(folder) / "b", calls[cut:], night=1)
        again = store(Path(folder) / "c", calls[cut:], night=1)  # the same night once more
        found = figures([one, two], days)
        assert (found.solved, found.counted, found.open) == plain(calls, days)
        assert figures([again, two, one], days) == found == figures([two, one, again], days)
        assert sum(m.counted for m in found.matters) == found.counted
        assert sum(m.solved for m in found.matters) == found.solved
        told_of = int(told(contacts([one, two])).sum())
        assert found.unknown_customer + found.unknown_matter + found.undated + told_of == found.contacts


def test_a_window_that_is_not_over_is_neither_solved_nor_repeated(tmp_path: Path) -> None:
    run = store(
        tmp_path / "a", [Call(id="1", hour=0), Call(id="2", hour=24), Call(id="3", customer="K2", hour=7 * 24 - 1)]
    )
    found = figures([run], 7)
    assert (found.solved, found.counted, found.open) == (0, 0, 2)
    later = store(tmp_path / "b", [Call(id="4", customer="K3", hour=7 * 24)], night=1)
    found = figures([run, later], 7)
    assert (found.solved, found.counted, found.open) == (0, 1, 2)


def test_a_bot_that_hands_over_is_one_contact_and_a_call_out_is_none(tmp_path: Path) -> None:
    calls = [
        Call(id="1", channel="bot_text", hour=0),
        Call(id="2", channel="chat", hour=0.25),
        Call(id="3", channel="voice_outbound", hour=5),
        Call(id="4", customer="K9", hour=24 * 8),
    ]
    found = figures([store(tmp_path / "a", calls)], 7)
    assert (found.solved, found.counted, found.contacts) == (1, 1, 2)


def test_repeats_and_rate_equal_a_query_over_the_tables(tmp_path: Path) -> None:
    calls = [
        Call(id=f"C{i:03d}", customer=f"K{i * 7 % 40}", matter=f"utility.{'ab'[i % 2]}", hour=float(i * 37 % 500))
        for i in range(200)
    ]
    runs = [store(tmp_path / str(n), calls[n * 50 : n * 50 + 50], night=n) for n in range(4)]
    table = contacts(runs)
    got = dict(zip(table["conversation_id"].to_pylist(), repeats_before(table, 5).tolist(), strict=True))
    query = f"""
        WITH c AS (SELECT * FROM read_parquet('{tmp_path}/*/conversations/*.parquet')),
             e AS (SELECT max(started_at) AS last FROM c),
             b AS (SELECT a.conversation_id, a.started_at,
                     (SELECT count(*) FROM c p WHERE p.customer_id = a.customer_id AND p.primary_topic = a.primary_topic
                       AND p.started_at BETWEEN a.started_at - INTERVAL 5 DAY AND a.started_at
                       AND (p.started_at, p.conversation_id) < (a.started_at, a.conversation_id)) AS before,
                     (SELECT count(*) FROM c n WHERE n.customer_id = a.customer_id AND n.primary_topic = a.primary_topic
                       AND n.started_at BETWEEN a.started_at AND a.started_at + INTERVAL 5 DAY
                       AND (n.started_at, n.conversation_id) > (a.started_at, a.conversation_id)) AS after
                   FROM c a)
        SELECT b.conversation_id, b.before, b.before = 0 AND b.started_at + INTERVAL 5 DAY <= e.last, b.after = 0
        FROM b, e
    """
    rows = duckdb.sql(query).fetchall()
    assert got == {i: before for i, before, _, _ in rows}
    found = resolution(table, 5)
    assert found.counted == sum(counted for _, _, counted, _ in rows) > 30
    assert found.solved == sum(counted and once for _, _, counted, once in rows)
    assert 0 < found.solved < found.counted
    assert found.first == DAY_0.date() and found.last == (DAY_0 + timedelta(hours=499)).date()


def test_no_runs_give_no_figures() -> None:
    found = figures([], 7)
    assert (found.counted, found.contacts, found.first) == (0, 0, None)
