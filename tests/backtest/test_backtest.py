"""`qc.pipeline.backtest` against the long way round: judge everything again and compare the tables."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from math import isclose
from pathlib import Path

import pytest

from qc.domain.budget import Label
from qc.domain.config import AsrConfig
from qc.domain.finding import Verdict
from qc.errors import UsageError
from qc.matching.compile import compile_rules
from qc.paths import packaged
from qc.pipeline import backtest as module
from qc.pipeline.backtest import backtest
from qc.pipeline.executors.pool import Pool
from qc.pipeline.options import Options
from qc.pipeline.revisions import State, read_state
from qc.pipeline.run import run_batch
from qc.ruletest.changes import Change
from qc.ruletest.diff import ABSENT, Diff, Group
from qc.storage.read import StoredRun, open_run
from tests.backtest.conftest import Setting
from tests.backtest.stored import Centre, Silent, of_before, scores, talks, verdicts

Edit = Callable[[Centre], None]


def state(centre: Centre) -> State:
    return read_state(None, centre.home, centre.where)


def diff(old: State, new: State, *runs: Path, labels: Sequence[Label] = ()) -> Diff:
    return backtest(old, new, runs, floor=0.35, labels=labels, progress=Silent())


def word(c: Centre) -> None:
    c.edit("rules/_lexicons/rude_words.yml", "[不知道]", "[不知道, 自己看]")


def word_less(c: Centre) -> None:
    c.edit("rules/_lexicons/rude_words.yml", "[不知道]", "[真的不知道]")


def auto_fail(c: Centre) -> None:
    c.edit("rules/privacy/secret.yml", "[密码]", "[口令]")


def scope(c: Centre) -> None:
    c.edit("rules/tone/thanks.yml", "[账单, 停电]", "[账单]")


def removed(c: Centre) -> None:
    (c.home / "rules/tone/thanks.yml").unlink()
    c.edit("scorecards/card.yml", "[tone.thanks]", "[mood.angry]")


def retired(c: Centre) -> None:
    c.edit("rules/tone/rude.yml", "status: stable", "status: retired")


def trial(c: Centre) -> None:
    c.edit("rules/tone/rude.yml", "status: stable", "status: shadow")


def added(c: Centre) -> None:
    text = (c.home / "rules/tone/rude.yml").read_text(encoding="utf-8")
    text = text.replace("tone.rude", "tone.look").replace("{lexicon: rude_words}", "{any: [公告]}")
    (c.home / "rules/tone/look.yml").write_text(text, encoding="utf-8")
    c.edit("scorecards/card.yml", "rules: [tone.rude]", "rules: [tone.rude, tone.look]")


def card(c: Centre) -> None:
    c.edit("scorecards/card.yml", "points: 30}", "points: 50}")


def emotion(c: Centre) -> None:
    folder = c.home / "rules/_lexicons/emotion"
    shutil.copytree(packaged("rules") / "_lexicons/emotion", folder)
    c.edit("rules/_lexicons/emotion/customer.yml", "气死我了, 气死, ", "")


def everything(c: Centre) -> None:
    for edit in (word, auto_fail, scope, added, card, emotion):
        edit(c)


EDITS: list[Edit] = [word, word_less, auto_fail, scope, removed, retired, trial, added, card, emotion, everything]


def the_long_way(got: Diff, before: StoredRun, after: StoredRun) -> None:
    """Verdicts, scores, grades and 一票否决 are those of the two runs."""
    old, new = verdicts(before), verdicts(after)
    for change in got.changes.rules:
        ids = {c for c, _ in old}
        pairs = Counter((old.get((c, change.id), ABSENT), new.get((c, change.id), ABSENT)) for c in ids)
        assert got.of(change).transitions == dict(pairs), change.id
    unchanged = {r for _, r in old.keys() | new.keys()} - {c.id for c in got.changes.rules}
    assert all(old[key] == new[key] for key in old if key[1] in unchanged)

    a, b = scores(before), scores(after)
    for side, rows in (("before", a), ("after", b)):
        for group, movement in got.groups("card"):
            mine = [r for (_, card_id), r in rows.items() if card_id == group.scorecard_id]
            totals = getattr(movement, side)
            assert totals.n == len(mine)
            assert isclose(totals.points, sum(r["score"] for r in mine), abs_tol=1e-6)
            assert totals.passed == sum(r["passed"] for r in mine)
            assert totals.auto_fail == sum(r["auto_fail"] for r in mine)
    grades = Counter(
        (k[1], a[k]["grade"], b[k]["grade"]) for k in a.keys() & b.keys() if a[k]["grade"] != b[k]["grade"]
    )
    assert got.moves.grades == dict(grades)
    flips = {
        (k[0], k[1], bool(b[k]["auto_fail"])) for k in a.keys() & b.keys() if a[k]["auto_fail"] != b[k]["auto_fail"]
    }
    assert {(f.conversation_id, f.scorecard_id, f.gained) for f in got.moves.flips} == flips
    moved = [k for k in a.keys() & b.keys() if (a[k]["score"], a[k]["passed"]) != (b[k]["score"], b[k]["passed"])]
    assert sum(m.moved for _, m in got.groups("card")) == len(moved)


@pytest.mark.parametrize("edit", EDITS, ids=lambda e: e.__name__)
def test_a_backtest_says_what_judging_everything_again_says(setting: Setting, edit: Edit) -> None:
    old = state(setting.centre)
    edit(setting.centre)
    got = diff(old, state(setting.centre), setting.run.path)
    the_long_way(got, setting.run, setting.centre.judged_again(setting.run, setting.room / "again"))
    assert got.moves.conversations == 18
    assert got.changes.rules or got.changes.cards


@pytest.mark.parametrize("edit", [word, auto_fail, emotion, everything], ids=lambda e: e.__name__)
def test_runs_of_before_are_judged_whole_and_say_the_same(setting: Setting, edit: Edit) -> None:
    again = setting.centre.judged_again(setting.run, setting.room / "same")
    old = state(setting.centre)
    edit(setting.centre)
    after = setting.centre.judged_again(setting.run, setting.room / "again")
    of_before(setting.run)
    got = diff(old, state(setting.centre), setting.run.path)
    the_long_way(got, again, after)
    assert "较早的版本" in got.notes[0]
    assert set(got.evaluated) >= {"tone.rude", "tone.thanks", "mood.angry"}


def test_runs_of_before_can_be_judged_again(setting: Setting) -> None:
    want = verdicts(setting.run)
    of_before(setting.run)
    again = setting.centre.judged_again(open_run(setting.run.path), setting.room / "again")
    assert verdicts(again) == want
    assert again.lineage.rule_digests == {rule.id: rule.digest for rule in state(setting.centre).specs.in_force}
    assert again.lineage.confidence_floor == AsrConfig().confidence_floor


def test_only_what_changed_is_judged_and_scored(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    judged: list[tuple[str, ...]] = []

    def counted(pack, **options):  # type: ignore[no-untyped-def]
        judged.append(tuple(rule.id for rule in pack.rules))
        return compile_rules(pack, **options)

    monkeypatch.setattr("qc.pipeline.verdicts.compile_rules", counted)
    old = state(setting.centre)
    word(setting.centre)
    got = diff(old, state(setting.centre), setting.run.path)
    assert [rules for rules in judged if rules] == [("tone.rude",)]
    assert got.evaluated == ("tone.rude",)
    assert got.changes.unchanged == 3
    assert got.moves.affected == 6  # the talks in which 自己看 is said, three of each
    assert got.moves.scored == 12
    assert got.notes == ()


def test_what_is_the_same_is_not_compared(setting: Setting) -> None:
    same = state(setting.centre)
    got = diff(same, same, setting.run.path)
    assert got.changes.nothing
    assert got.moves.conversations == 0
    assert got.evaluated == ()


def test_text_and_severity_move_nothing(setting: Setting) -> None:
    old = state(setting.centre)
    setting.centre.edit("rules/tone/rude.yml", "severity: high", "severity: low")
    setting.centre.edit("rules/tone/rude.yml", "message: 第", "message: 在第")
    got = diff(old, state(setting.centre), setting.run.path)
    (change,) = got.changes.rules
    assert change.change is Change.TEXT
    assert change.details == ("严重程度 严重 → 轻微", "改了提示语")
    assert got.evaluated == ()
    assert got.of(change).transitions == {("hit", "hit"): 3, ("miss", "miss"): 15}
    assert got.moves.affected == 0


def test_samples_are_sentences_as_stored_and_differ(setting: Setting) -> None:
    old = state(setting.centre)
    word(setting.centre)
    (change,) = (got := diff(old, state(setting.centre), setting.run.path)).changes.rules
    samples = got.of(change).gained
    assert [(s.conversation_id, s.turn, s.role, s.before, s.hit) for s in samples] == [
        ("C001", 2, "agent", "您", "自己看"),
        ("C004", 2, "agent", "您", "自己看"),
    ]
    assert samples[0].after == "公告吧"
    assert samples[1].after.endswith("…")
    back = diff(state(setting.centre), old, setting.run.path)  # now the old side is judged anew, the new one stored
    assert back.of(back.changes.rules[0]).lost == samples
    assert back.evaluated == ("tone.rude",)
    assert "不是用旧规则判定的" in back.notes[0]


def test_lost_hits_show_the_stored_evidence(setting: Setting) -> None:
    old = state(setting.centre)
    setting.centre.edit("rules/_lexicons/rude_words.yml", "[不知道]", "[从来不说]")
    (change,) = (got := diff(old, state(setting.centre), setting.run.path)).changes.rules
    assert [(s.before, s.hit, s.after) for s in got.of(change).lost] == [("这个我", "不知道", "")]


def test_flips_name_conversation_agent_and_reason(setting: Setting) -> None:
    old = state(setting.centre)
    auto_fail(setting.centre)
    flips = diff(old, state(setting.centre), setting.run.path).moves.flips
    gained = [f for f in flips if f.gained]
    assert {f.conversation_id for f in gained} == {"C002", "C008", "C014"}
    assert gained[0].agent == "<i>@x|"
    assert gained[0].team == "一班"
    assert gained[0].items == ("不索密（索要密码）",)
    assert {f.conversation_id for f in flips if not f.gained} == {"C005", "C011", "C017"}
    assert next(f for f in flips if not f.gained).items == ("不索密（索要密码）",)


def test_agents_and_teams_move(setting: Setting) -> None:
    old = state(setting.centre)
    auto_fail(setting.centre)
    got = diff(old, state(setting.centre), setting.run.path)
    agents = dict(got.groups("agent"))
    assert set(agents) == {Group(scorecard_id="card", team=t, agent="<i>@x|") for t in ("一班", "二班")}
    before, after = scores(setting.run), scores(setting.centre.judged_again(setting.run, setting.room / "again"))
    people = {
        r["conversation_id"]: (r["agent_id"], r["team"])
        for r in setting.run.table("conversations", ["conversation_id", "agent_id", "team"]).to_pylist()
    }
    for group, movement in agents.items():
        mine = [key for key in before if people[key[0]] == (group.agent, group.team)]
        assert isclose(movement.before.points, sum(before[k]["score"] for k in mine))
        assert isclose(movement.after.points, sum(after[k]["score"] for k in mine))


def test_processes_say_the_same(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    old = state(setting.centre)
    everything(setting.centre)
    new = state(setting.centre)
    here = diff(old, new, setting.run.path)
    monkeypatch.setattr(module, "choose_executor", lambda name, workers: Pool(2))
    assert diff(old, new, setting.run.path) == here


def test_two_runs_add_up(setting: Setting) -> None:
    other = setting.centre.run(talks(setting.room / "more", 7, 100), setting.room / "runs")
    old = state(setting.centre)
    auto_fail(setting.centre)
    new = state(setting.centre)
    both = diff(old, new, setting.run.path, other.path)
    one, two = diff(old, new, setting.run.path), diff(old, new, other.path)
    assert both.runs == (setting.run.lineage.run_id, other.lineage.run_id)
    assert both.moves.conversations == 25
    assert both.gained == one.gained + two.gained
    assert both.moves.flips == one.moves.flips + two.moves.flips


def test_a_run_of_other_rules_is_scored_by_the_old_side(setting: Setting) -> None:
    """The run knows the first state; the change is from the second to the third."""
    scope(setting.centre)
    old = state(setting.centre)
    before = setting.centre.judged_again(setting.run, setting.room / "second")
    auto_fail(setting.centre)
    after = setting.centre.judged_again(setting.run, setting.room / "third")
    got = diff(old, state(setting.centre), before.path)
    the_long_way(got, before, after)
    far = diff(old, state(setting.centre), setting.run.path)
    assert far.of(far.changes.rules[0]) == replace(
        got.of(got.changes.rules[0]),
        gained=tuple(replace(s, run=setting.run.lineage.run_id) for s in got.of(got.changes.rules[0]).gained),
        lost=tuple(replace(s, run=setting.run.lineage.run_id) for s in got.of(got.changes.rules[0]).lost),
    )
    assert "另有 1 条未改动的规则" in far.notes[0]


def test_labels_count_right_wrong_and_missed(setting: Setting) -> None:
    labels = [
        Label(conversation_id="C001", rule_id="tone.rude", verdict=Verdict.HIT),
        Label(conversation_id="C004", rule_id="tone.rude", verdict=Verdict.MISS),
        Label(conversation_id="C000", rule_id="tone.rude", verdict=Verdict.HIT),
        Label(conversation_id="nowhere", rule_id="tone.rude", verdict=Verdict.HIT),
    ]
    old = state(setting.centre)
    word(setting.centre)
    got = diff(old, state(setting.centre), setting.run.path, labels=labels)
    moves = got.of(got.changes.rules[0])
    assert (moves.before_labels.right, moves.before_labels.wrong, moves.before_labels.missed) == (1, 0, 1)
    assert (moves.after_labels.right, moves.after_labels.wrong, moves.after_labels.missed) == (2, 1, 0)
    assert len(got.moves.labelled) == 3


def test_runs_that_cannot_be_compared(setting: Setting, tmp_path: Path) -> None:
    old = state(setting.centre)
    word(setting.centre)
    new = state(setting.centre)
    with pytest.raises(UsageError, match="给了两次"):
        diff(old, new, setting.run.path, setting.run.path / "..") if False else diff(
            old, new, setting.run.path, setting.run.path
        )
    heard = run_batch(
        setting.room / "in", None, setting.centre.where, Options(out=tmp_path / "t"), Silent(), judge=False
    )
    with pytest.raises(UsageError, match="还没有判定"):
        diff(old, new, heard.run)
    with pytest.raises(UsageError, match="不是批次目录"):
        diff(old, new, tmp_path)
    part = sorted((setting.run.path / "turns").glob("*.parquet"))[1]
    whole = part.read_bytes()
    for damage in (whole[: len(whole) // 2], b"", sorted((setting.run.path / "turns").glob("*"))[0].read_bytes()):
        part.write_bytes(damage)
        with pytest.raises(UsageError, match=r"读不了|前后不一致"):
            diff(old, new, setting.run.path)
    part.unlink()
    with pytest.raises(UsageError, match="读不了"):
        diff(old, new, setting.run.path)
    text = (setting.run.path / "run.json").read_text(encoding="utf-8")
    (setting.run.path / "run.json").write_text(text.replace('"done"', '"running"'), encoding="utf-8")
    with pytest.raises(UsageError, match="还没有完成"):
        diff(old, new, setting.run.path)


def test_a_run_without_conversations(setting: Setting) -> None:
    source = setting.room / "broken"
    source.mkdir()
    (source / "chats.jsonl").write_text('{"id": "x", "turns": 7}\n', encoding="utf-8")
    out = run_batch(source, None, setting.centre.where, Options(out=setting.room / "none", workers=1), Silent())
    old = state(setting.centre)
    everything(setting.centre)
    got = diff(old, state(setting.centre), out.run)
    assert got.moves.conversations == 0
    assert got.gained == got.lost == 0
    assert got.groups("card") == []
    assert open_run(out.run).lineage.counts.failed == 1
