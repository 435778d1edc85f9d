"""Complaints: the shipped file's own tests, every condition, scope and deadline, and the table of a run."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from qc.domain.complaint import ComplaintSpecs, ComplaintType, Condition, Escalation, ScopeLimit, Step
from qc.domain.rule import Severity
from qc.errors import SpecError
from qc.opinion.complaints import assess, assess_alone
from qc.paths import packaged
from qc.pipeline.complaints import run_complaint_tests
from qc.pipeline.specs import folders, load
from qc.schema.tables import TABLES
from qc.specs.complaints import FILE, load_complaints

NINE = datetime(2026, 11, 20, 9)


class Stored:
    """Tables of a run in memory."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}

    def talk(self, id_: str, *, customer: str | None = None, matter: str | None = "t.outage", **more: Any) -> None:
        base = {"conversation_id": id_, "project": "95598", "channel": "chat", "customer_id": customer}
        self.rows["conversations"].append({**base, "started_at": NINE, "primary_topic": matter or "unknown"} | more)

    def add(self, table: str, id_: str, **row: Any) -> None:
        self.rows[table].append({"conversation_id": id_, **row})

    def hit(self, id_: str, rule: str, text: str = "话", category: str | None = None, status: str = "stable") -> None:
        self.add("findings", id_, rule_id=rule, rule_title=f"题{rule}", status=status, verdict="hit", hit_count=1)
        self.add("hits", id_, rule_id=rule, hit=1, turn=3, text=text, category=category)

    def parts(self, name: str, columns: Sequence[str]) -> Iterator[pa.Table]:
        yield pa.Table.from_pylist(self.rows[name], TABLES[name]).select(list(columns))


def ladder(*conditions: Condition, **more: Any) -> ComplaintSpecs:
    return ComplaintSpecs(ladder=(Step(severity=Severity.HIGH, deadline_minutes=120, any=conditions),), **more)


def graded(stored: Stored, specs: ComplaintSpecs) -> dict[str, dict[str, Any]]:
    return {row["conversation_id"]: row for row in assess(stored.parts, specs).to_pylist()}


def test_the_shipped_file_names_what_exists_and_its_tests_pass() -> None:
    specs = load(folders(None))
    path = packaged("rules") / FILE
    topics = {t.id for taxonomy in specs.taxonomies for t in taxonomy.topics}
    assert load_complaints(path, rules={r.id for r in specs.pack.rules}, topics=topics) == specs.complaints
    results = run_complaint_tests(specs, confidence_floor=0.5)
    assert [(r.test.name, r.got) for r in results if not r.passed] == []
    assert {r.test.expect.severity for r in results if r.test.expect} == set(Severity)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (Condition(rules=("a.b",)), {"hit"}),
        (Condition(rules=("a.b",), categories=("监管热线",)), {"hit"}),
        (Condition(rules=("a.b",), categories=("媒体",)), set()),
        (Condition(rules=("a.b",), words=("12398",)), {"hit"}),
        (Condition(rules=("a.b",), words=("起诉",)), set()),
        (Condition(topics=("t.outage",)), {"spoken"}),
        (Condition(topics=("t.outage",), words=("频繁",)), {"spoken"}),
        (Condition(topics=("t.outage",), words=("电费",)), set()),
        (Condition(intents=("complaint",), intent_level=2), {"meant"}),
        (Condition(intents=("complaint",), intent_level=3), set()),
        (Condition(intents=("churn",)), set()),
        (Condition(emotion_level=3), {"felt"}),
        (Condition(components=("anger",)), {"felt"}),
        (Condition(components=("disgust",), emotion_level=2), set()),
        (Condition(components=("anger",), words=("气死",)), {"felt"}),
        (Condition(emotion_level=5), set()),
        (Condition(satisfaction_at_most=2), {"rated"}),
        (Condition(contacts=3), {"one", "two", "three"}),
        (Condition(contacts=4), set()),
        (Condition(rules=("a.b",), satisfaction_at_most=2), set()),
    ],
)
def test_every_condition(condition: Condition, expected: set[str]) -> None:
    stored = Stored()
    for id_ in ("hit", "spoken", "meant", "felt", "calm", "trial"):
        stored.talk(id_)
    stored.talk("rated", satisfaction=2)
    for id_ in ("one", "two", "three"):
        stored.talk(id_, customer="K1")
    for id_, masked in (("m1", "138****5678"), ("m2", "138****5678"), ("m3", "138****5678")):
        stored.talk(id_, customer=masked)  # two people may look the same behind a mask
    stored.hit("hit", "a.b", "打12398", "监管热线")
    stored.hit("trial", "a.b", "打12398", "监管热线", status="shadow")
    stored.add("topics", "spoken", topic_id="t.outage", topic="停电", rank=1, words=["频繁停电"], first_turn=2)
    stored.add("intents", "meant", kind="complaint", intent="投诉", level=2, turn=2, phrases=["要投诉"])
    emotion = {"role": "customer", "label": "negative", "component": "anger", "phrases": ["气死我了"]}
    stored.add("emotions", "felt", turn=4, level=4, **emotion)
    stored.add("emotions", "calm", turn=4, level=4, **(emotion | {"role": "agent"}))
    got = graded(stored, ladder(condition))
    assert set(got) == expected
    assert all(row["reasons"] and row["due_at"] == NINE + timedelta(minutes=120) for row in got.values())


def test_the_gravest_step_the_first_type_and_where_it_may_go() -> None:
    stored = Stored()
    stored.talk("both", started_at=None)
    stored.hit("both", "a.grave", "起诉你们")
    stored.hit("both", "a.mild", "找领导")
    any_ = {name: (Condition(rules=(f"a.{name}",)),) for name in ("grave", "mild", "none")}
    specs = ComplaintSpecs(
        types=(
            ComplaintType(id="other_project", title="别的项目", projects=("保险",), any=any_["grave"]),
            ComplaintType(id="first", title="头一类", projects=(), any=any_["mild"]),
            ComplaintType(id="second", title="第二类", projects=(), any=any_["grave"]),
        ),
        ladder=(
            Step(severity=Severity.CRITICAL, deadline_minutes=30, any=any_["grave"]),
            Step(severity=Severity.LOW, deadline_minutes=1440, any=any_["mild"]),
        ),
        escalations=(
            Escalation(to="court", any=any_["grave"]),
            Escalation(to="superior", any=any_["mild"]),
            Escalation(to="media", any=any_["none"]),
        ),
    )
    (row,) = graded(stored, specs).values()
    assert (row["severity"], row["type_id"], row["escalations"]) == ("critical", "first", ["court", "superior"])
    assert (row["deadline_minutes"], row["due_at"], row["turn"], row["scope"]) == (30, None, 3, "single")
    assert row["reasons"][0] == "命中“题a.grave”（第 3 轮“起诉你们”）"


def test_scope_counts_customers_and_is_measured_against_elsewhere() -> None:
    area = ScopeLimit(kind="area", by=("台区", "region"), least=5, lift=2.0)
    hour = ScopeLimit(kind="hour", least=4, lift=2.0)
    stored = Stored()
    for i in range(6):
        stored.talk(f"o{i}", customer=f"K{i}", region="城东")
    stored.talk("again", customer="K0", region="城东")
    for i in range(20):
        later = NINE + timedelta(hours=i % 5)
        stored.talk(f"b{i}", customer=f"B{i}", region=("城西", "城东")[i % 2], matter="t.bill", started_at=later)
    stored.talk("far", customer="F", region="城西", started_at=NINE + timedelta(hours=3))
    stored.hit("o0", "a.b")
    stored.hit("far", "a.b")
    specs = ladder(Condition(rules=("a.b",)), scopes=(area, hour))
    got = graded(stored, specs)
    assert (got["o0"]["scope"], got["o0"]["scope_size"]) == ("area", 6)
    assert got["o0"]["reasons"][-1] == "同一地区（城东）有 6 个客户说的是同一件事"
    assert (got["far"]["scope"], got["far"]["scope_size"]) == ("single", 1)
    wide = graded(stored, ladder(Condition(affected=6), scopes=(area,)))
    assert wide.keys() == {"again", *(f"o{i}" for i in range(6))}
    finer = [{**row, "extra": [("台区", f"T{i % 3}")]} for i, row in enumerate(stored.rows["conversations"])]
    stored.rows["conversations"] = finer
    assert graded(stored, specs)["o0"]["scope"] == "hour"


def test_where_no_product_is_known_the_matter_counts_over_the_project() -> None:
    limit = ScopeLimit(kind="product", by=("险种",), least=3, lift=2.0, share=0.5)
    stored = Stored()
    for i in range(4):
        stored.talk(f"o{i}", customer=f"K{i}")
    for i in range(3):
        stored.talk(f"b{i}", matter=f"t.{i}")
    stored.talk("nothing", matter=None)
    for id_ in ("o0", "b0", "nothing"):
        stored.hit(id_, "a.b")
    got = graded(stored, ladder(Condition(rules=("a.b",)), scopes=(limit,)))
    assert {i: (r["scope"], r["scope_size"]) for i, r in got.items()} == {
        "o0": ("product", 4),
        "b0": ("single", 1),
        "nothing": ("single", 1),
    }


def test_a_run_in_parts_is_graded_as_if_it_were_one() -> None:
    """Company is found across parts, and who has none is as the part alone says."""
    area = ScopeLimit(kind="area", by=("region",), least=3, lift=1.5)
    product = ScopeLimit(kind="product", by=("险种",), least=3, lift=1.5, share=0.4)
    conditions = (Condition(rules=("a.b",), words=("急",)), Condition(contacts=2), Condition(affected=4))
    specs = ladder(*conditions, scopes=(area, product))
    chance, moved = random.Random(7), 0
    for _ in range(40):
        parts = [Stored() for _ in range(4)]
        for i in range(24):
            part, id_ = parts[i // 6], f"c{chance.randrange(10**6):06d}-{i}"
            region, kind = chance.choice((None, "城东", "城西")), chance.choice((None, None, "重疾险"))
            part.talk(
                id_,
                customer=chance.choice((None, *(f"K{k}" for k in range(12)))),
                matter=chance.choice((None, "t.outage", "t.bill", "t.bill")),
                region=region,
                extra=[("险种", kind)] if kind else [],
            )
            for n in range(chance.choice((0, 0, 1, 2))):
                part.hit(id_, "a.b", f"急{n}")
        whole = Stored()
        for name in TABLES:
            whole.rows[name] = [row for part in parts for row in part.rows[name]]

        def in_parts(name: str, columns: Sequence[str], parts: Sequence[Stored] = parts) -> Iterator[pa.Table]:
            return (table for part in parts for table in part.parts(name, columns))

        got = assess(in_parts, specs)
        assert got.equals(assess(whole.parts, specs))
        order = [row["conversation_id"] for row in whole.rows["conversations"]]
        assert got["conversation_id"].to_pylist() == [i for i in order if i in set(got["conversation_id"].to_pylist())]
        moved += not got.equals(pa.concat_tables(assess_alone(in_parts, specs)))
    assert moved > 30, "company did not matter"


def test_nothing_stored_and_nothing_asked_give_no_rows() -> None:
    assert assess(Stored().parts, ladder(Condition(rules=("a.b",)))).num_rows == 0
    stored = Stored()
    stored.talk("x", satisfaction=1)
    assert assess(stored.parts, ComplaintSpecs()).num_rows == 0


BROKEN = """\
types:
  - {id: one, title: 一, any: [{because: 什么也不问}]}
  - {id: one, title: 二, any: [{words: [停电], satisfaction_at_most: 2}]}
severities:
  - {severity: low, deadline_minutes: 60, any: [{rules: [a.b], categories: [媒体]}]}
  - {severity: high, deadline_minutes: 30, any: [{categories: [媒体], contacts: 3}, {rules: [no.r], topics: [no.t]}]}
escalations:
  - {to: court, any: [{emotion_level: 9}]}
tests:
  - {name: 一, project: 保险, turns: [{customer: 好, agent: 好}], expect: {severity: low, type: two}}
"""


def test_every_problem_is_told_at_its_place(tmp_path: Path) -> None:
    path = tmp_path / "complaints.yml"
    path.write_text(BROKEN.replace("emotion_level: 9", "emotion_level: 4"), encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        load_complaints(path, "c.yml", rules={"a.b"}, topics={"t.outage"})
    assert [(p.line, p.code) for p in caught.value.problems] == [
        (2, "P001"),
        (3, "P003"),
        (3, "P002"),
        (6, "P004"),
        (6, "P004"),
        (6, "P002"),
        (6, "P005"),
        (6, "P006"),
        (10, "R030"),
        (10, "P007"),
    ]
    path.write_text(BROKEN, encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        load_complaints(path, "c.yml")
    assert [(p.path, p.line, p.code) for p in caught.value.problems] == [("c.yml", 8, "S005")]


def test_the_digest_covers_what_moves_a_row_and_not_the_tests(tmp_path: Path) -> None:
    path = tmp_path / "complaints.yml"
    base = "severities:\n  - {severity: low, deadline_minutes: 60, any: [{emotion_level: 3}]}\n"
    digests = []
    for text in (base, base + "tests:\n  - {name: 一, project: 甲, turns: [{customer: 好}], expect: none}\n"):
        path.write_text(text, encoding="utf-8")
        digests.append(load_complaints(path).digest)
    path.write_text(base.replace("60", "61"), encoding="utf-8")
    assert digests[0] == digests[1] != load_complaints(path).digest


def test_the_example_of_the_page_is_valid(tmp_path: Path) -> None:
    page = (packaged("rules").parent / "docs/complaints.zh-CN.md").read_text(encoding="utf-8")
    path = tmp_path / "complaints.yml"
    path.write_text(page.split("```yaml\n")[1].split("```")[0], encoding="utf-8")
    assert [s.deadline_minutes for s in load_complaints(path).ladder] == [30, 1440]
