"""Machine against people: what is counted, what is estimated, and whether the intervals hold."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from click.testing import CliRunner, Result

from qc.commands.review import command
from qc.domain.run import CardLineage, Lineage, RunStatus
from qc.errors import UsageError
from qc.review.accuracy import accuracy, measure
from qc.review.judged import ATTRIBUTES, Judged
from qc.review.measures import needed, ratio
from qc.review.told import advice_told, difference_told
from qc.schema.reviews import ALL_TABLES
from qc.storage.lineage import write_lineage
from qc.storage.read import StoredRun, open_run
from qc.storage.write import write_part
from tests.review.centre import Centre

HIT, MISS, NA, UNSURE = "hit", "miss", "not_applicable", "undecided"
RULES = ("a.greeting", "b.interrupt")


@dataclass(frozen=True)
class Call:
    """One reviewed conversation: rule → (machine, human); `chance` None: not drawn."""

    id: str
    said: Mapping[str, tuple[str, str]]
    chance: float | None = 0.5
    accent: str = ""
    confidence: float | None = 0.8


def store(folder: Path, calls: Sequence[Call]) -> StoredRun:
    """A run whose reviews are these."""

    def write(name: str, rows: list[dict[str, object]]) -> None:
        write_part(folder, name, 0, pa.Table.from_pylist(rows, ALL_TABLES[name]))

    write("conversations", [
        {"conversation_id": c.id, "project": "95598", "channel": "voice_inbound", "asr_confidence": c.confidence,
         "extra": [("口音", c.accent)] if c.accent else [], "sample_rate": 8000}
        for c in calls
    ])  # fmt: skip
    write("findings", [
        {"conversation_id": c.id, "rule_id": r, "rule_title": f"规则 {r}", "verdict": m}
        for c in calls for r, (m, _) in c.said.items() if m == HIT
    ])  # fmt: skip
    write("final_findings", [
        {"conversation_id": c.id, "rule_id": r, "machine_verdict": m, "final_verdict": h, "reviewer": "王主管",
         "reviewed_at": datetime(2026, 11, 21), "origin": "page"}
        for c in calls for r, (m, h) in c.said.items()
    ])  # fmt: skip
    write("final_item_scores", [
        {"conversation_id": c.id, "scorecard_id": "card", "item_id": "manners", "item_title": "礼貌", "rule_ids": RULES}
        for c in calls
    ])  # fmt: skip
    drawn = [{"conversation_id": c.id, "probability": c.chance} for c in calls if c.chance is not None]
    if drawn:
        write("samples", drawn)
    digests = dict.fromkeys(RULES, "ab" * 32)
    cards = (CardLineage(id="card", title="礼仪评分表", version="1", digest="ef"),)
    lineage = Lineage(
        run_id=folder.name, status=RunStatus.DONE, rules_digest="cd", rule_digests=digests, rules={}, scorecards=cards
    )
    write_lineage(folder, lineage)
    return open_run(folder)


def both(greeting: tuple[str, str], interrupt: tuple[str, str] = (MISS, MISS)) -> dict[str, tuple[str, str]]:
    return dict(zip(RULES, (greeting, interrupt), strict=True))


def test_a_population_is_estimated_from_unequal_chances(tmp_path: Path) -> None:
    """Hits are drawn for certain, the others one in ten: each of these stands for ten."""
    calls = [Call(f"h{i}", both((HIT, HIT if i < 6 else MISS)), chance=1.0) for i in range(8)]
    calls += [Call(f"m{i}", both((MISS, HIT if i < 1 else MISS)), chance=0.1) for i in range(20)]
    told = next(m for m in accuracy([store(tmp_path / "r", calls)]).rules if m.key == "a.greeting")
    assert (told.true_hits, told.false_hits, told.missed, told.true_misses) == (6, 2, 1, 19)
    assert told.title == "规则 a.greeting"
    assert told.precision is not None and told.precision.value == pytest.approx(6 / 8)
    assert told.recall is not None and told.recall.value == pytest.approx(6 / (6 + 10))
    assert told.specificity is not None and told.specificity.value == pytest.approx(190 / 192)
    assert told.f1 is not None and told.f1.value == pytest.approx(12 / (12 + 2 + 10))
    assert told.accuracy is not None and told.accuracy.value == pytest.approx(196 / 208)
    for estimate in (told.precision, told.recall, told.specificity, told.f1, told.accuracy):
        assert 0 <= estimate.low < estimate.value < estimate.high <= 1
    assert told.agreed.n == 28 and told.agreed.both == 6


def test_rules_on_trial_are_measured_apart(tmp_path: Path) -> None:
    """They take no points: neither the whole nor an item is wrong when they are."""
    calls = [Call(f"{i}", both((HIT, HIT), (HIT, MISS))) for i in range(6)]
    run = store(tmp_path / "r", calls)
    rows = [row | {"status": "shadow" if row["rule_id"] == "b.interrupt" else "stable"} for row in
            run.table("findings").to_pylist()]  # fmt: skip
    write_part(run.path, "findings", 0, pa.Table.from_pylist(rows, ALL_TABLES["findings"]))
    told = accuracy([run])
    assert (told.overall.true_hits, told.overall.wrong) == (6, 0)
    assert {m.key: m.false_hits for m in told.rules} == {"a.greeting": 0, "b.interrupt": 6}
    assert [(m.key, m.true_hits, m.wrong) for m in told.items] == [("card.manners", 6, 0)]
    found = told.overall.accuracy
    assert found is not None and found.value == 1.0


def test_a_rule_on_trial_that_found_nothing_is_known_by_its_status(tmp_path: Path) -> None:
    """No finding tells of it: what it missed is not the machine's mistake, nor is what it rightly let pass a merit."""
    run = store(tmp_path / "r", [Call(f"{i}", both((HIT, HIT), (MISS, HIT if i < 2 else MISS))) for i in range(6)])
    assert accuracy([run]).overall.missed == 2, "runs of before do not say"
    write_lineage(run.path, replace(run.lineage, rule_statuses={"a.greeting": "stable", "b.interrupt": "shadow"}))
    told = accuracy([open_run(run.path)])
    assert (told.overall.reviewed, told.overall.missed) == (6, 0)
    assert {m.key: m.missed for m in told.rules} == {"a.greeting": 0, "b.interrupt": 2}


def test_who_cannot_tell_and_what_does_not_apply_is_neither_right_nor_wrong(tmp_path: Path) -> None:
    calls = [
        Call("1", both((UNSURE, HIT))),
        Call("2", both((UNSURE, MISS))),
        Call("3", both((HIT, UNSURE))),
        Call("4", both((NA, NA))),
        Call("5", both((NA, HIT))),
        Call("6", both((MISS, NA))),
    ]
    told = next(m for m in accuracy([store(tmp_path / "r", calls)]).rules if m.key == "a.greeting")
    assert (told.true_hits, told.false_hits, told.missed, told.true_misses) == (0, 0, 1, 1)
    assert (told.unsure_machine, told.unsure_hits, told.unsure_human) == (2, 1, 1)
    assert told.precision is None and told.recall is not None and told.recall.value == 0.0


def test_only_conversations_read_as_a_whole_tell_what_was_missed(tmp_path: Path) -> None:
    calls = [Call("1", {"a.greeting": (HIT, MISS)}), Call("2", both((HIT, HIT))), Call("3", both((MISS, HIT)))]
    told = next(m for m in accuracy([store(tmp_path / "r", calls)]).rules if m.key == "a.greeting")
    assert told.precision is not None and told.precision.n == 2
    assert told.recall is not None and (told.recall.n, told.recall.value) == (2, 0.5)


def test_what_was_opened_by_choice_stays_out_of_a_sample(tmp_path: Path) -> None:
    calls = [Call("1", both((HIT, HIT))), Call("2", both((HIT, MISS)), chance=None)]
    told = accuracy([store(tmp_path / "r", calls)])
    assert told.sampled and told.left_out == 2
    assert told.overall.false_hits == 0
    chosen = accuracy([store(tmp_path / "s", [Call("2", both((HIT, MISS)), chance=None)])])
    assert not chosen.sampled and chosen.left_out == 0 and chosen.overall.false_hits == 1


def test_an_item_is_hit_when_one_of_its_rules_is(tmp_path: Path) -> None:
    calls = [
        Call("1", both((HIT, MISS), (MISS, HIT))),  # another rule, the same item: right
        Call("2", both((MISS, MISS), (HIT, MISS))),
        Call("3", {"a.greeting": (MISS, MISS)}),  # the other rule is not known
        Call("4", {"a.greeting": (HIT, HIT)}),  # decides alone
    ]
    (item,) = accuracy([store(tmp_path / "r", calls)]).items
    assert (item.key, item.title, item.card) == ("card.manners", "礼貌", "礼仪评分表")
    assert (item.true_hits, item.false_hits, item.missed, item.true_misses) == (2, 1, 0, 0)


def test_runs_add_up_and_nothing_reviewed_says_so(tmp_path: Path) -> None:
    one, two = (
        store(tmp_path / "r", [Call("1", both((HIT, HIT)))]),
        store(tmp_path / "s", [Call("1", both((HIT, MISS)))]),
    )
    told = accuracy([one, two])
    assert told.overall.conversations == 2 and told.overall.precision is not None
    assert told.overall.precision.value == pytest.approx(0.5)
    empty = accuracy([store(tmp_path / "t", [])])
    assert empty.overall.reviewed == 0 and empty.rules == () and empty.overall.precision is None


def test_a_rule_that_punishes_an_accent_shows(tmp_path: Path) -> None:
    calls = [Call(f"s{i}", both((MISS, MISS), (HIT, MISS if i < 14 else HIT)), accent="四川话") for i in range(20)]
    calls += [Call(f"p{i}", both((MISS, MISS), (HIT, MISS if i < 3 else HIT)), accent="普通话") for i in range(40)]
    told = accuracy([store(tmp_path / "r", calls)])
    found = {(d.attribute, d.value, d.rule_id): d for d in told.differences}
    worst = found["accent", "四川话", "b.interrupt"]
    assert (worst.what, worst.wrong, worst.n, worst.other_wrong, worst.other_n) == ("false_hits", 14, 20, 3, 40)
    assert worst.p == worst.q < 1e-4, "nothing else here could have come out"
    assert {value for _, value, _ in found} == {"四川话"}
    assert [m.key for m in told.kinds["accent"]] == ["四川话", "普通话"]


def test_a_rule_that_hits_on_one_accent_only_shows(tmp_path: Path) -> None:
    """Where the others have no hits there is no share of false ones to compare with."""
    calls = [Call(f"s{i}", both((MISS, MISS), (HIT if i < 9 else MISS, MISS)), accent="四川话") for i in range(30)]
    calls += [Call(f"p{i}", both((MISS, MISS), (MISS, MISS)), accent="普通话") for i in range(60)]
    found = {(d.attribute, d.value, d.rule_id): d for d in accuracy([store(tmp_path / "r", calls)]).differences}
    assert set(found) == {("accent", "四川话", ""), ("accent", "四川话", "b.interrupt")}
    worst = found["accent", "四川话", "b.interrupt"]
    assert (worst.what, worst.wrong, worst.n, worst.other_wrong, worst.other_n) == ("accused", 9, 30, 0, 60)
    assert "人说没有的 30 个会话里判成命中 9 个（30%），其余会话 60 个里 0 个（0%）" in difference_told(worst)
    assert "30 个会话里 9 个有误判（30%）" in difference_told(found["accent", "四川话", ""])


@pytest.mark.parametrize("hits", [1.0, 0.3])
def test_chance_alone_rarely_accuses_an_accent(hits: float) -> None:
    rng = np.random.default_rng(3)
    alarms = 0
    from qc.review.fairness import differences

    for _ in range(40):
        n = 600
        rows = Judged(
            conversation=np.arange(n),
            subject=np.array([f"r{i % 6}" for i in range(n)], object),
            machine=(rng.random(n) >= hits).astype(np.int8),
            human=(rng.random(n) < 0.2).astype(np.int8),
            weight=np.ones(n),
            read=np.ones(n, np.bool_),
            attributes={a: np.array([f"v{v}" for v in rng.integers(4, size=n)], object) for a in ATTRIBUTES},
        )
        alarms += bool(differences(rows, {}))
    assert alarms <= 6


def test_how_many_reviews_a_width_needs() -> None:
    assert needed(0.1) == 97 and needed(0.05) == 385


def test_advice_counts_what_unequal_chances_cost(tmp_path: Path) -> None:
    """A hundred hits looked at would do, were they not weighted: two of them stand for fifty each."""
    calls = [Call(f"h{i}", both((HIT, HIT if i % 2 else MISS)), chance=0.02 if i < 2 else 1.0) for i in range(100)]
    advice = advice_told(accuracy([store(tmp_path / "r", calls)]).overall)
    assert advice is not None
    more = int(advice.split("再复核约 ")[1].split(" ")[0])
    assert more > 300
    even = [Call(c.id, c.said, chance=1.0) for c in calls]
    assert advice_told(accuracy([store(tmp_path / "s", even)]).overall) is None


def test_a_ratio_of_nothing_is_none_and_one_conversation_is_worth_one() -> None:
    assert ratio(np.ones(2), np.zeros(2), np.zeros(2), np.arange(2)) is None
    right = ratio(np.ones(30), np.ones(30), np.ones(30), np.zeros(30, np.int64))
    assert right is not None and (right.value, right.high, right.n) == (1.0, 1.0, 30) and right.low < 0.3


def test_what_few_heavy_conversations_could_hide_widens_the_interval() -> None:
    """Ten hits found, all drawn for certain. That twenty others, which stand for fifty each, had none to miss leaves
    room for more missed than that twenty certain ones had none."""
    hits = np.r_[np.ones(10), np.zeros(20)]
    weight = np.r_[np.ones(10), np.full(20, 50.0)]
    heavy = ratio(weight, hits, hits, np.arange(30))
    certain = ratio(np.ones(30), hits, hits, np.arange(30))
    assert heavy is not None and certain is not None and heavy.value == certain.value == 1.0
    assert heavy.low < 0.3 < 0.7 < certain.low


def test_a_calibration_session_compares_people_and_moves_nothing(centre: Centre) -> None:
    def seen(who: str, *reviews: dict[str, object]) -> Path:
        return centre.file(f"{who}.json", *reviews, reviewer=who, session="十一月校准")

    whole = [centre.review(f"C{i:02d}", None, None) for i in range(12)]
    for entry in whole:
        entry["rule_digest"] = centre.run.lineage.rules_digest
    centre.enter(
        seen("甲", *whole),
        seen("乙", *whole, centre.review("C00", "service.greeting", "miss")),
        seen(
            "丙",
            *whole,
            centre.review("C00", "service.greeting", "miss"),
            centre.review("C01", "service.promise", "miss"),
        ),
    )
    told = accuracy([centre.run])
    assert told.overall.reviewed == 0
    (session,) = told.sessions
    assert (session.name, session.reviewers, session.conversations) == ("十一月校准", ("丙", "乙", "甲"), 12)
    pairs = {(p.first, p.second): p.agreed for p in session.people}
    assert (pairs["乙", "甲"].both, pairs["乙", "甲"].first, pairs["乙", "甲"].second) == (4, 0, 1)
    assert pairs["丙", "乙"].second == 1 and pairs["丙", "甲"].second == 2
    assert {p.first: p.agreed.second for p in session.machine} == {"甲": 0, "乙": 1, "丙": 2}
    assert [(r.rule_id, r.disputed) for r in session.rules] == [("service.greeting", 1), ("service.promise", 1)]
    assert session.together is not None and 0.8 < session.together.value < 1


@pytest.mark.slow
def test_intervals_of_a_risk_weighted_sample_cover_the_truth() -> None:
    """4,000 conversations of five verdicts, errors in clusters; 250 drawn with chances in proportion to their hits.
    Over 400 samples the intervals hold the truth 95 % of the time: a count at that rate falls within 366 to 394 with
    probability 0.999 (binomial). Without weights recall, which is near 1, would be off by more than 1.5 points."""
    rng = np.random.default_rng(11)
    n, each = 4000, 5
    bad_line = rng.random(n) < 0.2
    true = rng.random((n, each)) < 0.08
    wrong = rng.random((n, each)) < np.where(bad_line, 0.12, 0.02)[:, None]
    said = true != wrong
    chance = 0.3 + said.sum(1)
    chance = np.minimum(1.0, chance * 250 / chance.sum())
    codes = lambda hit: np.where(hit, 0, 1).astype(np.int8)  # noqa: E731

    def rows(drawn: np.ndarray, weight: np.ndarray) -> Judged:
        return Judged(
            conversation=np.repeat(drawn, each),
            subject=np.tile([f"r{i}" for i in range(each)], len(drawn)).astype(object),
            machine=codes(said[drawn].ravel()),
            human=codes(true[drawn].ravel()),
            weight=np.repeat(weight[drawn], each),
            read=np.ones(len(drawn) * each, np.bool_),
            attributes={a: np.full(len(drawn) * each, "", object) for a in ATTRIBUTES},
        )

    names = ("precision", "recall", "specificity", "f1", "accuracy")
    truth = measure(rows(np.arange(n), np.ones(n)), "", "")
    held, weighted, raw, common = dict.fromkeys((*names, "kappa", "ac1"), 0), [], [], []
    for _ in range(400):
        drawn = np.flatnonzero(rng.random(n) < chance)
        told = measure(rows(drawn, 1 / chance), "", "")
        weighted.append(told.recall)
        raw.append(measure(rows(drawn, np.ones(n)), "", "").recall)
        for name in names:
            estimate = getattr(told, name)
            held[name] += estimate.low <= getattr(truth, name).value <= estimate.high
        for name in ("kappa", "ac1"):
            found, real = getattr(told.agreed, name), getattr(truth.agreed, name)
            held[name] += found.low <= real.value <= found.high
        common.append(told.agreed.prevalence)
    assert all(366 <= count <= 394 for count in held.values()), held
    assert np.mean(common) == pytest.approx(truth.agreed.prevalence, abs=0.001)
    assert truth.recall is not None
    assert np.mean([r.value for r in weighted if r]) == pytest.approx(truth.recall.value, abs=0.005)
    assert np.mean([r.value for r in raw if r]) > truth.recall.value + 0.015


def test_the_command_tells_and_writes(centre: Centre, tmp_path: Path) -> None:
    nothing = _qc("accuracy", str(centre.path))
    assert isinstance(nothing.exception, UsageError)
    assert "还没有复核过" in nothing.exception.render() and "97" in nothing.exception.render()
    whole = [centre.review(f"C{i:02d}", None, None, rule_digest=centre.run.lineage.rules_digest) for i in range(12)]
    centre.enter(centre.file("a.json", *whole, centre.review("C00", "service.greeting", "miss")))
    out = tmp_path / "a.csv"
    told = _qc("accuracy", str(centre.path), "--csv", str(out), "--json", str(tmp_path / "a.json"))
    assert told.exit_code == 0, told.output
    assert "精确率          80.0%" in told.output and "不是抽样" in told.output
    assert out.read_text(encoding="utf-8-sig").splitlines()[0].startswith("名称,编号,命中对,误判")
    assert {path.stat().st_mode & 0o777 for path in (out, tmp_path / "a.json")} == {0o600}
    figures = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert figures["overall"]["false_hits"] == 1 and figures["rules"][0]["key"] == "service.greeting"
    for by in ("item", "project", "accent", "session"):
        assert _qc("accuracy", str(centre.path), "--by", by).exit_code == 0


def _qc(*args: str) -> Result:
    return CliRunner().invoke(command, args)
