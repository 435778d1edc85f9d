"""qc diff-asr: the same recordings heard in two ways."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from qc.commands import cli
from qc.errors import UsageError
from qc.pipeline.asr_diff.compare import compare_runs
from qc.pipeline.asr_diff.difference import AsrDiff
from qc.pipeline.asr_diff.why import Why
from qc.pipeline.specs import load
from qc.storage.read import StoredRun
from tests.backtest.heard import Line, recordings, run
from tests.backtest.stored import HOSTILE, Centre, Silent, centre, talks

AGENT, CUSTOMER, NOBODY = 0, 1, 2
TALKS: dict[str, list[Line]] = {
    "a": [(CUSTOMER, "我的账单不对", 0.9), (AGENT, "这个我不知道", 0.9), (AGENT, "谢谢您的来电", 0.9)],
    "b": [(CUSTOMER, "账单", 0.9), (AGENT, "好的谢谢您", 0.9), (AGENT, "密码多少", 0.9)],
    "c": [(CUSTOMER, "在吗", 0.9), (AGENT, "您好请讲", 0.9)],
}


def other(**changed: list[Line]) -> dict[str, list[Line]]:
    return {**TALKS, **changed}


class Room:
    """Two runs of the recordings of TALKS, the second as `heard` says."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self._monkeypatch = folder, monkeypatch
        self.centre: Centre = centre(folder / "ws")
        (folder / "ws" / "qc.yaml").write_text("default_channel: voice_inbound\nrun: {shard_size: 2}\n")
        self.source = recordings(folder / "in", list(TALKS))
        self.a = self.run("one 1", TALKS)

    def run(self, engine: str, heard: dict[str, list[Line]]) -> StoredRun:
        return run(self.centre, self.source, self.folder / "runs", engine, heard, self._monkeypatch)

    def diff(self, b: StoredRun, *, by_id: bool = False) -> AsrDiff:
        def specs() -> object:
            return load(self.centre.where)

        return compare_runs(
            self.a.path,
            b.path,
            by_id=by_id,
            specs=specs,  # type: ignore[arg-type]
            floor=0.35,
            progress=Silent(),
        )


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Room:
    monkeypatch.setenv("QC_CACHE_DIR", str(tmp_path / "cache"))
    return Room(tmp_path, monkeypatch)


def changes(diff: AsrDiff) -> dict[tuple[str, str], tuple[str, str, Why]]:
    return {(c.conversation_id, c.rule_id): (c.before, c.after, c.told.why) for c in diff.changes}


def qc(*args: object) -> Result:
    return CliRunner().invoke(cli, list(map(str, args)))


def test_the_same_words_change_nothing(room: Room) -> None:
    diff = room.diff(room.run("two 2", TALKS))
    assert (diff.shared, diff.heard_otherwise, diff.changes, diff.rules) == (3, 0, (), ())
    assert diff.same_rules


def test_a_word_heard_otherwise_changes_its_finding(room: Room) -> None:
    b = room.run("two 2", other(a=[(CUSTOMER, "我的账单不对", 0.9), (AGENT, "这个我不直到", 0.9), TALKS["a"][2]]))
    diff = room.diff(b)
    assert changes(diff) == {("a", "tone.rude"): ("hit", "miss", Why.WORDS)}
    (excerpt,) = diff.changes[0].told.excerpts
    assert (excerpt.found_in, excerpt.role) == ("a", "agent")
    assert [(s.text, s.kind.value) for s in excerpt.a if s.evidence] == [("不", "same"), ("知道", "sound")]
    assert [(s.text, s.kind.value) for s in excerpt.b if s.evidence] == [("不", "same"), ("直到", "sound")]
    (rule,) = diff.rules
    assert (rule.id, rule.before, rule.after, rule.lost) == ("tone.rude", 1, 0, 1)
    assert (diff.heard_otherwise, diff.apart.substitutions, diff.apart.syllable_errors) == (1, 2, 0)
    moved = {(g.agent, g.scorecard_id): (m.before.points, m.after.points) for g, m in diff.groups.items()}
    assert moved == {("", "card"): (85 + 0 + 100, 100 + 0 + 100)}


def test_words_heard_less_surely_leave_it_undecided(room: Room) -> None:
    b = room.run("two 2", other(b=[*TALKS["b"][:2], (AGENT, "密码多少", 0.1)]))
    assert changes(room.diff(b))["b", "privacy.secret"] == ("hit", "undecided", Why.CONFIDENCE)


def test_words_of_somebody_else(room: Room) -> None:
    b = room.run("two 2", other(b=[*TALKS["b"][:2], (CUSTOMER, "密码多少", 0.9)]))
    found = room.diff(b)
    assert changes(found) == {("b", "privacy.secret"): ("hit", "miss", Why.ROLE)}
    assert found.changes[0].told.excerpts[0].other_role == "customer"


def test_not_knowing_who_says_other_words_leaves_it_undecided(room: Room) -> None:
    lonely = "said: {keyword: {lexicon: rude_words}}\n  few: {turn_count: {max: 1}, speaker: customer}"
    room.centre.edit("rules/tone/rude.yml", "said: {keyword: {lexicon: rude_words}}", lonely)
    room.centre.edit("rules/tone/rude.yml", "when: said", "when: said and few")
    b = room.run("two 2", other(a=[*TALKS["a"][:2], (NOBODY, "谢谢您的来电", 0.9)]))
    (rude,) = (c for c in room.diff(b).changes if c.rule_id == "tone.rude")
    assert (rude.before, rude.after, rude.told.why) == ("hit", "undecided", Why.ROLE)
    assert [(e.role, e.other_role, e.evidence_differs) for e in rude.told.excerpts] == [("agent", "agent", False)] * 2


def test_what_is_missing_is_looked_for_elsewhere(room: Room) -> None:
    b = room.run("two 2", other(b=[TALKS["b"][0], (AGENT, "好的些些您", 0.9), TALKS["b"][2]]))
    assert changes(room.diff(b)) == {("b", "tone.thanks"): ("miss", "hit", Why.ELSEWHERE)}


def test_what_the_rules_moved_is_told_apart(room: Room) -> None:
    room.centre.edit("rules/tone/thanks.yml", "[感谢, 谢谢]", "[感谢]")
    b = room.run("two 2", other(a=[TALKS["a"][0], (AGENT, "这个我不直到", 0.9), TALKS["a"][2]]))
    diff = room.diff(b)
    assert not diff.same_rules
    assert changes(diff) == {("a", "tone.rude"): ("hit", "miss", Why.WORDS)}
    assert {r.id: (r.changed, r.by_rules) for r in diff.rules} == {"tone.rude": (1, 0), "tone.thanks": (0, 2)}
    assert any("规则不同" in note for note in diff.notes)
    moved = {(m.before.points, m.after.points) for m in diff.groups.values()}
    assert moved == {(55 + 0 + 100, 70 + 0 + 100)}


def test_runs_of_other_recordings_are_refused(room: Room, tmp_path: Path) -> None:
    chats = room.centre.run(talks(tmp_path / "chats"), tmp_path / "other")
    with pytest.raises(UsageError, match="没有同一个录音"):
        room.diff(chats)
    with pytest.raises(UsageError, match="没有同一个会话编号"):
        room.diff(chats, by_id=True)
    done = qc("diff-asr", room.a.path, chats.path, "-w", room.centre.home)
    assert isinstance(done.exception, UsageError)


def test_transcripts_of_others_are_paired_by_id(room: Room, tmp_path: Path) -> None:
    folder = tmp_path / "given"
    folder.mkdir()
    for name, lines in TALKS.items():
        turns = [{"role": ("agent", "customer")[own], "text": text} for own, text, _ in lines]
        (folder / f"{name}.json").write_text(json.dumps({"id": name, "turns": turns}), encoding="utf-8")
    given = room.centre.run(folder, tmp_path / "other")
    with pytest.raises(UsageError) as error:
        room.diff(given)
    assert "--by-id" in error.value.hint
    assert room.diff(given, by_id=True).shared == 3


def test_what_the_command_says_and_writes(room: Room, tmp_path: Path) -> None:
    b = room.run("two 2", other(c=[(CUSTOMER, HOSTILE, 0.9), (AGENT, f"不知道{HOSTILE}", 0.9)]))
    page, document = tmp_path / "d.html", tmp_path / "d.json"
    options = ("--html", page, "--json", document, "-w", room.centre.home, "-q")
    done = qc("diff-asr", room.a.path, b.path, *options, "--gate")
    assert done.exit_code == 1, done.output
    assert "3 个相同的录音里，1 个的转写不同" in done.output
    assert "证据处的字听成了别的" in done.output
    html = page.read_text(encoding="utf-8")
    assert "<script>alert" not in html
    assert "<b>@all</b>" not in html
    assert html.count("<script>") == 1
    found = json.loads(document.read_text(encoding="utf-8"))
    assert (found["format"], found["version"], found["same_rules"]) == ("qc.asr.diff", 1, True)
    assert [(c["rule_id"], c["before"], c["after"]) for c in found["changes"]] == [("tone.rude", "miss", "hit")]
    before = page.read_bytes(), document.read_bytes()
    assert qc("diff-asr", room.a.path, b.path, *options).exit_code == 0
    assert (page.read_bytes(), document.read_bytes()) == before
